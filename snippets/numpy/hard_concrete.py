"""Hard concrete gates: random numbers from 0 to 1 that can be exactly 0."""

import math

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

BETA, GAMMA, ZETA = 2 / 3, -0.1, 1.1  # temperature, and the ends of the stretch


def sample_gates(log_alpha: FloatArray, noise: FloatArray) -> FloatArray:
    """Return gates for one training step.

        s = sigmoid((log(u) - log(1 - u) + log_alpha) / beta)
        z = min(1, max(0, s * (zeta - gamma) + gamma))

    Args:
        log_alpha: What is learned: high keeps a gate open. Any shape.
        noise: u, uniform between 0 and 1, both excluded; the same shape.

    Returns:
        The gates z, in [0, 1].

    Raises:
        ValueError: If ``noise`` is not between 0 and 1.

    Source:
        Louizos, Welling and Kingma (2018), "Learning Sparse Neural Networks
        through L0 Regularization", equations 10 and 11.
    """
    if not np.all((noise > 0) & (noise < 1)):
        raise ValueError(f"noise must be in (0, 1), got {noise!r}")
    s = _sigmoid((np.log(noise) - np.log(1 - noise) + log_alpha) / BETA)
    return np.clip(s * (ZETA - GAMMA) + GAMMA, 0.0, 1.0)


def fixed_gates(log_alpha: FloatArray) -> FloatArray:
    """Return gates without noise, for predictions.

        z = min(1, max(0, sigmoid(log_alpha) * (zeta - gamma) + gamma))

    Args:
        log_alpha: Any shape.

    Returns:
        The gates z, in [0, 1]; those with log_alpha <= -2.4 are exactly 0.
    """
    return np.clip(_sigmoid(log_alpha) * (ZETA - GAMMA) + GAMMA, 0.0, 1.0)


def expected_l0(log_alpha: FloatArray) -> float:
    """Return how many gates are not zero, on average over the noise.

        sum_j P(z_j != 0) = sum_j sigmoid(log_alpha_j - beta * log(-gamma / zeta))

    Args:
        log_alpha: Any shape.

    Returns:
        A number of gates; times a strength it is the penalty.
    """
    return float(_sigmoid(log_alpha - BETA * math.log(-GAMMA / ZETA)).sum())


def _sigmoid(x: FloatArray) -> FloatArray:
    return 0.5 * (1 + np.tanh(0.5 * x))  # exp(-x) would overflow
