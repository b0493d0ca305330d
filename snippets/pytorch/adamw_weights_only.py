"""AdamW that decays weights alone: not biases, not normalization."""

import math

import torch
from torch import nn
from torch.nn.parameter import is_lazy


def make_adamw(
    model: nn.Module, *, lr: float = 0.001, weight_decay: float = 0.01
) -> torch.optim.AdamW:
    """Return an AdamW that decays the parameters with two dimensions or more.

        w <- w - lr * weight_decay * w    if w has two dimensions or more

    Weights of layers have them; biases and normalization parameters have one.

    Args:
        model: Any module.
        lr: The learning rate, above 0. Default 0.001.
        weight_decay: Finite, at least 0; no L2. Default 0.01.

    Returns:
        The optimizer, with two parameter groups.

    Raises:
        ValueError: If ``lr`` is not above 0, ``weight_decay`` is negative, or the
            model has no parameters, or lazy ones that have no shape yet.

    Source:
        Loshchilov and Hutter, arXiv:1711.05101, Algorithm 2, line 12.
    """
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    if not 0 <= weight_decay < math.inf:
        raise ValueError(f"weight_decay must be finite, >= 0, got {weight_decay!r}")
    if any(is_lazy(p) for p in model.parameters()):  # they have no ndim yet
        raise ValueError(
            f"model must have run once, got lazy parameters in {model!r}"
        )
    weights = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    if not weights and not others:
        raise ValueError(f"model must have parameters, got {model!r}")
    groups = [
        {"params": weights, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=lr)
