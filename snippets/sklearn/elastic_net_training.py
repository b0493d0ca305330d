"""Linear regression with an elastic net: two strengths as ``alpha`` and ratio."""

import math

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import ElasticNet

FloatArray = NDArray[np.float64]


def train(
    features: FloatArray,
    targets: FloatArray,
    *,
    l1: float = 0.01,
    l2: float = 0.01,
) -> tuple[FloatArray, float]:
    """Minimize mean squared error plus L1 plus L2.

        J(w, b) = 1/n * sum_i (x_i . w + b - y_i)^2
                  +  l1 * sum_j |w_j|  +  l2 * sum_j w_j^2
        alpha = l1 / 2 + l2,  l1_ratio = (l1 / 2) / alpha

    Args:
        features: Shape (n, d).
        targets: Shape (n,).
        l1: The strength of L1, finite, above 0. Default 0.01. Without L1,
            scikit-learn advises ``Ridge``.
        l2: The strength of L2, finite, at least 0. Default 0.01.

    Returns:
        The weights, shape (d,), and the bias.

    Raises:
        ValueError: If ``l1`` is not a finite number above 0, ``l2`` negative,
            infinite or not a number, or ``targets`` not of shape (n,).

    Source:
        Friedman, Hastie and Tibshirani (2010), "Regularization Paths for
        Generalized Linear Models via Coordinate Descent", section 2.
    """
    if not 0 < l1 < math.inf:
        raise ValueError(f"l1 must be a finite number > 0, got {l1!r}")
    if not 0 <= l2 < math.inf:
        raise ValueError(f"l2 must be a finite number >= 0, got {l2!r}")
    rows = len(features)
    if targets.shape != (rows,):
        raise ValueError(f"targets must have shape ({rows},), got {targets.shape}")
    # ElasticNet minimizes half our J: half the mean squared error
    # + alpha * l1_ratio * sum |w| + alpha * (1 - l1_ratio) / 2 * sum w^2.
    alpha = l1 / 2 + l2
    model = ElasticNet(
        alpha=alpha, l1_ratio=l1 / 2 / alpha, tol=1e-8, max_iter=100_000
    ).fit(features, targets)
    return model.coef_, float(model.intercept_)
