import math

import pytest
import torch
from torch import nn

from snippets.pytorch.adamw_weights_only import make_adamw


def make_model() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 2))


def test_decays_weights_and_nothing_else():
    model = make_model()
    before = [p.detach().clone() for p in model.parameters()]
    for p in model.parameters():
        p.grad = torch.zeros_like(p)
    make_adamw(model, lr=0.5, weight_decay=0.25).step()
    for p, old in zip(model.parameters(), before, strict=True):
        factor = 1 - 0.5 * 0.25 if p.ndim >= 2 else 1
        torch.testing.assert_close(p.detach(), factor * old)


def test_defaults():
    groups = make_adamw(make_model()).param_groups
    assert [g["weight_decay"] for g in groups] == [0.01, 0.0]
    assert [g["lr"] for g in groups] == [0.001, 0.001]
    assert sum(len(g["params"]) for g in groups) == 6


@pytest.mark.parametrize("lr", [0.0, -1.0, math.inf, math.nan])
def test_refuses_learning_rate(lr):
    with pytest.raises(ValueError, match=f"lr must be a finite number > 0, got {lr}"):
        make_adamw(make_model(), lr=lr)


@pytest.mark.parametrize("decay", [-1e-9, math.inf, math.nan])
def test_refuses_decay(decay):
    with pytest.raises(ValueError, match=f"weight_decay must be finite, >= 0, got {decay}"):
        make_adamw(make_model(), weight_decay=decay)


def test_lazy_layers_are_refused():
    model = nn.Sequential(nn.LazyLinear(3), nn.Linear(3, 1))
    with pytest.raises(ValueError, match="model must have run once, got lazy parameters in Seq"):
        make_adamw(model)
    model(torch.ones(2, 5))
    assert [len(g["params"]) for g in make_adamw(model).param_groups] == [2, 2]


def test_a_model_without_weights_or_with_nothing_else_is_trained_too():
    assert [len(g["params"]) for g in make_adamw(nn.BatchNorm1d(2)).param_groups] == [0, 2]
    alone = make_adamw(nn.Linear(2, 2, bias=False))
    assert [len(group["params"]) for group in alone.param_groups] == [1, 0]
