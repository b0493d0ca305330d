import keras
import numpy as np
import pytest

from snippets.keras.monte_carlo_dropout import monte_carlo_dropout
from tests.keras_backend import array

layers = keras.layers


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(8),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Dense(3),
        ]
    )


@pytest.fixture
def x():
    return np.random.default_rng(1).normal(size=(5, 4)).astype("float32")


def test_mean_over_all_masks_of_one_softmax_layer():
    # Two units, so four masks of equal chance; many rows of them stand for many samples.
    weight = np.array([[1.0, -1.0], [0.5, 0.3]], "float32")
    model = keras.Sequential(
        [keras.Input((2,)), layers.Dropout(0.5, seed=0), layers.Dense(2, use_bias=False)]
    )
    model.set_weights([weight])
    masks = np.array([[0.0, 0.0], [0.0, 2.0], [2.0, 0.0], [2.0, 2.0]])
    z = np.exp(masks * [1.0, 2.0] @ weight)
    expected = z / z.sum(1, keepdims=True)
    rows = np.tile(np.array([[1.0, 2.0]], "float32"), (200, 1))
    mean, spread = map(array, monte_carlo_dropout(model, rows, samples=30))
    assert mean.shape == spread.shape == (200, 2)
    np.testing.assert_allclose(mean.mean(0), expected.mean(0), atol=0.02)
    np.testing.assert_allclose(spread.mean(0), expected.std(0), atol=0.02)


def test_one_sample_is_one_answer(model, x):
    mean, spread = monte_carlo_dropout(model, x, samples=1)
    np.testing.assert_allclose(array(mean).sum(1), 1, rtol=1e-6)
    assert not array(spread).any()


def test_only_dropout_drops_and_nothing_is_changed(model, x):
    before = [array(w).copy() for w in model.weights]
    _, spread = monte_carlo_dropout(model, x, samples=10)
    assert (array(spread) > 0).all()
    for weight, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(array(weight), value)


@pytest.mark.parametrize("samples", [0, -1])
def test_refuses_samples(model, x, samples):
    with pytest.raises(ValueError, match=f"samples must be at least 1, got {samples}"):
        monte_carlo_dropout(model, x, samples=samples)


def test_refuses_other_models(x):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Dropout(0.5)(inputs))
    with pytest.raises(TypeError, match=r"model must be a keras.Sequential, got Functional"):
        monte_carlo_dropout(model, x)


def test_refuses_model_without_dropout(x):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="only")])
    with pytest.raises(ValueError, match=r"model must contain a Dropout layer, got \['only'\]"):
        monte_carlo_dropout(model, x)
