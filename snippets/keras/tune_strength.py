"""Keras Tuner searches the L2 strength of a small classifier."""

from typing import Any

import keras
import keras_tuner
import numpy as np
from numpy.typing import NDArray

Rows = tuple[NDArray[np.floating], NDArray[np.integer]]


class StrengthSearch(keras_tuner.RandomSearch):
    """Random search whose trials are judged by the loss without the penalty."""

    # Keras Tuner's own run_trial imports TensorBoard, a package of its own.
    def run_trial(
        self,
        trial: Any,
        training: Rows,
        validation: Rows,
        epochs: int,
        verbose: int,
    ) -> float:
        """Train one network, return its cross-entropy on the validation rows."""
        keras.utils.set_random_seed(0)  # every trial starts from the same weights
        penalty = keras.regularizers.l2(trial.hyperparameters.get("l2"))
        hidden = keras.layers.Dense(32, "relu", kernel_regularizer=penalty)
        output = keras.layers.Dense(
            int(training[1].max()) + 1, kernel_regularizer=penalty
        )
        model = keras.Sequential([hidden, output])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.01), loss)
        for _ in range(epochs):
            model.train_on_batch(*training)
        bare = loss(validation[1], model(validation[0]))
        return float(keras.ops.stop_gradient(bare))


def tune(
    training: Rows,
    validation: Rows,
    *,
    folder: str,
    trials: int = 8,
    epochs: int = 100,
    seed: int = 1,
) -> list[tuple[float, float]]:
    """Try random strengths between 0.00001 and 1, uniform in their logarithm.

        l2 = 10^u, u uniform in [-5, 0]

    Args:
        training: Features (n, d) and class numbers (n,).
        validation: The rows that judge.
        folder: Where the tuner keeps its trials; those of older searches go.
        trials: Number of strengths, at least 1. Default 8.
        epochs: Number of Adam steps in a trial, each with all rows. Default 100.
        seed: Of the strengths, at least 1: Keras Tuner takes 0 for none. Default 1.

    Returns:
        Strengths and their cross-entropy on the validation rows, best first.

    Raises:
        ValueError: If ``trials`` or ``seed`` is below 1.

    Source:
        Bergstra and Bengio (2012), "Random Search for Hyper-Parameter
        Optimization".
    """
    if trials < 1:
        raise ValueError(f"trials must be at least 1, got {trials!r}")
    if seed < 1:
        raise ValueError(f"seed must be at least 1, got {seed!r}")
    space = keras_tuner.HyperParameters()
    space.Float("l2", 1e-5, 1.0, sampling="log")
    tuner = StrengthSearch(
        hyperparameters=space,
        max_trials=trials,
        seed=seed,
        directory=folder,
        overwrite=True,
    )
    tuner.search(training, validation, epochs=epochs, verbose=0)
    found = tuner.oracle.get_best_trials(trials)
    return [
        (trial.hyperparameters.get("l2"), float(trial.score)) for trial in found
    ]
