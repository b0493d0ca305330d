import math

import keras
import pytest

from snippets.keras.weight_decay import decay_weights


def test_every_weight_loses_the_same_fraction_in_place():
    weights = [keras.Variable([[1.0, -2.0], [0.0, 3.0]]), keras.Variable([4.0])]
    decay_weights(weights, lr=0.5, weight_decay=0.25)
    assert weights[0].numpy().tolist() == [[0.875, -1.75], [0.0, 2.625]]
    assert weights[1].numpy().tolist() == [3.5]


@pytest.mark.parametrize(("lr", "weight_decay"), [(0.0, 0.5), (0.5, 0.0)])
def test_without_rate_or_decay_nothing_changes(lr, weight_decay):
    w = keras.Variable([2.0, -1.0])
    decay_weights([w], lr, weight_decay)
    assert w.numpy().tolist() == [2.0, -1.0]


@pytest.mark.parametrize(
    ("lr", "weight_decay"),
    [(-0.1, 0.1), (0.1, -0.1), (math.nan, 0.1), (0.1, math.inf), (0.5, 2.1)],
)
def test_bad_numbers_are_refused_before_anything_changes(lr, weight_decay):
    w = keras.Variable([1.0, 1.0])
    with pytest.raises(ValueError, match=f"product <= 1, got {lr} and {weight_decay}"):
        decay_weights([w], lr, weight_decay)
    assert w.numpy().tolist() == [1.0, 1.0]


def test_a_lone_variable_is_refused():
    with pytest.raises(TypeError, match="list of variables, got 'kernel'"):
        decay_weights(keras.Variable([[1.0, 2.0]], name="kernel"), 0.1, 0.1)
