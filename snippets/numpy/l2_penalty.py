"""The L2 penalty and its gradient, for a list of weight arrays."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def l2_penalty(weights: Sequence[FloatArray], l2: float) -> float:
    """Return ``l2`` times the sum of all squared weights.

        penalty = l2 * sum_j w_j^2

    Args:
        weights: Arrays of any shape; leave biases out.
        l2: The strength, in units of the loss per squared weight; at least 0.

    Returns:
        The number to add to the mean loss.

    Raises:
        ValueError: If ``l2`` is negative, infinite or not a number.
        TypeError: If ``weights`` is one array instead of a list of arrays.

    Source:
        Krogh and Hertz (1991), "A Simple Weight Decay Can Improve Generalization",
        section 1, which writes l2 / 2 where we write l2.
    """
    _check(weights, l2)
    # In floats: the square of 20 does not fit into integers of 8 bits.
    return l2 * sum(float(np.sum(np.square(w, dtype=float))) for w in weights)


def l2_gradient(weights: Sequence[FloatArray], l2: float) -> list[FloatArray]:
    """Return the gradient of ``l2_penalty``, one array for each weight array.

        d penalty / d w_j = 2 * l2 * w_j

    Args:
        weights: Arrays of any shape; leave biases out.
        l2: The strength, in units of the loss per squared weight; at least 0.

    Returns:
        Arrays of the same shapes, to add to the gradients of the mean loss.

    Raises:
        ValueError: If ``l2`` is negative, infinite or not a number.
        TypeError: If ``weights`` is one array instead of a list of arrays.
    """
    _check(weights, l2)
    return [2.0 * l2 * w for w in weights]  # the 2 comes from the square


def _check(weights: Sequence[FloatArray], l2: float) -> None:
    if not 0 <= l2 < math.inf:
        raise ValueError(f"l2 must be a finite number >= 0, got {l2!r}")
    if isinstance(weights, np.ndarray):  # iterating would silently take its rows
        shape = weights.shape
        raise TypeError(f"weights must be a list of arrays, got an array {shape}")
