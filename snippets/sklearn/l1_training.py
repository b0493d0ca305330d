"""Linear regression with an L1 penalty: the lasso, by coordinate descent."""

import math

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Lasso

FloatArray = NDArray[np.float64]


def train(
    features: FloatArray, targets: FloatArray, *, l1: float = 0.01
) -> tuple[FloatArray, float]:
    """Minimize mean squared error plus L1.

        J(w, b) = 1/n * sum_i (x_i . w + b - y_i)^2  +  l1 * sum_j |w_j|

    Args:
        features: Shape (n, d).
        targets: Shape (n,).
        l1: The strength, finite, above 0. Default 0.01.

    Returns:
        The weights, shape (d,), and the bias.

    Raises:
        ValueError: If ``l1`` is not a finite number above 0, or ``targets`` not of
            shape (n,).

    Source:
        Friedman, Hastie and Tibshirani (2010), "Regularization Paths for
        Generalized Linear Models via Coordinate Descent", section 2.
    """
    if not 0 < l1 < math.inf:
        raise ValueError(f"l1 must be a finite number > 0, got {l1!r}")
    rows = len(features)
    if targets.shape != (rows,):
        raise ValueError(f"targets must have shape ({rows},), got {targets.shape}")
    # Lasso minimizes half the mean squared error + alpha * sum |w|: half our J.
    model = Lasso(alpha=l1 / 2, tol=1e-8, max_iter=100_000).fit(features, targets)
    return model.coef_, float(model.intercept_)
