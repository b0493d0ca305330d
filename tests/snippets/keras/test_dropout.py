import keras
import numpy as np
import pytest

import snippets.keras.dropout
from snippets.keras.dropout import Dropout, dropout_mask
from tests.keras_backend import BACKEND, array, gradients

# PyTorch divides by 1 - p where TensorFlow multiplies by 1 / (1 - p): the last bit may differ.
LIMIT = 0 if BACKEND == "tensorflow" else 2e-7


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.9])
def test_same_as_the_own_layer_given_its_mask(p, monkeypatch):
    values = np.random.default_rng(0).normal(size=(40, 50))
    x = keras.Variable(values, dtype="float32")
    mask = keras.layers.Dropout(p, seed=3)(keras.ops.ones_like(x), training=True)
    monkeypatch.setattr(snippets.keras.dropout, "dropout_mask", lambda *_: mask)
    found = []
    for layer in (keras.layers.Dropout(p, seed=3), Dropout(p)):
        (gradient,) = gradients(
            lambda layer=layer: keras.ops.sum(layer(x.value, training=True) ** 2), [x]
        )
        found.append(array(gradient))
    theirs, ours = found
    np.testing.assert_allclose(ours, theirs, rtol=2 * LIMIT)
    assert 0 < np.count_nonzero(ours) < ours.size


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.9])
def test_mask_has_the_two_values_of_the_own_layer(p):
    ones = keras.ops.ones((200, 200))
    mask = array(dropout_mask(ones, p, keras.random.SeedGenerator(0)))
    theirs = array(keras.layers.Dropout(p, seed=0)(ones, training=True))
    np.testing.assert_allclose(np.unique(mask), np.unique(theirs), rtol=LIMIT)
    assert np.unique(mask).tolist() == [0.0, np.float32(1 / (1 - p))]
    assert (mask == 0).mean() == pytest.approx(p, abs=0.02)
    assert len({row.tobytes() for row in mask}) == 200


def test_dtype_and_unknown_batch():
    model = keras.Sequential([keras.Input((5,), dtype="float64"), Dropout(0.5, dtype="float64")])
    dropped = model(np.ones((3, 5)), training=True)
    assert keras.backend.standardize_dtype(dropped.dtype) == "float64"
    assert model.predict_on_batch(np.ones((7, 5))).tolist() == np.ones((7, 5)).tolist()


def test_training_argument():
    x = keras.ops.ones((50, 50))
    layer = Dropout(0.5, seed=1)
    assert np.array_equal(layer(x), x)
    assert np.array_equal(layer(x, training=False), x)
    first, second = layer(x, training=True), layer(x, training=True)
    assert not np.array_equal(first, second)
    assert np.array_equal(Dropout(0.5, seed=1)(x, training=True), first)


def test_saved_and_loaded(tmp_path):
    model = keras.Sequential([keras.Input((4,)), Dropout(0.25, seed=2)])
    model.save(tmp_path / "model.keras")
    layer = keras.saving.load_model(tmp_path / "model.keras").layers[0]
    assert (type(layer), layer.p, layer.seed) == (Dropout, 0.25, 2)


@pytest.mark.parametrize("p", [-0.1, 1.0, 1.1, float("nan")])
def test_refuses_rate(p):
    with pytest.raises(ValueError, match=rf"p must be in \[0, 1\), got {p}"):
        Dropout(p)
