"""L2 in every framework: one step by hand, one minimum, one network (paths: test_matrix)."""

from itertools import pairwise

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from sklearn.datasets import load_diabetes
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

L2, LR = 2.0**-6, 2.0**-4


@pytest.fixture(scope="module")
def diabetes() -> tuple[np.ndarray, np.ndarray]:
    features, targets = load_diabetes(return_X_y=True)
    features = features[:64] / features.std(0)
    targets = (targets[:64] - targets.mean()) / targets.std() + 0.5
    # Exact in float32, so that no framework rounds them.
    return features.astype("float32").astype(float), targets.astype("float32").astype(float)


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
