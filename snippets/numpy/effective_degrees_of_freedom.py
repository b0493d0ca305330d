"""How many weights a linear model with L2 can still move freely."""

import math

import numpy as np
from numpy.typing import NDArray


def effective_degrees_of_freedom(
    features: NDArray[np.float64], *, l2: float = 0.01
) -> float:
    """Return the trace of the matrix that turns targets into predictions.

        df = sum_k d_k^2 / (d_k^2 + n * l2)

    where d_k are the singular values of the centered features. It is the number of
    features without L2 (if none is redundant) and goes to 0 for a strong one. The
    strength stands next to the mean squared error; the bias is free, not counted.

    Args:
        features: Shape (n, d).
        l2: The strength, finite, at least 0. Default 0.01.

    Returns:
        The effective degrees of freedom, between 0 and d.

    Raises:
        ValueError: If ``l2`` is negative, infinite or not a number, or ``features``
            not a matrix.

    Source:
        Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning",
        2nd edition, equation 3.50.
    """
    if not 0 <= l2 < math.inf:
        raise ValueError(f"l2 must be a finite number >= 0, got {l2!r}")
    if features.ndim != 2:
        raise ValueError(f"features must have shape (n, d), got {features.shape}")
    rows = len(features)
    centred = features - features.mean(0)  # the free bias takes the means
    d = np.linalg.svd(centred, compute_uv=False)
    squares = d[d > d.max(initial=0) * 1e-12] ** 2  # without rounded zeros
    return float((squares / (squares + rows * l2)).sum())
