"""One strength, every library's spelling of it."""

import math


def torch_weight_decay(l2: float) -> float:
    """Return the ``weight_decay`` of PyTorch's ``SGD`` or ``Adam`` for this L2.

        weight_decay = 2 * l2

    As everywhere in this file, the strength stands beside the mean loss:

        J = 1/n * sum_i loss_i  +  l1 * sum_j |w_j|  +  l2 * sum_j w_j^2

    Biases are free there; in PyTorch a parameter group with ``weight_decay=0`` for
    them makes them so. Not for ``AdamW``, whose decay is no penalty.

    Args:
        l2: The strength, in units of the loss per squared weight; at least 0.

    Returns:
        ``weight_decay``: PyTorch adds ``weight_decay * w`` to the gradient.

    Raises:
        ValueError: If ``l2`` is negative, infinite or not a number.
    """
    _check(l2=l2)
    return 2 * l2


def sklearn_ridge_alpha(l2: float, rows: int) -> float:
    """Return the ``alpha`` of ``Ridge``, which sums squared errors: alpha = n * l2.

    Args:
        l2: The strength beside the mean squared error, at least 0.
        rows: Number n of training rows, at least 1.

    Returns:
        ``alpha``.

    Raises:
        ValueError: If an argument is outside its range.
    """
    _check(l2=l2)
    _check_rows(rows)
    return rows * l2


def sklearn_lasso_alpha(l1: float) -> float:
    """Return the ``alpha`` of ``Lasso``, which halves the mean: alpha = l1 / 2.

    Args:
        l1: The strength beside the mean squared error, at least 0.

    Returns:
        ``alpha``.

    Raises:
        ValueError: If ``l1`` is negative, infinite or not a number.
    """
    _check(l1=l1)
    return l1 / 2


def sklearn_elastic_net(l1: float, l2: float) -> tuple[float, float]:
    """Return ``alpha`` and ``l1_ratio`` of ``ElasticNet``.

        alpha = l1 / 2 + l2,  l1_ratio = l1 / (l1 + 2 * l2)

    Args:
        l1: The strength of L1 beside the mean squared error, at least 0.
        l2: The strength of L2, at least 0; one of the two above 0.

    Returns:
        ``alpha`` and ``l1_ratio``.

    Raises:
        ValueError: If an argument is outside its range.
    """
    _check(l1=l1, l2=l2)
    return l1 / 2 + l2, _ratio(l1, l2)


def sklearn_logistic(l1: float, l2: float, rows: int) -> tuple[float, float]:
    """Return ``C`` and ``l1_ratio`` of ``LogisticRegression``.

        C = 1 / (n * (l1 + 2 * l2)),  l1_ratio = l1 / (l1 + 2 * l2)

    Args:
        l1: The strength of L1 beside the mean cross-entropy, at least 0.
        l2: The strength of L2, at least 0; one of the two above 0.
        rows: Number n of training rows, at least 1.

    Returns:
        ``C`` and ``l1_ratio``; between 0 and 1 the ratio needs ``solver="saga"``.

    Raises:
        ValueError: If an argument is outside its range.
    """
    _check(l1=l1, l2=l2)
    _check_rows(rows)
    ratio = _ratio(l1, l2)
    return 1 / (rows * (l1 + 2 * l2)), ratio


def _ratio(l1: float, l2: float) -> float:
    if l1 + l2 == 0:
        raise ValueError("l1 or l2 must be above 0, got 0 and 0")
    return l1 / (l1 + 2 * l2)


def _check(**strengths: float) -> None:
    for name, value in strengths.items():
        if not 0 <= value < math.inf:
            raise ValueError(f"{name} must be a finite number >= 0, got {value!r}")


def _check_rows(rows: int) -> None:
    if not 1 <= rows < math.inf:
        raise ValueError(f"rows must be finite and at least 1, got {rows!r}")
