"""A recurrent layer: the same weights at every time step."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class Recurrent(NamedTuple):
    """Weights of input (h, in) and state (h, h), biases (h,); or all gradients."""

    W: FloatArray
    U: FloatArray
    b: FloatArray


def forward(net: Recurrent, x: FloatArray) -> FloatArray:
    r"""Read a sequence; every state is made from the input and the last state.

    .. math::
        h_t = \tanh(W x_t + U h_{t-1} + b), \qquad h_0 = 0

    Args:
        net: The weights and biases.
        x: Shape (n, steps, inputs).

    Returns:
        The states h_1, ..., h_T: shape (n, steps, h).

    Raises:
        ValueError: If ``x`` does not fit the weights.

    Source:
        Elman (1990), "Finding Structure in Time".
    """
    inputs = net.W.shape[1]
    if x.ndim != 3 or x.shape[2] != inputs:
        raise ValueError(f"x must have shape (n, steps, {inputs}), got {x.shape}")
    h = np.zeros((len(x), len(net.b)))
    states = []
    for t in range(x.shape[1]):
        # (n, in) @ (in, h) + (n, h) @ (h, h) + (h,) -> (n, h)
        h = np.tanh(x[:, t] @ net.W.T + h @ net.U.T + net.b)
        states.append(h)
    return np.stack(states, axis=1)


def backward(
    net: Recurrent, x: FloatArray, states: FloatArray, slopes: FloatArray
) -> Recurrent:
    r"""Return the derivatives by W, U and b: backpropagation through time.

    .. math::
        \delta_t = \left( \frac{\partial L}{\partial h_t}
            + U^\top \delta_{t+1} \right) \odot (1 - h_t^2), \qquad
        \frac{\partial L}{\partial U} = \sum_t \delta_t h_{t-1}^\top

    Args:
        net: The weights and biases.
        x: What went into ``forward``.
        states: What it returned.
        slopes: The loss's own derivatives by the states, of their shape; 0 where
            the loss does not look.

    Returns:
        One array for each parameter, of its shape.

    Raises:
        ValueError: If ``slopes`` is not of the shape of ``states``.

    Source:
        Werbos (1990), "Backpropagation Through Time: What It Does and How to Do
        It".
    """
    if slopes.shape != states.shape:
        shapes = f"{states.shape}, got {slopes.shape}"
        raise ValueError(f"slopes must have shape {shapes}")
    dW, dU, db = (np.zeros_like(p) for p in net)
    error = np.zeros_like(states[:, 0])  # nothing comes from after the end
    for t in reversed(range(x.shape[1])):
        error = (slopes[:, t] + error @ net.U) * (1 - states[:, t] ** 2)  # (n, h)
        before = states[:, t - 1] if t else np.zeros_like(error)
        dW += error.T @ x[:, t]  # += : every time step adds its share
        dU += error.T @ before
        db += error.sum(axis=0)
    return Recurrent(dW, dU, db)
