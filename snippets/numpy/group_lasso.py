"""The group lasso: one penalty for all weights that leave an input."""

import math

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def group_lasso_penalty(weights: FloatArray, strength: float) -> float:
    """Return the penalty of a matrix whose rows are the groups.

        penalty = strength * sum_g sqrt(k) * ||w_g||,  k weights in each group

    Args:
        weights: Shape (inputs, outputs); row g holds what leaves input g.
        strength: In units of the loss per weight, finite, at least 0.

    Returns:
        The number to add to the mean loss.

    Raises:
        ValueError: If ``strength`` is out of its range, or ``weights`` no matrix.

    Source:
        Yuan and Lin (2006), "Model Selection and Estimation in Regression with
        Grouped Variables", section 2.
    """
    _check(weights, strength)
    norms = np.linalg.norm(weights, axis=1)  # (inputs,)
    return strength * math.sqrt(weights.shape[1]) * float(norms.sum())


def group_lasso_subgradient(weights: FloatArray, strength: float) -> FloatArray:
    """Return the slope of ``group_lasso_penalty``.

        slope_g = strength * sqrt(k) * w_g / ||w_g||,  and 0 where w_g is 0

    Args:
        weights: Shape (inputs, outputs).
        strength: In units of the loss per weight, finite, at least 0.

    Returns:
        An array of the same shape.

    Raises:
        ValueError: If ``strength`` is out of its range, or ``weights`` no matrix.
    """
    _check(weights, strength)
    norms = np.linalg.norm(weights, axis=1, keepdims=True)  # (inputs, 1)
    safe = np.where(norms > 0, norms, 1.0)  # 0 / 1 instead of 0 / 0
    return strength * math.sqrt(weights.shape[1]) * weights / safe


def _check(weights: FloatArray, strength: float) -> None:
    if not 0 <= strength < math.inf:
        raise ValueError(f"strength must be a finite number >= 0, got {strength!r}")
    if weights.ndim != 2:
        shape = weights.shape
        raise ValueError(f"weights must have shape (inputs, outputs), got {shape}")
