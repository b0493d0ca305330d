import math

import pytest
import torch
from torch import nn

from snippets.pytorch.dropout_network import make_network, train


@pytest.fixture
def problem():
    torch.manual_seed(0)
    features, labels = torch.randn(12, 4), torch.arange(12) % 3
    return make_network(4, 3, hidden=50), features, labels, (features, labels)


def test_dropout_stands_after_each_hidden_layer(problem):
    model = problem[0]
    kinds = [type(module) for module in model]
    block = [nn.Linear, nn.ReLU, nn.Dropout]
    assert kinds == [*block, *block, nn.Linear]
    assert [module.p for module in model if isinstance(module, nn.Dropout)] == [0.5, 0.5]
    assert model(problem[1]).shape == (12, 3)


def test_the_first_step_is_lr_long(problem):
    model, *rest = problem
    before = [p.detach().clone() for p in model.parameters()]
    train(model, *rest, lr=0.25, epochs=1)
    moves = [(p - b).abs().max().item() for p, b in zip(model.parameters(), before, strict=True)]
    assert moves == pytest.approx([0.25] * len(moves), rel=1e-3)


class Recorder(nn.Module):
    def __init__(self):
        super().__init__()
        self.modes = []

    def forward(self, x):
        self.modes.append((self.training, torch.is_grad_enabled()))
        return x


def test_trains_in_training_mode_and_validates_in_evaluation_mode(problem):
    model, *rest = problem
    recorder = Recorder()
    train(nn.Sequential(recorder, model), *rest, epochs=2)
    assert recorder.modes == [(True, True), (False, False)] * 2
    assert not model.training


def test_losses_are_before_and_after_the_update(problem):
    _, *rest = problem
    model = make_network(4, 3, hidden=5, p=0.0)
    history = train(model, *rest, epochs=3)
    assert sorted(history) == ["loss", "val_loss"]
    assert history["loss"][1:] == pytest.approx(history["val_loss"][:-1])


def test_training_loss_has_dropout_in_it(problem):
    history = train(*problem, epochs=3)
    assert abs(history["loss"][1] - history["val_loss"][0]) > 1e-3


@pytest.mark.parametrize("lr", [0.0, -1.0, math.inf, math.nan])
def test_refuses_learning_rate(problem, lr):
    with pytest.raises(ValueError, match=f"lr must be a finite number > 0, got {lr}"):
        train(*problem, lr=lr)
