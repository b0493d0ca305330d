import math

import pytest
import torch

from snippets.pytorch.group_lasso import group_lasso_penalty


def test_by_hand():
    weight = torch.tensor([[3.0, 0.0, 0.0], [4.0, 0.0, 2.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    weight.requires_grad_()
    penalty = group_lasso_penalty(weight, 0.5)
    assert (penalty.shape, penalty.item()) == ((), 7.0)
    penalty.backward()
    expected = torch.tensor([[0.6, 0, 0], [0.8, 0, 1], [0, 0, 0], [0, 0, 0]])
    torch.testing.assert_close(weight.grad, expected)  # 0, not nan, for the zero group


@pytest.mark.parametrize("strength", [-1e-9, math.inf, math.nan])
def test_refuses_strength(strength):
    with pytest.raises(ValueError, match=f"strength must be .* >= 0, got {strength}"):
        group_lasso_penalty(torch.ones(2, 2), strength)


def test_refuses_vector():
    with pytest.raises(ValueError, match=r"shape \(outputs, inputs\), got \(3,\)"):
        group_lasso_penalty(torch.ones(3), 0.1)
