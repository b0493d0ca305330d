"""Linear regression with weights >= 0: ``LinearRegression(positive=True)``."""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression

FloatArray = NDArray[np.float64]


def train(features: FloatArray, targets: FloatArray) -> tuple[FloatArray, float]:
    """Minimize mean squared error with weights >= 0.

        J(w, b) = 1/n * sum_i (x_i . w + b - y_i)^2,  all w_j >= 0

    Args:
        features: Shape (n, d).
        targets: Shape (n,).

    Returns:
        The weights, shape (d,), and the bias.

    Raises:
        ValueError: If ``targets`` is not of shape (n,).

    Source:
        Lawson and Hanson (1974), "Solving Least Squares Problems", chapter 23.
    """
    rows = len(features)
    if targets.shape != (rows,):
        raise ValueError(f"targets must have shape ({rows},), got {targets.shape}")
    model = LinearRegression(positive=True).fit(features, targets)
    return model.coef_, float(model.intercept_)
