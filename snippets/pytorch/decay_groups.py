"""Parameter groups for L2 on weights alone, like Keras's ``kernel_regularizer``."""

import math
from typing import Any

from torch import nn
from torch.nn.parameter import is_lazy


def decay_groups(model: nn.Module, l2: float) -> list[dict[str, Any]]:
    """Split a model's parameters for an optimizer: weights get L2, biases do not.

    With ``torch.optim.SGD`` or ``torch.optim.Adam``, the groups minimize

        loss + l2 * sum of w^2 over all weights w

    Weights are the parameters with two dimensions or more: in networks of linear,
    convolution and normalization layers, what Keras calls kernels. Embeddings and
    recurrent matrices count as well; move them if they should stay free. Not for
    ``AdamW``, whose ``weight_decay`` is no L2.

    Args:
        model: Any module.
        l2: The strength, in units of the loss per squared weight; at least 0.

    Returns:
        Two groups: weights with ``weight_decay = 2 * l2``, all others with 0.

    Raises:
        ValueError: If ``l2`` is negative, infinite or not a number, or the model
            has no parameters, or lazy ones that have no shape yet.

    Source:
        Loshchilov and Hutter, "Decoupled Weight Decay Regularization", section 2:
        weight decay stands for half the sum of squares, hence the factor 2.
    """
    if not 0 <= l2 < math.inf:
        raise ValueError(f"l2 must be a finite number >= 0, got {l2!r}")
    if any(is_lazy(p) for p in model.parameters()):  # they have no ndim yet
        raise ValueError(
            f"model must have run once, got lazy parameters in {model!r}"
        )
    weights = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    if not weights and not others:
        raise ValueError(f"model must have parameters, got {model!r}")
    return [
        {"params": weights, "weight_decay": 2 * l2},
        {"params": others, "weight_decay": 0.0},
    ]
