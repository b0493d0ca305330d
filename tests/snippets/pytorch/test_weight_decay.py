import math

import pytest
import torch

from snippets.pytorch.weight_decay import decay_weights


def test_every_weight_loses_the_same_fraction_in_place():
    weights = [
        torch.tensor([[1.0, -2.0], [0.0, 3.0]], requires_grad=True),
        torch.tensor([4.0], requires_grad=True),
    ]
    decay_weights((w for w in weights), lr=0.5, weight_decay=0.25)
    assert weights[0].tolist() == [[0.875, -1.75], [0.0, 2.625]]
    assert weights[1].tolist() == [3.5]


@pytest.mark.parametrize(("lr", "weight_decay"), [(0.0, 0.5), (0.5, 0.0)])
def test_without_rate_or_decay_nothing_changes(lr, weight_decay):
    w = torch.tensor([2.0, -1.0])
    decay_weights([w], lr, weight_decay)
    assert w.tolist() == [2.0, -1.0]


def test_neither_gradient_nor_graph_notices():
    w = torch.ones(2, requires_grad=True)
    w.square().sum().backward()
    decay_weights([w], lr=0.5, weight_decay=0.5)
    assert w.grad.tolist() == [2.0, 2.0]
    assert w.is_leaf
    assert w.requires_grad
    assert w.grad_fn is None


@pytest.mark.parametrize(
    ("lr", "weight_decay"),
    [(-0.1, 0.1), (0.1, -0.1), (math.nan, 0.1), (0.1, math.inf), (0.5, 2.1)],
)
def test_bad_numbers_are_refused_before_anything_changes(lr, weight_decay):
    w = torch.ones(2)
    with pytest.raises(ValueError, match=f"product <= 1, got {lr} and {weight_decay}"):
        decay_weights([w], lr, weight_decay)
    assert w.tolist() == [1.0, 1.0]


def test_a_lone_tensor_is_refused():
    with pytest.raises(TypeError, match=r"list of tensors, got a tensor \(2, 3\)"):
        decay_weights(torch.ones(2, 3), 0.1, 0.1)


def test_all_may_go_at_once():
    w = torch.tensor([2.0, -1.0])
    decay_weights([w], lr=0.5, weight_decay=2.0)
    assert w.tolist() == [0.0, 0.0]
