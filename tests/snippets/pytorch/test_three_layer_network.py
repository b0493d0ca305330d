import math

import pytest
import torch
from torch import nn

from snippets.pytorch.three_layer_network import make_network, train_step


def test_layers():
    network = make_network(4, 6, 5, 3)
    shapes = [tuple(p.shape) for p in network.parameters()]
    assert shapes == [(6, 4), (6,), (5, 6), (5,), (3, 5), (3,)]
    assert [type(layer) for layer in network] == 3 * [nn.Linear, nn.Sigmoid]


def test_one_step_by_hand():
    network = make_network(1, 1, 1, 1)
    for p in network.parameters():
        nn.init.zeros_(p)
    # a3 = 1/2, y = 1: only the last layer moves, since W3 = 0 stops the error
    cost, gradients = train_step(network, torch.ones(2, 1), torch.ones(2, 1), lr=2.0)
    assert cost == 0.125
    assert [g.item() for g in gradients] == [0, 0, 0, 0, -0.0625, -0.125]
    assert [p.item() for p in network.parameters()] == [0, 0, 0, 0, 0.125, 0.25]


@pytest.mark.parametrize("lr", [0.0, -1.0, math.inf, math.nan])
def test_refuses_learning_rate(lr):
    with pytest.raises(ValueError, match=f"lr must be a finite number > 0, got {lr}"):
        train_step(make_network(1, 1, 1, 1), torch.ones(2, 1), torch.ones(2, 1), lr)


def test_refuses_targets():
    with pytest.raises(ValueError, match=r"y must have shape \(2, 1\), got \(2,\)"):
        train_step(make_network(1, 1, 1, 1), torch.ones(2, 1), torch.ones(2), 0.1)
