import math

import keras
import numpy as np
import pytest

from snippets.keras.group_threshold import GroupThreshold


def test_by_hand():
    weights = np.array([[3.0, 0, 4, 0], [0.5, 0.5, 0.5, 0.5], [0, 0, 0, 0], [0, 4, 0, 0]])
    result = keras.ops.convert_to_numpy(GroupThreshold(1.25)(weights))
    assert result.tolist() == [[1.5, 0, 2, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 1.5, 0, 0]]


def test_layer_applies_it_after_each_update():
    layer = keras.layers.Dense(
        4, kernel_initializer="ones", kernel_constraint=GroupThreshold(0.25), use_bias=False
    )
    model = keras.Sequential([keras.Input((1,)), layer])
    model.compile(optimizer=keras.optimizers.SGD(0.5), loss="mean_squared_error")
    model.fit(np.array([[1.0]]), np.zeros((1, 4)), verbose=0)
    # Each slope is 2 / 4, so 1 - 0.25; the norm 1.5 then loses 0.25 * sqrt(4).
    assert layer.get_weights()[0].tolist() == [[0.5, 0.5, 0.5, 0.5]]


# Keras itself: keras.src.backend.tensorflow.core.convert_to_numpy calls np.array(variable).
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")
def test_saved_and_loaded(tmp_path):
    layer = keras.layers.Dense(1, kernel_constraint=GroupThreshold(0.25))
    keras.Sequential([keras.Input((3,)), layer]).save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(model.layers[0].kernel_constraint, GroupThreshold)
    assert model.layers[0].kernel_constraint.threshold == 0.25


@pytest.mark.parametrize("threshold", [-1e-9, math.inf, math.nan])
def test_refuses_threshold(threshold):
    with pytest.raises(ValueError, match=f"threshold must be .* >= 0, got {threshold}"):
        GroupThreshold(threshold)


def test_refuses_vector():
    with pytest.raises(ValueError, match=r"shape \(inputs, outputs\), got \(3,\)"):
        GroupThreshold(0.1)(np.ones(3))


def test_short_groups_shrink_by_the_threshold_too():
    result = keras.ops.convert_to_numpy(GroupThreshold(0.125)(np.array([[0.5], [-0.25]])))
    assert result.tolist() == [[0.375], [-0.125]]
