import math

import pytest
import torch
from torch import nn

from snippets.pytorch.cost_function import cost


@pytest.fixture
def model():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    with torch.no_grad():
        net[0].weight.copy_(torch.eye(2))
        net[0].bias.zero_()
        net[1].weight.copy_(torch.tensor([[2.0, -1.0]]))
        net[1].bias.fill_(0.5)
    return net


def test_by_hand(model):
    features = torch.tensor([[1.0, 2.0], [0.0, -1.0]])  # scores 0.5 and 1.5
    loss, penalty = cost(model, features, torch.tensor([1.0, 0.0]), 0.1)
    expected = (math.log(1 + math.exp(-0.5)) + math.log(1 + math.exp(1.5))) / 2
    assert loss.shape == penalty.shape == ()
    assert loss.item() == pytest.approx(expected, rel=1e-6)
    assert penalty.item() == pytest.approx(0.1 * (2 + 5))
    penalty.backward()
    torch.testing.assert_close(model[1].weight.grad, torch.tensor([[0.4, -0.2]]))
    assert model[0].bias.grad is None
    assert model[1].bias.grad is None


@pytest.mark.parametrize("l2", [-1e-9, math.inf, math.nan])
def test_refuses_strength(model, l2):
    with pytest.raises(ValueError, match=f"l2 must be a finite number >= 0, got {l2}"):
        cost(model, torch.zeros(1, 2), torch.zeros(1), l2)
