import random

import keras
import numpy as np
import pytest

from snippets.keras.tune_strength import tune


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(80, 5)).astype("float32")
    labels = (features[:, 0] + rng.normal(size=80) > 0).astype(int)
    return (features[:40], labels[:40]), (features[40:], labels[40:])


def train(rows, l2: float, epochs: int) -> list[float]:
    """Validation cross-entropy after each epoch, without the tuner."""
    training, validation = rows
    keras.utils.set_random_seed(0)
    penalty = keras.regularizers.l2(l2)
    hidden = keras.layers.Dense(32, "relu", kernel_regularizer=penalty)
    model = keras.Sequential([hidden, keras.layers.Dense(2, kernel_regularizer=penalty)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    metric = keras.metrics.SparseCategoricalCrossentropy(from_logits=True, name="bare")
    model.compile(keras.optimizers.Adam(0.03), loss, metrics=[metric])
    history = model.fit(
        *training, validation_data=validation, batch_size=40, epochs=epochs, verbose=0
    )
    return history.history["val_bare"]


def test_scores_are_the_cross_entropy_at_each_strength(rows, tmp_path):
    found = tune(*rows, folder=str(tmp_path), trials=2, epochs=4)
    assert any(tmp_path.rglob("trial.json")), "it writes where it is told to"
    strengths, scores = zip(*found, strict=True)
    assert len(set(strengths)) == 2
    assert all(1e-5 <= l2 <= 1 for l2 in strengths)
    assert min(strengths) < 0.01  # a linear scale would rarely give it
    assert list(scores) == sorted(scores)
    for l2, score in found:
        assert score == pytest.approx(min(train(rows, l2, 4)), rel=1e-4)


def test_seed_decides_and_old_trials_do_not(rows, tmp_path):
    random.seed(1)
    first = tune(*rows, folder=str(tmp_path), trials=1, epochs=1)
    random.seed(2)  # Keras Tuner would draw from here without a seed
    again = tune(*rows, folder=str(tmp_path), trials=1, epochs=1)
    other = tune(*rows, folder=str(tmp_path), trials=1, epochs=1, seed=2)
    assert first == again
    assert {l2 for l2, _ in first} != {l2 for l2, _ in other}


@pytest.mark.parametrize(("name", "value"), [("trials", 0), ("seed", 0), ("seed", -1)])
def test_refuses(rows, tmp_path, name, value):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got {value}"):
        tune(*rows, folder=str(tmp_path), **{name: value})
