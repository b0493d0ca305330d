"""One strength in every framework: the same numbers at every step."""

from collections.abc import Callable
from itertools import pairwise

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LogisticRegression
from torch import nn

import snippets.keras.l2_network
import snippets.keras.l2_training
import snippets.numpy.l2_training
import snippets.pytorch.l2_network
import snippets.pytorch.l2_training
import snippets.sklearn.l2_training
from snippets.keras.l2_penalty import L2Penalty
from snippets.numpy.l2_penalty import l2_gradient, l2_penalty
from snippets.pytorch.decay_groups import decay_groups
from snippets.pytorch.l2_penalty import l2_penalty as torch_l2_penalty

# Keras rounds hyperparameters to float32 even where weights are float64: these are exact there.
L2, LR, STEPS = 2.0**-6, 2.0**-4, 500

Arrays = list[np.ndarray]
Trajectory = list[Arrays]


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
    return [(rng.normal(size=s) / 3).astype("float32").astype(float) for s in shapes]


def numpy_trajectory(start: Arrays, features, targets, *, l2: float) -> Trajectory:
    w1, b1, w2, b2 = (a.copy() for a in start)
    rows = len(features)
    trajectory = []
    for _ in range(STEPS):
        hidden = np.tanh(features @ w1 + b1)
        out_grad = 2 / rows * (hidden @ w2 + b2 - targets[:, None])
        hidden_grad = out_grad @ w2.T * (1 - hidden**2)
        w1_penalty, w2_penalty = l2_gradient([w1, w2], l2)
        w1, b1, w2, b2 = (
            w1 - LR * (features.T @ hidden_grad + w1_penalty),
            b1 - LR * hidden_grad.sum(0),
            w2 - LR * (hidden.T @ out_grad + w2_penalty),
            b2 - LR * out_grad.sum(0),
        )
        trajectory.append([w1, b1, w2, b2])
    return trajectory


def torch_network(start: Arrays, dtype: torch.dtype) -> nn.Sequential:
    model = nn.Sequential(nn.Linear(10, 8), nn.Tanh(), nn.Linear(8, 1)).to(dtype)
    with torch.no_grad():
        for parameter, array in zip(model.parameters(), start, strict=True):
            parameter.copy_(torch.from_numpy(array.T))
    return model


def torch_trajectory(
    start: Arrays,
    features,
    targets,
    *,
    make_optimizer: Callable[[nn.Module], torch.optim.Optimizer],
    penalty: Callable[[nn.Module], torch.Tensor | float] = lambda model: 0.0,
    before_step: Callable[[torch.optim.Optimizer, int], None] = lambda optimizer, t: None,
    dtype: torch.dtype = torch.float64,
    steps: int = STEPS,
) -> Trajectory:
    model = torch_network(start, dtype)
    optimizer = make_optimizer(model)
    x, y = torch.from_numpy(features).to(dtype), torch.from_numpy(targets).to(dtype)
    trajectory = []
    for t in range(1, steps + 1):
        before_step(optimizer, t)
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x).squeeze(1), y) + penalty(model)
        loss.backward()
        optimizer.step()
        trajectory.append([p.detach().numpy().T.copy() for p in model.parameters()])
    return trajectory


def keras_trajectory(
    start: Arrays,
    features,
    targets,
    *,
    optimizer: keras.optimizers.Optimizer,
    regularizer: Callable | None,
    add_losses: bool = True,
    dtype: str = "float64",
    steps: int = STEPS,
) -> Trajectory:
    model = keras.Sequential(
        [
            keras.Input((10,), dtype=dtype),
            keras.layers.Dense(8, activation="tanh", kernel_regularizer=regularizer, dtype=dtype),
            keras.layers.Dense(1, kernel_regularizer=regularizer, dtype=dtype),
        ]
    )
    model.set_weights(start)
    x, y = tf.constant(features, dtype), tf.constant(targets, dtype)
    optimizer.build(model.trainable_variables)

    @tf.function
    def step() -> None:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(x, training=True)[:, 0] - y))
            if add_losses:
                loss += sum(model.losses)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)

    trajectory = []
    for _ in range(steps):
        step()
        trajectory.append([v.numpy() for v in model.trainable_variables])
    return trajectory


