"""The L1 penalty of a PyTorch model, to add to the loss before ``backward()``."""

import math

import torch
from torch import Tensor, nn


def l1_penalty(model: nn.Module, l1: float) -> Tensor:
    """Return ``l1`` times the sum of the absolute values of all weights.

        penalty = l1 * sum_j |w_j|

    Weights are the parameters with two dimensions or more; biases and normalization
    parameters have one and stay free.

    Args:
        model: Any module with at least one weight matrix.
        l1: The strength, in units of the loss per weight; at least 0.

    Returns:
        A scalar tensor; its gradient is l1 * sign(w_j), and 0 where w_j is 0.

    Raises:
        ValueError: If ``l1`` is negative, infinite or not a number, or the model
            has no weights.

    Source:
        Tibshirani (1996), "Regression Shrinkage and Selection via the Lasso",
        section 2.1, which bounds the sum where we add it to the loss.
    """
    if not 0 <= l1 < math.inf:
        raise ValueError(f"l1 must be a finite number >= 0, got {l1!r}")
    sums = [p.abs().sum() for p in model.parameters() if p.ndim >= 2]
    if not sums:
        raise ValueError(f"model needs a parameter with ndim >= 2, got {model!r}")
    return l1 * torch.stack(sums).sum()
