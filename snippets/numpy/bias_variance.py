"""Split the error of many trainings into squared bias and variance."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def bias_variance(
    predictions: FloatArray, truth: FloatArray
) -> tuple[float, float]:
    """Average both parts over the points where the models were asked.

        bias^2   = mean over points of (mean over sets of prediction - truth)^2
        variance = mean over points of the variance over sets of prediction

    Their sum is the mean squared distance of all predictions from the truth.

    Args:
        predictions: Shape (sets, points): a row for each training set.
        truth: Shape (points,), without noise.

    Returns:
        The squared bias and the variance, in squared units of the target.

    Raises:
        ValueError: If the shapes do not fit, or there are fewer than 2 sets.

    Source:
        Geman, Bienenstock and Doursat (1992), "Neural Networks and the
        Bias/Variance Dilemma", section 3.2.
    """
    if predictions.ndim != 2 or len(predictions) < 2:
        raise ValueError(
            f"predictions must have shape (2 or more, n), got {predictions.shape}"
        )
    if truth.shape != predictions.shape[1:]:
        raise ValueError(
            f"truth must have shape {predictions.shape[1:]}, got {truth.shape}"
        )
    average = predictions.mean(0)  # (points,): what the method says on average
    bias_squared = float(((average - truth) ** 2).mean())
    variance = float(predictions.var(0).mean())
    return bias_squared, variance
