"""L1 in every framework: one penalty, one minimum, one network (paths: test_matrix)."""

import numpy as np
import pytest
import tensorflow as tf
import torch
from sklearn.datasets import load_diabetes
from torch import nn

import snippets.keras.l1_network
import snippets.keras.l1_training
import snippets.numpy.l1_training
import snippets.pytorch.l1_network
import snippets.pytorch.l1_training
import snippets.sklearn.l1_training
from snippets.keras.l1_penalty import L1Penalty
from snippets.numpy.l1_penalty import l1_penalty, l1_subgradient
from snippets.pytorch.l1_penalty import l1_penalty as torch_l1_penalty


@pytest.fixture(scope="module")
def diabetes() -> tuple[np.ndarray, np.ndarray]:
    features, targets = load_diabetes(return_X_y=True)
    features = features[:64] / features.std(0)
    targets = (targets[:64] - targets.mean()) / targets.std() + 0.5
    # Exact in float32, so that no framework rounds them.
    return features.astype("float32").astype(float), targets.astype("float32").astype(float)


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
