import math

import numpy as np
import pytest

from snippets.numpy.soft_threshold import soft_threshold


def test_by_hand():
    weights = np.array([[3.0, 0.5], [-0.5, -3.0], [1.0, 0.0]])
    result = soft_threshold(weights, 1.0)
    assert result.tolist() == [[2.0, 0.0], [0.0, -2.0], [0.0, 0.0]]
    assert weights[0, 0] == 3.0


def test_is_the_minimum_it_says():
    grid = np.linspace(-3, 3, 60_001)
    for w in (-2.0, -0.3, 0.0, 0.69, 0.71, 1.5):
        value = 0.5 * (grid - w) ** 2 + 0.7 * np.abs(grid)
        expected = grid[value.argmin()]
        assert soft_threshold(np.array([w]), 0.7)[0] == pytest.approx(expected, abs=1e-4)


def test_no_threshold_changes_nothing():
    weights = np.array([1.5, -0.25, 0.0])
    np.testing.assert_array_equal(soft_threshold(weights, 0), weights)


@pytest.mark.parametrize("threshold", [-1e-9, math.inf, math.nan])
def test_refuses_threshold(threshold):
    message = f"threshold must be a finite number >= 0, got {threshold}"
    with pytest.raises(ValueError, match=message):
        soft_threshold(np.ones(2), threshold)
