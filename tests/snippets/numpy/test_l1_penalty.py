import math

import numpy as np
import pytest

from snippets.numpy.l1_penalty import l1_penalty, l1_subgradient


def test_value_and_subgradient_by_hand():
    weights = [np.array([[1.0, -2.0], [0.0, 3.0]]), np.array([0.5])]
    assert l1_penalty(weights, 0.01) == pytest.approx(0.01 * (1 + 2 + 0 + 3 + 0.5), rel=1e-15)
    first, second = l1_subgradient(weights, 0.01)
    assert first.tolist() == [[0.01, -0.01], [0.0, 0.01]]
    assert second.tolist() == [0.01]


def test_subgradient_is_the_slope_away_from_zero():
    rng = np.random.default_rng(0)
    array = rng.normal(size=(3, 4))
    (slope,) = l1_subgradient([array], 0.7)
    for index in np.ndindex(array.shape):
        step = np.zeros_like(array)
        step[index] = 1e-4
        difference = l1_penalty([array + step], 0.7) - l1_penalty([array - step], 0.7)
        assert slope[index] == pytest.approx(difference / 2e-4, rel=1e-9)


def test_every_weight_pays_the_same():
    def saving(before: float, after: float) -> float:
        return l1_penalty([np.array([before])], 1.0) - l1_penalty([np.array([after])], 1.0)

    assert saving(1.5, 1.4) == pytest.approx(saving(0.2, 0.1)) == pytest.approx(0.1)


def test_nothing_to_penalize():
    assert l1_penalty([], 0.5) == 0
    assert l1_subgradient([], 0.5) == []
    assert l1_penalty([np.ones(3)], 0) == 0


def test_weights_are_left_alone():
    weights = [np.array([1.0, 2.0])]
    l1_subgradient(weights, 0.1)[0][0] = 9.0
    np.testing.assert_array_equal(weights[0], [1.0, 2.0])


@pytest.mark.parametrize("function", [l1_penalty, l1_subgradient])
class TestRefuses:
    @pytest.mark.parametrize("l1", [-1e-9, math.inf, math.nan])
    def test_strength(self, function, l1):
        with pytest.raises(ValueError, match=rf"l1 must be a finite number >= 0, got {l1}"):
            function([np.ones(2)], l1)

    def test_one_array(self, function):
        with pytest.raises(TypeError, match=r"must be a list of arrays, got an array \(2, 3\)"):
            function(np.ones((2, 3)), 0.1)
