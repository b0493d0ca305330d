"""The regularized cost of a binary classifier, ready for ``GradientTape``."""

from typing import Any

import keras
from keras import ops


def make_model(
    inputs: int, l2: float, *, dtype: str = "float32"
) -> keras.Sequential:
    """Return a logistic regression whose layer declares the penalty.

        penalty = l2 * sum_j w_j^2

    Args:
        inputs: Number of features.
        l2: The strength, in units of the loss per squared weight; at least 0.
        dtype: Of the weights and the arithmetic. Default "float32".

    Returns:
        A model from (n, inputs) to scores (n, 1).

    Raises:
        ValueError: If ``inputs`` is below 1, or (from Keras) another argument is
            outside its range.
    """
    if inputs < 1:
        raise ValueError(f"inputs must be at least 1, got {inputs!r}")
    regularizer = keras.regularizers.l2(l2)
    layer = keras.layers.Dense(1, kernel_regularizer=regularizer, dtype=dtype)
    return keras.Sequential([keras.Input((inputs,), dtype=dtype), layer])


def cost(model: keras.Model, features: Any, labels: Any) -> tuple[Any, Any]:
    """Return the mean loss and the penalty; minimize their sum.

        J = 1/n * sum_i log(1 + exp(-s_i z_i))  +  l2 * sum_j w_j^2

    with the score z_i, and s_i = +1 for label 1, -1 for label 0.

    Args:
        model: From (n, d) to scores (n, 1).
        features: Shape (n, d).
        labels: Zeros and ones, shape (n,).

    Returns:
        The mean cross-entropy in nats per row, and the sum of all penalties that
        the model's layers declare: two scalars.

    Raises:
        ValueError: If ``labels`` is not of shape (n,).

    Source:
        Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning",
        sections 4.4.1 (the loss) and 3.4.1 (the penalty).
    """
    scores = model(features)[:, 0]  # (n, 1) -> (n,)
    if (shape := tuple(labels.shape)) != (rows := len(features),):
        raise ValueError(f"labels must have shape ({rows},), got {shape}")
    labels = ops.cast(labels, scores.dtype)
    loss = ops.mean(ops.softplus(scores) - labels * scores)
    return loss, sum(model.losses)
