import math

import numpy as np
import pytest

from snippets.numpy.max_norm import max_norm


def test_by_hand():
    weights = np.array([[3.0, 0.3, 0.0, 1.2], [4.0, 0.4, 0.0, 1.6]])  # norms 5, 0.5, 0, 2
    result = max_norm(weights, 2.0)
    np.testing.assert_allclose(result, [[1.2, 0.3, 0, 1.2], [1.6, 0.4, 0, 1.6]], rtol=1e-15)
    assert weights[0, 0] == 3.0


def test_is_the_nearest_point_inside():
    rng = np.random.default_rng(0)
    start = 2 * rng.normal(size=(3, 1))
    found = max_norm(start, 1.0)
    points = rng.normal(size=(3, 5000))
    points /= np.maximum(np.linalg.norm(points, axis=0), 1)
    distances = np.linalg.norm(points - start, axis=0)
    assert np.linalg.norm(start) > 1
    assert np.linalg.norm(found - start) <= distances.min()
    np.testing.assert_array_equal(max_norm(points, 1.0 + 1e-12), points)  # all of them inside


@pytest.mark.parametrize("limit", [0.0, -1.0, math.inf, math.nan])
def test_refuses_limit(limit):
    with pytest.raises(ValueError, match=f"limit must be a finite number > 0, got {limit}"):
        max_norm(np.ones((2, 2)), limit)


def test_refuses_vector():
    with pytest.raises(ValueError, match=r"shape \(inputs, units\), got \(3,\)"):
        max_norm(np.ones(3), 1.0)
