"""Check a gradient against central differences, which need no derivation."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def numerical_gradient(
    cost: Callable[[FloatArray], float], w: FloatArray, step: float = 1e-5
) -> FloatArray:
    r"""Return the slope of ``cost`` along each axis, from two nearby values.

    .. math::
        \frac{\partial J}{\partial w_j} \approx
            \frac{J(w + h e_j) - J(w - h e_j)}{2h}

    Args:
        cost: From an array like ``w`` to a number.
        w: Where to measure, any shape; it stays as it was.
        step: The distance h, above 0, in the unit of ``w``. Default 1e-5.

    Returns:
        An array of the shape of ``w``.

    Raises:
        ValueError: If ``step`` is not a finite number above 0.

    Source:
        Goodfellow, Bengio and Courville, "Deep Learning", section 11.5: the
        "centered difference".
    """
    if not 0 < step < math.inf:
        raise ValueError(f"step must be a finite number > 0, got {step!r}")
    slopes = np.empty(w.shape)
    for index in np.ndindex(w.shape):
        ahead, behind = w.astype(float), w.astype(float)  # copies
        ahead[index] += step
        behind[index] -= step
        slopes[index] = (cost(ahead) - cost(behind)) / (2 * step)
    return slopes


def relative_error(gradient: FloatArray, reference: FloatArray) -> float:
    """Return the largest difference, in units of the largest entry.

        max_j |g_j - r_j| / max_j |r_j|

    Args:
        gradient: The one to check.
        reference: The one to trust, of the same shape, not all 0.

    Returns:
        About 1e-10 for a right gradient in float64; a wrong one has 1e-2 or more.

    Raises:
        ValueError: If the shapes differ, or the reference is all 0.
    """
    if gradient.shape != reference.shape:  # they would broadcast
        shapes = f"{reference.shape}, got {gradient.shape}"
        raise ValueError(f"gradient must have shape {shapes}")
    size = np.abs(1.0 * reference).max()  # small integers would overflow
    if size == 0:
        raise ValueError("reference must have an entry that is not 0, got all 0")
    return float(np.abs(1.0 * gradient - reference).max() / size)
