"""Each line of the table of differences: equal with the mapping, apart without it."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch

from snippets.numpy.equivalent_epsilon import torch_adagrad_start, torch_epsilon
from snippets.numpy.equivalents import torch_weight_decay

# Exact in float32, to which Keras rounds hyperparameters.
LR, MU, DECAY = 2.0**-7, 0.875, 2.0**-4
STEPS = 500
BETAS = {"betas": (0.875, 1 - 2.0**-10)}
KERAS_BETAS = {"beta_1": 0.875, "beta_2": 1 - 2.0**-10}
EACH_STEP = Callable[[int, Any], None]


def start() -> np.ndarray:
    return np.random.default_rng(0).normal(size=12)


def gradients() -> np.ndarray:
    """Small ones and large ones, from 1e-5 to 1."""
    rng = np.random.default_rng(1)
    return rng.normal(size=(STEPS, 12)) * np.logspace(-5, 0, 12)


def in_torch(
    name: str, each: EACH_STEP | None = None, l2: float = 0.0, **options: Any
) -> np.ndarray:
    w = torch.tensor(start())
    optimizer = getattr(torch.optim, name)([w], **{"lr": LR, **options})
    for t, g in enumerate(gradients(), start=1):
        if each:
            each(t, optimizer)
        w.grad = torch.tensor(g) + 2 * l2 * w
        optimizer.step()
    return w.numpy()


def in_keras(
    name: str, each: EACH_STEP | None = None, l2: float = 0.0, **options: Any
) -> np.ndarray:
    w = keras.Variable(start(), dtype="float64")
    optimizer = getattr(keras.optimizers, name)(**{"learning_rate": LR, **options})
    for t, g in enumerate(gradients(), start=1):
        if each:
            each(t, optimizer)
        optimizer.apply([tf.constant(g) + 2 * l2 * w.value], [w])
    return w.numpy()


def distance(left: np.ndarray, right: np.ndarray) -> float:
    """Largest difference, over the distance travelled."""
    travelled = np.abs(right - start()).max()
    assert travelled > 1e-3
    return float(np.abs(left - right).max() / travelled)


def halve_torch(t: int, optimizer: Any) -> None:
    if t == 100:
        optimizer.param_groups[0]["lr"] /= 2


def halve_torch_mapped(t: int, optimizer: Any) -> None:
    halve_torch(t, optimizer)
    if t == 100:
        (state,) = optimizer.state.values()
        state["momentum_buffer"] *= 2


def halve_keras(t: int, optimizer: Any) -> None:
    if t == 100:
        optimizer.learning_rate = LR / 2


def map_epsilon(t: int, optimizer: Any) -> None:
    optimizer.param_groups[0]["eps"] = torch_epsilon(1e-7, BETAS["betas"][1], t)


LINES: dict[str, tuple[Any, Any, Any]] = {
    # line: (Keras, PyTorch with the mapping, PyTorch without it)
    "default lr of SGD": (
        lambda: in_keras("SGD", learning_rate=2.0**-6),
        lambda: in_torch("SGD", lr=2.0**-6),
        lambda: in_torch("SGD", lr=1e-3),
    ),
    "momentum when lr changes": (
        lambda: in_keras("SGD", halve_keras, momentum=MU),
        lambda: in_torch("SGD", halve_torch_mapped, momentum=MU),
        lambda: in_torch("SGD", halve_torch, momentum=MU),
    ),
    "Adagrad: start and epsilon": (
        lambda: in_keras("Adagrad", initial_accumulator_value=0.125, epsilon=2.0**-23),
        lambda: in_torch(
            "Adagrad", initial_accumulator_value=torch_adagrad_start(0.125, 2.0**-23), eps=0.0
        ),
        lambda: in_torch("Adagrad"),
    ),
    "Adagrad: epsilon alone": (
        lambda: in_keras("Adagrad", initial_accumulator_value=0.0, epsilon=2.0**-23),
        lambda: in_torch("Adagrad", initial_accumulator_value=2.0**-23, eps=0.0),
        lambda: in_torch("Adagrad", initial_accumulator_value=0.0, eps=2.0**-23),
    ),
    "RMSprop: decay": (
        lambda: in_keras("RMSprop", rho=MU, epsilon=0.0),
        lambda: in_torch("RMSprop", alpha=MU, eps=0.0),
        lambda: in_torch("RMSprop", eps=0.0),
    ),
    "RMSprop: epsilon": (
        lambda: in_keras("RMSprop", rho=MU, epsilon=0.0),
        lambda: in_torch("RMSprop", alpha=MU, eps=0.0),
        lambda: in_torch("RMSprop", alpha=MU, eps=1e-5),
    ),
    "Adam: epsilon": (
        lambda: in_keras("Adam", epsilon=1e-7, **KERAS_BETAS),
        lambda: in_torch("Adam", map_epsilon, **BETAS),
        lambda: in_torch("Adam", eps=1e-7, **BETAS),
    ),
    "AdamW: decay": (
        lambda: in_keras("AdamW", weight_decay=DECAY, **KERAS_BETAS),
        lambda: in_torch("AdamW", map_epsilon, weight_decay=DECAY, **BETAS),
        lambda: in_torch("AdamW", map_epsilon, **BETAS),
    ),
    "weight_decay of SGD is L2 in PyTorch": (
        lambda: in_keras("SGD", l2=DECAY / 2, momentum=MU),
        lambda: in_torch("SGD", weight_decay=torch_weight_decay(DECAY / 2), momentum=MU),
        lambda: in_torch("SGD", weight_decay=DECAY / 2, momentum=MU),
    ),
    "weight_decay of Adam is AdamW in Keras": (
        lambda: in_keras("Adam", weight_decay=DECAY, **KERAS_BETAS),
        lambda: in_torch("AdamW", map_epsilon, weight_decay=DECAY, **BETAS),
        lambda: in_torch("Adam", map_epsilon, weight_decay=DECAY, **BETAS),
    ),
    "weight_decay of SGD is decoupled in Keras": (
        lambda: in_keras("SGD", weight_decay=DECAY),
        lambda: in_torch("SGD", weight_decay=DECAY),
        lambda: in_torch("SGD", weight_decay=DECAY, momentum=MU),
    ),
}


@pytest.mark.parametrize("line", LINES)
def test_line_of_the_table(line: str) -> None:
    theirs, mapped, unmapped = (run() for run in LINES[line])
    assert distance(mapped, theirs) < 1e-12
    assert distance(unmapped, theirs) > 1e-6


def test_nearest_epsilon_of_rmsprop() -> None:
    """Inside the root, epsilon acts like its own root."""
    theirs = in_keras("RMSprop", rho=MU, epsilon=1e-6)
    nearest = distance(in_torch("RMSprop", alpha=MU, eps=1e-3), theirs)
    assert nearest < 0.5 * distance(in_torch("RMSprop", alpha=MU, eps=1e-6), theirs)
    assert nearest > 1e-3  # near, not equal


@pytest.mark.parametrize("name", ["Adagrad", "RMSprop", "Adam"])
def test_an_epsilon_of_zero_and_a_gradient_of_zero_are_no_number(name: str) -> None:
    g = [0.0, 1.0]
    w, v = torch.ones(2), keras.Variable([1.0, 1.0])
    w.grad = torch.tensor(g)
    getattr(torch.optim, name)([w], eps=0.0).step()
    start = {"initial_accumulator_value": 0.0} if name == "Adagrad" else {}
    getattr(keras.optimizers, name)(epsilon=0.0, **start).apply([keras.ops.array(g)], [v])
    for weights in (w.numpy(), keras.ops.convert_to_numpy(v)):
        assert np.isnan(weights).tolist() == [True, False]
