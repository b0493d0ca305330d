import math

import pytest
import torch
from torch import nn

from snippets.pytorch.strength_per_layer import make_network, strength_groups


def test_network():
    model = make_network([4, 5, 6, 3])
    kinds = [type(m) for m in model]
    assert kinds == [nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Linear]
    assert model(torch.zeros(2, 4)).shape == (2, 3)


def test_groups_take_every_parameter_once():
    model = make_network([4, 5, 6, 3])
    groups = strength_groups(model, [0.5, 0.25, 0.0])
    assert [g["weight_decay"] for g in groups] == [1.0, 0.5, 0.0, 0.0]
    shapes = [[tuple(p.shape) for p in g["params"]] for g in groups]
    assert shapes == [[(5, 4)], [(6, 5)], [(3, 6)], [(5,), (6,), (3,)]]


def test_layers_without_bias():
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 1, bias=False))
    groups = strength_groups(model, [0.5, 0.25])
    assert groups[-1] == {"params": [], "weight_decay": 0.0}
    torch.optim.SGD(groups, lr=0.5).step()


def test_one_step_by_hand():
    model = make_network([1, 1, 1])
    for p in model.parameters():
        nn.init.ones_(p)
        p.grad = torch.zeros_like(p)
    torch.optim.SGD(strength_groups(model, [0.5, 0.25]), lr=0.5).step()
    assert [p.item() for p in model.parameters()] == [1 - 0.5 * 1, 1, 1 - 0.5 * 0.5, 1]


@pytest.mark.parametrize("strengths", [[], [0.1], [0.1, 0.2, 0.3]])
def test_refuses_another_number_of_strengths(strengths):
    message = f"strengths must be 2 numbers, got {len(strengths)}"
    with pytest.raises(ValueError, match=message):
        strength_groups(make_network([4, 5, 3]), strengths)


@pytest.mark.parametrize("l2", [-1e-9, math.inf, math.nan])
def test_refuses_strength(l2):
    with pytest.raises(ValueError, match=f"strengths must be finite and >= 0, got {l2}"):
        strength_groups(make_network([4, 5, 3]), [0.1, l2])


def test_refuses_a_parameter_elsewhere():
    model = nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2))
    with pytest.raises(ValueError, match=r"must be in linear layers, got 1\.weight"):
        strength_groups(model, [0.1])


def test_a_network_may_have_one_layer():
    assert [type(part) for part in make_network([2, 3])] == [nn.Linear]
