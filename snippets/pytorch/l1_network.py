"""A small classifier trained with Adam, L1 by a loop over the parameters."""

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
    l1: float = 0.01,
    lr: float = 0.001,
    epochs: int = 100,
) -> tuple[list[float], list[float]]:
    """Train with Adam on cross-entropy plus L1; an epoch is one step with all rows.

        loss = cross-entropy + l1 * sum_j |w_j|

    Args:
        model: From (n, features) to logits (n, classes).
        features: Shape (n, features).
        labels: Class numbers, shape (n,), int64.
        l1: The strength, on weights and not on biases, at least 0. Default 0.01.
        lr: The learning rate, above 0. Default 0.001.
        epochs: Number of updates, at least 1. Default 100.

    Returns:
        Before each update: the loss with the penalty, and the cross-entropy alone.

    Raises:
        ValueError: If ``l1`` is negative, infinite or not a number, ``lr`` not
            above 0, or ``epochs`` below 1.

    Source:
        Goodfellow, Bengio and Courville (2016), "Deep Learning", section 7.1.2.
    """
    if not 0 <= l1 < math.inf:
        raise ValueError(f"l1 must be a finite number >= 0, got {l1!r}")
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs!r}")
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    losses, cross_entropies = [], []
    for _ in range(epochs):
        optimizer.zero_grad()
        cross_entropy = nn.functional.cross_entropy(model(features), labels)
        loss = cross_entropy
        for p in model.parameters():
            if p.ndim >= 2:  # weights; biases have one dimension and stay free
                loss = loss + l1 * p.abs().sum()
        loss.backward()  # the penalty must be in the loss by now
        optimizer.step()
        losses.append(loss.item())
        cross_entropies.append(cross_entropy.item())
    return losses, cross_entropies
