import math

import numpy as np
import pytest

from snippets.numpy.group_lasso import group_lasso_penalty
from snippets.numpy.group_threshold import group_threshold
from snippets.numpy.soft_threshold import soft_threshold


def test_by_hand():
    weights = np.array([[3.0, 0, 4, 0], [0.5, 0.5, 0.5, 0.5], [0, 0, 0, 0], [0, 4, 0, 0]])
    result = group_threshold(weights, 1.25)  # takes 1.25 * sqrt(4) from the norms 5, 1, 0, 4
    assert result.tolist() == [[1.5, 0, 2, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 1.5, 0, 0]]
    assert weights[0, 0] == 3.0


def test_is_the_minimum_it_says():
    rng = np.random.default_rng(0)
    start = rng.normal(size=(6, 3))
    best = group_threshold(start, 0.6)
    assert 0 < (best == 0).all(1).sum() < 6

    def value(weights: np.ndarray) -> float:
        return 0.5 * float(np.square(weights - start).sum()) + group_lasso_penalty(weights, 0.6)

    for _ in range(500):
        assert value(best + 1e-3 * rng.normal(size=best.shape)) > value(best)


def test_one_output_is_the_soft_threshold():
    weights = np.random.default_rng(0).normal(size=(50, 1))
    np.testing.assert_allclose(group_threshold(weights, 0.5), soft_threshold(weights, 0.5))


def test_no_threshold_changes_nothing():
    weights = np.array([[1.5, -0.25], [0.0, 0.0]])
    np.testing.assert_array_equal(group_threshold(weights, 0), weights)


@pytest.mark.parametrize("threshold", [-1e-9, math.inf, math.nan])
def test_refuses_threshold(threshold):
    with pytest.raises(ValueError, match=f"threshold must be .* >= 0, got {threshold}"):
        group_threshold(np.ones((2, 2)), threshold)


def test_refuses_vector():
    with pytest.raises(ValueError, match=r"shape \(inputs, outputs\), got \(3,\)"):
        group_threshold(np.ones(3), 0.1)
