import math

import keras
import numpy as np
import pytest

from snippets.keras.dropout_network import make_network, train
from tests.keras_backend import array


@pytest.fixture
def problem():
    keras.utils.set_random_seed(0)
    features = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")
    labels = np.arange(12) % 3
    return make_network(4, 3, hidden=50), features, labels, (features, labels)


def test_dropout_stands_after_each_hidden_layer(problem):
    layers = problem[0].layers
    dense, drop = keras.layers.Dense, keras.layers.Dropout
    assert [type(layer) for layer in layers] == [dense, drop, dense, drop, dense]
    assert [layer.rate for layer in layers if isinstance(layer, drop)] == [0.5, 0.5]
    assert [layer.activation.__name__ for layer in layers[::2]] == ["relu", "relu", "linear"]
    assert problem[0](problem[1]).shape == (12, 3)


def test_losses_are_before_and_after_the_update(problem):
    _, *rest = problem
    history = train(make_network(4, 3, hidden=5, p=0.0), *rest, epochs=3)
    assert sorted(history) == ["loss", "val_loss"]
    assert history["loss"][1:] == pytest.approx(history["val_loss"][:-1], rel=1e-5)


def test_training_drops_and_validation_does_not(problem):
    model, features, labels, _ = problem
    history = train(*problem, epochs=2)
    assert abs(history["loss"][1] - history["val_loss"][0]) > 1e-3
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    without = float(array(loss(labels, model(features, training=False))))
    assert history["val_loss"][-1] == pytest.approx(without, rel=1e-5)


@pytest.mark.parametrize("lr", [0.0, -1.0, math.inf, math.nan])
def test_refuses_learning_rate(problem, lr):
    with pytest.raises(ValueError, match=f"lr must be a finite number > 0, got {lr}"):
        train(*problem, lr=lr)


def test_refuses_rate():
    with pytest.raises(ValueError, match=r"rate=1\.1"):
        make_network(2, 2, p=1.1)
