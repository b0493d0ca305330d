"""Learning curves: training and validation loss after every epoch."""

import math

import torch
from torch import Tensor, nn


def learning_curves(
    model: nn.Module,
    training: tuple[Tensor, Tensor],
    validation: tuple[Tensor, Tensor],
    *,
    lr: float = 0.01,
    epochs: int = 200,
) -> tuple[list[float], list[float]]:
    """Train with Adam on the training rows; measure the loss on both sets.

        loss = -1/n * sum_i log p(y_i | x_i)

    Args:
        model: From (n, d) to logits (n, classes); trained in place.
        training: Features (n, d) and class numbers (n,), int64.
        validation: The same for rows that the model never trains on.
        lr: The learning rate, above 0. Default 0.01.
        epochs: Number of updates, each with all training rows, at least 1.
            Default 200.

    Returns:
        Training losses and validation losses after each epoch, in nats per row.

    Raises:
        ValueError: If ``lr`` is not above 0, or ``epochs`` below 1.

    Source:
        Goodfellow, Bengio and Courville, "Deep Learning", section 7.8, figure 7.3.
    """
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs!r}")
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    sets = (training, validation)
    curves: tuple[list[float], list[float]] = ([], [])
    for _ in range(epochs):
        model.train()
        optimizer.zero_grad()
        features, labels = training
        nn.functional.cross_entropy(model(features), labels).backward()
        optimizer.step()

        model.eval()  # both sets are measured by the same weights, in the same mode
        with torch.no_grad():
            for curve, (features, labels) in zip(curves, sets, strict=True):
                loss = nn.functional.cross_entropy(model(features), labels)
                curve.append(loss.item())
    return curves
