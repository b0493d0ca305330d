"""L1 in every framework: the same steps with the penalty in the loss, the same proximal steps,
the same minimum."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LogisticRegression
from torch import nn

import snippets.keras.l1_network
import snippets.keras.l1_training
import snippets.numpy.l1_training
import snippets.pytorch.l1_network
import snippets.pytorch.l1_training
import snippets.sklearn.l1_training
from snippets.keras.l1_penalty import L1Penalty
from snippets.keras.soft_threshold import SoftThreshold
from snippets.numpy.l1_penalty import l1_penalty, l1_subgradient
from snippets.numpy.soft_threshold import soft_threshold
from snippets.pytorch.l1_penalty import l1_penalty as torch_l1_penalty
from snippets.pytorch.soft_threshold import soft_threshold as torch_soft_threshold

# Keras rounds hyperparameters to float32 even where weights are float64: these are exact there.
L1, LR, STEPS = 2.0**-6, 2.0**-4, 500

Arrays = list[np.ndarray]


@pytest.fixture(scope="module")
def diabetes() -> tuple[np.ndarray, np.ndarray]:
    features, targets = load_diabetes(return_X_y=True)
    features = features[:64] / features.std(0)
    targets = (targets[:64] - targets.mean()) / targets.std() + 0.5
    # Exact in float32, so that no framework rounds them.
    return features.astype("float32").astype(float), targets.astype("float32").astype(float)


@pytest.fixture(scope="module")
def start() -> Arrays:
    """Kernel and bias of two layers, in the layout of Keras: (in, out)."""
    rng = np.random.default_rng(0)
    shapes = [(10, 8), (8,), (8, 1), (1,)]
    arrays = [(rng.normal(size=s) / 3).astype("float32").astype(float) for s in shapes]
    arrays[0][0, 0] = 0.0  # where the frameworks must agree on the slope of |w|
    return arrays


def numpy_path(start: Arrays, data, *, proximal: bool) -> list[Arrays]:
    features, targets = data
    w1, b1, w2, b2 = (a.copy() for a in start)
    path = []
    for _ in range(STEPS):
        hidden = np.tanh(features @ w1 + b1)
        out_grad = 2 / len(features) * (hidden @ w2 + b2 - targets[:, None])
        hidden_grad = out_grad @ w2.T * (1 - hidden**2)
        slopes = [np.zeros(())] * 2 if proximal else l1_subgradient([w1, w2], L1)
        w1, b1, w2, b2 = (
            w1 - LR * (features.T @ hidden_grad + slopes[0]),
            b1 - LR * hidden_grad.sum(0),
            w2 - LR * (hidden.T @ out_grad + slopes[1]),
            b2 - LR * out_grad.sum(0),
        )
        if proximal:
            w1, w2 = soft_threshold(w1, LR * L1), soft_threshold(w2, LR * L1)
        path.append([w1, b1, w2, b2])
    return path


def torch_path(start: Arrays, data, *, proximal: bool, biases: bool = False) -> list[Arrays]:
    model = nn.Sequential(nn.Linear(10, 8), nn.Tanh(), nn.Linear(8, 1)).double()
    with torch.no_grad():
        for parameter, array in zip(model.parameters(), start, strict=True):
            parameter.copy_(torch.from_numpy(array.T))
    optimizer = torch.optim.SGD(model.parameters(), lr=LR)
    x, y = (torch.from_numpy(a) for a in data)
    path = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x).squeeze(1), y)
        if not proximal:
            loss = loss + torch_l1_penalty(model, L1)
        if biases:
            loss = loss + L1 * sum(p.abs().sum() for p in model.parameters() if p.ndim == 1)
        loss.backward()
        optimizer.step()
        if proximal:
            with torch.no_grad():
                for p in (model[0].weight, model[2].weight):
                    p.copy_(torch_soft_threshold(p, LR * L1))
        path.append([p.detach().numpy().T.copy() for p in model.parameters()])
    return path


def keras_path(start: Arrays, data, *, regularizer=None, constraint=None) -> list[Arrays]:
    model = keras.Sequential([keras.Input((10,), dtype="float64")])
    for units, activation in ((8, "tanh"), (1, None)):
        model.add(
            keras.layers.Dense(
                units,
                activation,
                kernel_regularizer=regularizer,
                kernel_constraint=constraint,
                dtype="float64",
            )
        )
    model.set_weights(start)
    x, y = (tf.constant(a) for a in data)
    optimizer = keras.optimizers.SGD(LR)
    optimizer.build(model.trainable_variables)

    @tf.function
    def step() -> None:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(x, training=True)[:, 0] - y))
            if regularizer is not None:
                loss += sum(model.losses)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)

    path = []
    for _ in range(STEPS):
        step()
        path.append([v.numpy() for v in model.trainable_variables])
    return path


def distance(one: list[Arrays], other: list[Arrays]) -> float:
    """Largest difference of any parameter at any step, relative to the largest parameter."""
    size = max(np.abs(a).max() for arrays in one for a in arrays)
    return max(
        np.abs(a - b).max()
        for left, right in zip(one, other, strict=True)
        for a, b in zip(left, right, strict=True)
    ) / float(size)


def test_penalty_is_one_number():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
    first[0, 0] = 0.0
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2)).double()
    with torch.no_grad():
        model[0].weight.copy_(torch.from_numpy(first.T))
        model[1].weight.copy_(torch.from_numpy(second.T))
    value = l1_penalty([first, second], 0.3)
    by_torch = torch_l1_penalty(model, 0.3)
    assert by_torch.item() == pytest.approx(value, rel=1e-14)
    by_class = sum(float(L1Penalty(0.3)(tf.constant(w))) for w in (first, second))
    assert by_class == pytest.approx(value, rel=1e-14)
    by_torch.backward()
    (slope,) = l1_subgradient([first], 0.3)
    assert slope[0, 0] == 0
    np.testing.assert_allclose(model[0].weight.grad.T, slope, rtol=1e-14)
    variable = tf.Variable(first)
    with tf.GradientTape() as tape:
        loss = L1Penalty(0.3)(variable)
    np.testing.assert_allclose(tape.gradient(loss, variable), slope, rtol=1e-14)


@pytest.fixture(scope="module")
def by_keras(start, diabetes) -> list[Arrays]:
    return keras_path(start, diabetes, regularizer=keras.regularizers.l1(L1))


@pytest.fixture(scope="module")
def by_numpy(start, diabetes) -> list[Arrays]:
    return numpy_path(start, diabetes, proximal=True)


class TestPenaltyInTheLoss:
    """All parameters after each of 500 steps, float64."""

    def test_numpy(self, start, diabetes, by_keras):
        assert distance(by_keras, numpy_path(start, diabetes, proximal=False)) <= 1e-12

    def test_pytorch(self, start, diabetes, by_keras):
        assert distance(by_keras, torch_path(start, diabetes, proximal=False)) <= 1e-12

    def test_keras_penalty_class(self, start, diabetes, by_keras):
        assert distance(by_keras, keras_path(start, diabetes, regularizer=L1Penalty(L1))) <= 1e-12

    def test_penalized_biases_are_another_algorithm(self, start, diabetes, by_keras):
        wrong = torch_path(start, diabetes, proximal=False, biases=True)
        assert distance(by_keras, wrong) > 1e-3


class TestSoftThreshold:
    """The same with a soft threshold after each step."""

    def test_makes_zeros(self, by_numpy):
        assert 10 < (by_numpy[-1][0] == 0).sum() < 70

    def test_pytorch(self, start, diabetes, by_numpy):
        ours = torch_path(start, diabetes, proximal=True)
        assert distance(by_numpy, ours) <= 1e-12
        np.testing.assert_array_equal(by_numpy[-1][0] == 0, ours[-1][0] == 0)

    def test_keras(self, start, diabetes, by_numpy):
        ours = keras_path(start, diabetes, constraint=SoftThreshold(LR * L1))
        assert distance(by_numpy, ours) <= 1e-12
        np.testing.assert_array_equal(by_numpy[-1][0] == 0, ours[-1][0] == 0)

    def test_is_another_path_than_the_penalty_in_the_loss(self, start, diabetes, by_numpy):
        assert distance(by_numpy, numpy_path(start, diabetes, proximal=False)) > 1e-4


class TestMinimum:
    """The four ``l1_training`` snippets meet in one point, with the same zeros."""

    L1 = 0.25

    @pytest.fixture
    def problem(self, diabetes):
        features, targets = diabetes
        weights, bias = snippets.sklearn.l1_training.train(features, targets, l1=self.L1)
        assert 2 < (weights == 0).sum() < 8
        assert abs(bias) > 0.1
        return features, targets, weights, bias

    def test_is_the_minimum(self, problem):
        features, targets, weights, bias = problem
        errors = features @ weights + bias - targets
        slopes = 2 / len(targets) * features.T @ errors
        kept = weights != 0
        np.testing.assert_allclose(slopes[kept], -self.L1 * np.sign(weights[kept]), atol=1e-4)
        assert np.abs(slopes[~kept]).max() < self.L1

    def test_numpy(self, problem):
        features, targets, weights, bias = problem
        ours = snippets.numpy.l1_training.train(features, targets, l1=self.L1, steps=2000)
        np.testing.assert_allclose(ours[0], weights, atol=1e-4)
        np.testing.assert_array_equal(ours[0] == 0, weights == 0)
        assert ours[1] == pytest.approx(bias, abs=1e-4)

    def test_pytorch_equals_numpy(self, problem):
        features, targets, _, _ = problem
        expected = snippets.numpy.l1_training.train(features, targets, l1=self.L1, steps=300)
        x, y = torch.from_numpy(features), torch.from_numpy(targets)
        ours = snippets.pytorch.l1_training.train(x, y, l1=self.L1, steps=300)
        np.testing.assert_allclose(ours[0], expected[0], rtol=0, atol=1e-13)
        np.testing.assert_array_equal(ours[0] == 0, expected[0] == 0)
        assert ours[1] == pytest.approx(expected[1], abs=1e-13)

    def test_keras_equals_numpy(self, problem):
        features, targets, _, _ = problem
        expected = snippets.numpy.l1_training.train(features, targets, l1=self.L1, steps=60)
        ours = snippets.keras.l1_training.train(features, targets, l1=self.L1, steps=60)
        np.testing.assert_allclose(ours[0], expected[0], rtol=0, atol=1e-6)
        np.testing.assert_array_equal(ours[0] == 0, expected[0] == 0)
        assert ours[1] == pytest.approx(expected[1], abs=1e-6)

    def test_logistic_regression(self):
        # C multiplies the *sum* of losses: l1 = 1 / (n * C), and the bias is free.
        features, labels = load_breast_cancer(return_X_y=True)
        features = (features - features.mean(0)) / features.std(0)
        rows, l1 = len(labels), 0.05
        model = LogisticRegression(
            C=1 / (rows * l1), l1_ratio=1, solver="saga", tol=1e-8, max_iter=10_000, random_state=0
        )
        weights = model.fit(features, labels).coef_[0]
        errors = model.predict_proba(features)[:, 1] - labels
        slopes = features.T @ errors / rows
        kept = weights != 0
        assert 2 < kept.sum() < 20
        np.testing.assert_allclose(slopes[kept], -l1 * np.sign(weights[kept]), atol=1e-5)
        assert np.abs(slopes[~kept]).max() <= l1
        assert abs(errors.mean()) < 1e-6


class TestNetwork:
    """The two ``l1_network`` snippets are one training."""

    @staticmethod
    def train_both(*, keras_l1: float) -> float:
        rng = np.random.default_rng(0)
        features = rng.normal(size=(40, 6)).astype("float32")
        labels = np.arange(40) % 3
        keras_model = snippets.keras.l1_network.make_network(6, 3, hidden=8, l1=keras_l1)
        torch_model = snippets.pytorch.l1_network.make_network(6, 3, hidden=8)
        arrays = [rng.normal(size=p.shape).astype("float32") for p in torch_model.parameters()]
        keras_model.set_weights([a.T for a in arrays])
        with torch.no_grad():
            for parameter, array in zip(torch_model.parameters(), arrays, strict=True):
                parameter.copy_(torch.from_numpy(array))
        snippets.keras.l1_network.train(keras_model, features, labels, lr=0.01, epochs=30)
        snippets.pytorch.l1_network.train(
            torch_model,
            torch.from_numpy(features),
            torch.from_numpy(labels),
            l1=0.0625,
            lr=0.01,
            epochs=30,
        )
        pairs = zip(torch_model.parameters(), keras_model.get_weights(), strict=True)
        return max(float(np.abs(p.detach().numpy().T - a).max()) for p, a in pairs)

    def test_equal(self):
        assert self.train_both(keras_l1=0.0625) < 2e-4  # the two epsilons differ

    def test_apart_with_another_strength(self):
        assert self.train_both(keras_l1=0.03125) > 2e-3
