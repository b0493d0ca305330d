"""The soft threshold in PyTorch: what to do to a weight after ``step()``."""

import math

import torch
from torch import Tensor


def soft_threshold(weights: Tensor, threshold: float) -> Tensor:
    """Move every weight towards zero by ``threshold``, and stop at zero.

        S(w_j, t) = sign(w_j) * max(|w_j| - t, 0)

    PyTorch's own is ``torch.nn.functional.softshrink(weights, threshold)``.

    Args:
        weights: Tensor of any shape.
        threshold: The distance, in the unit of the weights, finite, at least 0;
            after a step with learning rate lr it is lr * l1.

    Returns:
        A new tensor of the same shape and dtype.

    Raises:
        ValueError: If ``threshold`` is negative, infinite or not a number.

    Source:
        Daubechies, Defrise and De Mol (2004), "An Iterative Thresholding Algorithm
        for Linear Inverse Problems", section 2.
    """
    if not 0 <= threshold < math.inf:
        raise ValueError(
            f"threshold must be a finite number >= 0, got {threshold!r}"
        )
    return torch.sign(weights) * (weights.abs() - threshold).clamp(min=0)
