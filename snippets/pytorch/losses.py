"""Three losses on what the last layer returns; autograd finds their derivatives."""

import torch
from torch import Tensor, nn


def mean_squared_error(z: Tensor, targets: Tensor) -> Tensor:
    """Compare numbers with numbers; the same as ``nn.MSELoss``.

        L = mean of (z - y)^2

    Args:
        z: Predictions, any shape, of a layer without activation.
        targets: y, of the same shape and unit.

    Returns:
        The loss in squared units.

    Raises:
        ValueError: If the shapes differ.
    """
    _same_shape(z, targets)
    return (z - targets).square().mean()


def binary_cross_entropy(z: Tensor, targets: Tensor) -> Tensor:
    """Compare yes-or-no answers; the same as ``nn.BCEWithLogitsLoss``.

        L = mean of (log(1 + exp(z)) - y * z)

    Args:
        z: Logits, any shape.
        targets: y in [0, 1], floating point, of the same shape.

    Returns:
        The loss in nats.

    Raises:
        ValueError: If the shapes differ or a target is outside [0, 1].

    Source:
        Bishop (2006), "Pattern Recognition and Machine Learning", equation 4.90.
    """
    _same_shape(z, targets)
    if not ((targets >= 0) & (targets <= 1)).all():
        raise ValueError(f"targets must be in [0, 1], got {targets.tolist()}")
    return (nn.functional.softplus(z) - targets * z).mean()


def cross_entropy(z: Tensor, labels: Tensor) -> Tensor:
    """Compare one class out of many; the same as ``nn.CrossEntropyLoss``.

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
    n, classes = z.shape
    if labels.shape != (n,) or labels.is_floating_point():
        got = f"{labels.dtype} of shape {tuple(labels.shape)}"
        raise ValueError(f"labels must be integers of shape ({n},), got {got}")
    if not ((labels >= 0) & (labels < classes)).all():
        raise ValueError(f"labels must be in [0, {classes}), got {labels.tolist()}")
    of_label = z.gather(1, labels.long()[:, None])[:, 0]  # (n,)
    return (torch.logsumexp(z, dim=1) - of_label).mean()


def _same_shape(z: Tensor, targets: Tensor) -> None:
    if targets.shape != z.shape:  # they would broadcast
        expected, got = tuple(z.shape), tuple(targets.shape)
        raise ValueError(f"targets must have shape {expected}, got {got}")
