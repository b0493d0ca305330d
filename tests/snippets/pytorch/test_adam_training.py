"""Softmax regression on digits: where it starts, that it learns, what it refuses."""

import math

import pytest
import torch
from sklearn.datasets import load_digits

from snippets.pytorch.adam_training import train

X, Y = load_digits(return_X_y=True)
X = X / 16
X, Y = torch.tensor(X), torch.tensor(Y)


def test_it_starts_at_log_10_and_learns() -> None:
    losses = train(X, Y, lr=0.05, steps=30)
    assert losses[0] == pytest.approx(math.log(10), rel=1e-5)  # zero weights: uniform guess
    assert len(losses) == 30
    assert losses[-1] < 0.4


def test_the_learning_rate_is_used() -> None:
    assert train(X, Y, lr=1e-4, steps=3)[-1] > train(X, Y, lr=1e-2, steps=3)[-1] + 0.05


@pytest.mark.parametrize("lr", [0.0, -0.1, float("nan"), float("inf")])
def test_a_bad_learning_rate_is_refused(lr: float) -> None:
    with pytest.raises(ValueError, match="lr must be a finite number > 0, got"):
        train(X, Y, lr=lr)


def test_labels_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"labels must have shape \(1797,\), got \(5,\)"):
        train(X, Y[:5])
