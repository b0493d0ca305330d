import math

import pytest
import torch
from torch import nn

from snippets.pytorch.learning_curves import learning_curves


def rows(seed: int, size: int = 12):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(size, 4, generator=generator), torch.arange(size) % 3


@pytest.fixture
def model():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3))


def test_losses_are_those_of_the_weights_after_the_epoch(model):
    training, validation = rows(0), rows(1, 5)
    curves = learning_curves(model, training, validation, epochs=7)
    assert [len(curve) for curve in curves] == [7, 7]
    model.eval()  # dropout would make the loss random
    for curve, (features, labels) in zip(curves, (training, validation), strict=True):
        assert curve[-1] == nn.functional.cross_entropy(model(features), labels).item()


def test_trains_in_training_mode_on_training_rows_alone(model):
    modes = []
    model.register_forward_hook(lambda module, *_: modes.append((module.training, len(_[0][0]))))
    learning_curves(model, rows(0), rows(1, 5), epochs=2)
    assert modes == 2 * [(True, 12), (False, 12), (False, 5)]


def test_learns_the_training_rows(model):
    del model[2]  # the dropout
    training, validation = learning_curves(model, rows(0), rows(1), lr=0.05, epochs=150)
    assert training[-1] < 0.1 * training[0]
    assert validation[-1] > validation[0]  # random labels: nothing to know of new rows


@pytest.mark.parametrize("lr", [0.0, -1.0, math.inf, math.nan])
def test_refuses_learning_rate(model, lr):
    with pytest.raises(ValueError, match=f"lr must be a finite number > 0, got {lr}"):
        learning_curves(model, rows(0), rows(1), lr=lr)
