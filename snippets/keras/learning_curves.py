"""Learning curves: training and validation loss after every epoch."""

import math
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

Rows = tuple[NDArray[np.floating], NDArray[np.integer]]


def learning_curves(
    model: keras.Model,
    training: Rows,
    validation: Rows,
    *,
    lr: float = 0.01,
    epochs: int = 200,
) -> tuple[list[float], list[float]]:
    """Train with Adam on the training rows; measure the loss on both sets.

        loss = -1/n * sum_i log p(y_i | x_i)

    Args:
        model: From (n, d) to logits (n, classes); trained in place.
        training: Features (n, d) and class numbers (n,).
        validation: The same for rows that the model never trains on.
        lr: The learning rate, above 0. Default 0.01.
        epochs: Number of updates, each with all training rows, at least 1.
            Default 200.

    Returns:
        Training losses and validation losses after each epoch, in nats per row.

    Raises:
        ValueError: If ``lr`` is not above 0, or ``epochs`` below 1.

    Source:
        Goodfellow, Bengio and Courville, "Deep Learning", section 7.8, figure 7.3.
    """
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs!r}")
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    sets = (training, validation)
    curves: tuple[list[float], list[float]] = ([], [])

    def _measure(epoch: int, logs: dict[str, Any] | None = None) -> None:
        # fit's own "loss" is from before the update, its "val_loss" from after it
        for curve, (features, labels) in zip(curves, sets, strict=True):
            logits = model(features, training=False)
            loss = cross_entropy(labels, logits)
            curve.append(float(keras.ops.convert_to_numpy(loss)))

    model.compile(optimizer=keras.optimizers.Adam(lr), loss=cross_entropy)
    after_epoch = keras.callbacks.LambdaCallback(on_epoch_end=_measure)
    model.fit(
        *training,
        batch_size=len(training[1]),
        epochs=epochs,
        callbacks=[after_epoch],
        verbose=0,
    )
    return curves
