import math

import pytest
import torch

from snippets.pytorch.smoothness_penalty import smoothness_penalty

PAIRS = [(0, 1), (1, 2), (2, 3), (0, 3)]


def test_by_hand():
    values = torch.tensor([1.0, 3.0, 3.0, 2.0], requires_grad=True)
    penalty = smoothness_penalty(values, PAIRS, 0.5)
    penalty.backward()
    assert penalty.item() == 3.0
    assert values.grad.tolist() == [-3.0, 2.0, 1.0, 0.0]


def test_columns_add_up():
    values = torch.tensor([[1.0, 0.0], [3.0, 0.0], [3.0, 1.0], [2.0, 1.0]])
    assert smoothness_penalty(values, PAIRS, 0.5).item() == 3.0 + 0.5 * (1 + 1)


@pytest.mark.parametrize("strength", [-1e-9, math.inf, math.nan])
def test_refuses_strength(strength):
    with pytest.raises(ValueError, match=f"strength must be .* >= 0, got {strength}"):
        smoothness_penalty(torch.ones(4), PAIRS, strength)


@pytest.mark.parametrize("pair", [(0, 3), (-1, 0)])
def test_refuses_pair(pair):
    with pytest.raises(ValueError, match=rf"pairs must be in \[0, 3\), got \({pair[0]}, "):
        smoothness_penalty(torch.ones(3), [(0, 1), pair], 0.1)
