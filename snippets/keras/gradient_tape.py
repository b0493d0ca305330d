"""A training loop of your own that keeps the layers' penalties; TensorFlow only."""

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


def train(
    model: keras.Model,
    features: NDArray[np.floating],
    labels: NDArray[np.integer],
    *,
    lr: float = 0.001,
    epochs: int = 100,
) -> list[float]:
    """Do what ``fit`` does: full-batch Adam on cross-entropy and ``model.losses``.

        J = mean cross-entropy + sum of the penalties that the layers declare

    It needs Keras's TensorFlow backend, because ``GradientTape`` is TensorFlow's.

    Args:
        model: From (n, features) to logits (n, classes).
        features: Shape (n, features).
        labels: Class numbers, shape (n,).
        lr: The learning rate, above 0. Default 0.001.
        epochs: Number of updates, at least 1. Default 100.

    Returns:
        The loss with the penalty before each update.

    Raises:
        ValueError: If ``lr`` is not a finite number above 0, or ``epochs`` below 1.

    Source:
        Kingma and Ba, arXiv:1412.6980, Algorithm 1: the optimizer.
    """
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs!r}")
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.Adam(lr)
    optimizer.build(model.trainable_variables)
    x, y = tf.constant(features, "float32"), tf.constant(labels)

    def step() -> Any:
        with tf.GradientTape() as tape:
            loss = cross_entropy(y, model(x, training=True))
            loss += sum(model.losses)  # the line that fit adds by itself
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        return loss

    step = tf.function(step)  # compiled once: about as fast as fit
    return [float(step()) for _ in range(epochs)]
