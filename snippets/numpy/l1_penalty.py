"""The L1 penalty and its subgradient, for a list of weight arrays."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def l1_penalty(weights: Sequence[FloatArray], l1: float) -> float:
    """Return ``l1`` times the sum of the absolute values of all weights.

        penalty = l1 * sum_j |w_j|

    Args:
        weights: Arrays of any shape; leave biases out.
        l1: The strength, in units of the loss per weight; at least 0.

    Returns:
        The number to add to the mean loss.

    Raises:
        ValueError: If ``l1`` is negative, infinite or not a number.
        TypeError: If ``weights`` is one array instead of a list of arrays.

    Source:
        Tibshirani (1996), "Regression Shrinkage and Selection via the Lasso",
        section 2.1, which bounds the sum where we add it to the loss.
    """
    _check(weights, l1)
    # In floats: integers of 8 bits have no 128 for the size of -128.
    return l1 * sum(float(np.sum(np.abs(w, dtype=float))) for w in weights)


def l1_subgradient(weights: Sequence[FloatArray], l1: float) -> list[FloatArray]:
    """Return the slope of ``l1_penalty``, one array for each weight array.

        slope_j = l1 * sign(w_j),  with sign(0) = 0

    Args:
        weights: Arrays of any shape; leave biases out.
        l1: The strength, in units of the loss per weight; at least 0.

    Returns:
        Arrays of the same shapes, to add to the gradients of the mean loss.

    Raises:
        ValueError: If ``l1`` is negative, infinite or not a number.
        TypeError: If ``weights`` is one array instead of a list of arrays.
    """
    _check(weights, l1)
    # At 0 every slope from -l1 to l1 would do; PyTorch and TensorFlow take 0, too.
    return [l1 * np.sign(w) for w in weights]


def _check(weights: Sequence[FloatArray], l1: float) -> None:
    if not 0 <= l1 < math.inf:
        raise ValueError(f"l1 must be a finite number >= 0, got {l1!r}")
    if isinstance(weights, np.ndarray):  # iterating would silently take its rows
        shape = weights.shape
        raise TypeError(f"weights must be a list of arrays, got an array {shape}")
