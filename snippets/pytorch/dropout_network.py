"""A classifier with dropout, trained and validated in the right modes."""

import math

import torch
from torch import Tensor, nn


def make_network(
    inputs: int, classes: int, *, hidden: int = 64, p: float = 0.5
) -> nn.Sequential:
    """Return a network with dropout after each of its two hidden layers.

    Args:
        inputs: Number of features.
        classes: Number of classes.
        hidden: Number of units in each hidden layer. Default 64.
        p: The share of hidden units to drop, in [0, 1]. Default 0.5.

    Returns:
        A model from (n, inputs) to logits (n, classes).

    Raises:
        ValueError: If ``p`` is outside its range, or a number below 1.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"p must be in [0, 1], got {p!r}")
    if min(sizes := (inputs, classes, hidden)) < 1:
        raise ValueError(
            f"inputs, classes and hidden must be at least 1, got {sizes}"
        )
    return nn.Sequential(
        nn.Linear(inputs, hidden),
        nn.ReLU(),
        nn.Dropout(p),  # what the second hidden layer sees
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        nn.Dropout(p),
        nn.Linear(hidden, classes),  # the answers: no dropout
    )


def train(
    model: nn.Module,
    features: Tensor,
    labels: Tensor,
    validation: tuple[Tensor, Tensor],
    *,
    lr: float = 0.01,
    epochs: int = 100,
) -> dict[str, list[float]]:
    """Train with Adam on cross-entropy; an epoch is one step with all rows.

    Args:
        model: From (n, inputs) to logits (n, classes); left in eval mode.
        features: Shape (n, inputs).
        labels: Class numbers, shape (n,), int64.
        validation: Features and labels to validate on.
        lr: The learning rate, above 0. Default 0.01.
        epochs: Number of updates, at least 1. Default 100.

    Returns:
        For each epoch ``"loss"``, with dropout and before the update, and
        ``"val_loss"``, without dropout and after it.

    Raises:
        ValueError: If ``lr`` is not a finite number above 0, or ``epochs`` below 1.
    """
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs!r}")
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    history: dict[str, list[float]] = {"loss": [], "val_loss": []}
    for _ in range(epochs):
        model.train()  # dropout on
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(features), labels)
        loss.backward()
        optimizer.step()

        model.eval()  # dropout off
        with torch.no_grad():  # another matter: it only saves work
            logits = model(validation[0])
            val_loss = nn.functional.cross_entropy(logits, validation[1])
        history["loss"].append(loss.item())
        history["val_loss"].append(val_loss.item())
    return history
