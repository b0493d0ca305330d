import math

import pytest
import torch
from torch import nn

from snippets.pytorch.regularized_dense import RegularizedDense, make_network, penalty


def test_shapes_and_order():
    model = make_network(4, 3, hidden=5)
    shapes = [tuple(p.shape) for p in model.parameters()]
    assert shapes == [(5, 4), (5,), (5, 5), (5,), (3, 5), (3,)]
    kinds = [type(m) for m in model]
    assert kinds == [RegularizedDense, nn.ReLU, RegularizedDense, nn.ReLU, RegularizedDense]
    assert model[0].l2 == 0.01
    assert make_network(4, 3, l2=0.5)[4].l2 == 0.5
    assert RegularizedDense(2, 2).l2 == 0.01


def test_value_and_gradient_by_hand():
    layer = RegularizedDense(2, 2, l2=0.25)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, -2.0], [0.0, 3.0]]))
        layer.bias.fill_(7.0)
    value = layer.penalty()
    value.backward()
    assert value.item() == 0.25 * 14
    assert layer.weight.grad.tolist() == [[0.5, -1.0], [0.0, 1.5]]
    assert layer.bias.grad is None


def test_sum_skips_other_layers():
    model = nn.Sequential(RegularizedDense(2, 3, l2=0.5), nn.Linear(3, 3), nn.Linear(3, 1))
    assert penalty(model).item() == pytest.approx(0.5 * model[0].weight.square().sum().item())
    assert penalty(nn.Linear(2, 2)).item() == 0


def test_he_start():
    torch.manual_seed(0)
    layer = RegularizedDense(400, 400)
    assert layer.weight.std().item() == pytest.approx((2 / 400) ** 0.5, rel=0.02)
    assert not layer.bias.any()


@pytest.mark.parametrize("l2", [-1e-9, math.inf, math.nan])
def test_refuses_strength(l2):
    with pytest.raises(ValueError, match=f"l2 must be a finite number >= 0, got {l2}"):
        RegularizedDense(2, 2, l2=l2)
