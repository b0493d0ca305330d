import math

import keras
import numpy as np
import pytest

from snippets.keras.l2_penalty import L2Penalty
from tests.keras_backend import array


@pytest.mark.parametrize("shape", [(3,), (3, 4), (2, 3, 4)])
def test_equals_keras(shape):
    weights = np.random.default_rng(0).normal(size=shape).astype("float32")
    ours = float(L2Penalty(0.03)(weights))
    assert ours == pytest.approx(float(keras.regularizers.L2(0.03)(weights)), rel=1e-7)


def test_value_by_hand():
    assert float(L2Penalty(0.01)(np.array([[1.0, -2.0], [0.0, 3.0]]))) == pytest.approx(0.14)


def test_layer_puts_it_into_the_losses():
    layer = keras.layers.Dense(
        1, kernel_initializer="ones", bias_initializer="ones", kernel_regularizer=L2Penalty(0.5)
    )
    model = keras.Sequential([keras.Input((3,)), layer])
    assert [array(loss) for loss in model.losses] == [0.5 * 3]  # the bias is not counted


# Keras itself: keras.src.backend.tensorflow.core.convert_to_numpy calls np.array(variable).
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")
def test_saved_and_loaded(tmp_path):
    layer = keras.layers.Dense(1, kernel_regularizer=L2Penalty(0.25))
    keras.Sequential([keras.Input((3,)), layer]).save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(model.layers[0].kernel_regularizer, L2Penalty)
    assert model.layers[0].kernel_regularizer.l2 == 0.25


@pytest.mark.parametrize("l2", [-1e-9, math.inf, math.nan])
def test_refuses_strength(l2):
    with pytest.raises(ValueError, match=f"l2 must be a finite number >= 0, got {l2}"):
        L2Penalty(l2)
