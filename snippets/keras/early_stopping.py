"""Early stopping with Keras's own callback, with the best weights restored."""

import math

import keras
import numpy as np
from numpy.typing import NDArray

Rows = tuple[NDArray[np.floating], NDArray[np.integer]]


def train(
    model: keras.Model,
    training: Rows,
    validation: Rows,
    *,
    patience: int = 10,
    min_delta: float = 0.0,
    lr: float = 0.01,
    epochs: int = 500,
) -> tuple[list[float], int]:
    r"""Train with Adam until the validation loss stops falling; keep the best.

    .. math::
        \text{epoch } t \text{ improves} \iff
            L_t + \mathrm{min\_delta} < L_{\mathrm{best}}

    Args:
        model: From (n, d) to logits (n, classes); left with the best weights.
        training: Features (n, d) and class numbers (n,).
        validation: The same for rows that the model never trains on.
        patience: Number of epochs in a row without improvement after which to
            stop, at least 1. Default 10.
        min_delta: How much lower the loss must be to count, in units of the loss,
            at least 0. Default 0.
        lr: The learning rate, above 0. Default 0.01.
        epochs: The largest number of updates, each with all rows, at least 1.
            Default 500.

    Returns:
        The validation loss after each epoch, and the number of the best, from 0.

    Raises:
        ValueError: If an argument is outside its range.

    Source:
        Prechelt (1998), "Early Stopping - But When?", section 2.1; Goodfellow,
        Bengio and Courville (2016), "Deep Learning", algorithm 7.1.
    """
    if not patience >= 1:
        raise ValueError(f"patience must be >= 1, got {patience!r}")
    if not 0 <= min_delta < math.inf:
        raise ValueError(
            f"min_delta must be a finite number >= 0, got {min_delta!r}"
        )
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs!r}")
    stopping = keras.callbacks.EarlyStopping(
        monitor="val_loss",
        patience=patience,
        min_delta=min_delta,
        restore_best_weights=True,  # the default keeps the last ones
    )
    model.compile(
        optimizer=keras.optimizers.Adam(lr),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
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
