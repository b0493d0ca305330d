"""A network with three sigmoid layers; GradientTape writes the backward pass."""

import math
from typing import Any

import keras
import tensorflow as tf


def make_network(
    inputs: int, hidden1: int, hidden2: int, outputs: int, *, dtype: str = "float32"
) -> keras.Sequential:
    r"""Return three dense layers with the sigmoid as their activation.

    .. math::
        a_k = \sigma(a_{k-1} W_k + b_k), \qquad a_0 = x

    Args:
        inputs: Number of features.
        hidden1: Units of the first layer.
        hidden2: Units of the second layer.
        outputs: Units of the last layer.
        dtype: Of the weights and the arithmetic. Default "float32".

    Returns:
        A model from (n, inputs) to (n, outputs): samples are rows here.

    Raises:
        ValueError: If ``inputs`` is below 1, or (from Keras) another argument is
            outside its range.
    """
    if inputs < 1:
        raise ValueError(f"inputs must be at least 1, got {inputs!r}")
    units = (hidden1, hidden2, outputs)  # the first kernel is (inputs, hidden1)
    layers = [keras.layers.Dense(u, "sigmoid", dtype=dtype) for u in units]
    return keras.Sequential([keras.Input((inputs,), dtype=dtype), *layers])


def train_step(
    network: keras.Model, x: Any, y: Any, lr: float
) -> tuple[float, list[Any]]:
    r"""Run forward, backward and one update.

    .. math::
        J = \frac{1}{2n} \sum_{i=1}^{n} \lVert a_3^{(i)} - y^{(i)} \rVert^2,
        \qquad W_{new} = W_{old} - \mathrm{lr} \cdot \partial J / \partial W

    Args:
        network: From (n, inputs) to (n, outputs); changed in place.
        x: Shape (n, inputs).
        y: The targets, shape (n, outputs).
        lr: The learning rate, above 0.

    Returns:
        The cost before the update, and the gradients in the order of
        ``network.trainable_variables``.

    Raises:
        ValueError: If ``lr`` is not a finite number above 0, or ``y`` not of the
            prediction's shape.

    Source:
        Rumelhart, Hinton and Williams (1986), equations 1 to 8.
    """
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    variables = network.trainable_variables
    with tf.GradientTape() as tape:  # keeps what the backward pass will need
        prediction = network(x)
        if tuple(y.shape) != tuple(prediction.shape):  # they would broadcast
            expected, got = tuple(prediction.shape), tuple(y.shape)
            raise ValueError(f"y must have shape {expected}, got {got}")
        squares = tf.square(prediction - tf.cast(y, prediction.dtype))
        cost = tf.reduce_sum(squares) / (2 * len(y))
    gradients = tape.gradient(cost, variables)  # every gradient first ...
    for variable, gradient in zip(variables, gradients, strict=True):
        variable.assign_sub(lr * gradient)  # ... then every update
    return float(cost), gradients
