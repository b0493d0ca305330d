"""The Keras Adam in fit, in a tape loop, compiled by XLA, saved and loaded."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from snippets.keras.custom_adam import CustomAdam
from tests.keras_backend import BACKEND, array, gradients

RNG = np.random.default_rng(0)
X = RNG.normal(size=(32, 5)).astype("float32")
Y = RNG.normal(size=(32, 2)).astype("float32")


def model(optimizer: keras.optimizers.Optimizer, **options: Any) -> keras.Model:
    made = keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(4, "tanh", kernel_initializer=keras.initializers.GlorotNormal(1)),
            keras.layers.Dense(2, kernel_initializer=keras.initializers.GlorotNormal(2)),
        ]
    )
    made.compile(optimizer, loss="mse", **options)
    return made


def fit(made: keras.Model, epochs: int = 5) -> list[np.ndarray]:
    made.fit(X, Y, batch_size=8, epochs=epochs, shuffle=False, verbose=0)
    return made.get_weights()


def same(left: list[np.ndarray], right: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(left, right, strict=True))


def test_first_step_by_hand() -> None:
    w = keras.Variable([1.0, 1.0, 1.0, 1.0], dtype="float64")
    g = np.array([3.0, -0.002, 1e-8, 0.0])
    CustomAdam(2.0**-3, beta_1=0.875, beta_2=1 - 2.0**-10).apply([keras.ops.array(g)], [w])
    eps = 1e-7 / 2.0**-5  # epsilon hat / sqrt(1 - beta_2)
    np.testing.assert_allclose(array(w), 1 - 2.0**-3 * g / (abs(g) + eps), rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_a_step_is_taken_in_the_dtype_of_the_variable(dtype: str) -> None:
    w = keras.Variable([1.0, 1.0], dtype=dtype)
    gradient = keras.ops.array([0.3, -2.0], "float32")
    for optimizer in (adam := CustomAdam(0.125)), keras.optimizers.Adam(0.125):
        w.assign([1.0, 1.0])
        optimizer.apply([gradient], [w])
        np.testing.assert_allclose(array(w), [0.875, 1.125], atol=2e-3)
    assert [str(array(x).dtype) for x in (w, adam.exp_avg[0], adam.exp_avg_sq[0])] == [dtype] * 3


# Compiled by XLA; PyTorch has another compiler.
@pytest.mark.parametrize("jit_compile", [False, True] if BACKEND == "tensorflow" else [False])
def test_fit_is_that_of_keras_adam(jit_compile: bool) -> None:
    ours = fit(model(CustomAdam(0.01), jit_compile=jit_compile))
    theirs = fit(model(keras.optimizers.Adam(0.01), jit_compile=jit_compile))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)
    assert not same(ours, model(CustomAdam(0.01)).get_weights())


def test_a_tape_loop_does_what_fit_does() -> None:
    fitted = fit(model(CustomAdam(0.01), run_eagerly=True))
    looped = model(optimizer := CustomAdam(0.01))
    for _ in range(5):
        for i in range(0, 32, 8):
            x, y = keras.ops.array(X[i : i + 8]), keras.ops.array(Y[i : i + 8])
            variables = looped.trainable_variables
            found = gradients(
                lambda x=x, y=y: keras.ops.mean((looped(x, training=True) - y) ** 2), variables
            )
            optimizer.apply_gradients(zip(found, variables, strict=True))
    for a, b in zip(fitted, looped.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


# Keras 3.15 reads TensorFlow variables in a way that NumPy 2 announces to drop.
@pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)
def test_a_saved_model_goes_on_where_it_stopped(tmp_path: Path) -> None:
    straight = model(CustomAdam(0.01, beta_1=0.8, beta_2=0.99, epsilon=1e-5))
    fit(straight, 3)
    straight.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded.optimizer) is CustomAdam
    assert loaded.optimizer.get_config() == straight.optimizer.get_config()
    assert loaded.optimizer.get_config()["epsilon"] == 1e-5
    assert same(fit(loaded, 3), fit(straight, 3))


def test_building_twice_keeps_the_state() -> None:
    w = keras.Variable([1.0])
    optimizer = CustomAdam()
    optimizer.apply([keras.ops.array([1.0])], [w])
    before = array(optimizer.exp_avg[0]).copy()
    optimizer.build([w])
    assert before == array(optimizer.exp_avg[0]) != 0
    assert len(optimizer.variables) == 4  # iteration, learning rate, both means
    for mean, name in ((optimizer.exp_avg, "exp_avg"), (optimizer.exp_avg_sq, "exp_avg_sq")):
        assert mean[0].name.removeprefix(f"{w.name}_") == name


def test_schedules_and_clipping_come_with_the_base_class() -> None:
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([1], [0.5, 0.25])
    w = keras.Variable([0.0])
    optimizer = CustomAdam(schedule, clipvalue=0.001)
    optimizer.apply([keras.ops.array([7.0])], [w])
    np.testing.assert_allclose(array(w), [-0.5], rtol=1e-2)
    np.testing.assert_allclose(array(optimizer.exp_avg[0]), [0.0001], rtol=1e-5)


@pytest.mark.parametrize("value", [-1, -0.1, float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["learning_rate", "epsilon"])
def test_bad_numbers_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} must be a finite number >= 0, got"):
        CustomAdam(**{name: value})


@pytest.mark.parametrize("value", [-0.1, 1.0, float("nan")])
@pytest.mark.parametrize("name", ["beta_1", "beta_2"])
def test_bad_betas_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"{name} must be in \[0, 1\), got"):
        CustomAdam(**{name: value})


def test_only_the_learning_rate_may_be_a_schedule() -> None:
    with pytest.raises(ValueError, match="epsilon must be a finite number >= 0, got <function"):
        CustomAdam(epsilon=lambda: 1e-7)
    w = keras.Variable([0.0])
    CustomAdam(lambda: 0.5).apply([keras.ops.array([7.0])], [w])
    np.testing.assert_allclose(array(w), [-0.5], rtol=1e-2)
