"""Penalties on many layers: the same start, the same steps in PyTorch and Keras."""

from itertools import pairwise

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from torch import nn

import snippets.keras.adamw_weights_only
import snippets.keras.gradient_tape
import snippets.keras.l2_network
import snippets.keras.regularized_dense
import snippets.keras.strength_per_layer
import snippets.pytorch.adamw_weights_only
import snippets.pytorch.regularized_dense
import snippets.pytorch.strength_per_layer

# Keras rounds hyperparameters to float32 even where weights are float64: these are exact there.
LR, STEPS = 2.0**-5, 200
STRENGTHS = [2.0**-5, 2.0**-7, 2.0**-6]
SIZES = [6, 8, 8, 3]

Arrays = list[np.ndarray]
Trajectory = list[Arrays]


@pytest.fixture(scope="module")
def problem() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(40, 6)).astype("float32").astype(float)
    return features, np.arange(40) % 3


@pytest.fixture(scope="module")
def start() -> Arrays:
    rng = np.random.default_rng(1)
    shapes = [s for i, o in pairwise(SIZES) for s in ((i, o), (o,))]
    return [(rng.normal(size=s) / 2).astype("float32").astype(float) for s in shapes]


def in_float64(make, *arguments, **options) -> keras.Sequential:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float64")
    try:
        return make(*arguments, **options)
    finally:
        keras.config.set_dtype_policy(before)


def by_torch(model: nn.Module, start: Arrays, problem, optimizer_of, penalty=None) -> Trajectory:
    model = model.double()
    with torch.no_grad():
        for p, array in zip(model.parameters(), start, strict=True):
            p.copy_(torch.from_numpy(array.T))
    optimizer = optimizer_of(model)
    x, y = (torch.from_numpy(a) for a in problem)
    trajectory = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        if penalty:
            loss = loss + penalty(model)
        loss.backward()
        optimizer.step()
        trajectory.append([p.detach().numpy().T.copy() for p in model.parameters()])
    return trajectory


def by_keras(model: keras.Model, start: Arrays, problem, optimizer) -> Trajectory:
    model.set_weights(start)
    optimizer.build(model.trainable_variables)
    x, y = tf.constant(problem[0]), tf.constant(problem[1])

    @tf.function
    def step() -> None:
        with tf.GradientTape() as tape:
            rows = tf.nn.sparse_softmax_cross_entropy_with_logits(y, model(x))
            loss = tf.reduce_mean(rows) + sum(model.losses)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)

    trajectory = []
    for _ in range(STEPS):
        step()
        trajectory.append([v.numpy() for v in model.trainable_variables])
    return trajectory


def distance(one: Trajectory, other: Trajectory) -> float:
    """Largest difference of any parameter at any step, relative to the largest parameter."""
    assert all(np.isfinite(a).all() for arrays in [*one, *other] for a in arrays)
    size = max(np.abs(a).max() for arrays in one for a in arrays)
    return max(
        np.abs(a - b).max()
        for left, right in zip(one, other, strict=True)
        for a, b in zip(left, right, strict=True)
    ) / float(size)


@pytest.fixture(scope="module")
def strength_per_layer_steps(start, problem) -> Trajectory:
    model = in_float64(snippets.keras.strength_per_layer.make_network, SIZES, STRENGTHS)
    return by_keras(model, start, problem, keras.optimizers.SGD(LR))


class TestStrengthPerLayer:
    @staticmethod
    def torch_steps(start, problem, strengths) -> Trajectory:
        snippet = snippets.pytorch.strength_per_layer
        return by_torch(
            snippet.make_network(SIZES),
            start,
            problem,
            lambda model: torch.optim.SGD(snippet.strength_groups(model, strengths), lr=LR),
        )

    def test_equal(self, start, problem, strength_per_layer_steps):
        assert (
            distance(self.torch_steps(start, problem, STRENGTHS), strength_per_layer_steps) < 1e-12
        )

    def test_apart_in_another_order(self, start, problem, strength_per_layer_steps):
        assert (
            distance(self.torch_steps(start, problem, STRENGTHS[::-1]), strength_per_layer_steps)
            > 1e-3
        )


@pytest.fixture(scope="module")
def regularized_dense_steps(start, problem) -> Trajectory:
    make = snippets.keras.regularized_dense.make_network
    model = in_float64(make, 6, 3, hidden=8, l2=2.0**-6)
    return by_keras(model, start, problem, keras.optimizers.SGD(LR))


