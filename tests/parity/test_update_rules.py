"""Five update rules: NumPy against both libraries, 1,000 steps on the same gradients."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from sklearn.datasets import load_digits

import snippets.keras.update_rules
import snippets.pytorch.update_rules
from snippets.numpy.adagrad import Adagrad
from snippets.numpy.gradient_descent import GradientDescent
from snippets.numpy.momentum import Momentum
from snippets.numpy.nesterov import Nesterov
from snippets.numpy.rmsprop import RMSprop

# Exact in float32, to which Keras rounds hyperparameters.
LR, MU, ALPHA = 2.0**-7, 0.875, 1 - 2.0**-7
STEPS = 1000
SHAPES = ((4, 3), (3,))

OURS: dict[str, Any] = {
    "gradient descent": lambda: GradientDescent(LR),
    "momentum": lambda: Momentum(LR, MU),
    "nesterov": lambda: Nesterov(LR, MU),
    "adagrad": lambda: Adagrad(LR),
    "adagrad without eps": lambda: Adagrad(LR, eps=0.0),
    "rmsprop": lambda: RMSprop(LR, ALPHA),
    "rmsprop without eps": lambda: RMSprop(LR, ALPHA, eps=0.0),
}
TORCH: dict[str, Any] = {
    "gradient descent": lambda p: torch.optim.SGD(p, LR),
    "momentum": lambda p: torch.optim.SGD(p, LR, momentum=MU),
    "nesterov": lambda p: torch.optim.SGD(p, LR, momentum=MU, nesterov=True),
    "adagrad": lambda p: torch.optim.Adagrad(p, LR),
    "adagrad without eps": lambda p: torch.optim.Adagrad(p, LR, eps=0.0),
    "rmsprop": lambda p: torch.optim.RMSprop(p, LR, alpha=ALPHA),
    "rmsprop without eps": lambda p: torch.optim.RMSprop(p, LR, alpha=ALPHA, eps=0.0),
}
# Keras puts epsilon inside the root, so the equal of Adagrad and RMSprop has none.
KERAS: dict[str, Any] = {
    "gradient descent": lambda: keras.optimizers.SGD(LR),
    "momentum": lambda: keras.optimizers.SGD(LR, momentum=MU),
    "nesterov": lambda: keras.optimizers.SGD(LR, momentum=MU, nesterov=True),
    "adagrad without eps": lambda: keras.optimizers.Adagrad(
        LR, initial_accumulator_value=0.0, epsilon=0.0
    ),
    "rmsprop without eps": lambda: keras.optimizers.RMSprop(LR, rho=ALPHA, epsilon=0.0),
}


def start() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) for shape in SHAPES]


def gradients() -> list[list[np.ndarray]]:
    """Noisy gradients whose sizes differ by a factor of 10,000."""
    rng = np.random.default_rng(1)
    return [
        [rng.normal(size=s) * 10.0 ** rng.integers(-2, 3) for s in SHAPES] for _ in range(STEPS)
    ]


def by_numpy(rule: str) -> list[np.ndarray]:
    params, optimizer = start(), OURS[rule]()
    for grads in gradients():
        optimizer.step(params, grads)
    return params


def by_torch(rule: str) -> list[np.ndarray]:
    params = [torch.tensor(p) for p in start()]
    optimizer = TORCH[rule](params)
    for grads in gradients():
        for p, g in zip(params, grads, strict=True):
            p.grad = torch.tensor(g)
        optimizer.step()
    return [p.numpy() for p in params]


def by_keras(rule: str) -> list[np.ndarray]:
    params = [keras.Variable(p, dtype="float64") for p in start()]
    optimizer = KERAS[rule]()
    for grads in gradients():
        optimizer.apply([tf.constant(g) for g in grads], params)
    return [p.numpy() for p in params]


def distance(left: list[np.ndarray], right: list[np.ndarray]) -> float:
    """Largest difference, over the distance travelled."""
    travelled = max(float(np.abs(a - s).max()) for a, s in zip(right, start(), strict=True))
    assert travelled > 0.01
    return max(float(np.abs(a - b).max()) for a, b in zip(left, right, strict=True)) / travelled


@pytest.mark.parametrize("rule", OURS)
def test_numpy_is_torch(rule: str) -> None:
    assert distance(by_numpy(rule), by_torch(rule)) < 1e-12


@pytest.mark.parametrize("rule", KERAS)
def test_numpy_is_keras(rule: str) -> None:
    assert distance(by_numpy(rule), by_keras(rule)) < 1e-12


@pytest.mark.parametrize(
    ("rule", "other"),
    [("momentum", "nesterov"), ("gradient descent", "momentum"), ("adagrad", "rmsprop")],
)
def test_different_rules_are_told_apart(rule: str, other: str) -> None:
    assert distance(by_numpy(rule), by_torch(other)) > 1e-3


@pytest.mark.parametrize(
    ("rule", "lr"),
    [
        ("gradient descent", 0.1),
        ("momentum", 0.1),
        ("Nesterov", 0.1),
        ("Adagrad", 0.1),
        ("RMSprop", 0.01),
        ("Adam", 0.01),
    ],
)
def test_both_libraries_train_the_same(rule: str, lr: float) -> None:
    x, y = load_digits(return_X_y=True)
    x, y = x[:300] / 16, y[:300]
    ours = snippets.pytorch.update_rules.train(
        torch.tensor(x, dtype=torch.float32), torch.tensor(y), rule=rule, lr=lr, steps=60
    )
    theirs = snippets.keras.update_rules.train(x, y, rule=rule, lr=lr, steps=60)
    np.testing.assert_allclose(ours, theirs, rtol=2e-3)
    assert ours[-1] < 0.9 * ours[0]
