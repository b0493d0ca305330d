"""The smoothness penalty: neighbors should have similar values."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Pairs = Sequence[tuple[int, int]]


def smoothness_penalty(values: FloatArray, pairs: Pairs, strength: float) -> float:
    """Return the sum of squared differences between neighbors.

        penalty = strength * sum_(i, j) (w_i - w_j)^2  =  strength * w^T L w

    Args:
        values: Weights, or a model's predictions. Shape (n,).
        pairs: Which positions are neighbors; each pair once.
        strength: In units of the loss per squared value, finite, at least 0.

    Returns:
        The number to add to the mean loss; L is the Laplacian of the graph.

    Raises:
        ValueError: If ``strength`` or a position in ``pairs`` is out of range.

    Source:
        Belkin, Niyogi and Sindhwani (2006), "Manifold Regularization", section 2.2.
    """
    left, right = _check(values, pairs, strength)
    differences = 1.0 * values[left] - values[right]  # integers would overflow
    return strength * float(np.square(differences).sum())


def smoothness_gradient(
    values: FloatArray, pairs: Pairs, strength: float
) -> FloatArray:
    """Return the slope of ``smoothness_penalty``.

        slope_i = 2 * strength * sum_(neighbors j of i) (w_i - w_j)

    Args:
        values: Shape (n,).
        pairs: Which positions are neighbors; each pair once.
        strength: In units of the loss per squared value, finite, at least 0.

    Returns:
        An array of the same shape.

    Raises:
        ValueError: If ``strength`` or a position in ``pairs`` is out of range.
    """
    left, right = _check(values, pairs, strength)
    slope = 2 * strength * (1.0 * values[left] - values[right])  # one for each pair
    gradient = np.zeros_like(slope, shape=values.shape)  # values may be integers
    np.add.at(gradient, left, slope)
    np.add.at(gradient, right, -slope)
    return gradient


def _check(
    values: FloatArray, pairs: Pairs, strength: float
) -> tuple[list[int], list[int]]:
    if not 0 <= strength < math.inf:
        raise ValueError(f"strength must be a finite number >= 0, got {strength!r}")
    for pair in pairs:
        if not all(0 <= i < len(values) for i in pair):
            raise ValueError(f"pairs must be in [0, {len(values)}), got {pair!r}")
    return [i for i, _ in pairs], [j for _, j in pairs]
