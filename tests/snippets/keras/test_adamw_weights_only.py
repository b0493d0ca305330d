import math

import keras
import numpy as np
import pytest

from snippets.keras.adamw_weights_only import make_adamw


def make_model() -> keras.Sequential:
    return keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            keras.layers.Conv2D(2, 3, bias_initializer="ones"),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dense(2, bias_initializer="ones"),
        ]
    )


def test_decays_kernels_and_nothing_else():
    model = make_model()
    before = [v.numpy() for v in model.trainable_variables]
    optimizer = make_adamw(model, lr=0.5, weight_decay=0.25)
    optimizer.apply([0 * v for v in model.trainable_variables], model.trainable_variables)
    for v, old in zip(model.trainable_variables, before, strict=True):
        factor = 1 - 0.5 * 0.25 if v.name == "kernel" else 1
        np.testing.assert_allclose(v.numpy(), factor * old, rtol=1e-7)
    assert [v.name for v in model.trainable_variables].count("kernel") == 2


def test_defaults():
    optimizer = make_adamw(make_model())
    assert float(optimizer.learning_rate) == pytest.approx(0.001)
    assert optimizer.weight_decay == 0.01


@pytest.mark.parametrize("lr", [0.0, -1.0, math.inf, math.nan])
def test_refuses_learning_rate(lr):
    with pytest.raises(ValueError, match=f"lr must be a finite number > 0, got {lr}"):
        make_adamw(make_model(), lr=lr)


@pytest.mark.parametrize("decay", [-1e-9, math.inf, math.nan])
def test_refuses_decay(decay):
    with pytest.raises(ValueError, match=f"weight_decay must be finite, >= 0, got {decay}"):
        make_adamw(make_model(), weight_decay=decay)


def test_refuses_a_model_without_variables():
    with pytest.raises(ValueError, match="model must be built"):
        make_adamw(keras.Sequential([keras.layers.Dense(1)]))
