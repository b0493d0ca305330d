"""Softmax regression with any of six update rules, each Keras's own optimizer."""

import math
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

# Where Keras's defaults are another algorithm's, these are PyTorch's.
RULES: dict[str, tuple[Any, dict[str, Any]]] = {
    "gradient descent": (keras.optimizers.SGD, {}),
    "momentum": (keras.optimizers.SGD, {"momentum": 0.9}),
    "Nesterov": (keras.optimizers.SGD, {"momentum": 0.9, "nesterov": True}),
    "Adagrad": (
        keras.optimizers.Adagrad,
        {"initial_accumulator_value": 0.0, "epsilon": 1e-20},
    ),
    "RMSprop": (keras.optimizers.RMSprop, {"rho": 0.99, "epsilon": 1e-16}),
    "Adam": (keras.optimizers.Adam, {"beta_1": 0.9, "beta_2": 0.999}),
}


def train(
    features: NDArray[np.floating],
    labels: NDArray[np.integer],
    *,
    rule: str,
    lr: float,
    steps: int = 100,
) -> list[float]:
    r"""Minimize mean cross-entropy with full batches, starting from zero.

    .. math::
        J(W, \mathbf{b}) = -\frac{1}{n} \sum_i
            \log \mathrm{softmax}(\mathbf{x}_i W + \mathbf{b})_{y_i}

    Args:
        features: Shape (n, d); Keras computes in float32.
        labels: Shape (n,), classes counted from 0.
        rule: A key of ``RULES``.
        lr: The learning rate, above 0; each rule needs its own.
        steps: Number of updates, each with all rows, at least 1. Default 100.

    Returns:
        The loss before each update.

    Raises:
        ValueError: If ``rule`` is unknown, ``lr`` is not above 0, ``steps`` below
            1, ``features`` without a row, or ``labels`` is not of shape (n,).
    """
    if rule not in RULES:
        raise ValueError(f"rule must be one of {list(RULES)}, got {rule!r}")
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
    make, options = RULES[rule]
    model.compile(
        optimizer=make(learning_rate=lr, **options),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    # All rows in a step: no epochs, whose start takes ``fit`` longer than a step.
    return [float(model.train_on_batch(features, labels)) for _ in range(steps)]
