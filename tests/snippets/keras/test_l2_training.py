import math

import numpy as np
import pytest

from snippets.keras.l2_training import train


def test_first_two_steps_by_hand():
    features = np.array([[1.0], [3.0]])
    targets = np.array([2.0, 4.0])
    weights, bias = train(features, targets, l2=0.5, lr=0.125, steps=1)
    assert weights.tolist() == [0.125 * (1 * 2 + 3 * 4)]
    assert bias == 0.125 * 2 * 3
    weights, bias = train(features, targets, l2=0.5, lr=0.125, steps=2)
    assert weights.tolist() == [1.75 - 0.125 * ((1 * 0.5 + 3 * 2) + 2 * 0.5 * 1.75)]
    assert bias == 0.75 - 0.125 * 2 * 1.25


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
