"""A convolution along a line: the same few weights at every position."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def convolve(x: FloatArray, w: FloatArray, b: FloatArray) -> FloatArray:
    r"""Slide a window along ``x`` and take the same weighted sums everywhere.

    .. math::
        z_{o,t} = b_o + \sum_{c,k} w_{o,c,k} \, x_{c,t+k}

    Args:
        x: Shape (n, channels, length).
        w: Shape (outputs, channels, width).
        b: Shape (outputs,).

    Returns:
        Shape (n, outputs, length - width + 1).

    Raises:
        ValueError: If ``x`` does not fit the weights.

    Source:
        LeCun et al. (1989), "Backpropagation Applied to Handwritten Zip Code
        Recognition", section 3.
    """
    _, channels, width = w.shape
    if x.ndim != 3 or x.shape[1] != channels or x.shape[2] < width:
        expected = f"(n, {channels}, length >= {width})"
        raise ValueError(f"x must have shape {expected}, got {x.shape}")
    positions = range(x.shape[2] - width + 1)
    windows = [x[:, :, t : t + width] for t in positions]  # each (n, c, k)
    sums = [np.einsum("nck,ock->no", window, w) for window in windows]
    return np.stack(sums, axis=2) + b[:, None]


def convolve_backward(
    x: FloatArray, w: FloatArray, error: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    r"""Return the derivatives by the inputs, the weights and the biases.

    .. math::
        \frac{\partial L}{\partial w_{o,c,k}} =
            \sum_{n,t} \delta_{o,t} \, x_{c,t+k}, \qquad
        \frac{\partial L}{\partial b_o} = \sum_{n,t} \delta_{o,t}

    Args:
        x: What went into ``convolve``.
        w: The weights there.
        error: dL/dz, of the shape that ``convolve`` returned.

    Returns:
        dL/dx, dL/dw and dL/db, each of the shape of its array.

    Raises:
        ValueError: If ``error`` is not of that shape.
    """
    outputs, _, width = w.shape
    shape = (len(x), outputs, x.shape[2] - width + 1)
    if error.shape != shape:
        raise ValueError(f"error must have shape {shape}, got {error.shape}")
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for t in range(error.shape[2]):
        here = slice(t, t + width)
        # += : every position adds its share to the same weights
        dw += np.einsum("no,nck->ock", error[:, :, t], x[:, :, here])
        dx[:, :, here] += np.einsum("no,ock->nck", error[:, :, t], w)
    return dx, dw, error.sum(axis=(0, 2))
