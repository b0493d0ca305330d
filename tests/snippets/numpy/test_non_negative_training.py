import math

import numpy as np
import pytest

from snippets.numpy.non_negative_training import train


def test_first_two_steps_by_hand():
    features = np.array([[1.0, 1.0], [3.0, -1.0]])
    targets = np.array([2.0, 4.0])
    # Slopes at 0: -(1 * 2 + 3 * 4) and -(1 * 2 - 1 * 4), the mean of two rows times 2.
    weights, bias = train(features, targets, lr=0.125, steps=1)
    assert weights.tolist() == [0.125 * 14, 0.0]
    assert bias == 0.125 * 2 * 3
    # Predictions 2.5 and 6, so errors 0.5 and 2: slopes 6.5 and -1.5.
    weights, bias = train(features, targets, lr=0.125, steps=2)
    assert weights.tolist() == [1.75 - 0.125 * 6.5, 0.125 * 1.5]
    assert bias == 0.75 - 0.125 * 2 * 1.25


@pytest.mark.parametrize("lr", [0.0, -1.0, math.inf, math.nan])
def test_refuses_learning_rate(lr):
    with pytest.raises(ValueError, match=f"lr must be a finite number > 0, got {lr}"):
        train(np.ones((2, 1)), np.ones(2), lr=lr)


def test_refuses_column_of_targets():
    with pytest.raises(ValueError, match=r"targets must have shape \(2,\), got \(2, 1\)"):
        train(np.ones((2, 1)), np.ones((2, 1)))
