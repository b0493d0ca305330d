"""Softmax regression with any of six update rules, each PyTorch's own optimizer."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

Make = Callable[..., torch.optim.Optimizer]
RULES: dict[str, tuple[Make, dict[str, Any]]] = {
    "gradient descent": (torch.optim.SGD, {}),
    "momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "Nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    "Adagrad": (torch.optim.Adagrad, {}),
    "RMSprop": (torch.optim.RMSprop, {"alpha": 0.99}),
    "Adam": (torch.optim.Adam, {"betas": (0.9, 0.999)}),
}


def train(
    features: Tensor, labels: Tensor, *, rule: str, lr: float, steps: int = 100
) -> list[float]:
    r"""Minimize mean cross-entropy with full batches, starting from zero.

    .. math::
        J(W, \mathbf{b}) = -\frac{1}{n} \sum_i
            \log \mathrm{softmax}(\mathbf{x}_i W + \mathbf{b})_{y_i}

    Args:
        features: Shape (n, d).
        labels: Shape (n,), classes counted from 0.
        rule: A key of ``RULES``.
        lr: The learning rate, above 0; each rule needs its own.
        steps: Number of updates, each with all rows, at least 1. Default 100.

    Returns:
        The loss before each update.

    Raises:
        ValueError: If ``rule`` is unknown, ``lr`` is not above 0, ``steps`` below
            1, ``features`` without a row, or ``labels`` is not of shape (n,).
    """
    if rule not in RULES:
        raise ValueError(f"rule must be one of {list(RULES)}, got {rule!r}")
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
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
    make, options = RULES[rule]
    optimizer = make(model.parameters(), lr=lr, **options)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(features), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
