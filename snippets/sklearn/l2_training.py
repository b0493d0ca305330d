"""Linear regression with an L2 penalty, solved exactly."""

import math

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

FloatArray = NDArray[np.float64]


def train(
    features: FloatArray, targets: FloatArray, *, l2: float = 0.01
) -> tuple[FloatArray, float]:
    """Minimize mean squared error plus L2.

        J(w, b) = 1/n * sum_i (x_i . w + b - y_i)^2  +  l2 * sum_j w_j^2

    Args:
        features: Shape (n, d).
        targets: Shape (n,).
        l2: The strength, finite, at least 0. Default 0.01.

    Returns:
        The weights, shape (d,), and the bias.

    Raises:
        ValueError: If ``l2`` is negative, infinite or not a number, or ``targets``
            not of shape (n,).

    Source:
        Hoerl and Kennard (1970), "Ridge Regression", equation 2.1.
    """
    if not 0 <= l2 < math.inf:
        raise ValueError(f"l2 must be a finite number >= 0, got {l2!r}")
    rows = len(features)
    if targets.shape != (rows,):
        raise ValueError(f"targets must have shape ({rows},), got {targets.shape}")
    # Ridge sums the squared errors and does not divide by n: n times our J.
    model = Ridge(alpha=rows * l2).fit(features, targets)
    return model.coef_, float(model.intercept_)
