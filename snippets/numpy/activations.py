"""Sigmoid, tanh and ReLU, and the slope of each from what it returned."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Kind = Literal["sigmoid", "tanh", "relu"]


def activate(z: FloatArray, kind: Kind) -> FloatArray:
    """Bend every entry of ``z``.

        sigmoid: a = 1 / (1 + exp(-z))
        tanh:    a = tanh(z)
        relu:    a = max(z, 0)

    Args:
        z: What arrives at the units, any shape.
        kind: "sigmoid", "tanh" or "relu".

    Returns:
        An array of the same shape.

    Raises:
        ValueError: If ``kind`` is none of the three.

    Source:
        Glorot, Bordes and Bengio (2011), "Deep Sparse Rectifier Neural
        Networks", section 3.1.
    """
    if kind == "sigmoid":
        return 0.5 * (1 + np.tanh(0.5 * z))  # exp(-z) would overflow
    if kind == "tanh":
        return np.tanh(z)
    if kind == "relu":
        return np.maximum(z, 0.0)
    raise ValueError(f'kind must be "sigmoid", "tanh" or "relu", got {kind!r}')


def slope(a: FloatArray, kind: Kind) -> FloatArray:
    """Return the derivative of ``activate`` by z, from its output a, not from z.

        sigmoid: a * (1 - a)
        tanh:    1 - a^2
        relu:    1 where a > 0, else 0 (at the kink, too)

    Args:
        a: What ``activate`` returned, any shape.
        kind: The same as there.

    Returns:
        An array of the same shape.

    Raises:
        ValueError: If ``kind`` is none of the three.
    """
    if kind == "sigmoid":
        return a * (1 - a)
    if kind == "tanh":
        return 1 - a**2
    if kind == "relu":
        return (a > 0).astype(a.dtype)
    raise ValueError(f'kind must be "sigmoid", "tanh" or "relu", got {kind!r}')
