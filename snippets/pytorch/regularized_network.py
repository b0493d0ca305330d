"""Batch norm, dropout, weight decay and early stopping in one classifier."""

import copy
import math

import torch
from torch import Tensor, nn


def make_network(
    inputs: int, classes: int, *, hidden: int = 64, p: float = 0.25
) -> nn.Sequential:
    """Return a network with batch norm, and dropout where no batch norm follows.

    Args:
        inputs: Number of features.
        classes: Number of classes.
        hidden: Number of units in each hidden layer. Default 64.
        p: The share of hidden units to drop, in [0, 1]. Default 0.25.

    Returns:
        A model from (n, inputs) to logits (n, classes).

    Raises:
        ValueError: If ``p`` is outside its range, or a number below 1.

    Source:
        Li et al. (2019), arXiv:1801.05134: dropout after the last batch norm only.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"p must be in [0, 1], got {p!r}")
    if min(sizes := (inputs, classes, hidden)) < 1:
        raise ValueError(
            f"inputs, classes and hidden must be at least 1, got {sizes}"
        )
    return nn.Sequential(
        nn.Linear(inputs, hidden, bias=False),  # batch norm would take it out again
        nn.BatchNorm1d(hidden),
        nn.ReLU(),
        nn.Linear(hidden, hidden, bias=False),
        nn.BatchNorm1d(hidden),
        nn.ReLU(),
        nn.Dropout(p),
        nn.Linear(hidden, classes),
    )


def train(
    model: nn.Module,
    training: tuple[Tensor, Tensor],
    validation: tuple[Tensor, Tensor],
    *,
    weight_decay: float = 0.1,
    patience: int = 20,
    lr: float = 0.01,
    epochs: int = 300,
) -> tuple[list[float], int]:
    """Train with AdamW; stop early and keep the best epoch.

    Args:
        model: From (n, d) to logits (n, classes); left with the best weights.
        training: Features (n, d) and class numbers (n,), int64.
        validation: The same for rows that the model never trains on.
        weight_decay: For the weights alone, at least 0. Default 0.1.
        patience: Epochs in a row without improvement to wait for, at least 1.
            Default 20.
        lr: The learning rate, above 0. Default 0.01.
        epochs: The largest number of updates, each with all rows, at least 1.
            Default 300.

    Returns:
        The validation loss after each epoch, and the number of the best, from 0.

    Raises:
        ValueError: If an argument is outside its range.
    """
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs!r}")
    if not patience >= 1:
        raise ValueError(f"patience must be >= 1, got {patience!r}")
    if not 0 <= weight_decay < math.inf:
        raise ValueError(
            f"weight_decay must be a finite number >= 0, got {weight_decay!r}"
        )
    weights = [w for w in model.parameters() if w.ndim >= 2]
    others = [w for w in model.parameters() if w.ndim < 2]  # biases, gamma, beta
    groups = [
        {"params": weights, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=lr)
    losses: list[float] = []
    best = 0
    for epoch in range(epochs):
        model.train()  # dropout on, statistics of the batch
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(training[0]), training[1]).backward()
        optimizer.step()

        model.eval()  # dropout off, running statistics
        with torch.no_grad():
            loss = nn.functional.cross_entropy(model(validation[0]), validation[1])
        losses.append(loss.item())
        if epoch == 0 or losses[-1] < losses[best]:
            best, state = epoch, copy.deepcopy(model.state_dict())
        elif epoch - best >= patience:
            break
    model.load_state_dict(state)
    return losses, best
