"""The soft threshold: the step that takes weights to exactly zero."""

import math

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def soft_threshold(weights: FloatArray, threshold: float) -> FloatArray:
    """Move every weight towards zero by ``threshold``, and stop at zero.

        S(w_j, t) = sign(w_j) * max(|w_j| - t, 0)

    It is the exact minimum over v of 1/2 * (v - w_j)^2 + t * |v|.

    Args:
        weights: Array of any shape.
        threshold: The distance, in the unit of the weights, finite, at least 0;
            after a step with learning rate lr it is lr * l1.

    Returns:
        A new array of the same shape.

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
    sizes = np.abs(1.0 * weights)  # small integers would overflow
    return np.sign(weights) * np.maximum(sizes - threshold, 0.0)
