"""Max-norm: no unit's incoming weights may be longer than a limit."""

import math

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def max_norm(weights: FloatArray, limit: float) -> FloatArray:
    """Shorten the columns that are too long, and leave the others alone.

        w_u <- w_u * min(1, limit / ||w_u||)

    Use it after each step of the optimizer.

    Args:
        weights: Shape (inputs, units); column u holds what enters unit u.
        limit: The longest norm allowed, finite, above 0.

    Returns:
        A new array of the same shape.

    Raises:
        ValueError: If ``limit`` is out of its range, or ``weights`` no matrix.

    Source:
        Srivastava et al. (2014), "Dropout: A Simple Way to Prevent Neural
        Networks from Overfitting", section 5.1.
    """
    if not 0 < limit < math.inf:
        raise ValueError(f"limit must be a finite number > 0, got {limit!r}")
    if weights.ndim != 2:
        shape = weights.shape
        raise ValueError(f"weights must have shape (inputs, units), got {shape}")
    norms = np.linalg.norm(weights, axis=0)  # (units,)
    scale: FloatArray = limit / np.maximum(norms, limit)
    return weights * scale
