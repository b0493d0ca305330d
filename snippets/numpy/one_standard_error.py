"""The largest strength that is not clearly worse than the best."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def one_standard_error(
    errors: FloatArray,
    strengths: Sequence[float],
    *,
    standard_errors: float = 1.0,
) -> float:
    """Return the largest strength within one standard error of the smallest error.

        mean_s = mean over folds of errors[f, s]
        allowed = mean_best + standard_errors * std over folds of errors[f, best]
                  / sqrt(folds)
        chosen = max {strengths[s] : mean_s <= allowed}

    Args:
        errors: Shape (folds, len(strengths)), at least two folds. A strength with
            one that is not finite is never chosen.
        strengths: The grid, in any order, each finite and at least 0.
        standard_errors: How many of them count as "not clearly worse"; at least 0.
            Default 1.

    Returns:
        The chosen strength.

    Raises:
        ValueError: If ``errors`` has another shape, fewer than two folds or only
            columns that are not finite, or a number is outside its range.

    Source:
        Hastie, Tibshirani and Friedman (2009), "The Elements of Statistical
        Learning", section 7.10.
    """
    if not 0 <= standard_errors < math.inf:
        raise ValueError(
            f"standard_errors must be finite and >= 0, got {standard_errors!r}"
        )
    if not all(0 <= l2 < math.inf for l2 in strengths):
        raise ValueError(f"strengths must be finite and >= 0, got {strengths!r}")
    folds = len(errors)
    if folds < 2 or errors.shape != (folds, len(strengths)):
        wanted = f"(at least 2, {len(strengths)})"
        raise ValueError(f"errors must have shape {wanted}, got {errors.shape}")
    mean = np.nan_to_num(errors.mean(axis=0), nan=np.inf, posinf=np.inf)
    if np.isinf(mean).all():
        raise ValueError(f"errors must be finite for a strength, got {errors!r}")
    best = int(mean.argmin())
    allowed = (
        mean[best] + standard_errors * errors[:, best].std(ddof=1) / folds**0.5
    )
    return max(l2 for l2, m in zip(strengths, mean, strict=True) if m <= allowed)