def distance(one: Trajectory, other: Trajectory) -> float:
    """Largest difference of any parameter at any step, relative to the largest parameter."""
    size = max(np.abs(a).max() for arrays in one for a in arrays)
    return max(
        np.abs(a - b).max()
        for left, right in zip(one, other, strict=True)
        for a, b in zip(left, right, strict=True)
    ) / float(size)


@pytest.fixture(scope="module")
def by_numpy(start, diabetes) -> Trajectory:
    return numpy_trajectory(start, *diabetes, l2=L2)


@pytest.fixture(scope="module")
def by_keras(start, diabetes) -> Trajectory:
    return keras_trajectory(
        start,
        *diabetes,
        optimizer=keras.optimizers.SGD(LR),
        regularizer=keras.regularizers.l2(L2),
    )


def sgd_groups(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(decay_groups(model, L2), lr=LR)


def test_penalty_is_one_number():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2)).double()
    with torch.no_grad():
        model[0].weight.copy_(torch.from_numpy(first.T))
        model[1].weight.copy_(torch.from_numpy(second.T))
    value = l2_penalty([first, second], 0.3)
    by_torch = torch_l2_penalty(model, 0.3)
    assert by_torch.item() == pytest.approx(value, rel=1e-14)
    by_keras_class = sum(float(L2Penalty(0.3)(tf.constant(w))) for w in (first, second))
    assert by_keras_class == pytest.approx(value, rel=1e-14)
    by_torch.backward()
    gradient = l2_gradient([first, second], 0.3)
    np.testing.assert_allclose(model[0].weight.grad.T, gradient[0], rtol=1e-14)
    variable = tf.Variable(first)
    with tf.GradientTape() as tape:
        loss = L2Penalty(0.3)(variable)
    np.testing.assert_allclose(tape.gradient(loss, variable), gradient[0], rtol=1e-14)


def test_one_step_by_hand():
    # One weight, one bias, one row x=2, y=1: prediction 3*2+1 = 7, error 6.
    # w: 3 - 1/16 * (2*6*2 + 2*l2*3), b: 1 - 1/16 * 2*6.
    expected_weight = 3 - LR * (24 + 2 * L2 * 3)
    expected_bias = 1 - LR * 12

    model = nn.Linear(1, 1)
    nn.init.constant_(model.weight, 3.0)
    nn.init.constant_(model.bias, 1.0)
    optimizer = sgd_groups(model)
    nn.functional.mse_loss(model(torch.tensor([[2.0]])), torch.tensor([[1.0]])).backward()
    optimizer.step()
    assert [model.weight.item(), model.bias.item()] == [expected_weight, expected_bias]

    layer = keras.layers.Dense(1, kernel_regularizer=keras.regularizers.l2(L2))
    keras_model = keras.Sequential([keras.Input((1,)), layer])
    keras_model.set_weights([np.array([[3.0]]), np.array([1.0])])
    keras_model.compile(optimizer=keras.optimizers.SGD(LR), loss="mean_squared_error")
    keras_model.fit(np.array([[2.0]]), np.array([[1.0]]), verbose=0)
    assert [float(layer.kernel[0, 0]), float(layer.bias[0])] == [expected_weight, expected_bias]


