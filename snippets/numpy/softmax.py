"""Softmax, whose every output depends on every input, and its way back."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def softmax(z: FloatArray) -> FloatArray:
    """Turn each row of scores into probabilities.

        p_c = exp(z_c) / sum_k exp(z_k)

    Args:
        z: Scores (logits), shape (n, classes).

    Returns:
        Shape (n, classes); every row adds up to 1.

    Source:
        Goodfellow, Bengio and Courville, "Deep Learning", section 6.2.2.3.
    """
    largest = 1.0 * z.max(axis=1, keepdims=True)  # a float: z may be integers
    powers = np.exp(z - largest)  # at most 1: no overflow
    p: FloatArray = powers / powers.sum(axis=1, keepdims=True)
    return p


def softmax_backward(p: FloatArray, slope: FloatArray) -> FloatArray:
    """Send derivatives by the probabilities back to the scores.

        dL/dz_c = p_c * (dL/dp_c - sum_k p_k * dL/dp_k)

    It is the product with the matrix of all dp_k/dz_c, which is
    p_k * (1 - p_k) on its diagonal and -p_k * p_c off it.

    Args:
        p: What ``softmax`` returned, shape (n, classes).
        slope: dL/dp, of the same shape.

    Returns:
        dL/dz, of the same shape.

    Raises:
        ValueError: If the shapes differ.
    """
    if slope.shape != p.shape:
        raise ValueError(f"slope must have shape {p.shape}, got {slope.shape}")
    mean = (p * slope).sum(axis=1, keepdims=True)  # (n, 1): each row's own
    through: FloatArray = p * (slope - mean)
    return through
