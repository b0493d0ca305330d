import math

import keras
import numpy as np
import pytest

from snippets.keras.soft_threshold import SoftThreshold
from tests.keras_backend import array


def test_by_hand():
    weights = np.array([[3.0, 0.5], [-0.5, -3.0], [1.0, 0.0]])
    result = np.asarray(SoftThreshold(1.0)(weights))
    assert result.tolist() == [[2.0, 0.0], [0.0, -2.0], [0.0, 0.0]]


def test_equals_keras():
    weights = np.random.default_rng(0).normal(size=1000).astype("float32")
    ours = np.asarray(SoftThreshold(0.25)(weights))
    np.testing.assert_array_equal(ours, keras.ops.soft_shrink(weights, 0.25))
    assert 100 < (ours == 0).sum() < 300


def test_layer_applies_it_after_each_update():
    layer = keras.layers.Dense(
        1, kernel_initializer="ones", bias_initializer="ones", kernel_constraint=SoftThreshold(0.25)
    )
    model = keras.Sequential([keras.Input((1,)), layer])
    model.compile(optimizer=keras.optimizers.SGD(0.125), loss="mean_squared_error")
    model.fit(np.array([[1.0]]), np.array([[0.0]]), verbose=0)
    # Prediction 2, both gradients 4: 1 - 0.5 each, and the threshold from the kernel alone.
    assert [array(layer.kernel)[0, 0], array(layer.bias)[0]] == [0.25, 0.5]


# Keras itself: keras.src.backend.tensorflow.core.convert_to_numpy calls np.array(variable).
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")
def test_saved_and_loaded(tmp_path):
    layer = keras.layers.Dense(1, kernel_constraint=SoftThreshold(0.25))
    keras.Sequential([keras.Input((3,)), layer]).save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(model.layers[0].kernel_constraint, SoftThreshold)
    assert model.layers[0].kernel_constraint.threshold == 0.25


@pytest.mark.parametrize("threshold", [-1e-9, math.inf, math.nan])
def test_refuses_threshold(threshold):
    message = f"threshold must be a finite number >= 0, got {threshold}"
    with pytest.raises(ValueError, match=message):
        SoftThreshold(threshold)
