"""Max-norm in Keras: the layer's own constraint, with the axis that it needs."""

import math

import keras


def max_norm(limit: float, *, kernel_axes: int = 2) -> keras.constraints.Constraint:
    """Return a constraint that shortens the units whose weights are too long.

        w_u <- w_u * min(||w_u||, limit) / (||w_u|| + 1e-7)

    Use it as ``Dense(..., kernel_constraint=max_norm(3.0))``: Keras applies it
    after each update.

    Args:
        limit: The longest norm allowed, finite, above 0.
        kernel_axes: 2 for ``Dense``, 3 for ``Conv1D``, 4 for ``Conv2D``; the last
            one counts the units, the others belong to one unit. Default 2.

    Returns:
        Keras's own ``MaxNorm``, with the axes to sum over.

    Raises:
        ValueError: If ``limit`` or ``kernel_axes`` is out of its range.

    Source:
        Srivastava et al. (2014), "Dropout: A Simple Way to Prevent Neural
        Networks from Overfitting", section 5.1.
    """
    if not 0 < limit < math.inf:
        raise ValueError(f"limit must be a finite number > 0, got {limit!r}")
    if kernel_axes < 2:
        raise ValueError(f"kernel_axes must be at least 2, got {kernel_axes!r}")
    return keras.constraints.MaxNorm(limit, axis=list(range(kernel_axes - 1)))
