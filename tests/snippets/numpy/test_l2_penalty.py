import math

import numpy as np
import pytest

from snippets.numpy.l2_penalty import l2_gradient, l2_penalty


def test_value_and_gradient_by_hand():
    weights = [np.array([[1.0, -2.0], [0.0, 3.0]]), np.array([0.5])]
    assert l2_penalty(weights, 0.01) == pytest.approx(0.01 * (1 + 4 + 0 + 9 + 0.25), rel=1e-15)
    first, second = l2_gradient(weights, 0.01)
    np.testing.assert_allclose(first, [[0.02, -0.04], [0.0, 0.06]], rtol=1e-15)
    np.testing.assert_allclose(second, [0.01], rtol=1e-15)


def test_gradient_is_the_slope_of_the_value():
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=(3, 4)), rng.normal(size=(4, 2))]
    gradient = l2_gradient(weights, 0.7)
    for k, array in enumerate(weights):
        for index in np.ndindex(array.shape):
            step = np.zeros_like(array)
            step[index] = 1e-3
            up = [w + step if i == k else w for i, w in enumerate(weights)]
            down = [w - step if i == k else w for i, w in enumerate(weights)]
            slope = (l2_penalty(up, 0.7) - l2_penalty(down, 0.7)) / 2e-3
            # Exact for a square but for rounding.
            assert gradient[k][index] == pytest.approx(slope, rel=1e-9, abs=1e-11)


def test_large_weights_pay_more():
    def saving(before: float, after: float) -> float:
        return l2_penalty([np.array([before])], 1.0) - l2_penalty([np.array([after])], 1.0)

    assert saving(1.5, 1.4) == pytest.approx(0.29)
    assert saving(0.2, 0.1) == pytest.approx(0.03)


def test_nothing_to_penalize():
    assert l2_penalty([], 0.5) == 0
    assert l2_gradient([], 0.5) == []
    assert l2_penalty([np.ones(3)], 0) == 0


def test_weights_are_left_alone():
    weights = [np.array([1.0, 2.0])]
    l2_gradient(weights, 0.1)[0][0] = 9.0
    np.testing.assert_array_equal(weights[0], [1.0, 2.0])


@pytest.mark.parametrize("function", [l2_penalty, l2_gradient])
class TestRefuses:
    @pytest.mark.parametrize("l2", [-1e-9, math.inf, math.nan])
    def test_strength(self, function, l2):
        with pytest.raises(ValueError, match=rf"l2 must be a finite number >= 0, got {l2}"):
            function([np.ones(2)], l2)

    def test_one_array(self, function):
        with pytest.raises(TypeError, match=r"must be a list of arrays, got an array \(2, 3\)"):
            function(np.ones((2, 3)), 0.1)
