"""The regularized cost of a logistic regression, and its gradient."""

import math

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def cost(
    features: FloatArray,
    labels: FloatArray,
    weights: FloatArray,
    bias: float,
    l2: float,
) -> tuple[float, float]:
    """Return the mean loss and the penalty; the cost is their sum.

        J = 1/n * sum_i log(1 + exp(-s_i z_i))  +  l2 * sum_j w_j^2

    with the score z_i = x_i . w + b, and s_i = +1 for label 1, -1 for label 0.

    Args:
        features: Shape (n, d).
        labels: Zeros and ones, shape (n,).
        weights: Shape (d,).
        bias: Added to every score; no penalty on it.
        l2: The strength, in units of the loss per squared weight; at least 0.

    Returns:
        The mean cross-entropy in nats per row, and the penalty.

    Raises:
        ValueError: If ``l2`` is negative, infinite or not a number, ``labels`` is
            not of shape (n,), or a label is neither 0 nor 1.

    Source:
        Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning",
        sections 4.4.1 (the loss) and 3.4.1 (the penalty).
    """
    _check(features, labels, l2)
    weights = 1.0 * weights  # small integers would overflow
    scores = features @ weights + bias  # (n,)
    signs = 2.0 * labels - 1  # labels may be integers without a sign
    loss = np.logaddexp(0, -signs * scores).mean()  # exp alone would overflow
    return float(loss), l2 * float(np.sum(weights**2))


def cost_gradient(
    features: FloatArray,
    labels: FloatArray,
    weights: FloatArray,
    bias: float,
    l2: float,
) -> tuple[FloatArray, float]:
    """Return the derivatives of the cost: the data's pull plus the penalty's.

        dJ/dw_j = 1/n * sum_i (p_i - y_i) x_ij  +  2 * l2 * w_j
        dJ/db   = 1/n * sum_i (p_i - y_i)

    with the predicted probability p_i = 1 / (1 + exp(-z_i)).

    Args:
        features: Shape (n, d).
        labels: Zeros and ones, shape (n,).
        weights: Shape (d,).
        bias: Added to every score; no penalty on it.
        l2: The strength, in units of the loss per squared weight; at least 0.

    Returns:
        The derivatives by the weights, shape (d,), and by the bias.

    Raises:
        ValueError: As ``cost``.
    """
    _check(features, labels, l2)
    weights = 1.0 * weights  # small integers would overflow
    scores = features @ weights + bias
    probabilities = np.exp(-np.logaddexp(0, -scores))  # the sigmoid, no overflow
    errors = probabilities - labels  # (n,)
    pull = features.T @ errors / len(labels)  # (d,)
    return pull + 2 * l2 * weights, float(errors.mean())


def _check(features: FloatArray, labels: FloatArray, l2: float) -> None:
    if not 0 <= l2 < math.inf:
        raise ValueError(f"l2 must be a finite number >= 0, got {l2!r}")
    if labels.shape != (rows := len(features),):  # scores would broadcast
        raise ValueError(f"labels must have shape ({rows},), got {labels.shape}")
    if wrong := set(np.unique(labels)) - {0.0, 1.0}:
        raise ValueError(f"labels must be 0 or 1, got {float(min(wrong))}")
