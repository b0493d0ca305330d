"""Linear regression with weights >= 0: SGD, then a projection, each step."""

import math

import torch
from torch import Tensor, nn


def train(
    features: Tensor,
    targets: Tensor,
    *,
    lr: float = 0.1,
    steps: int = 1000,
) -> tuple[Tensor, float]:
    """Minimize mean squared error with weights >= 0, starting from zero.

        J(w, b) = 1/n * sum_i (x_i . w + b - y_i)^2,  all w_j >= 0

    Args:
        features: Shape (n, d).
        targets: Shape (n,), of the same dtype.
        lr: The learning rate, above 0. Default 0.1.
        steps: Number of updates, each with all rows, at least 1. Default 1000.

    Returns:
        The weights, shape (d,), and the bias.

    Raises:
        ValueError: If ``lr`` is not above 0, ``steps`` below 1, ``features``
            without a row, or ``targets`` not of shape (n,).

    Source:
        Parikh and Boyd (2014), "Proximal Algorithms", section 4.2, where projected
        gradient descent is a special case.
    """
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
        loss = nn.functional.mse_loss(predictions, targets)
        loss.backward()
        optimizer.step()
        with torch.no_grad():  # the nearest weights allowed; the bias stays free
            model.weight.clamp_(min=0)
    return model.weight.detach()[0], model.bias.item()
