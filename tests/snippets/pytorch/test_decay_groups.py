import math

import pytest
import torch
from torch import nn

from snippets.pytorch.decay_groups import decay_groups


def test_splits_every_parameter_once():
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2, 3), nn.LayerNorm(3)
    )
    weights, others = decay_groups(model, 0.25)
    assert weights["weight_decay"] == 0.5
    assert others["weight_decay"] == 0.0
    assert [p.shape for p in weights["params"]] == [(2, 1, 3, 3), (3, 2)]
    taken = [*weights["params"], *others["params"]]
    assert {id(p) for p in taken} == {id(p) for p in model.parameters()}
    assert len(taken) == len(list(model.parameters())) == 8


def test_tied_weights_are_decayed_once():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].weight = model[0].weight
    weights, _ = decay_groups(model, 0.25)
    assert len(weights["params"]) == 1


@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.Adam])
def test_one_side_may_be_empty(optimizer):
    only_weights = nn.Linear(2, 2, bias=False)
    only_others = nn.LayerNorm(2)
    for model in (only_weights, only_others):
        optimizer(decay_groups(model, 0.25), lr=0.5).step()


def test_one_step_by_hand():
    model = nn.Linear(1, 1)
    nn.init.ones_(model.weight)
    nn.init.ones_(model.bias)
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    torch.optim.SGD(decay_groups(model, 0.25), lr=0.5).step()
    assert model.weight.item() == 1 - 0.5 * 2 * 0.25 * 1
    assert model.bias.item() == 1


@pytest.mark.parametrize("l2", [-1e-9, math.inf, math.nan])
def test_refuses_strength(l2):
    with pytest.raises(ValueError, match=f"l2 must be a finite number >= 0, got {l2}"):
        decay_groups(nn.Linear(1, 1), l2)


def test_lazy_layers_are_refused():
    model = nn.Sequential(nn.LazyLinear(3), nn.Linear(3, 1))
    with pytest.raises(ValueError, match="model must have run once, got lazy parameters in Seq"):
        decay_groups(model, 0.25)
    model(torch.ones(2, 5))
    assert [len(g["params"]) for g in decay_groups(model, 0.25)] == [2, 2]
