"""Cross-validation over a grid of L2 strengths for linear regression."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def grid_search(
    features: FloatArray,
    targets: FloatArray,
    strengths: Sequence[float],
    *,
    folds: int = 5,
) -> tuple[float, FloatArray]:
    """Return the strength with the smallest error on rows left out, and all errors.

        J(w, b) = 1/n * sum_i (z_i . w + b - y_i)^2  +  l2 * sum_j w_j^2
        z_ij = (x_ij - mean_j) / std_j
        errors[f, s] = mean squared error on fold f of the minimum of J for the
                       other folds, with l2 = strengths[s]
        best = strengths[argmin_s mean_f errors[f, s]] of those that are finite

    Args:
        features: Shape (n, d), rows in random order.
        targets: Shape (n,).
        strengths: The grid, each finite and at least 0.
        folds: Number of parts, from 2 to n. Default 5.

    Returns:
        The best strength, and the errors, shape (folds, len(strengths)).

    Raises:
        ValueError: If a strength is negative, infinite or not a number, there are
            none, ``folds`` is not from 2 to n, ``targets`` not of shape (n,), or no
            error is finite.

    Source:
        Stone (1974), "Cross-Validatory Choice and Assessment of Statistical
        Predictions".
    """
    if not strengths or not all(0 <= l2 < math.inf for l2 in strengths):
        raise ValueError(f"strengths must be finite and >= 0, got {strengths!r}")
    if not 2 <= folds <= len(targets):
        raise ValueError(f"folds must be from 2 to {len(targets)}, got {folds!r}")
    if targets.shape != (rows := len(features),):  # errors would broadcast
        raise ValueError(f"targets must have shape ({rows},), got {targets.shape}")
    errors = np.empty((folds, len(strengths)))
    for f, out in enumerate(np.array_split(np.arange(len(targets)), folds)):
        x, y = np.delete(features, out, axis=0), np.delete(targets, out)
        mean, std, level = (
            x.mean(axis=0),
            x.std(axis=0),
            y.mean(),
        )  # of the rows in the fit
        std[std == 0] = 1.0  # a constant column stays 0
        z = (x - mean) / std
        for s, l2 in enumerate(strengths):
            curvature = z.T @ z / len(y) + l2 * np.eye(x.shape[1])  # (d, d)
            weights = np.linalg.solve(curvature, z.T @ (y - level) / len(y))
            predicted = (features[out] - mean) / std @ weights + level
            errors[f, s] = np.mean((predicted - targets[out]) ** 2)
    mean_errors = np.nan_to_num(errors.mean(axis=0), nan=np.inf, posinf=np.inf)
    if not np.isfinite(mean_errors).any():
        raise ValueError(
            f"features and targets must be finite, errors are {errors!r}"
        )
    return strengths[int(mean_errors.argmin())], errors
