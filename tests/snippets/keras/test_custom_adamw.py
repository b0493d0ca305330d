"""The Keras AdamW: by hand, in fit, with exclusions, saved and loaded."""

from pathlib import Path

import keras
import numpy as np
import pytest

from snippets.keras.custom_adamw import CustomAdamW
from tests.keras_backend import array

RNG = np.random.default_rng(0)
X = RNG.normal(size=(32, 5)).astype("float32")
Y = RNG.normal(size=(32, 2)).astype("float32")


def fitted(optimizer: keras.optimizers.Optimizer) -> keras.Model:
    layer = keras.layers.Dense(2, kernel_initializer=keras.initializers.GlorotNormal(1))
    model = keras.Sequential([keras.Input((5,)), layer])
    model.compile(optimizer, loss="mse")
    model.fit(X, Y, batch_size=8, epochs=3, shuffle=False, verbose=0)
    return model


def test_first_step_by_hand() -> None:
    w = keras.Variable([2.0, 2.0, -4.0])
    CustomAdamW(0.1, weight_decay=0.5).apply([keras.ops.array([3.0, -0.2, 0.0])], [w])
    np.testing.assert_allclose(array(w), [1.8, 2.0, -3.8], rtol=1e-4)


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_a_step_is_taken_in_the_dtype_of_the_variable(dtype: str) -> None:
    w = keras.Variable([2.0, -4.0], dtype=dtype)
    CustomAdamW(0.125, weight_decay=0.5).apply([keras.ops.array([3.0, -0.2], "float32")], [w])
    np.testing.assert_allclose(array(w), [1.75, -3.625], atol=4e-3)
    assert str(array(w).dtype) == dtype


def test_fit_is_that_of_keras_adamw_with_the_same_exclusion() -> None:
    trained = []
    for make in (CustomAdamW, keras.optimizers.AdamW):
        optimizer = make(0.01, weight_decay=4.0)
        optimizer.exclude_from_weight_decay(var_names=["bias"])
        trained.append(fitted(optimizer).get_weights())
    for ours, theirs in zip(*trained, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-7)
    all_decayed = fitted(CustomAdamW(0.01, weight_decay=4.0)).get_weights()
    assert abs(all_decayed[1] - trained[0][1]).max() > 1e-3


# Keras 3.15 reads TensorFlow variables in a way that NumPy 2 announces to drop.
@pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)
def test_a_saved_model_keeps_its_decay(tmp_path: Path) -> None:
    model = fitted(CustomAdamW(0.01, weight_decay=0.5, beta_1=0.8))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras").optimizer
    assert type(loaded).__name__ == "CustomAdamW"  # a page may have registered its copy since
    assert loaded.decay == 0.5
    assert loaded.weight_decay is None
    assert loaded.get_config() == model.optimizer.get_config()


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_bad_decay_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="weight_decay must be a finite number >= 0, got"):
        CustomAdamW(weight_decay=value)


def test_all_that_adam_takes_arrives() -> None:
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    optimizer = CustomAdamW(schedule, epsilon=0.25, amsgrad=True)
    assert (optimizer.epsilon, optimizer.amsgrad) == (0.25, True)
    assert optimizer.get_config()["learning_rate"]["class_name"] == "ExponentialDecay"


@pytest.mark.parametrize("name", ["weight_decay", "epsilon"])
def test_only_the_learning_rate_may_be_a_schedule(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be a finite number >= 0, got <function"):
        CustomAdamW(lambda: 0.1, **{name: lambda: 0.1})
