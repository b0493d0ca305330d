import math

import pytest
import torch

from snippets.pytorch.soft_threshold import soft_threshold


def test_by_hand():
    weights = torch.tensor([[3.0, 0.5], [-0.5, -3.0], [1.0, 0.0]])
    result = soft_threshold(weights, 1.0)
    assert result.tolist() == [[2.0, 0.0], [0.0, -2.0], [0.0, 0.0]]
    assert weights[0, 0] == 3.0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_equals_softshrink(dtype):
    weights = torch.randn(1000, generator=torch.Generator().manual_seed(0)).to(dtype)
    ours = soft_threshold(weights, 0.25)
    assert ours.dtype == dtype
    assert torch.equal(ours, torch.nn.functional.softshrink(weights, 0.25))
    assert 100 < (ours == 0).sum() < 300


@pytest.mark.parametrize("threshold", [-1e-9, math.inf, math.nan])
def test_refuses_threshold(threshold):
    message = f"threshold must be a finite number >= 0, got {threshold}"
    with pytest.raises(ValueError, match=message):
        soft_threshold(torch.ones(2), threshold)
