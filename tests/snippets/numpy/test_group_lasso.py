import math

import numpy as np
import pytest

from snippets.numpy.group_lasso import group_lasso_penalty, group_lasso_subgradient


def test_by_hand():
    weights = np.array([[3.0, 0.0, 4.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, 0.0]])
    assert group_lasso_penalty(weights, 0.5) == 0.5 * 2 * (5 + 0 + 2)
    expected = [[0.6, 0, 0.8, 0], [0, 0, 0, 0], [0, 1, 0, 0]]
    np.testing.assert_allclose(group_lasso_subgradient(weights, 0.5), expected, rtol=1e-15)


def test_subgradient_is_the_slope():
    weights = np.random.default_rng(0).normal(size=(4, 3))
    slope = group_lasso_subgradient(weights, 0.7)
    for index in np.ndindex(weights.shape):
        step = np.zeros_like(weights)
        step[index] = 1e-5
        difference = group_lasso_penalty(weights + step, 0.7) - group_lasso_penalty(
            weights - step, 0.7
        )
        assert slope[index] == pytest.approx(difference / 2e-5, abs=1e-9)


def test_one_output_is_l1():
    weights = np.array([[1.0], [-2.0], [0.0]])
    assert group_lasso_penalty(weights, 0.5) == 1.5
    assert group_lasso_subgradient(weights, 0.5).tolist() == [[0.5], [-0.5], [0.0]]


@pytest.mark.parametrize("function", [group_lasso_penalty, group_lasso_subgradient])
class TestRefuses:
    @pytest.mark.parametrize("strength", [-1e-9, math.inf, math.nan])
    def test_strength(self, function, strength):
        with pytest.raises(ValueError, match=f"strength must be .* >= 0, got {strength}"):
            function(np.ones((2, 2)), strength)

    def test_vector(self, function):
        with pytest.raises(ValueError, match=r"shape \(inputs, outputs\), got \(3,\)"):
            function(np.ones(3), 0.1)