class TestTrajectory:
    """All parameters after each of 500 steps of gradient descent, float64."""

    def test_numpy_and_keras(self, by_numpy, by_keras):
        assert distance(by_numpy, by_keras) <= 1e-12

    def test_pytorch_decay_groups(self, start, diabetes, by_keras):
        ours = torch_trajectory(start, *diabetes, make_optimizer=sgd_groups)
        assert distance(by_keras, ours) <= 1e-12

    def test_pytorch_penalty_in_the_loss(self, start, diabetes, by_keras):
        ours = torch_trajectory(
            start,
            *diabetes,
            make_optimizer=lambda model: torch.optim.SGD(model.parameters(), lr=LR),
            penalty=lambda model: torch_l2_penalty(model, L2),
        )
        assert distance(by_keras, ours) <= 1e-12

    def test_keras_penalty_class(self, start, diabetes, by_keras):
        ours = keras_trajectory(
            start, *diabetes, optimizer=keras.optimizers.SGD(LR), regularizer=L2Penalty(L2)
        )
        assert distance(by_keras, ours) <= 1e-12

    def test_half_the_factor_is_another_algorithm(self, start, diabetes, by_keras):
        wrong = torch_trajectory(
            start,
            *diabetes,
            make_optimizer=lambda model: torch.optim.SGD(decay_groups(model, L2 / 2), lr=LR),
        )
        assert distance(by_keras, wrong) > 1e-2

    def test_decayed_biases_are_another_algorithm(self, start, diabetes, by_keras):
        wrong = torch_trajectory(
            start,
            *diabetes,
            make_optimizer=lambda model: torch.optim.SGD(
                model.parameters(), lr=LR, weight_decay=2 * L2
            ),
        )
        assert distance(by_keras, wrong) > 1e-3

    def test_keras_loop_without_model_losses_has_no_penalty(self, start, diabetes):
        forgotten = keras_trajectory(
            start,
            *diabetes,
            optimizer=keras.optimizers.SGD(LR),
            regularizer=keras.regularizers.l2(L2),
            add_losses=False,
        )
        assert distance(numpy_trajectory(start, *diabetes, l2=0.0), forgotten) <= 1e-12

    def test_float32(self, start, diabetes, by_numpy):
        by_torch = torch_trajectory(
            start, *diabetes, make_optimizer=sgd_groups, dtype=torch.float32
        )
        by_keras = keras_trajectory(
            start,
            *diabetes,
            optimizer=keras.optimizers.SGD(LR),
            regularizer=keras.regularizers.l2(L2),
            dtype="float32",
        )
        assert distance(by_torch, by_keras) <= 1e-5
        assert distance(by_numpy, by_torch) <= 1e-5


# Exact in float32; epsilon 0, because the two frameworks put it in different places.
BETAS = (0.875, 1 - 2.0**-10)


def adam_by_keras(start: Arrays, diabetes, regularizer: Callable | None, **arguments) -> Trajectory:
    optimizer = keras.optimizers.Adam(
        LR / 8, beta_1=BETAS[0], beta_2=BETAS[1], epsilon=0.0, **arguments
    )
    return keras_trajectory(
        start, *diabetes, optimizer=optimizer, regularizer=regularizer, steps=200
    )


def adam_by_torch(start: Arrays, diabetes, *, l2: float) -> Trajectory:
    return torch_trajectory(
        start,
        *diabetes,
        make_optimizer=lambda model: torch.optim.Adam(
            decay_groups(model, l2), lr=LR / 8, betas=BETAS, eps=0.0
        ),
        steps=200,
    )


@pytest.fixture(scope="module")
def adam_with_l2(start, diabetes) -> Trajectory:
    return adam_by_keras(start, diabetes, keras.regularizers.l2(L2))


class TestAdam:
    """All parameters after each of 200 steps of Adam, float64."""

    def test_weight_decay_is_keras_l2(self, start, diabetes, adam_with_l2):
        assert distance(adam_with_l2, adam_by_torch(start, diabetes, l2=L2)) <= 1e-11

    def test_half_the_factor_is_not(self, start, diabetes, adam_with_l2):
        assert distance(adam_with_l2, adam_by_torch(start, diabetes, l2=L2 / 2)) > 1e-2

    def test_keras_adam_weight_decay_is_not_l2(self, start, diabetes, adam_with_l2):
        wrong = adam_by_keras(start, diabetes, None, weight_decay=2 * L2)
        assert distance(adam_with_l2, wrong) > 1e-2


