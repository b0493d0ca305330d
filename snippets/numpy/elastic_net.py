"""The elastic net penalty, its subgradient and its proximal step."""

import math

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def elastic_net_penalty(weights: FloatArray, l1: float, l2: float) -> float:
    """Return the sum of an L1 and an L2 penalty.

        penalty = l1 * sum_j |w_j|  +  l2 * sum_j w_j^2

    Args:
        weights: Array of any shape; leave biases out.
        l1: The strength of L1, in units of the loss per weight; at least 0.
        l2: That of L2, in units of the loss per squared weight; at least 0.

    Returns:
        The number to add to the mean loss.

    Raises:
        ValueError: If a strength is negative, infinite or not a number.

    Source:
        Zou and Hastie (2005), "Regularization and Variable Selection via the
        Elastic Net", section 2.1, where it is called naive.
    """
    _check(l1=l1, l2=l2)
    sizes = np.abs(weights, dtype=float)  # small integers would overflow
    return float(l1 * sizes.sum() + l2 * (sizes**2).sum())


def elastic_net_subgradient(
    weights: FloatArray, l1: float, l2: float
) -> FloatArray:
    """Return the slope of ``elastic_net_penalty``.

        slope_j = l1 * sign(w_j)  +  2 * l2 * w_j,  with sign(0) = 0

    Args:
        weights: Array of any shape; leave biases out.
        l1: The strength of L1, finite, at least 0.
        l2: The strength of L2, finite, at least 0.

    Returns:
        An array of the same shape, to add to the gradient of the mean loss.

    Raises:
        ValueError: If a strength is negative, infinite or not a number.
    """
    _check(l1=l1, l2=l2)
    return l1 * np.sign(weights) + 2.0 * l2 * weights


def elastic_net_step(
    weights: FloatArray, l1: float, l2: float, *, lr: float
) -> FloatArray:
    """Apply the penalty's part of a step: soft threshold, then shrink.

        w_j <- S(w_j, lr * l1) / (1 + 2 * lr * l2)
        S(w, t) = sign(w) * max(|w| - t, 0)

    It is the exact minimum over v of
    1/2 * (v - w_j)^2 + lr * (l1 * |v| + l2 * v^2).

    Args:
        weights: Array of any shape, after the step with the data's gradient.
        l1: The strength of L1, finite, at least 0.
        l2: The strength of L2, finite, at least 0.
        lr: The learning rate of that step, finite, at least 0.

    Returns:
        A new array of the same shape.

    Raises:
        ValueError: If an argument is negative, infinite or not a number.

    Source:
        Parikh and Boyd (2014), "Proximal Algorithms", section 6.5.3.
    """
    _check(l1=l1, l2=l2, lr=lr)
    sizes = np.abs(1.0 * weights)  # small integers would overflow
    nearer = np.sign(weights) * np.maximum(sizes - lr * l1, 0.0)
    return nearer / (1 + 2 * lr * l2)


def _check(**numbers: float) -> None:
    for name, value in numbers.items():
        if not 0 <= value < math.inf:
            raise ValueError(f"{name} must be a finite number >= 0, got {value!r}")
