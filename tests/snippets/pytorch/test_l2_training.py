import math

import pytest
import torch

from snippets.pytorch.l2_training import train


def test_first_two_steps_by_hand():
    features = torch.tensor([[1.0], [3.0]])
    targets = torch.tensor([2.0, 4.0])
    weights, bias = train(features, targets, l2=0.5, lr=0.125, steps=1)
    assert weights.tolist() == [0.125 * (1 * 2 + 3 * 4)]
    assert bias == 0.125 * 2 * 3
    weights, bias = train(features, targets, l2=0.5, lr=0.125, steps=2)
    assert weights.tolist() == [1.75 - 0.125 * ((1 * 0.5 + 3 * 2) + 2 * 0.5 * 1.75)]
    assert bias == 0.75 - 0.125 * 2 * 1.25


def test_keeps_the_dtype_and_needs_no_gradient():
    weights, _ = train(torch.ones(2, 3, dtype=torch.float64), torch.ones(2).double(), steps=1)
    assert weights.dtype == torch.float64
    assert not weights.requires_grad


@pytest.mark.parametrize("l2", [-1.0, math.inf, math.nan])
def test_refuses_strength(l2):
    with pytest.raises(ValueError, match=f"l2 must be a finite number >= 0, got {l2}"):
        train(torch.ones(2, 1), torch.ones(2), l2=l2)


@pytest.mark.parametrize("lr", [0.0, -1.0, math.inf, math.nan])
def test_refuses_learning_rate(lr):
    with pytest.raises(ValueError, match=f"lr must be a finite number > 0, got {lr}"):
        train(torch.ones(2, 1), torch.ones(2), lr=lr)


def test_refuses_column_of_targets():
    with pytest.raises(ValueError, match=r"targets must have shape \(2,\), got \(2, 1\)"):
        train(torch.ones(2, 1), torch.ones(2, 1))
