import math

import numpy as np
import pytest

from snippets.numpy.gradient_check import numerical_gradient, relative_error


def cubes(w: np.ndarray) -> float:
    return float(np.sum(w**3))


def test_central_not_one_sided():
    # ((w + h)^3 - (w - h)^3) / 2h = 3 w^2 + h^2, and nothing of first order in h
    w = np.array([[1.0, -2.0]])
    slopes = numerical_gradient(cubes, w, 0.125)
    np.testing.assert_allclose(slopes, 3 * w**2 + 0.125**2, rtol=1e-13)


def test_default_step():
    w = np.array([[0.5, -1.0], [2.0, 0.0]])
    np.testing.assert_allclose(numerical_gradient(cubes, w), 3 * w**2, atol=1e-9)


def test_the_point_stays_where_it_was():
    w = np.array([1.0, 2.0])
    seen = []
    numerical_gradient(lambda v: seen.append(v.copy()) or 0.0, w, 0.5)
    assert w.tolist() == [1.0, 2.0]
    assert [v.tolist() for v in seen] == [[1.5, 2.0], [0.5, 2.0], [1.0, 2.5], [1.0, 1.5]]


def test_relative_error_by_hand():
    assert relative_error(np.array([1.0, -3.0]), np.array([1.0, -4.0])) == 0.25
    assert relative_error(np.array([2.0]), np.array([1.0])) == 1.0  # twice is 100 % off


@pytest.mark.parametrize("step", [0.0, -1e-5, math.inf, math.nan])
def test_refuses_step(step):
    with pytest.raises(ValueError, match=f"step must be a finite number > 0, got {step}"):
        numerical_gradient(cubes, np.ones(2), step)


def test_refuses_shapes_that_would_broadcast():
    with pytest.raises(ValueError, match=r"gradient must have shape \(3, 1\), got \(3, 7\)"):
        relative_error(np.ones((3, 7)), np.ones((3, 1)))


def test_refuses_a_reference_without_size():
    with pytest.raises(ValueError, match="reference must have an entry that is not 0"):
        relative_error(np.ones(2), np.zeros(2))
