"""Softmax regression, trained by Keras's own Adam."""

import math

import keras
import numpy as np
from numpy.typing import NDArray


def train(
    features: NDArray[np.floating],
    labels: NDArray[np.integer],
    *,
    lr: float = 0.01,
    steps: int = 100,
) -> list[float]:
    r"""Minimize mean cross-entropy by full-batch Adam, starting from zero.

    .. math::
        J(W, \mathbf{b}) = -\frac{1}{n} \sum_i
            \log \mathrm{softmax}(\mathbf{x}_i W + \mathbf{b})_{y_i}

    Args:
        features: Shape (n, d); Keras computes in float32.
        labels: Shape (n,), classes counted from 0.
        lr: The learning rate, above 0. Default 0.01.
        steps: Number of updates, each with all rows, at least 1. Default 100.

    Returns:
        The loss before each update.

    Raises:
        ValueError: If ``lr`` is not above 0, ``steps`` below 1, ``features``
            without a row, or ``labels`` not of shape (n,).

    Source:
        Kingma and Ba, Adam, arXiv:1412.6980, section 6.1 trains the same model.
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
    if labels.shape != (rows,):
        raise ValueError(f"labels must have shape ({rows},), got {labels.shape}")
    layer = keras.layers.Dense(int(labels.max()) + 1, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((columns,)), layer])
    model.compile(
        optimizer=keras.optimizers.Adam(lr),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    # All rows in a step: no epochs, whose start takes ``fit`` longer than a step.
    return [float(model.train_on_batch(features, labels)) for _ in range(steps)]
