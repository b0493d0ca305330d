"""Feature selection with L1: standardize, choose the strength, keep the nonzero."""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LassoCV

FloatArray = NDArray[np.float64]


def select_features(
    features: FloatArray, targets: FloatArray, *, folds: int = 5
) -> tuple[list[int], float]:
    """Return the columns that a cross-validated lasso gives a weight.

        z_j = (x_j - mean(x_j)) / std(x_j)
        min 1/n * sum_i (z_i . w + b - y_i)^2  +  l1 * sum_j |w_j|
        kept = {j : w_j != 0}

    Args:
        features: Shape (n, d); no column may be constant.
        targets: Shape (n,).
        folds: Number of parts for cross-validation, at least 2. Default 5.

    Returns:
        The kept columns in rising order, and the strength l1 that was chosen.

    Raises:
        ValueError: If ``folds`` is below 2, or a column is constant.

    Source:
        Hastie, Tibshirani and Wainwright (2015), "Statistical Learning with
        Sparsity", section 2.3.
    """
    if folds < 2:
        raise ValueError(f"folds must be at least 2, got {folds!r}")
    spread = features.std(axis=0)
    if not spread.all():
        column = int(np.argmin(spread))
        raise ValueError(f"features must vary, got a constant column {column}")
    # Without it, a feature in millimeters pays less than the same one in meters.
    scaled = (features - features.mean(axis=0)) / spread
    model = LassoCV(cv=folds).fit(scaled, targets)
    kept = [int(j) for j in np.flatnonzero(model.coef_)]
    return kept, 2 * float(model.alpha_)  # scikit-learn's alpha is half our l1
