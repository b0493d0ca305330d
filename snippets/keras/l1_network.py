"""A small classifier trained with Adam, L1 declared by the layers."""

import math

import keras
import numpy as np
from numpy.typing import NDArray


def make_network(
    inputs: int, classes: int, *, hidden: int = 32, l1: float = 0.01
) -> keras.Sequential:
    """Return a network with one hidden layer that gives one logit for each class.

    Each layer adds to the loss, for its kernel but not for its bias,

        l1 * sum_j |w_j|

    Args:
        inputs: Number of features.
        classes: Number of classes.
        hidden: Number of hidden units. Default 32.
        l1: The strength, finite, at least 0. Default 0.01.

    Returns:
        A model from (n, inputs) to (n, classes).

    Raises:
        ValueError: If ``inputs`` is below 1, or (from Keras) another argument is
            outside its range.
    """
    if inputs < 1:
        raise ValueError(f"inputs must be at least 1, got {inputs!r}")
    penalty = keras.regularizers.l1(l1)
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            keras.layers.Dense(hidden, "relu", kernel_regularizer=penalty),
            keras.layers.Dense(classes, kernel_regularizer=penalty),
        ]
    )


def train(
    model: keras.Model,
    features: NDArray[np.floating],
    labels: NDArray[np.integer],
    *,
    lr: float = 0.001,
    epochs: int = 100,
) -> dict[str, list[float]]:
    """Train with Adam on cross-entropy; each epoch is one step with all rows.

    Args:
        model: From (n, features) to logits (n, classes).
        features: Shape (n, features).
        labels: Class numbers, shape (n,).
        lr: The learning rate, above 0. Default 0.001.
        epochs: Number of updates, at least 1. Default 100.

    Returns:
        What ``fit`` saw before each update: ``"loss"`` with the penalty, and
        ``"cross_entropy"`` without it.

    Raises:
        ValueError: If ``lr`` is not a finite number above 0, or ``epochs`` below 1.
    """
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs!r}")
    model.compile(
        optimizer=keras.optimizers.Adam(lr),  # weight_decay here would be AdamW
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[
            keras.metrics.SparseCategoricalCrossentropy(
                from_logits=True,
                name="cross_entropy",  # the loss without the penalty
            )
        ],
    )
    rows = len(labels)
    history = model.fit(features, labels, batch_size=rows, epochs=epochs, verbose=0)
    return dict(history.history)
