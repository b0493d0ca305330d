import math

import keras
import numpy as np
import pytest

from snippets.keras.group_lasso import GroupLasso
from tests.keras_backend import BACKEND, array, gradients


def test_by_hand():
    weights = np.array([[3.0, 0, 4, 0], [0, 0, 0, 0], [0, 2, 0, 0]])
    assert float(GroupLasso(0.5)(weights)) == 7.0


def test_layer_puts_it_into_the_losses():
    layer = keras.layers.Dense(4, kernel_initializer="ones", kernel_regularizer=GroupLasso(0.5))
    model = keras.Sequential([keras.Input((3,)), layer])
    assert [float(keras.ops.convert_to_numpy(loss)) for loss in model.losses] == [0.5 * 2 * 3 * 2]


# XLA divides by the root at 0; TensorFlow's own gradient of a root knows that 0 / 0 is 0 there.
@pytest.mark.parametrize("jit_compile", [False, True] if BACKEND == "tensorflow" else [False])
def test_trains_from_zero_without_nan(jit_compile):
    layer = keras.layers.Dense(2, kernel_initializer="zeros", kernel_regularizer=GroupLasso(0.5))
    model = keras.Sequential([keras.Input((3,)), layer])
    optimizer = keras.optimizers.SGD(0.1)
    model.compile(optimizer, loss="mean_squared_error", jit_compile=jit_compile)
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    assert np.isfinite(layer.get_weights()[0]).all()
    assert (layer.get_weights()[0] > 0).all()


# Keras itself: keras.src.backend.tensorflow.core.convert_to_numpy calls np.array(variable).
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")
def test_saved_and_loaded(tmp_path):
    layer = keras.layers.Dense(1, kernel_regularizer=GroupLasso(0.25))
    keras.Sequential([keras.Input((3,)), layer]).save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(model.layers[0].kernel_regularizer, GroupLasso)
    assert model.layers[0].kernel_regularizer.strength == 0.25


@pytest.mark.parametrize("strength", [-1e-9, math.inf, math.nan])
def test_refuses_strength(strength):
    with pytest.raises(ValueError, match=f"strength must be .* >= 0, got {strength}"):
        GroupLasso(strength)


def test_refuses_vector():
    with pytest.raises(ValueError, match=r"shape \(inputs, outputs\), got \(3,\)"):
        GroupLasso(0.1)(np.ones(3))


def test_short_groups_count_and_a_zero_group_has_no_slope():
    weights = keras.Variable([[0.3, 0.4], [0.0, 0.0]], dtype="float64")
    (slope,) = gradients(lambda: GroupLasso(1.0)(weights), [weights])
    assert float(array(GroupLasso(1.0)(weights))) == pytest.approx(math.sqrt(2) * 0.5)
    expected = [[math.sqrt(2) * 0.6, math.sqrt(2) * 0.8], [0, 0]]
    np.testing.assert_allclose(array(slope), expected, rtol=1e-12)
