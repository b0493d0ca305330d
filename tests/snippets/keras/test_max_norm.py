import math

import keras
import numpy as np
import pytest

from snippets.keras.max_norm import max_norm


def test_by_hand():
    weights = np.array([[3.0, 0.3, 0.0, 1.2], [4.0, 0.4, 0.0, 1.6]])
    result = keras.ops.convert_to_numpy(max_norm(2.0)(weights))
    np.testing.assert_allclose(result, [[1.2, 0.3, 0, 1.2], [1.6, 0.4, 0, 1.6]], rtol=1e-6)


@pytest.mark.parametrize("shape", [(6, 4), (3, 6, 4), (3, 3, 6, 4)])
def test_no_unit_is_longer(shape):
    weights = np.random.default_rng(0).normal(size=shape).astype("float32")
    result = keras.ops.convert_to_numpy(max_norm(1.0, kernel_axes=len(shape))(weights))
    norms = np.linalg.norm(result.reshape(-1, 4), axis=0)
    np.testing.assert_allclose(norms, 1.0, rtol=1e-5)


@pytest.mark.parametrize("limit", [0.0, -1.0, math.inf, math.nan])
def test_refuses_limit(limit):
    with pytest.raises(ValueError, match=f"limit must be a finite number > 0, got {limit}"):
        max_norm(limit)


def test_refuses_axes():
    with pytest.raises(ValueError, match="kernel_axes must be at least 2, got 1"):
        max_norm(1.0, kernel_axes=1)


def test_dense_layer_stays_within():
    layer = keras.layers.Dense(5, kernel_constraint=max_norm(0.5))
    model = keras.Sequential([keras.Input((3,)), layer])
    model.compile(optimizer=keras.optimizers.SGD(1.0), loss="mean_squared_error")
    model.fit(np.ones((4, 3)), np.full((4, 5), 9.0), verbose=0)
    np.testing.assert_allclose(np.linalg.norm(layer.get_weights()[0], axis=0), 0.5, rtol=1e-6)
