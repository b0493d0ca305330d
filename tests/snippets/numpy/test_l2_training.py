import math

import numpy as np
import pytest

from snippets.numpy.l2_training import train


def test_first_step_by_hand():
    # From zero the penalty has no slope: w1 = lr * 2/n * X'y, b1 = lr * 2 * mean(y).
    features = np.array([[1.0], [3.0]])
    targets = np.array([2.0, 4.0])
    weights, bias = train(features, targets, l2=0.5, lr=0.125, steps=1)
    assert weights[0] == 0.125 * (1 * 2 + 3 * 4)
    assert bias == 0.125 * 2 * 3
    # Second step: w1 = 1.75, b1 = 0.75, errors 0.5 and 2.
    weights, bias = train(features, targets, l2=0.5, lr=0.125, steps=2)
    assert weights[0] == 1.75 - 0.125 * ((1 * 0.5 + 3 * 2) + 2 * 0.5 * 1.75)
    assert bias == 0.75 - 0.125 * 2 * 1.25


def test_minimum_is_the_ridge_solution():
    rng = np.random.default_rng(0)
    features, targets = rng.normal(size=(50, 4)), rng.normal(size=50) + 3
    weights, bias = train(features, targets, l2=0.25, lr=0.25, steps=500)
    centred = features - features.mean(0)
    exact = np.linalg.solve(centred.T @ centred / 50 + 0.25 * np.eye(4), centred.T @ targets / 50)
    np.testing.assert_allclose(weights, exact, rtol=1e-12)
    assert bias == pytest.approx(targets.mean() - features.mean(0) @ exact, rel=1e-12)


def test_arguments_are_left_alone():
    features, targets = np.ones((2, 1)), np.ones(2)
    train(features, targets, steps=3)
    np.testing.assert_array_equal(features, np.ones((2, 1)))
    np.testing.assert_array_equal(targets, np.ones(2))


@pytest.mark.parametrize("l2", [-1.0, math.inf, math.nan])
def test_refuses_strength(l2):
    with pytest.raises(ValueError, match=f"l2 must be a finite number >= 0, got {l2}"):
        train(np.ones((2, 1)), np.ones(2), l2=l2)


@pytest.mark.parametrize("lr", [0.0, -1.0, math.inf, math.nan])
def test_refuses_learning_rate(lr):
    with pytest.raises(ValueError, match=f"lr must be a finite number > 0, got {lr}"):
        train(np.ones((2, 1)), np.ones(2), lr=lr)


def test_refuses_column_of_targets():
    with pytest.raises(ValueError, match=r"targets must have shape \(2,\), got \(2, 1\)"):
        train(np.ones((2, 1)), np.ones((2, 1)))
