import math

import numpy as np
import pytest

from snippets.numpy.smoothness_penalty import smoothness_gradient, smoothness_penalty

PAIRS = [(0, 1), (1, 2), (2, 3), (0, 3)]


def test_by_hand():
    values = np.array([1.0, 3.0, 3.0, 2.0])
    assert smoothness_penalty(values, PAIRS, 0.5) == 0.5 * (4 + 0 + 1 + 1)
    assert smoothness_gradient(values, PAIRS, 0.5).tolist() == [-3.0, 2.0, 1.0, 0.0]


def test_is_the_quadratic_form_of_the_laplacian():
    rng = np.random.default_rng(0)
    pairs = [(i, j) for i in range(8) for j in range(i) if rng.random() < 0.4]
    adjacency = np.zeros((8, 8))
    for i, j in pairs:
        adjacency[i, j] = adjacency[j, i] = 1
    laplacian = np.diag(adjacency.sum(0)) - adjacency
    values = rng.normal(size=8)
    assert smoothness_penalty(values, pairs, 0.3) == pytest.approx(
        0.3 * values @ laplacian @ values, rel=1e-13
    )
    np.testing.assert_allclose(
        smoothness_gradient(values, pairs, 0.3), 0.6 * laplacian @ values, rtol=1e-12, atol=1e-14
    )


def test_constant_and_no_pairs_cost_nothing():
    assert smoothness_penalty(np.full(4, 7.0), PAIRS, 1.0) == 0
    assert smoothness_penalty(np.arange(4.0), [], 1.0) == 0
    assert smoothness_gradient(np.arange(4.0), [], 1.0).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("dtype", [int, np.float32])
def test_the_gradient_of_whole_numbers_has_fractions(dtype):
    gradient = smoothness_gradient(np.array([0, 1, 3], dtype), [(0, 1), (1, 2)], 0.125)
    assert gradient.tolist() == [-0.25, -0.25, 0.5]
    assert gradient.dtype == (np.float32 if dtype is np.float32 else np.float64)


@pytest.mark.parametrize("function", [smoothness_penalty, smoothness_gradient])
class TestRefuses:
    @pytest.mark.parametrize("strength", [-1e-9, math.inf, math.nan])
    def test_strength(self, function, strength):
        with pytest.raises(ValueError, match=f"strength must be .* >= 0, got {strength}"):
            function(np.ones(4), PAIRS, strength)

    @pytest.mark.parametrize("pair", [(0, 3), (-1, 0)])
    def test_pair(self, function, pair):
        with pytest.raises(ValueError, match=rf"pairs must be in \[0, 3\), got \({pair[0]}, "):
            function(np.ones(3), [(0, 1), pair], 0.1)
