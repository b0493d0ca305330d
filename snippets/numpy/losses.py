"""Three losses, each with its derivative by what the last layer returns."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def mean_squared_error(
    z: FloatArray, targets: FloatArray
) -> tuple[float, FloatArray]:
    """Compare numbers with numbers.

        L = mean of (z - y)^2,    dL/dz = 2 * (z - y) / (number of entries)

    Args:
        z: Predictions, any shape, of a layer without activation.
        targets: y, of the same shape and unit.

    Returns:
        The loss in squared units, and dL/dz.

    Raises:
        ValueError: If the shapes differ.
    """
    _same_shape(z, targets)
    errors = 1.0 * z - targets  # small integers would overflow
    return float((errors**2).mean()), 2 * errors / z.size


def binary_cross_entropy(
    z: FloatArray, targets: FloatArray
) -> tuple[float, FloatArray]:
    """Compare yes-or-no answers, with a = sigmoid(z) inside.

        L = -mean of (y * log(a) + (1 - y) * log(1 - a))
          =  mean of (log(1 + exp(z)) - y * z)
        dL/dz = (a - y) / (number of entries)

    Args:
        z: Logits, any shape.
        targets: y in [0, 1], of the same shape.

    Returns:
        The loss in nats, and dL/dz.

    Raises:
        ValueError: If the shapes differ or a target is outside [0, 1].

    Source:
        Bishop (2006), "Pattern Recognition and Machine Learning", equation 4.90.
    """
    _same_shape(z, targets)
    if not ((targets >= 0) & (targets <= 1)).all():
        raise ValueError(f"targets must be in [0, 1], got {targets.tolist()}")
    loss = np.logaddexp(0.0, z) - targets * z  # no log of a rounded 0
    return float(loss.mean()), (0.5 * (1 + np.tanh(0.5 * z)) - targets) / z.size


def cross_entropy(
    z: FloatArray, labels: NDArray[np.integer]
) -> tuple[float, FloatArray]:
    """Compare one class out of many, with p = softmax(z) inside.

        L = -mean over rows of log(p_label) = mean of (logsumexp(z) - z_label)
        dL/dz = (p - one_hot(label)) / n

    Args:
        z: Logits, shape (n, classes).
        labels: Shape (n,), whole numbers from 0 to classes - 1.

    Returns:
        The loss in nats, and dL/dz.

    Raises:
        ValueError: If ``labels`` are no whole numbers, or outside their range.

    Source:
        Bishop (2006), "Pattern Recognition and Machine Learning", equations 4.108
        and 4.109.
    """
    n, classes = z.shape
    if labels.shape != (n,) or labels.dtype.kind not in "iu":
        got = f"{labels.dtype} of shape {labels.shape}"
        raise ValueError(f"labels must be integers of shape ({n},), got {got}")
    if not ((labels >= 0) & (labels < classes)).all():
        raise ValueError(f"labels must be in [0, {classes}), got {labels.tolist()}")
    log_p = z - np.logaddexp.reduce(1.0 * z, axis=1, keepdims=True)
    one_hot = np.eye(classes)[labels]
    return float(-log_p[np.arange(n), labels].mean()), (np.exp(log_p) - one_hot) / n


def _same_shape(z: FloatArray, targets: FloatArray) -> None:
    if targets.shape != z.shape:  # they would broadcast
        raise ValueError(f"targets must have shape {z.shape}, got {targets.shape}")
