"""Linear regression with an L2 penalty, which the optimizer adds."""

import math

import torch
from torch import Tensor, nn


def train(
    features: Tensor,
    targets: Tensor,
    *,
    l2: float = 0.01,
    lr: float = 0.1,
    steps: int = 1000,
) -> tuple[Tensor, float]:
    """Minimize mean squared error plus L2, starting from zero.

        J(w, b) = 1/n * sum_i (x_i . w + b - y_i)^2  +  l2 * sum_j w_j^2

    Args:
        features: Shape (n, d).
        targets: Shape (n,), of the same dtype.
        l2: The strength, finite, at least 0. Default 0.01.
        lr: The learning rate, above 0. Default 0.1.
        steps: Number of updates, each with all rows, at least 1. Default 1000.

    Returns:
        The weights, shape (d,), and the bias.

    Raises:
        ValueError: If ``l2`` is negative, infinite or not a number, ``lr`` is not
            above 0, ``steps`` below 1, ``features`` without a row, or ``targets``
            not of shape (n,).

    Source:
        Hoerl and Kennard (1970), "Ridge Regression", equation 2.1: its minimum.
    """
    if not 0 <= l2 < math.inf:
        raise ValueError(f"l2 must be a finite number >= 0, got {l2!r}")
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps!r}")
    rows, columns = features.shape
    if rows == 0:
        raise ValueError(
            f"features must have at least one row, got shape (0, {columns})"
        )
    shape = tuple(targets.shape)
    if shape != (rows,):
        raise ValueError(f"targets must have shape ({rows},), got {shape}")
    model = nn.Linear(columns, 1, dtype=features.dtype)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    groups = [
        # SGD adds weight_decay * w; the derivative of l2 * w^2 is 2 * l2 * w.
        {"params": [model.weight], "weight_decay": 2 * l2},
        {"params": [model.bias], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.SGD(groups, lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        predictions = model(features).squeeze(1)  # (n,)
        loss = nn.functional.mse_loss(predictions, targets)  # no penalty in sight
        loss.backward()
        optimizer.step()
    return model.weight.detach()[0], model.bias.item()