class TestRegularizedDense:
    @staticmethod
    def torch_steps(start, problem, l2) -> Trajectory:
        snippet = snippets.pytorch.regularized_dense
        model = snippet.make_network(6, 3, hidden=8, l2=l2)

        def sgd(model: nn.Module) -> torch.optim.Optimizer:
            return torch.optim.SGD(model.parameters(), lr=LR)

        return by_torch(model, start, problem, sgd, snippet.penalty)

    def test_equal(self, start, problem, regularized_dense_steps):
        assert distance(self.torch_steps(start, problem, 2.0**-6), regularized_dense_steps) < 1e-12

    def test_apart_with_another_strength(self, start, problem, regularized_dense_steps):
        assert distance(self.torch_steps(start, problem, 2.0**-7), regularized_dense_steps) > 1e-3

    def test_equal_strengths_in_groups(self, start, problem, regularized_dense_steps):
        steps = TestStrengthPerLayer.torch_steps(start, problem, [2.0**-6] * 3)
        assert distance(steps, regularized_dense_steps) < 1e-12


DECAY, BETAS = 2.0**-3, (0.875, 1 - 2.0**-10)


@pytest.fixture(scope="module")
def adamw_steps(start, problem) -> Trajectory:
    tanh = [keras.layers.Dense(n, "tanh", dtype="float64") for n in SIZES[1:-1]]
    last = keras.layers.Dense(SIZES[-1], dtype="float64")
    model = keras.Sequential([keras.Input((SIZES[0],), dtype="float64"), *tanh, last])
    optimizer = snippets.keras.adamw_weights_only.make_adamw(model, lr=2.0**-8, weight_decay=DECAY)
    optimizer.beta_1, optimizer.beta_2 = BETAS
    optimizer.epsilon = 0.0
    return by_keras(model, start, problem, optimizer)


class TestAdamWOnWeights:
    """Epsilon 0 and betas exact in float32; tanh, because a dead ReLU would give 0 / 0."""

    def torch_steps(self, start, problem, everything: bool) -> Trajectory:
        def adamw(model: nn.Module) -> torch.optim.Optimizer:
            optimizer = snippets.pytorch.adamw_weights_only.make_adamw(
                model, lr=2.0**-8, weight_decay=DECAY
            )
            for group in optimizer.param_groups:
                group.update(betas=BETAS, eps=0.0)
                if everything:
                    group["weight_decay"] = DECAY
            return optimizer

        layers = [[nn.Linear(*pair), nn.Tanh()] for pair in pairwise(SIZES)]
        model = nn.Sequential(*[m for pair in layers for m in pair][:-1])
        return by_torch(model, start, problem, adamw)

    def test_equal(self, start, problem, adamw_steps):
        assert distance(self.torch_steps(start, problem, False), adamw_steps) < 1e-12

    def test_apart_with_decayed_biases(self, start, problem, adamw_steps):
        assert distance(self.torch_steps(start, problem, True), adamw_steps) > 1e-3


class TestOwnLoop:
    """``gradient_tape`` takes the steps of ``fit``."""

    @staticmethod
    def trained(train, l2: float) -> Arrays:
        rng = np.random.default_rng(0)
        features = rng.normal(size=(40, 6)).astype("float32")
        model = snippets.keras.l2_network.make_network(6, 3, hidden=8, l2=l2)
        model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
        train(model, features, np.arange(40) % 3, lr=0.01, epochs=100)
        return model.get_weights()

    def test_equal(self):
        by_fit = self.trained(snippets.keras.l2_network.train, 0.0625)
        by_loop = self.trained(snippets.keras.gradient_tape.train, 0.0625)
        assert max(np.abs(a - b).max() for a, b in zip(by_fit, by_loop, strict=True)) < 1e-6

    def test_apart_without_the_penalty(self):
        by_fit = self.trained(snippets.keras.l2_network.train, 0.0625)
        by_loop = self.trained(snippets.keras.gradient_tape.train, 0.0)
        assert max(np.abs(a - b).max() for a, b in zip(by_fit, by_loop, strict=True)) > 0.1


@pytest.mark.parametrize("strengths", [(0.5, 0.125), (0.01, 0.09)])
def test_relu_layers_trade_scale(strengths):
    """Two strengths are their geometric mean on scaled weights that compute the same."""
    rng = np.random.default_rng(0)
    w1, b1, w2, b2 = (rng.normal(size=s) for s in [(4, 5), 5, (5, 3), 3])
    x = rng.normal(size=(6, 4))
    mean = np.prod(strengths) ** 0.5
    a, c = ((s / mean) ** 0.5 for s in strengths)
    assert a * c == pytest.approx(1)
    before = np.maximum(x @ w1 + b1, 0) @ w2 + b2
    after = np.maximum(x @ (a * w1) + a * b1, 0) @ (c * w2) + b2
    np.testing.assert_allclose(after, before, rtol=1e-12)
    apart = strengths[0] * (w1**2).sum() + strengths[1] * (w2**2).sum()
    common = mean * (((a * w1) ** 2).sum() + ((c * w2) ** 2).sum())
    assert common == pytest.approx(apart, rel=1e-14)
