"""Forward and backward pass through three sigmoid layers, line by line."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class Parameters(NamedTuple):
    """Weights (out, in) and biases (out, 1) of each layer, or their gradients."""

    W1: FloatArray
    b1: FloatArray
    W2: FloatArray
    b2: FloatArray
    W3: FloatArray
    b3: FloatArray


class Trace(NamedTuple):
    """What a forward pass leaves behind: before (z) and after (a) each sigmoid."""

    z1: FloatArray
    a1: FloatArray
    z2: FloatArray
    a2: FloatArray
    z3: FloatArray
    a3: FloatArray


def forward(net: Parameters, x: FloatArray) -> Trace:
    r"""Send samples through the network, each a column of its own.

    .. math::
        z_k = W_k a_{k-1} + b_k, \qquad a_k = \sigma(z_k), \qquad a_0 = x

    Args:
        net: The weights and biases.
        x: Shape (inputs, n): one column for each of n samples.

    Returns:
        Every layer's z and a, each (units, n); a3 is the prediction.

    Raises:
        ValueError: If ``x`` is not of shape (inputs, n).

    Source:
        Rumelhart, Hinton and Williams (1986), equations 1 and 2.
    """
    inputs = net.W1.shape[1]
    # a plain vector would broadcast against the bias into nonsense
    if x.ndim != 2 or x.shape[0] != inputs:
        raise ValueError(f"x must have shape ({inputs}, n), got {x.shape}")
    z1 = net.W1 @ x + net.b1  # (h1, in) @ (in, n) + (h1, 1) -> (h1, n)
    a1 = _sigmoid(z1)
    z2 = net.W2 @ a1 + net.b2  # (h2, h1) @ (h1, n) + (h2, 1) -> (h2, n)
    a2 = _sigmoid(z2)
    z3 = net.W3 @ a2 + net.b3  # (out, h2) @ (h2, n) + (out, 1) -> (out, n)
    a3 = _sigmoid(z3)
    return Trace(z1, a1, z2, a2, z3, a3)


def cost(prediction: FloatArray, y: FloatArray) -> float:
    r"""Return half the squared error, summed over outputs, averaged over samples.

    .. math::
        J = \frac{1}{2n} \sum_{i=1}^{n} \lVert a_3^{(i)} - y^{(i)} \rVert^2

    Args:
        prediction: Shape (outputs, n).
        y: The targets, of the same shape.

    Returns:
        The cost, in the squared unit of the targets.

    Raises:
        ValueError: If the shapes differ.
    """
    _same_shape(prediction, y)
    return float(((prediction - y) ** 2).sum() / (2 * y.shape[1]))


def backward(
    net: Parameters, x: FloatArray, y: FloatArray, trace: Trace
) -> Parameters:
    r"""Return the derivatives of the cost by every weight and bias.

    .. math::
        \delta_3 = (a_3 - y) \odot \sigma'(z_3), \qquad
        \delta_k = W_{k+1}^\top \delta_{k+1} \odot \sigma'(z_k)

        \partial J / \partial W_k = \delta_k a_{k-1}^\top / n, \qquad
        \partial J / \partial b_k = \text{mean of the columns of } \delta_k

    Args:
        net: The weights and biases.
        x: Shape (inputs, n).
        y: The targets, shape (outputs, n).
        trace: What ``forward(net, x)`` returned.

    Returns:
        One array for each parameter, of its shape.

    Raises:
        ValueError: If ``y`` is not of the prediction's shape.

    Source:
        Rumelhart, Hinton and Williams (1986), equations 4 to 7.
    """
    _, a1, _, a2, _, a3 = trace
    _same_shape(a3, y)
    n = x.shape[1]
    # sigma'(z) is a * (1 - a): the output knows the slope.
    err3 = (a3 - y) * a3 * (1 - a3)  # (out, n), elementwise
    err2 = (net.W3.T @ err3) * a2 * (1 - a2)  # (h2, out) @ (out, n) -> (h2, n)
    err1 = (net.W2.T @ err2) * a1 * (1 - a1)  # (h1, h2) @ (h2, n) -> (h1, n)
    return Parameters(
        W1=err1 @ x.T / n,  # (h1, n) @ (n, in) -> (h1, in), summed over samples
        b1=err1.mean(axis=1, keepdims=True),  # (h1, n) -> (h1, 1)
        W2=err2 @ a1.T / n,
        b2=err2.mean(axis=1, keepdims=True),
        W3=err3 @ a2.T / n,
        b3=err3.mean(axis=1, keepdims=True),
    )


def update(net: Parameters, gradient: Parameters, lr: float) -> Parameters:
    r"""Return the parameters after one step of gradient descent.

    .. math::
        W_{new} = W_{old} - \mathrm{lr} \cdot \partial J / \partial W

    Args:
        net: The weights and biases.
        gradient: What ``backward`` returned for them, all of it.
        lr: The learning rate, above 0.

    Returns:
        New arrays; the old ones stay as they were.

    Raises:
        ValueError: If ``lr`` is not a finite number above 0.
    """
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    return Parameters(*(p - lr * g for p, g in zip(net, gradient, strict=True)))


def _sigmoid(z: FloatArray) -> FloatArray:
    return 0.5 * (1 + np.tanh(0.5 * z))  # 1 / (1 + exp(-z)), which would overflow


def _same_shape(prediction: FloatArray, y: FloatArray) -> None:
    if y.shape != prediction.shape:
        raise ValueError(f"y must have shape {prediction.shape}, got {y.shape}")
