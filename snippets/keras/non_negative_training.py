"""Linear regression with weights >= 0: the constraint NonNeg."""

import math

import keras
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]


def train(
    features: FloatArray,
    targets: FloatArray,
    *,
    lr: float = 0.1,
    steps: int = 1000,
) -> tuple[FloatArray, float]:
    """Minimize mean squared error with weights >= 0, starting from zero.

        J(w, b) = 1/n * sum_i (x_i . w + b - y_i)^2,  all w_j >= 0

    Args:
        features: Shape (n, d); Keras computes in float32.
        targets: Shape (n,).
        lr: The learning rate, above 0. Default 0.1.
        steps: Number of updates, each with all rows, at least 1. Default 1000.

    Returns:
        The weights, shape (d,), and the bias.

    Raises:
        ValueError: If ``lr`` is not above 0, ``steps`` below 1, ``features``
            without a row, or ``targets`` not of shape (n,).

    Source:
        Parikh and Boyd (2014), "Proximal Algorithms", section 4.2, where projected
        gradient descent is a special case.
    """
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps!r}")
    rows, columns = features.shape
    if rows == 0:
        raise ValueError(
            f"features must have at least one row, got shape (0, {columns})"
        )
    if targets.shape != (rows,):
        raise ValueError(f"targets must have shape ({rows},), got {targets.shape}")
    layer = keras.layers.Dense(
        1,
        kernel_initializer="zeros",
        # Runs after every update of the optimizer.
        kernel_constraint=keras.constraints.NonNeg(),
    )
    model = keras.Sequential([keras.Input((columns,)), layer])
    model.compile(optimizer=keras.optimizers.SGD(lr), loss="mean_squared_error")
    # All rows in a step: no epochs, whose start takes ``fit`` longer than a step.
    for _ in range(steps):
        model.train_on_batch(features, targets[:, None])
    kernel, bias = layer.get_weights()  # (d, 1) and (1,)
    return kernel[:, 0], float(bias[0])
