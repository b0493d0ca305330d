"""Cross-validation over a grid of L2 strengths with ``GridSearchCV``."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

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
        alpha = n * l2, n = rows in a fit

    Exact if ``folds`` divides the number of rows; else fits differ by a row in n.

    Args:
        features: Shape (n, d), rows in random order; no column constant in a fit.
        targets: Shape (n,).
        strengths: The grid, each finite and at least 0.
        folds: Number of parts, from 2 to n. Default 5.

    Returns:
        The best strength, and the errors, shape (folds, len(strengths)).

    Raises:
        ValueError: If a strength is negative, infinite or not a number, there are
            none, ``folds`` is not from 2 to n, or ``targets`` not of shape (n,).

    Source:
        Stone (1974), "Cross-Validatory Choice and Assessment of Statistical
        Predictions".
    """
    if not strengths or not all(0 <= l2 < math.inf for l2 in strengths):
        raise ValueError(f"strengths must be finite and >= 0, got {strengths!r}")
    if not 2 <= folds <= len(targets):
        raise ValueError(f"folds must be from 2 to {len(targets)}, got {folds!r}")
    if targets.shape != (rows := len(features),):
        raise ValueError(f"targets must have shape ({rows},), got {targets.shape}")
    # The pipeline is fitted anew for each fold, the scaler with it.
    model = make_pipeline(StandardScaler(), Ridge())
    fitted = rows * (folds - 1) / folds
    grid = {"ridge__alpha": [fitted * l2 for l2 in strengths]}
    search = GridSearchCV(model, grid, cv=folds, scoring="neg_mean_squared_error")
    search.fit(features, targets)
    scores = [search.cv_results_[f"split{f}_test_score"] for f in range(folds)]
    return strengths[search.best_index_], -np.array(scores)
