import math

import pytest
import torch

from snippets.pytorch.max_norm import max_norm


def test_by_hand():
    weight = torch.tensor([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0], [1.2, 1.6]])
    expected = torch.tensor([[1.2, 1.6], [0.3, 0.4], [0.0, 0.0], [1.2, 1.6]])
    torch.testing.assert_close(max_norm(weight, 2.0), expected)


def test_equals_renorm():
    weight = torch.randn(40, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    theirs = torch.renorm(weight, p=2, dim=0, maxnorm=2.5)
    ours = max_norm(weight, 2.5)
    assert 5 < (ours != weight).any(1).sum() < 35
    torch.testing.assert_close(ours, theirs, rtol=1e-7, atol=0)  # it divides by norm + 1e-7
    assert not torch.allclose(ours, torch.renorm(weight, p=2, dim=1, maxnorm=2.5), rtol=1e-2)


@pytest.mark.parametrize("limit", [0.0, -1.0, math.inf, math.nan])
def test_refuses_limit(limit):
    with pytest.raises(ValueError, match=f"limit must be a finite number > 0, got {limit}"):
        max_norm(torch.ones(2, 2), limit)


def test_refuses_vector():
    with pytest.raises(ValueError, match=r"shape \(units, inputs\), got \(3,\)"):
        max_norm(torch.ones(3), 1.0)
