"""Early stopping in a PyTorch training loop, with the best weights restored."""

import copy
import math
from typing import Any

import torch
from torch import Tensor, nn


class EarlyStopping:
    r"""Watches the validation loss; the same rule as Keras's callback.

    .. math::
        \text{epoch } t \text{ improves} \iff
            L_t + \mathrm{min\_delta} < L_{\mathrm{best}}

    Args:
        patience: Number of epochs in a row without improvement after which to
            stop, at least 1. Default 10.
        min_delta: How much lower the loss must be to count, in units of the loss,
            at least 0. Default 0.

    Raises:
        ValueError: If an argument is outside its range.

    Source:
        Prechelt (1998), "Early Stopping - But When?", section 2.1; Goodfellow,
        Bengio and Courville (2016), "Deep Learning", algorithm 7.1.
    """

    def __init__(self, patience: int = 10, min_delta: float = 0.0) -> None:
        if not patience >= 1:
            raise ValueError(f"patience must be >= 1, got {patience!r}")
        if not 0 <= min_delta < math.inf:
            raise ValueError(
                f"min_delta must be a finite number >= 0, got {min_delta!r}"
            )
        self.patience, self.min_delta = patience, min_delta
        self.best_loss, self.best_epoch = math.inf, -1
        self.best_state: dict[str, Any] = {}
        self.epoch, self.wait = -1, 0

    def update(self, loss: float, model: nn.Module) -> bool:
        """Take in one epoch; return whether training should stop now.

        Args:
            loss: The validation loss after the epoch.
            model: As it is after the epoch; copied if it is the best.

        Returns:
            True after ``patience`` epochs in a row without improvement.
        """
        self.epoch += 1
        self.wait += 1
        if self.epoch == 0 or loss + self.min_delta < self.best_loss:
            self.best_loss, self.best_epoch, self.wait = loss, self.epoch, 0
            # a copy: state_dict() alone holds the tensors that training changes
            self.best_state = copy.deepcopy(model.state_dict())
        return self.wait >= self.patience


def train(
    model: nn.Module,
    training: tuple[Tensor, Tensor],
    validation: tuple[Tensor, Tensor],
    *,
    patience: int = 10,
    min_delta: float = 0.0,
    lr: float = 0.01,
    epochs: int = 500,
) -> tuple[list[float], int]:
    """Train with Adam until the validation loss stops falling; keep the best.

    Args:
        model: From (n, d) to logits (n, classes); left with the best weights.
        training: Features (n, d) and class numbers (n,), int64.
        validation: The same for rows that the model never trains on.
        patience: Epochs without improvement to wait for. Default 10.
        min_delta: The least improvement that counts. Default 0.
        lr: The learning rate, above 0. Default 0.01.
        epochs: The largest number of updates, each with all rows, at least 1.
            Default 500.

    Returns:
        The validation loss after each epoch, and the number of the best, from 0.

    Raises:
        ValueError: If an argument is outside its range.
    """
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs!r}")
    stopping = EarlyStopping(patience, min_delta)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    losses: list[float] = []
    for _ in range(epochs):
        model.train()
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(training[0]), training[1]).backward()
        optimizer.step()

        model.eval()
        with torch.no_grad():
            loss = nn.functional.cross_entropy(model(validation[0]), validation[1])
        losses.append(loss.item())
        if stopping.update(losses[-1], model):
            break
    model.load_state_dict(stopping.best_state)  # also where no epoch stopped it
    return losses, stopping.best_epoch
