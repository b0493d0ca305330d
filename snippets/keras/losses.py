"""Three losses on what the last layer returns; autograd finds their derivatives."""

from typing import Any

from keras import ops


def mean_squared_error(z: Any, targets: Any) -> Any:
    """Compare numbers with numbers; the same as ``MeanSquaredError()``.

        L = mean of (z - y)^2

    Args:
        z: Predictions, any shape, of a layer without activation.
        targets: y, of the same shape and unit.

    Returns:
        The loss in squared units.

    Raises:
        ValueError: If the shapes differ.
    """
    targets = _same_shape(z, targets)
    return ops.mean(ops.square(z - targets))


def binary_cross_entropy(z: Any, targets: Any) -> Any:
    """Compare yes-or-no answers; ``BinaryCrossentropy(from_logits=True)``.

        L = mean of (log(1 + exp(z)) - y * z)

    Args:
        z: Logits, any shape.
        targets: y in [0, 1], of the same shape.

    Returns:
        The loss in nats.

    Raises:
        ValueError: If the shapes differ or a target is outside [0, 1].

    Source:
        Bishop (2006), "Pattern Recognition and Machine Learning", equation 4.90.
    """
    targets = _same_shape(z, targets)
    if not ops.all((targets >= 0) & (targets <= 1)):
        got = ops.convert_to_numpy(targets).tolist()
        raise ValueError(f"targets must be in [0, 1], got {got}")
    return ops.mean(ops.softplus(z) - targets * z)


def cross_entropy(z: Any, labels: Any) -> Any:
    """Compare classes; ``SparseCategoricalCrossentropy(from_logits=True)``.

        L = mean over rows of (logsumexp(z) - z_label)

    Args:
        z: Logits, shape (n, classes).
        labels: Shape (n,), whole numbers from 0 to classes - 1.

    Returns:
        The loss in nats.

    Raises:
        ValueError: If ``labels`` are no whole numbers, or outside their range.

    Source:
        Bishop (2006), "Pattern Recognition and Machine Learning", equation 4.108.
    """
    labels = ops.convert_to_tensor(labels)
    n, classes = z.shape
    if tuple(labels.shape) != (n,) or "int" not in str(labels.dtype):
        got = f"{labels.dtype} of shape {tuple(labels.shape)}"
        raise ValueError(f"labels must be integers of shape ({n},), got {got}")
    if not ops.all((labels >= 0) & (labels < classes)):
        got = ops.convert_to_numpy(labels).tolist()
        raise ValueError(f"labels must be in [0, {classes}), got {got}")
    of_label = ops.sum(z * ops.one_hot(labels, classes, dtype=z.dtype), axis=1)
    return ops.mean(ops.logsumexp(z, axis=1) - of_label)


def _same_shape(z: Any, targets: Any) -> Any:
    targets = ops.convert_to_tensor(targets, dtype=z.dtype)
    if tuple(targets.shape) != tuple(z.shape):  # they would broadcast
        expected, got = tuple(z.shape), tuple(targets.shape)
        raise ValueError(f"targets must have shape {expected}, got {got}")
    return targets
