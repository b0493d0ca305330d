"""Group lasso, hard concrete gates and smoothness in every framework: values, slopes, steps."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from sklearn.datasets import load_digits

import snippets.keras.hard_concrete
import snippets.numpy.hard_concrete
import snippets.pytorch.hard_concrete
from snippets.keras.group_lasso import GroupLasso
from snippets.keras.group_threshold import GroupThreshold
from snippets.keras.smoothness_penalty import SmoothnessPenalty
from snippets.numpy.group_lasso import group_lasso_penalty, group_lasso_subgradient
from snippets.numpy.group_threshold import group_threshold
from snippets.numpy.smoothness_penalty import smoothness_gradient, smoothness_penalty
from snippets.pytorch.group_lasso import group_lasso_penalty as torch_group_lasso
from snippets.pytorch.group_threshold import group_threshold as torch_group_threshold
from snippets.pytorch.smoothness_penalty import smoothness_penalty as torch_smoothness

STRENGTH, LR, STEPS = 2.0**-6, 2.0**-2, 400
"""Exact in float32, where Keras keeps hyperparameters."""


def by_torch(penalty, array: np.ndarray) -> tuple[float, np.ndarray]:
    values = torch.tensor(array, requires_grad=True)
    result = penalty(values)
    result.backward()
    return result.item(), values.grad.numpy()


def by_tensorflow(penalty, array: np.ndarray) -> tuple[float, np.ndarray]:
    values = tf.Variable(array)
    with tf.GradientTape() as tape:
        result = penalty(values)
    return float(result), np.asarray(tf.convert_to_tensor(tape.gradient(result, values)))


class TestGroupLasso:
    WEIGHTS = np.random.default_rng(0).normal(size=(7, 5))
    WEIGHTS[3] = 0.0

    def test_value_and_slope(self):
        value = group_lasso_penalty(self.WEIGHTS, STRENGTH)
        slope = group_lasso_subgradient(self.WEIGHTS, STRENGTH)
        torch_value, torch_slope = by_torch(
            lambda w: torch_group_lasso(w.T, STRENGTH), self.WEIGHTS
        )
        keras_value, keras_slope = by_tensorflow(GroupLasso(STRENGTH), self.WEIGHTS)
        assert value == pytest.approx(torch_value, rel=1e-13) == pytest.approx(keras_value)
        np.testing.assert_allclose(torch_slope, slope, rtol=1e-12)
        np.testing.assert_allclose(keras_slope, slope, rtol=1e-12)
        assert not slope[3].any()

    def test_threshold(self):
        ours = group_threshold(self.WEIGHTS, 0.75)
        by_torch = torch_group_threshold(torch.tensor(self.WEIGHTS.T), 0.75).numpy().T
        by_keras = np.asarray(GroupThreshold(0.75)(tf.constant(self.WEIGHTS)))
        assert 1 < (ours == 0).all(1).sum() < 7
        np.testing.assert_array_equal(by_torch == 0, ours == 0)
        np.testing.assert_array_equal(by_keras == 0, ours == 0)
        np.testing.assert_allclose(by_torch, ours, rtol=1e-12)
        np.testing.assert_allclose(by_keras, ours, rtol=1e-12)


class TestGroupLassoTraining:
    """A linear model with three outputs: 400 proximal steps, and where they end."""

    @pytest.fixture(scope="class")
    @classmethod
    def data(cls) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(0)
        x = rng.normal(size=(60, 8)).astype("float32").astype(float)
        truth = rng.normal(size=(8, 3))
        truth[4:] = 0
        y = x @ truth + 0.5 * rng.normal(size=(60, 3))
        return x, y.astype("float32").astype(float)

    @staticmethod
    def numpy_path(x, y, strength=STRENGTH * 4, steps=STEPS) -> list[np.ndarray]:
        w, path = np.zeros((8, 3)), []
        for _ in range(steps):
            w = group_threshold(w - LR * 2 / y.size * x.T @ (x @ w - y), LR * strength)
            path.append(w)
        return path

    @staticmethod
    def torch_path(x, y) -> list[np.ndarray]:
        layer = torch.nn.Linear(8, 3, bias=False, dtype=torch.float64)
        torch.nn.init.zeros_(layer.weight)
        optimizer, path = torch.optim.SGD(layer.parameters(), lr=LR), []
        for _ in range(STEPS):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(layer(torch.tensor(x)), torch.tensor(y)).backward()
            optimizer.step()
            with torch.no_grad():
                layer.weight.copy_(torch_group_threshold(layer.weight, LR * STRENGTH * 4))
            path.append(layer.weight.detach().numpy().T.copy())
        return path

    @staticmethod
    def keras_path(x, y) -> list[np.ndarray]:
        layer = keras.layers.Dense(
            3,
            use_bias=False,
            kernel_initializer="zeros",
            kernel_constraint=GroupThreshold(LR * STRENGTH * 4),
            dtype="float64",
        )
        layer.build((None, 8))
        optimizer, path = keras.optimizers.SGD(LR), []
        optimizer.build(layer.trainable_variables)
        for _ in range(STEPS):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(layer(tf.constant(x)) - y))
            gradients = tape.gradient(loss, layer.trainable_variables)
            optimizer.apply(gradients, layer.trainable_variables)
            path.append(layer.kernel.numpy())
        return path

    def test_same_path(self, data):
        ours = self.numpy_path(*data)
        assert 0 < (ours[-1] == 0).all(1).sum() < 8
        for path in (self.torch_path(*data), self.keras_path(*data)):
            np.testing.assert_allclose(path, ours, rtol=0, atol=1e-13)
            np.testing.assert_array_equal(np.array(path[-1]) == 0, ours[-1] == 0)

    def test_optimality(self, data):
        """At the minimum, the data's slope on a removed group is shorter than the penalty's."""
        x, y = data
        strength = STRENGTH * 4
        w = self.numpy_path(x, y, steps=5000)[-1]
        slopes = 2 / y.size * x.T @ (x @ w - y)
        kept = (w != 0).any(1)
        assert 0 < kept.sum() < 8
        np.testing.assert_allclose(
            slopes[kept], -group_lasso_subgradient(w, strength)[kept], atol=1e-12
        )
        assert np.linalg.norm(slopes[~kept], axis=1).max() <= strength * np.sqrt(3)

    def test_another_strength_ends_elsewhere(self, data):
        one, other = (self.numpy_path(*data, s)[-1] for s in (STRENGTH * 4, STRENGTH * 5))
        assert np.abs(one - other).max() > 1e-3


class TestHardConcrete:
    LOG_ALPHA = np.linspace(-4, 4, 200)
    NOISE = np.random.default_rng(0).uniform(1e-6, 1 - 1e-6, 200)

    def test_same_noise_same_gates(self):
        ours = snippets.numpy.hard_concrete.sample_gates(self.LOG_ALPHA, self.NOISE)
        by_torch = snippets.pytorch.hard_concrete.sample_gates(
            torch.tensor(self.LOG_ALPHA), torch.tensor(self.NOISE)
        ).numpy()
        by_keras = snippets.keras.hard_concrete.sample_gates(
            tf.constant(self.LOG_ALPHA), tf.constant(self.NOISE)
        ).numpy()
        assert (ours == 0).sum() > 20
        assert (ours == 1).sum() > 20
        for gates in (by_torch, by_keras):
            np.testing.assert_allclose(gates, ours, rtol=1e-12, atol=1e-14)

    def test_same_slope(self):
        torch_slope = by_torch(
            lambda a: (
                snippets.pytorch.hard_concrete.sample_gates(a, torch.tensor(self.NOISE))
                .square()
                .sum()
            ),
            self.LOG_ALPHA,
        )[1]
        keras_slope = by_tensorflow(
            lambda a: tf.reduce_sum(
                tf.square(
                    snippets.keras.hard_concrete.sample_gates(
                        tf.convert_to_tensor(a), tf.constant(self.NOISE)
                    )
                )
            ),
            self.LOG_ALPHA,
        )[1]
        assert 50 < (torch_slope != 0).sum() < 150
        np.testing.assert_allclose(keras_slope, torch_slope, rtol=1e-11, atol=1e-14)
        shift = np.full(200, 1e-6)

        def value(log_alpha: np.ndarray) -> np.ndarray:
            return snippets.numpy.hard_concrete.sample_gates(log_alpha, self.NOISE) ** 2

        difference = (value(self.LOG_ALPHA + shift) - value(self.LOG_ALPHA - shift)) / 2e-6
        np.testing.assert_allclose(torch_slope, difference, atol=1e-8)

    def test_same_penalty_and_fixed_gates(self):
        ours = snippets.numpy.hard_concrete.expected_l0(self.LOG_ALPHA)
        gates = snippets.numpy.hard_concrete.fixed_gates(self.LOG_ALPHA)
        layer = snippets.pytorch.hard_concrete.HardConcrete(200).double().eval()
        with torch.no_grad():
            layer.log_alpha.copy_(torch.tensor(self.LOG_ALPHA))
        assert layer.expected_l0().item() == pytest.approx(ours, rel=1e-13)
        np.testing.assert_allclose(layer.gates().detach().numpy(), gates, atol=1e-14)
        layer = snippets.keras.hard_concrete.HardConcrete(1.0, dtype="float64")
        layer.build((None, 200))
        layer.set_weights([self.LOG_ALPHA])
        assert float(layer.expected_l0()) == pytest.approx(ours, rel=1e-13)
        np.testing.assert_allclose(layer.gates().numpy(), gates, atol=1e-14)


class TestSmoothness:
    PAIRS = tuple(
        (r * 8 + c, (r + down) * 8 + c + 1 - down)
        for down in (0, 1)
        for r in range(8 - down)
        for c in range(7 + down)
    )

    def test_value_and_slope_on_an_image(self):
        values = load_digits().data[0] / 16
        value = smoothness_penalty(values, self.PAIRS, STRENGTH)
        slope = smoothness_gradient(values, self.PAIRS, STRENGTH)
        torch_value, torch_slope = by_torch(
            lambda v: torch_smoothness(v, self.PAIRS, STRENGTH), values
        )
        keras_value, keras_slope = by_tensorflow(SmoothnessPenalty(self.PAIRS, STRENGTH), values)
        assert value == pytest.approx(torch_value, rel=1e-13) == pytest.approx(keras_value)
        np.testing.assert_allclose(torch_slope, slope, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(keras_slope, slope, rtol=1e-12, atol=1e-15)

    def test_descent_ends_at_the_exact_solution(self):
        rng = np.random.default_rng(0)
        x, y = rng.normal(size=(30, 10)), rng.normal(size=30)
        pairs = [(i, i + 1) for i in range(9)]
        w = np.zeros(10)
        for _ in range(5000):
            w -= 0.05 * (2 / 30 * x.T @ (x @ w - y) + smoothness_gradient(w, pairs, 0.7))
        differences = np.diff(np.eye(10), axis=0)
        exact = np.linalg.solve(x.T @ x / 30 + 0.7 * differences.T @ differences, x.T @ y / 30)
        np.testing.assert_allclose(w, exact, rtol=1e-10)
