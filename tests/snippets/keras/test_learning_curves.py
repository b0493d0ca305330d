import math

import keras
import numpy as np
import pytest

from snippets.keras.learning_curves import learning_curves


def rows(seed: int, size: int = 12):
    features = np.random.default_rng(seed).normal(size=(size, 4)).astype("float32")
    return features, np.arange(size) % 3


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(8, "relu"), keras.layers.Dropout(0.5), keras.layers.Dense(3)]
    return keras.Sequential([keras.Input((4,)), *layers])


def test_losses_are_those_of_the_weights_after_the_epoch(model):
    training, validation = rows(0), rows(1, 5)
    curves = learning_curves(model, training, validation, epochs=3)
    assert [len(curve) for curve in curves] == [3, 3]
    for curve, (features, labels) in zip(curves, (training, validation), strict=True):
        loss = model.evaluate(features, labels, verbose=0)  # without dropout
        assert curve[-1] == pytest.approx(loss, rel=1e-5)


def test_learns_the_training_rows():
    keras.utils.set_random_seed(0)
    layers = [keras.Input((4,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(3)]
    model = keras.Sequential(layers)
    training, validation = learning_curves(model, rows(0), rows(1), lr=0.1, epochs=80)
    assert training[-1] < 0.1 * training[0]
    assert validation[-1] > validation[0]  # random labels: nothing to know of new rows


@pytest.mark.parametrize("lr", [0.0, -1.0, math.inf, math.nan])
def test_refuses_learning_rate(model, lr):
    with pytest.raises(ValueError, match=f"lr must be a finite number > 0, got {lr}"):
        learning_curves(model, rows(0), rows(1), lr=lr)
