"""Softmax regression, trained by PyTorch's own AdamW; the bias is not decayed."""

import math

import torch
from torch import Tensor, nn


def train(
    features: Tensor,
    labels: Tensor,
    *,
    lr: float = 0.01,
    weight_decay: float = 0.1,
    steps: int = 100,
) -> tuple[list[float], nn.Linear]:
    r"""Minimize mean cross-entropy by full-batch AdamW, starting from zero.

    .. math::
        J(W, \mathbf{b}) = -\frac{1}{n} \sum_i
            \log \mathrm{softmax}(\mathbf{x}_i W + \mathbf{b})_{y_i}

    Args:
        features: Shape (n, d).
        labels: Shape (n,), classes counted from 0.
        lr: The learning rate, above 0. Default 0.01.
        weight_decay: Decoupled, on the weights alone; at least 0. Default 0.1.
        steps: Number of updates, each with all rows, at least 1. Default 100.

    Returns:
        The loss before each update, and the trained layer.

    Raises:
        ValueError: If ``lr`` is not above 0, ``weight_decay`` is negative,
            ``steps`` below 1, ``features`` without a row, or ``labels`` not of
            shape (n,).

    Source:
        Loshchilov and Hutter, arXiv:1711.05101, Algorithm 2.
    """
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    if not 0 <= weight_decay < math.inf:
        raise ValueError(
            f"weight_decay must be a finite number >= 0, got {weight_decay!r}"
        )
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps!r}")
    rows, columns = features.shape
    if rows == 0:
        raise ValueError(
            f"features must have at least one row, got shape (0, {columns})"
        )
    if labels.shape != (rows,):
        raise ValueError(
            f"labels must have shape ({rows},), got {tuple(labels.shape)}"
        )
    model = nn.Linear(columns, int(labels.max()) + 1, dtype=features.dtype)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)

    weights = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]  # biases, normalization
    groups = [
        {"params": weights, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=lr)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(features), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, model
