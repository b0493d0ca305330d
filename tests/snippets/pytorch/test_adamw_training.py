"""Softmax regression on digits with AdamW: what is decayed, what is refused."""

import math

import pytest
import torch
from sklearn.datasets import load_digits

from snippets.pytorch.adamw_training import train

X, Y = load_digits(return_X_y=True)
X, Y = torch.tensor(X / 16, dtype=torch.float32), torch.tensor(Y)


def largest(weight_decay: float) -> tuple[float, float]:
    """The largest weight and the largest bias after training."""
    _, layer = train(X, Y, lr=0.05, weight_decay=weight_decay, steps=60)
    return layer.weight.abs().max().item(), layer.bias.abs().max().item()


def test_it_starts_at_log_10_and_learns() -> None:
    losses, _ = train(X, Y, lr=0.05, steps=30)
    assert losses[0] == pytest.approx(math.log(10), rel=1e-5)
    assert len(losses) == 30
    assert losses[-1] < 0.6


def test_the_weights_are_decayed_and_the_biases_are_not() -> None:
    # lr * weight_decay = 1: of a decayed parameter only the last step is left, about lr.
    weight, bias = largest(20.0)
    assert weight < 0.06
    assert bias > 0.12
    assert largest(0.0)[0] > 0.12


def test_without_decay_it_is_adam() -> None:
    _, layer = train(X, Y, lr=0.05, weight_decay=0.0, steps=5)
    other = torch.nn.Linear(64, 10)
    torch.nn.init.zeros_(other.weight)
    torch.nn.init.zeros_(other.bias)
    adam = torch.optim.Adam(other.parameters(), lr=0.05)
    for _ in range(5):
        adam.zero_grad()
        torch.nn.functional.cross_entropy(other(X), Y).backward()
        adam.step()
    assert torch.equal(layer.weight, other.weight)
    assert torch.equal(layer.bias, other.bias)


@pytest.mark.parametrize("lr", [0.0, -0.1, float("nan"), float("inf")])
def test_a_bad_learning_rate_is_refused(lr: float) -> None:
    with pytest.raises(ValueError, match="lr must be a finite number > 0, got"):
        train(X, Y, lr=lr)


@pytest.mark.parametrize("weight_decay", [-0.1, float("nan"), float("inf")])
def test_a_bad_decay_is_refused(weight_decay: float) -> None:
    with pytest.raises(ValueError, match="weight_decay must be a finite number >= 0, got"):
        train(X, Y, weight_decay=weight_decay)


def test_labels_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"labels must have shape \(1797,\), got \(5,\)"):
        train(X, Y[:5])


def test_float64_rows_are_learned_in_float64() -> None:
    losses, layer = train(X.double(), Y, lr=0.05, steps=2)
    assert layer.weight.dtype == torch.float64
    assert losses[0] == pytest.approx(math.log(10), rel=1e-12)
