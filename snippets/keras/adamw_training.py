"""Softmax regression, trained by Keras's own AdamW; the bias is not decayed."""

import math

import keras
import numpy as np
from numpy.typing import NDArray


def train(
    features: NDArray[np.floating],
    labels: NDArray[np.integer],
    *,
    lr: float = 0.01,
    weight_decay: float = 0.1,
    steps: int = 100,
) -> tuple[list[float], keras.Model]:
    r"""Minimize mean cross-entropy by full-batch AdamW, starting from zero.

    .. math::
        J(W, \mathbf{b}) = -\frac{1}{n} \sum_i
            \log \mathrm{softmax}(\mathbf{x}_i W + \mathbf{b})_{y_i}

    Args:
        features: Shape (n, d); Keras computes in float32.
        labels: Shape (n,), classes counted from 0.
        lr: The learning rate, above 0. Default 0.01.
        weight_decay: Decoupled, on the weights alone; at least 0. Default 0.1.
        steps: Number of updates, each with all rows, at least 1. Default 100.

    Returns:
        The loss before each update, and the trained model.

    Raises:
        ValueError: If ``lr`` is not above 0, ``weight_decay`` is negative,
            ``steps`` below 1, ``features`` without a row, or ``labels`` not of
            shape (n,).

    Source:
        Loshchilov and Hutter, arXiv:1711.05101, Algorithm 2.
    """
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    if not 0 <= weight_decay < math.inf:
        raise ValueError(
            f"weight_decay must be a finite number >= 0, got {weight_decay!r}"
        )
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

    optimizer = keras.optimizers.AdamW(lr, weight_decay=weight_decay)
    # Before the first step. In other networks: scales and shifts of norms, too.
    others = [v for v in model.trainable_variables if len(v.shape) < 2]
    optimizer.exclude_from_weight_decay(var_list=others)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss)
    # All rows in a step: no epochs, whose start takes ``fit`` longer than a step.
    losses = [float(model.train_on_batch(features, labels)) for _ in range(steps)]
    return losses, model