class TestMinimum:
    """The four ``l2_training`` snippets meet in one point."""

    L2 = 0.5  # strong, so that few steps suffice

    @pytest.fixture
    def problem(self, diabetes):
        features, targets = diabetes
        exact = snippets.sklearn.l2_training.train(features, targets, l2=self.L2)
        assert abs(exact[1]) > 0.1  # a bias worth leaving alone
        return features, targets, *exact

    def test_numpy(self, problem):
        features, targets, weights, bias = problem
        ours = snippets.numpy.l2_training.train(features, targets, l2=self.L2, lr=0.125, steps=400)
        np.testing.assert_allclose(ours[0], weights, atol=1e-12)
        assert ours[1] == pytest.approx(bias, abs=1e-12)

    def test_pytorch(self, problem):
        features, targets, weights, bias = problem
        ours = snippets.pytorch.l2_training.train(
            torch.from_numpy(features),
            torch.from_numpy(targets),
            l2=self.L2,
            lr=0.125,
            steps=400,
        )
        np.testing.assert_allclose(ours[0], weights, atol=1e-12)
        assert ours[1] == pytest.approx(bias, abs=1e-12)

    def test_keras(self, problem):
        features, targets, weights, bias = problem
        ours = snippets.keras.l2_training.train(features, targets, l2=self.L2, lr=0.125, steps=120)
        np.testing.assert_allclose(ours[0], weights, atol=1e-5)
        assert ours[1] == pytest.approx(bias, abs=1e-5)

    def test_logistic_regression(self):
        # C multiplies the *sum* of losses, and its penalty is halved: l2 = 1 / (2 * n * C).
        features, labels = load_breast_cancer(return_X_y=True)
        features = (features - features.mean(0)) / features.std(0)
        rows, l2 = len(labels), 0.05
        model = LogisticRegression(C=1 / (2 * rows * l2), tol=1e-10, max_iter=10_000)
        weights = model.fit(features, labels).coef_[0]
        probabilities = model.predict_proba(features)[:, 1]
        (penalty,) = l2_gradient([weights], l2)
        gradient = features.T @ (probabilities - labels) / rows + penalty
        assert np.abs(gradient).max() < 1e-6
        assert np.abs(penalty).max() > 1e-2


class TestNetwork:
    """The two ``l2_network`` snippets differ in the biases, and in nothing else."""

    @staticmethod
    def train_both(*, bias_l2: float) -> float:
        rng = np.random.default_rng(0)
        features = rng.normal(size=(40, 6)).astype("float32")
        labels = np.arange(40) % 3
        keras_model = snippets.keras.l2_network.make_network(6, 3, hidden=8, l2=0.0625)
        torch_model = snippets.pytorch.l2_network.make_network(6, 3, hidden=8)
        arrays = [rng.normal(size=p.shape).astype("float32") for p in torch_model.parameters()]
        keras_model.set_weights([a.T for a in arrays])
        for layer in keras_model.layers:
            layer.bias.regularizer = keras.regularizers.l2(bias_l2)
        with torch.no_grad():
            for parameter, array in zip(torch_model.parameters(), arrays, strict=True):
                parameter.copy_(torch.from_numpy(array))
        snippets.keras.l2_network.train(keras_model, features, labels, lr=0.01, epochs=30)
        snippets.pytorch.l2_network.train(
            torch_model,
            torch.from_numpy(features),
            torch.from_numpy(labels),
            lr=0.01,
            weight_decay=2 * 0.0625,
            epochs=30,
        )
        pairs = zip(torch_model.parameters(), keras_model.get_weights(), strict=True)
        return max(float(np.abs(p.detach().numpy().T - a).max()) for p, a in pairs)

    def test_equal_when_keras_decays_biases_too(self):
        assert self.train_both(bias_l2=0.0625) < 2e-4  # the two epsilons differ

    def test_apart_otherwise(self):
        assert self.train_both(bias_l2=0.0) > 2e-3


def test_default_strength_of_keras():
    # The experiment l2_generalization says of its strength 0.01 that it is this one.
    assert keras.regularizers.l2().l2 == keras.regularizers.get("l2").l2 == 0.01


def test_factor_of_decay_alone():
    # Without data every step multiplies a weight by 1 - 2 * lr * l2.
    layer = nn.Linear(1, 1, bias=False)
    nn.init.ones_(layer.weight)
    optimizer = torch.optim.SGD(decay_groups(layer, 0.25), lr=0.5)
    values = []
    for _ in range(4):
        layer.weight.grad = torch.zeros_like(layer.weight)
        optimizer.step()
        values.append(layer.weight.item())
    assert values == [0.75, 0.75**2, 0.75**3, 0.75**4]
    assert all(later / earlier == 1 - 2 * 0.5 * 0.25 for earlier, later in pairwise(values))
