"""Linear regression with an L1 penalty, by proximal gradient descent."""

import math

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def train(
    features: FloatArray,
    targets: FloatArray,
    *,
    l1: float = 0.01,
    lr: float = 0.1,
    steps: int = 1000,
) -> tuple[FloatArray, float]:
    """Minimize mean squared error plus L1, starting from zero.

        J(w, b) = 1/n * sum_i (x_i . w + b - y_i)^2  +  l1 * sum_j |w_j|
        w <- S(w - lr * g, lr * l1),  S(w, t) = sign(w) * max(|w| - t, 0)

    where g is the gradient of the mean squared error.

    Args:
        features: Shape (n, d).
        targets: Shape (n,).
        l1: The strength, finite, at least 0. Default 0.01.
        lr: The learning rate, above 0. Default 0.1.
        steps: Number of updates, each with all rows, at least 1. Default 1000.

    Returns:
        The weights, shape (d,), and the bias.

    Raises:
        ValueError: If ``l1`` is negative, infinite or not a number, ``lr`` is not
            above 0, ``steps`` below 1, ``features`` without a row, or ``targets``
            not of shape (n,).

    Source:
        Beck and Teboulle (2009), "A Fast Iterative Shrinkage-Thresholding
        Algorithm", section 1 (ISTA).
    """
    if not 0 <= l1 < math.inf:
        raise ValueError(f"l1 must be a finite number >= 0, got {l1!r}")
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps!r}")
    rows, columns = features.shape
    if rows == 0:
        raise ValueError(
            f"features must have at least one row, got shape (0, {columns})"
        )
    if targets.shape != (rows,):
        raise ValueError(f"targets must have shape ({rows},), got {targets.shape}")
    weights, bias = np.zeros(columns), 0.0
    for _ in range(steps):
        errors = features @ weights + bias - targets  # (n,)
        weights = weights - lr * 2 / rows * (features.T @ errors)  # the data's step
        weights = np.sign(weights) * np.maximum(np.abs(weights) - lr * l1, 0.0)
        bias -= lr * 2 * float(errors.mean())  # free: it follows the targets' level
    return weights, bias
