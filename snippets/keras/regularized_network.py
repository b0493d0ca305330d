"""Batch norm, dropout, weight decay and early stopping in one classifier."""

import math

import keras
import numpy as np
from numpy.typing import NDArray

Rows = tuple[NDArray[np.floating], NDArray[np.integer]]


def make_network(
    inputs: int, classes: int, *, hidden: int = 64, p: float = 0.25
) -> keras.Sequential:
    """Return a network with batch norm, and dropout where no batch norm follows.

    Args:
        inputs: Number of features.
        classes: Number of classes.
        hidden: Number of units in each hidden layer. Default 64.
        p: The share of hidden units to drop, in [0, 1]. Default 0.25.

    Returns:
        A model from (n, inputs) to logits (n, classes).

    Raises:
        ValueError: If ``inputs`` is below 1, or (from Keras) another argument is
            outside its range.

    Source:
        Li et al. (2019), arXiv:1801.05134: dropout after the last batch norm only.
    """
    if inputs < 1:
        raise ValueError(f"inputs must be at least 1, got {inputs!r}")
    layers = [keras.Input((inputs,))]
    for _ in range(2):
        layers += [
            keras.layers.Dense(hidden, use_bias=False),  # batch norm has one
            keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5),
            keras.layers.ReLU(),
        ]
    layers += [keras.layers.Dropout(p), keras.layers.Dense(classes)]
    return keras.Sequential(layers)


def train(
    model: keras.Model,
    training: Rows,
    validation: Rows,
    *,
    weight_decay: float = 0.1,
    patience: int = 20,
    lr: float = 0.01,
    epochs: int = 300,
) -> tuple[list[float], int]:
    """Train with AdamW; stop early and keep the best epoch.

    Args:
        model: From (n, d) to logits (n, classes); left with the best weights.
        training: Features (n, d) and class numbers (n,).
        validation: The same for rows that the model never trains on.
        weight_decay: For the weights alone, at least 0. Default 0.1.
        patience: Epochs in a row without improvement to wait for, at least 1.
            Default 20.
        lr: The learning rate, above 0. Default 0.01.
        epochs: The largest number of updates, each with all rows, at least 1.
            Default 300.

    Returns:
        The validation loss after each epoch, and the number of the best, from 0.

    Raises:
        ValueError: If an argument is outside its range.
    """
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs!r}")
    if not patience >= 1:
        raise ValueError(f"patience must be >= 1, got {patience!r}")
    if not 0 <= weight_decay < math.inf:
        raise ValueError(
            f"weight_decay must be a finite number >= 0, got {weight_decay!r}"
        )
    optimizer = keras.optimizers.AdamW(lr, weight_decay=weight_decay)
    others = [v for v in model.trainable_variables if len(v.shape) < 2]
    optimizer.exclude_from_weight_decay(var_list=others)  # biases, scales, shifts
    model.compile(
        optimizer=optimizer,
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    stopping = keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=patience, restore_best_weights=True
    )
    history = model.fit(
        *training,
        validation_data=validation,
        batch_size=len(training[1]),
        epochs=epochs,
        callbacks=[stopping],
        verbose=0,
    )
    return history.history["val_loss"], stopping.best_epoch
