import math

import pytest
import torch

from snippets.pytorch.group_threshold import group_threshold


def test_by_hand():
    weight = torch.tensor([[3.0, 0.5, 0, 0], [0, 0.5, 0, 4], [4, 0.5, 0, 0], [0, 0.5, 0, 0]])
    result = group_threshold(weight, 1.25)
    assert result.T.tolist() == [[1.5, 0, 2, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 1.5, 0, 0]]
    assert weight[0, 0] == 3.0


def test_no_threshold_changes_nothing():
    weight = torch.tensor([[1.5, 0.0], [-0.25, 0.0]])
    assert torch.equal(group_threshold(weight, 0), weight)


@pytest.mark.parametrize("threshold", [-1e-9, math.inf, math.nan])
def test_refuses_threshold(threshold):
    with pytest.raises(ValueError, match=f"threshold must be .* >= 0, got {threshold}"):
        group_threshold(torch.ones(2, 2), threshold)


def test_refuses_vector():
    with pytest.raises(ValueError, match=r"shape \(outputs, inputs\), got \(3,\)"):
        group_threshold(torch.ones(3), 0.1)


def test_short_columns_shrink_by_the_threshold_too():
    weight = torch.tensor([[0.5, -0.25, 0.0]])  # one output: groups of one
    assert group_threshold(weight, 0.125).tolist() == [[0.375, -0.125, 0.0]]
