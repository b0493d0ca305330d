import math

import numpy as np
import pytest

from snippets.numpy.weight_decay import decay_weights


def test_every_weight_loses_the_same_fraction_in_place():
    weights = [np.array([[1.0, -2.0], [0.0, 3.0]]), np.array([4.0])]
    decay_weights(weights, lr=0.5, weight_decay=0.25)
    np.testing.assert_array_equal(weights[0], [[0.875, -1.75], [0.0, 2.625]])
    np.testing.assert_array_equal(weights[1], [3.5])


@pytest.mark.parametrize(("lr", "weight_decay"), [(0.0, 0.5), (0.5, 0.0)])
def test_without_rate_or_decay_nothing_changes(lr, weight_decay):
    w = np.array([2.0, -1.0])
    decay_weights([w], lr, weight_decay)
    np.testing.assert_array_equal(w, [2.0, -1.0])


def test_the_largest_decay_leaves_nothing():
    w = np.array([2.0, -1.0])
    decay_weights([w], lr=0.25, weight_decay=4.0)
    np.testing.assert_array_equal(w, [0.0, 0.0])


@pytest.mark.parametrize(
    ("lr", "weight_decay"),
    [(-0.1, 0.1), (0.1, -0.1), (math.nan, 0.1), (0.1, math.inf), (0.5, 2.1)],
)
def test_bad_numbers_are_refused_before_anything_changes(lr, weight_decay):
    w = np.ones(2)
    with pytest.raises(ValueError, match=f"product <= 1, got {lr} and {weight_decay}"):
        decay_weights([w], lr, weight_decay)
    np.testing.assert_array_equal(w, [1.0, 1.0])


def test_a_lone_array_is_refused():
    with pytest.raises(TypeError, match=r"list of arrays, got an array \(2, 3\)"):
        decay_weights(np.ones((2, 3)), 0.1, 0.1)


def test_a_number_among_the_arrays_is_refused_before_anything_changes():
    w = np.ones(2)
    with pytest.raises(TypeError, match=r"weights must be arrays, got np.float64\(1"):
        decay_weights([w, w[0]], 0.1, 0.1)
    np.testing.assert_array_equal(w, [1.0, 1.0])
