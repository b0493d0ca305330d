"""Keras Tuner searches the L2 strength of a small classifier."""

import keras
import keras_tuner
import numpy as np
from numpy.typing import NDArray

Rows = tuple[NDArray[np.floating], NDArray[np.integer]]


def tune(
    training: Rows,
    validation: Rows,
    *,
    folder: str,
    trials: int = 8,
    epochs: int = 25,
    seed: int = 1,
) -> list[tuple[float, float]]:
    """Try random strengths between 0.00001 and 1, uniform in their logarithm.

        l2 = 10^u, u uniform in [-5, 0]

    Needs the package ``tensorboard``, too: ``search`` imports it.

    Args:
        training: Features (n, d) and class numbers (n,).
        validation: The rows that judge.
        folder: Where the tuner keeps its trials; those of older searches go.
        trials: Number of strengths, at least 1. Default 8.
        epochs: Number of Adam steps in a trial, each with all rows, at least 1.
            Default 25.
        seed: Of the strengths, at least 1: Keras Tuner takes 0 for none. Default 1.

    Returns:
        Strengths and the cross-entropy of their best epoch on the validation
        rows, best first.

    Raises:
        ValueError: If ``trials``, ``epochs`` or ``seed`` is below 1.

    Source:
        Bergstra and Bengio (2012), "Random Search for Hyper-Parameter
        Optimization".
    """
    if trials < 1:
        raise ValueError(f"trials must be at least 1, got {trials!r}")
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs!r}")
    if seed < 1:
        raise ValueError(f"seed must be at least 1, got {seed!r}")
    classes = int(training[1].max()) + 1

    def build(hp: keras_tuner.HyperParameters) -> keras.Model:
        keras.utils.set_random_seed(0)  # every trial starts from the same weights
        penalty = keras.regularizers.l2(hp.Float("l2", 1e-5, 1.0, sampling="log"))
        hidden = keras.layers.Dense(32, "relu", kernel_regularizer=penalty)
        output = keras.layers.Dense(classes, kernel_regularizer=penalty)
        model = keras.Sequential([hidden, output])
        model.compile(
            keras.optimizers.Adam(0.03),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=[
                keras.metrics.SparseCategoricalCrossentropy(
                    from_logits=True, name="cross_entropy"
                )
            ],
        )
        return model

    tuner = keras_tuner.RandomSearch(
        build,
        # not "val_loss", which holds the penalty and so charges a strength twice
        objective=keras_tuner.Objective("val_cross_entropy", "min"),
        max_trials=trials,
        seed=seed,
        directory=folder,
        overwrite=True,
    )
    tuner.search(
        *training,
        validation_data=validation,
        epochs=epochs,
        batch_size=len(training[1]),
        verbose=0,
    )
    found = tuner.oracle.get_best_trials(trials)
    return [
        (trial.hyperparameters.get("l2"), float(trial.score)) for trial in found
    ]
