import keras
import numpy as np
import pytest

from snippets.keras.early_stopping import train


def data(rows, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 8)).astype("float32")
    return x, (x[:, 0] + rng.normal(size=rows) > 0).astype("int64")


def network():
    keras.utils.set_random_seed(0)
    layers = [
        keras.Input((8,)),
        keras.layers.Dense(16),
        keras.layers.BatchNormalization(momentum=0.9),
        keras.layers.ReLU(),
        keras.layers.Dense(2),
    ]
    return keras.Sequential(layers)


def test_train_stops_and_restores():
    rows = data(40, 0), data(200, 1)
    model = network()
    losses, best = train(model, *rows, patience=5, lr=0.05)
    assert len(losses) == best + 1 + 5 < 500
    assert losses[best] == min(losses) < losses[-1]
    assert model.evaluate(*rows[1], batch_size=200, verbose=0) == pytest.approx(losses[best])


def test_train_restores_at_the_end_as_well():
    rows = data(40, 0), data(200, 1)
    model = network()
    losses, best = train(model, *rows, patience=100, lr=0.05, epochs=30)
    assert len(losses) == 30 > best + 1
    assert model.evaluate(*rows[1], batch_size=200, verbose=0) == pytest.approx(losses[best])


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("patience", 0, "patience must be >= 1, got 0"),
        ("min_delta", -1.0, "min_delta must be a finite number >= 0, got -1.0"),
        ("min_delta", float("inf"), "min_delta must be a finite number >= 0, got inf"),
        ("lr", 0.0, "lr must be a finite number > 0, got 0.0"),
        ("lr", float("nan"), "lr must be a finite number > 0, got nan"),
    ],
)
def test_refuses(name, value, words):
    with pytest.raises(ValueError, match=words):
        train(network(), data(4, 0), data(4, 1), **{name: value})
