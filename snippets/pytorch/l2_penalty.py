"""The L2 penalty of a PyTorch model, to add to the loss before ``backward()``."""

import math

import torch
from torch import Tensor, nn


def l2_penalty(model: nn.Module, l2: float) -> Tensor:
    """Return ``l2`` times the sum of all squared weights, differentiable.

        penalty = l2 * sum_j w_j^2

    Weights are the parameters with two dimensions or more; biases and normalization
    parameters have one and stay free.

    Args:
        model: Any module with at least one weight matrix.
        l2: The strength, in units of the loss per squared weight; at least 0.

    Returns:
        A scalar tensor; its gradient is 2 * l2 * w_j.

    Raises:
        ValueError: If ``l2`` is negative, infinite or not a number, or the model
            has no weights.

    Source:
        Krogh and Hertz (1991), "A Simple Weight Decay Can Improve Generalization",
        section 1, which writes l2 / 2 where we write l2.
    """
    if not 0 <= l2 < math.inf:
        raise ValueError(f"l2 must be a finite number >= 0, got {l2!r}")
    squares = [p.square().sum() for p in model.parameters() if p.ndim >= 2]
    if not squares:
        raise ValueError(f"model needs a parameter with ndim >= 2, got {model!r}")
    return l2 * torch.stack(squares).sum()
