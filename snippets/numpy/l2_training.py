"""Linear regression with an L2 penalty, by gradient descent."""

import math

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def train(
    features: FloatArray,
    targets: FloatArray,
    *,
    l2: float = 0.01,
    lr: float = 0.1,
    steps: int = 1000,
) -> tuple[FloatArray, float]:
    """Minimize mean squared error plus L2, starting from zero.

        J(w, b) = 1/n * sum_i (x_i . w + b - y_i)^2  +  l2 * sum_j w_j^2
        w <- w - lr * (g + 2 * l2 * w)

    where g is the gradient of the mean squared error.

    Args:
        features: Shape (n, d).
        targets: Shape (n,).
        l2: The strength, finite, at least 0. Default 0.01.
        lr: The learning rate, above 0. Default 0.1.
        steps: Number of updates, each with all rows, at least 1. Default 1000.

    Returns:
        The weights, shape (d,), and the bias.

    Raises:
        ValueError: If ``l2`` is negative, infinite or not a number, ``lr`` is not
            above 0, ``steps`` below 1, ``features`` without a row, or ``targets``
            not of shape (n,).

    Source:
        Hoerl and Kennard (1970), "Ridge Regression", equation 2.1: its minimum.
    """
    if not 0 <= l2 < math.inf:
        raise ValueError(f"l2 must be a finite number >= 0, got {l2!r}")
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
        data_grad = 2 / rows * (features.T @ errors)  # (d,)
        weights -= lr * (data_grad + 2 * l2 * weights)
        bias -= lr * 2 * float(errors.mean())  # free: it follows the targets' level
    return weights, bias
