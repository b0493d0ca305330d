"""A small classifier with an elastic net: L1 in the loss, L2 in the optimizer."""

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
    l1: float = 0.001,
    l2: float = 0.001,
    lr: float = 0.001,
    epochs: int = 100,
) -> tuple[list[float], list[float]]:
    """Train with Adam on cross-entropy plus L1 plus L2, all rows in each step.

        minimized: cross-entropy  +  l1 * sum_j |w_j|  +  l2 * sum_j w_j^2

    Args:
        model: From (n, features) to logits (n, classes).
        features: Shape (n, features).
        labels: Class numbers, shape (n,), int64.
        l1: The strength of L1, on weights and not on biases, at least 0.
            Default 0.001.
        l2: The strength of L2, on the same weights, at least 0. Default 0.001.
        lr: The learning rate, above 0. Default 0.001.
        epochs: Number of updates, at least 1. Default 100.

    Returns:
        Before each update: the loss with L1 but not L2, which only the optimizer
        knows, and the cross-entropy alone.

    Raises:
        ValueError: If a strength is negative, infinite or not a number, ``lr`` not
            above 0, or ``epochs`` below 1.

    Source:
        Zou and Hastie (2005), "Regularization and Variable Selection via the
        Elastic Net", section 2.1.
    """
    for name, strength in (("l1", l1), ("l2", l2)):
        if not 0 <= strength < math.inf:
            raise ValueError(
                f"{name} must be a finite number >= 0, got {strength!r}"
            )
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs!r}")
    weights = [p for p in model.parameters() if p.ndim >= 2]
    biases = [p for p in model.parameters() if p.ndim < 2]
    # weight_decay=c adds c * w to the gradient, and l2 * w^2 has slope 2 * l2 * w.
    groups = [
        {"params": weights, "weight_decay": 2 * l2},
        {"params": biases, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.Adam(groups, lr=lr)
    losses, cross_entropies = [], []
    for _ in range(epochs):
        optimizer.zero_grad()
        cross_entropy = nn.functional.cross_entropy(model(features), labels)
        loss = cross_entropy
        for w in weights:
            loss = loss + l1 * w.abs().sum()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        cross_entropies.append(cross_entropy.item())
    return losses, cross_entropies
