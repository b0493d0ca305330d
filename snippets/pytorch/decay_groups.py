"""Parameter groups for L2 on weights alone, as ``kernel_regularizer`` does in Keras."""

import math
from typing import Any

from torch import nn


def decay_groups(model: nn.Module, l2: float) -> list[dict[str, Any]]:
    r"""Split a model's parameters for an optimizer: weights get L2, biases do not.

    With ``torch.optim.SGD`` or ``torch.optim.Adam``, the groups minimize

    .. math:: \text{loss} + \lambda \sum_{w \in \text{weights}} w^2

    Weights are the parameters with two dimensions or more; biases and the parameters of
    normalization layers have one.

    Args:
        model: Any module.
        l2: The strength :math:`\lambda`, dimensionless, finite, at least 0.

    Returns:
        Two groups: weights with ``weight_decay = 2 * l2``, all others with 0.

    Raises:
        ValueError: If ``l2`` is negative, infinite or not a number.

    Source:
        Loshchilov and Hutter, "Decoupled Weight Decay Regularization", section 2, for the
        optimizer's side: its ``weight_decay`` stands for half the sum of squares.
    """
    if not 0 <= l2 < math.inf:
        raise ValueError(f"l2 must be a finite number >= 0, got {l2!r}")
    weights = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    return [
        {"params": weights, "weight_decay": 2 * l2},
        {"params": others, "weight_decay": 0.0},
    ]
