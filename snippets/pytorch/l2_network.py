"""A small classifier trained with Adam, L2 through ``weight_decay``."""

import math

import torch
from torch import Tensor, nn


def make_network(inputs: int, classes: int, *, hidden: int = 32) -> nn.Sequential:
    """Return a network with one hidden layer that gives one logit for each class.

    Args:
        inputs: Number of features.
        classes: Number of classes.
        hidden: Number of hidden units. Default 32.

    Returns:
        A model from (n, inputs) to (n, classes).

    Raises:
        ValueError: If a number is below 1.
    """
    if min(sizes := (inputs, classes, hidden)) < 1:
        raise ValueError(
            f"inputs, classes and hidden must be at least 1, got {sizes}"
        )
    first, second = nn.Linear(inputs, hidden), nn.Linear(hidden, classes)
    return nn.Sequential(first, nn.ReLU(), second)


def train(
    model: nn.Module,
    features: Tensor,
    labels: Tensor,
    *,
    lr: float = 0.001,
    weight_decay: float = 0.001,
    epochs: int = 100,
) -> list[float]:
    """Train with Adam on cross-entropy; each epoch is one step with all rows.

    Before anything else, Adam adds the decay to the gradient of every parameter p:

        g <- g + weight_decay * p

    Args:
        model: From (n, features) to logits (n, classes).
        features: Shape (n, features).
        labels: Class numbers, shape (n,), int64.
        lr: The learning rate, above 0. Default 0.001.
        weight_decay: Twice the L2 strength, at least 0; biases too. Default 0.001.
        epochs: Number of updates, at least 1. Default 100.

    Returns:
        The cross-entropy before each update, without any penalty.

    Raises:
        ValueError: If ``weight_decay`` is negative, infinite or not a number,
            ``lr`` not above 0, or ``epochs`` below 1.

    Source:
        Loshchilov and Hutter, "Decoupled Weight Decay Regularization", Algorithm 2,
        line 6: "Adam with L2 regularization".
    """
    if not 0 <= weight_decay < math.inf:
        raise ValueError(f"weight_decay must be finite, >= 0, got {weight_decay!r}")
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs!r}")
    optimizer = torch.optim.Adam(
        model.parameters(),
        lr=lr,
        weight_decay=weight_decay,
    )
    losses = []
    for _ in range(epochs):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(features), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
