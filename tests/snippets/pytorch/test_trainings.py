"""What loops of their own promise: every step has its own gradient, in training mode."""

import copy
import functools
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from snippets.pytorch import (
    data_parallel,
    dropout_network,
    early_stopping,
    fully_sharded,
    regularized_network,
)
from snippets.pytorch.early_stopping import EarlyStopping
from snippets.pytorch.process_group import process_group

torch.manual_seed(0)
ROWS = torch.randn(20, 4).double(), torch.arange(20) % 3


def replicated(model: nn.Module, *data: Tensor, lr: float, epochs: int) -> None:
    with process_group():
        make = functools.partial(torch.optim.Adam, lr=lr)
        data_parallel.train(model, *data, make, lambda _: torch.zeros(()), epochs=epochs)


def sharded(model: nn.Module, *data: Tensor, lr: float, epochs: int) -> None:
    copied = copy.deepcopy(model)  # what is sharded has parameters of another kind
    with process_group():
        fully_sharded.shard(copied)
        make = functools.partial(torch.optim.Adam, lr=lr)
        fully_sharded.train(copied, *data, make, lambda _: torch.zeros(()), epochs=epochs)
        trained = [fully_sharded.whole(p.detach()) for p in copied.parameters()]
    with torch.no_grad():
        for p, new in zip(model.parameters(), trained, strict=True):
            p.copy_(new)
    model.modes = getattr(copied, "modes", [])  # type: ignore[assignment]


def regularized(model: nn.Module, *data: Any, lr: float, epochs: int) -> None:
    regularized_network.train(model, *data, weight_decay=0.0, lr=lr, epochs=epochs)


TRAININGS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "dropout_network": (dropout_network.train, (*ROWS, ROWS)),
    "early_stopping": (early_stopping.train, (ROWS, ROWS)),
    "regularized_network": (regularized, (ROWS, ROWS)),
    "data_parallel": (replicated, ROWS),
    "fully_sharded": (sharded, ROWS),
}


class Modes(nn.Linear):
    """Notes whether it was asked in training mode, where gradients are wanted."""

    def forward(self, x: Tensor) -> Tensor:
        if torch.is_grad_enabled():
            self.modes: list[bool] = [*getattr(self, "modes", []), self.training]
        return super().forward(x)


@pytest.mark.parametrize("name", TRAININGS)
def test_steps_are_those_of_a_plain_loop(name: str) -> None:
    train, data = TRAININGS[name]
    torch.manual_seed(1)
    model = Modes(4, 3).double()
    plain = copy.deepcopy(model)
    train(model, *data, lr=0.125, epochs=3)
    optimizer = torch.optim.Adam(plain.parameters(), lr=0.125)
    for _ in range(3):
        loss = nn.functional.cross_entropy(plain(ROWS[0]), ROWS[1])
        for p, g in zip(
            plain.parameters(), torch.autograd.grad(loss, [*plain.parameters()]), strict=True
        ):
            p.grad = g
        optimizer.step()
    for ours, expected in zip(model.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-12, atol=1e-14)
    assert model.modes == [True] * 3


class Scripted(nn.Module):
    """Gives one row of label 0 the validation losses that it is told."""

    def __init__(self, losses: list[float]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.losses = iter(losses)

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            return torch.stack([self.weight, -self.weight], dim=1)
        return torch.tensor([[0.0, math.log(math.exp(next(self.losses)) - 1)]])


@pytest.mark.parametrize("train", [early_stopping.train, regularized_network.train])
@pytest.mark.parametrize(
    ("given", "best", "length"),
    [
        ([3.0, 2.0, 1.0, 2.0, 1.0, 1.5, 0.5], 2, 6),  # an equal one is no improvement
        ([1.0, 2.0, 3.0, 4.0], 0, 4),
        ([4.0, 3.0, 2.0, 3.0, 1.0, 5.0, 6.0, 7.0, 0.5], 4, 8),
    ],
)
def test_it_waits_patience_epochs_after_the_best(
    train: Callable[..., tuple[list[float], int]], given: list[float], best: int, length: int
) -> None:
    row = torch.zeros(1, 1), torch.tensor([0])
    losses, found = train(Scripted(given), row, row, patience=3)
    assert losses == pytest.approx(given[:length], rel=1e-6)
    assert found == best


def test_an_equal_loss_is_no_improvement() -> None:
    stopping, layer = EarlyStopping(patience=2), nn.Linear(1, 1)
    assert [stopping.update(1.0, layer) for _ in range(3)] == [False, False, True]
    assert stopping.best_epoch == 0


@pytest.mark.parametrize("train", [replicated, sharded])
def test_one_row_for_one_rank_is_enough(train: Callable[..., None]) -> None:
    train(nn.Linear(4, 3).double(), ROWS[0][:1], ROWS[1][:1], lr=0.1, epochs=1)
