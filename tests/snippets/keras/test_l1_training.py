import math

import numpy as np
import pytest

from snippets.keras.l1_training import train


def test_first_two_steps_by_hand():
    features = np.array([[1.0], [3.0]])
    targets = np.array([2.0, 4.0])
    weights, bias = train(features, targets, l1=0.5, lr=0.125, steps=1)
    assert weights.tolist() == [0.125 * (1 * 2 + 3 * 4) - 0.125 * 0.5]
    assert bias == 0.125 * 2 * 3
    # Predictions 2.4375 and 5.8125, so errors 0.4375 and 1.8125.
    weights, bias = train(features, targets, l1=0.5, lr=0.125, steps=2)
    assert weights.tolist() == [1.6875 - 0.125 * (1 * 0.4375 + 3 * 1.8125) - 0.125 * 0.5]
    assert bias == 0.75 - 0.125 * 2 * 1.125


def test_weights_below_the_threshold_are_exactly_zero():
    features = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    targets = np.array([2.0, -2.0, 0.25, -0.25])
    # One weight alone: 1/2 * (w - a)^2 + l1 * |w|, so it is S(a, l1).
    weights, bias = train(features, targets, l1=0.5, lr=0.5, steps=100)
    assert weights.tolist() == [1.5, 0.0]
    assert bias == 0.0


@pytest.mark.parametrize("l1", [-1.0, math.inf, math.nan])
def test_refuses_strength(l1):
    with pytest.raises(ValueError, match=f"l1 must be a finite number >= 0, got {l1}"):
        train(np.ones((2, 1)), np.ones(2), l1=l1)


@pytest.mark.parametrize("lr", [0.0, -1.0, math.inf, math.nan])
def test_refuses_learning_rate(lr):
    with pytest.raises(ValueError, match=f"lr must be a finite number > 0, got {lr}"):
        train(np.ones((2, 1)), np.ones(2), lr=lr)


def test_refuses_column_of_targets():
    with pytest.raises(ValueError, match=r"targets must have shape \(2,\), got \(2, 1\)"):
        train(np.ones((2, 1)), np.ones((2, 1)))
