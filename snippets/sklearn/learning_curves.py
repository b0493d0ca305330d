"""Learning curves: training and validation loss after every epoch."""

import math

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier

Rows = tuple[NDArray[np.floating], NDArray[np.integer]]


def learning_curves(
    training: Rows,
    validation: Rows,
    *,
    hidden: int = 64,
    lr: float = 0.01,
    epochs: int = 200,
    seed: int = 0,
) -> tuple[list[float], list[float]]:
    """Train a network with one ReLU layer by Adam; measure the loss on both sets.

        loss = -1/n * sum_i log p(y_i | x_i)

    Args:
        training: Features (n, d) and class numbers (n,), every class among them.
        validation: The same for rows that the model never trains on.
        hidden: Number of hidden units, at least 1. Default 64.
        lr: The learning rate, above 0. Default 0.01.
        epochs: Number of updates, each with all training rows, at least 1.
            Default 200.
        seed: Decides the initial weights. Default 0.

    Returns:
        Training losses and validation losses after each epoch, in nats per row.

    Raises:
        ValueError: If ``lr`` is not above 0, or ``hidden`` or ``epochs`` below 1.

    Source:
        Goodfellow, Bengio and Courville, "Deep Learning", section 7.8, figure 7.3.
    """
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    for name, number in (("hidden", hidden), ("epochs", epochs)):
        if number < 1:
            raise ValueError(f"{name} must be at least 1, got {number!r}")
    model = MLPClassifier(
        (hidden,),
        alpha=0.0,  # its default is an L2 penalty of 0.0001
        batch_size=len(training[1]),
        learning_rate_init=lr,
        random_state=seed,
    )
    classes = np.unique(training[1])
    sets = (training, validation)
    curves: tuple[list[float], list[float]] = ([], [])
    for _ in range(epochs):
        model.partial_fit(*training, classes=classes)  # one pass over the rows
        for curve, (features, labels) in zip(curves, sets, strict=True):
            probabilities = model.predict_proba(features)
            curve.append(float(log_loss(labels, probabilities, labels=classes)))
    return curves
