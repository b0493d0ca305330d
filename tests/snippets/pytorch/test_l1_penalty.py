import math

import pytest
import torch
from torch import nn

from snippets.pytorch.l1_penalty import l1_penalty


@pytest.fixture
def model():
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Linear(2, 1))
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([[1.0, -2.0], [0.0, 3.0]]))
        net[0].bias.fill_(100.0)
        net[2].weight.copy_(torch.tensor([[0.5, 0.0]]))
    return net


def test_value_and_gradient_by_hand(model):
    penalty = l1_penalty(model, 0.01)
    assert penalty.shape == ()
    assert penalty.item() == pytest.approx(0.01 * 6.5)
    penalty.backward()
    torch.testing.assert_close(model[0].weight.grad, torch.tensor([[0.01, -0.01], [0.0, 0.01]]))
    torch.testing.assert_close(model[2].weight.grad, torch.tensor([[0.01, 0.0]]))


def test_biases_and_normalization_stay_free(model):
    l1_penalty(model, 0.01).backward()
    free = [model[0].bias, model[1].weight, model[1].bias, model[2].bias]
    assert all(p.grad is None for p in free)


@pytest.mark.parametrize("l1", [-1e-9, math.inf, math.nan])
def test_refuses_strength(model, l1):
    with pytest.raises(ValueError, match=f"l1 must be a finite number >= 0, got {l1}"):
        l1_penalty(model, l1)


def test_refuses_model_without_weights():
    with pytest.raises(ValueError, match=r"parameter with ndim >= 2, got ReLU\(\)"):
        l1_penalty(nn.ReLU(), 0.1)
