"""Linear regression with an L1 penalty: SGD, then a soft threshold, each step."""

import math

import torch
from torch import Tensor, nn


def train(
    features: Tensor,
    targets: Tensor,
    *,
    l1: float = 0.01,
    lr: float = 0.1,
    steps: int = 1000,
) -> tuple[Tensor, float]:
    """Minimize mean squared error plus L1, starting from zero.

        J(w, b) = 1/n * sum_i (x_i . w + b - y_i)^2  +  l1 * sum_j |w_j|

    Args:
        features: Shape (n, d).
        targets: Shape (n,), of the same dtype.
        l1: The strength, finite, at least 0. Default 0.01.
        lr: The learning rate, above 0. Default 0.1.
        steps: Number of updates, each with all rows, at least 1. Default 1000.

    Returns:
        The weights, shape (d,), and the bias.

    Raises:
        ValueError: If ``l1`` is negative, infinite or not a number, ``lr`` is not
            above 0, ``steps`` below 1, ``features`` without a row, or ``targets``
            not of shape (n,).

    Source:
        Beck and Teboulle (2009), "A Fast Iterative Shrinkage-Thresholding
        Algorithm", section 1 (ISTA).
    """
    if not 0 <= l1 < math.inf:
        raise ValueError(f"l1 must be a finite number >= 0, got {l1!r}")
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
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        predictions = model(features).squeeze(1)  # (n,)
        loss = nn.functional.mse_loss(predictions, targets)  # without the penalty
        loss.backward()
        optimizer.step()
        with torch.no_grad():  # the penalty's part: a soft threshold of lr * l1
            model.weight.copy_(nn.functional.softshrink(model.weight, lr * l1))
    return model.weight.detach()[0], model.bias.item()
