"""A classifier with dropout, which ``fit`` switches on and validation off."""

import math

import keras
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Labels = NDArray[np.integer]


def make_network(
    inputs: int, classes: int, *, hidden: int = 64, p: float = 0.5
) -> keras.Sequential:
    """Return a network with dropout after each of its two hidden layers.

    Args:
        inputs: Number of features.
        classes: Number of classes.
        hidden: Number of units in each hidden layer. Default 64.
        p: The share of hidden units to drop, in [0, 1]. Default 0.5.

    Returns:
        A model from (n, inputs) to logits (n, classes).

    Raises:
        ValueError: If ``inputs`` is below 1, or (from Keras) another argument is
            outside its range.
    """
    if inputs < 1:
        raise ValueError(f"inputs must be at least 1, got {inputs!r}")
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            keras.layers.Dense(hidden, "relu"),
            keras.layers.Dropout(p),  # what the second hidden layer sees
            keras.layers.Dense(hidden, "relu"),
            keras.layers.Dropout(p),
            keras.layers.Dense(classes),  # the answers: no dropout
        ]
    )


def train(
    model: keras.Model,
    features: Floats,
    labels: Labels,
    validation: tuple[Floats, Labels],
    *,
    lr: float = 0.01,
    epochs: int = 100,
) -> dict[str, list[float]]:
    """Train with Adam on cross-entropy; an epoch is one step with all rows.

    Args:
        model: From (n, inputs) to logits (n, classes).
        features: Shape (n, inputs).
        labels: Class numbers, shape (n,).
        validation: Features and labels to validate on.
        lr: The learning rate, above 0. Default 0.01.
        epochs: Number of updates, at least 1. Default 100.

    Returns:
        For each epoch ``"loss"``, with dropout and before the update, and
        ``"val_loss"``, without dropout and after it.

    Raises:
        ValueError: If ``lr`` is not a finite number above 0, or ``epochs`` below 1.
    """
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs!r}")
    model.compile(
        optimizer=keras.optimizers.Adam(lr),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    history = model.fit(  # training=True, and False where it validates
        features,
        labels,
        validation_data=validation,
        batch_size=len(labels),
        epochs=epochs,
        verbose=0,
    )
    return dict(history.history)
