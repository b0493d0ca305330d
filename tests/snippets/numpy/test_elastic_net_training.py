import math

import numpy as np
import pytest

from snippets.numpy.elastic_net_training import train


def test_first_two_steps_by_hand():
    features = np.array([[1.0], [3.0]])
    targets = np.array([2.0, 4.0])
    # lr * l1 = 0.0625 and 1 + 2 * lr * l2 = 2
    weights, bias = train(features, targets, l1=0.5, l2=4.0, lr=0.125, steps=1)
    assert weights.tolist() == [(0.125 * (1 * 2 + 3 * 4) - 0.0625) / 2]
    assert bias == 0.125 * 2 * 3
    # Predictions 1.59375 and 3.28125, so errors -0.40625 and -0.71875.
    weights, bias = train(features, targets, l1=0.5, l2=4.0, lr=0.125, steps=2)
    assert weights.tolist() == [(0.84375 + 0.125 * (0.40625 + 3 * 0.71875) - 0.0625) / 2]
    assert bias == 0.75 + 0.125 * 2 * (0.40625 + 0.71875) / 2


def test_threshold_and_shrinking_at_the_minimum():
    features = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    targets = np.array([2.0, -2.0, 0.25, -0.25])
    # One weight alone: 1/2 * (w - a)^2 + l1 * |w| + l2 * w^2, so S(a, l1) / (1 + 2 * l2).
    weights, bias = train(features, targets, l1=0.5, l2=0.25, lr=0.5, steps=100)
    assert weights == pytest.approx([1.0, 0.0], abs=1e-15)
    assert weights[1] == 0
    assert bias == 0.0


def test_arguments_are_left_alone():
    features, targets = np.ones((2, 1)), np.ones(2)
    train(features, targets, steps=3)
    np.testing.assert_array_equal(features, np.ones((2, 1)))
    np.testing.assert_array_equal(targets, np.ones(2))


@pytest.mark.parametrize("strength", [-1.0, math.inf, math.nan])
@pytest.mark.parametrize("name", ["l1", "l2"])
def test_refuses_strength(name, strength):
    with pytest.raises(ValueError, match=f"{name} must be a finite number >= 0, got {strength}"):
        train(np.ones((2, 1)), np.ones(2), **{name: strength})


@pytest.mark.parametrize("lr", [0.0, -1.0, math.inf, math.nan])
def test_refuses_learning_rate(lr):
    with pytest.raises(ValueError, match=f"lr must be a finite number > 0, got {lr}"):
        train(np.ones((2, 1)), np.ones(2), lr=lr)


def test_refuses_column_of_targets():
    with pytest.raises(ValueError, match=r"targets must have shape \(2,\), got \(2, 1\)"):
        train(np.ones((2, 1)), np.ones((2, 1)))
