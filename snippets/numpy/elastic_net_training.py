"""Linear regression with an elastic net, by proximal gradient descent."""

import math

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def train(
    features: FloatArray,
    targets: FloatArray,
    *,
    l1: float = 0.01,
    l2: float = 0.01,
    lr: float = 0.1,
    steps: int = 1000,
) -> tuple[FloatArray, float]:
    """Minimize mean squared error plus L1 plus L2, starting from zero.

        J(w, b) = 1/n * sum_i (x_i . w + b - y_i)^2
                  +  l1 * sum_j |w_j|  +  l2 * sum_j w_j^2
        w <- S(w - lr * g, lr * l1) / (1 + 2 * lr * l2)

    where g is the gradient of the mean squared error alone and
    S(w, t) = sign(w) * max(|w| - t, 0).

    Args:
        features: Shape (n, d).
        targets: Shape (n,).
        l1: The strength of L1, finite, at least 0. Default 0.01.
        l2: The strength of L2, finite, at least 0. Default 0.01.
        lr: The learning rate, above 0. Default 0.1.
        steps: Number of updates, each with all rows, at least 1. Default 1000.

    Returns:
        The weights, shape (d,), and the bias.

    Raises:
        ValueError: If a strength is negative, infinite or not a number, ``lr`` is
            not above 0, ``steps`` below 1, ``features`` without a row, or
            ``targets`` not of shape (n,).

    Source:
        Zou and Hastie (2005), "Regularization and Variable Selection via the
        Elastic Net", section 2; Parikh and Boyd (2014), "Proximal Algorithms",
        sections 4.2 and 6.5.3.
    """
    for name, strength in (("l1", l1), ("l2", l2)):
        if not 0 <= strength < math.inf:
            raise ValueError(
                f"{name} must be a finite number >= 0, got {strength!r}"
            )
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
        weights = weights / (1 + 2 * lr * l2)
        bias -= lr * 2 * float(errors.mean())  # free: it follows the targets' level
    return weights, bias
