"""The elastic net in every framework: one minimum in both parametrisations, one penalty, one
network (paths: test_matrix)."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from sklearn.datasets import load_diabetes
from sklearn.linear_model import ElasticNet, Lasso, Ridge

import snippets.keras.elastic_net_network
import snippets.numpy.elastic_net_training
import snippets.pytorch.elastic_net_network
import snippets.sklearn.elastic_net_training
from snippets.numpy.elastic_net import elastic_net_penalty, elastic_net_subgradient

L1, L2 = 2.0**-6, 2.0**-5


@pytest.fixture(scope="module")
def diabetes() -> tuple[np.ndarray, np.ndarray]:
    features, targets = load_diabetes(return_X_y=True)
    features = (features - features.mean(0)) / features.std(0)
    targets = (targets - targets.mean()) / targets.std() + 0.5
    # Exact in float32, so that no framework rounds them.
    return features.astype("float32").astype(float), targets.astype("float32").astype(float)


class TestMinimum:
    """Proximal gradient descent ends where scikit-learn's own models do."""

    @pytest.mark.parametrize(("l1", "l2"), [(0.2, 0.1), (0.02, 0.5), (0.4, 0.01)])
    def test_two_strengths(self, diabetes, l1, l2):
        ours = snippets.numpy.elastic_net_training.train(*diabetes, l1=l1, l2=l2, steps=3000)
        theirs = snippets.sklearn.elastic_net_training.train(*diabetes, l1=l1, l2=l2)
        np.testing.assert_allclose(ours[0], theirs[0], rtol=0, atol=1e-7)
        np.testing.assert_array_equal(ours[0] == 0, theirs[0] == 0)
        assert ours[1] == pytest.approx(theirs[1], abs=1e-7)

    @pytest.mark.parametrize(("alpha", "ratio"), [(0.15, 0.5), (0.1, 0.9), (0.3, 0.2)])
    def test_alpha_and_ratio(self, diabetes, alpha, ratio):
        l1, l2 = 2 * alpha * ratio, alpha * (1 - ratio)
        ours, _ = snippets.numpy.elastic_net_training.train(*diabetes, l1=l1, l2=l2, steps=3000)
        theirs = ElasticNet(alpha=alpha, l1_ratio=ratio, tol=1e-8).fit(*diabetes).coef_
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-7)

    def test_l1_alone_is_the_lasso(self, diabetes):
        ours, _ = snippets.numpy.elastic_net_training.train(*diabetes, l1=0.2, l2=0, steps=5000)
        theirs = Lasso(alpha=0.1, tol=1e-10).fit(*diabetes).coef_
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)
        assert 0 < (ours == 0).sum() < 10

    def test_l2_alone_is_ridge(self, diabetes):
        ours, _ = snippets.numpy.elastic_net_training.train(*diabetes, l1=0, l2=0.2, steps=3000)
        theirs = Ridge(alpha=len(diabetes[1]) * 0.2).fit(*diabetes).coef_
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)

    def test_optimality(self, diabetes):
        features, targets = diabetes
        w, b = snippets.numpy.elastic_net_training.train(*diabetes, l1=0.2, l2=0.1, steps=3000)
        slopes = 2 / len(targets) * features.T @ (features @ w + b - targets)
        kept = w != 0
        assert 0 < kept.sum() < 10
        np.testing.assert_allclose(
            slopes[kept], -elastic_net_subgradient(w, 0.2, 0.1)[kept], atol=1e-7
        )
        assert np.abs(slopes[~kept]).max() <= 0.2


class TestPenalty:
    WEIGHTS = np.array([[1.5, -0.25], [0.0, -3.0]])

    def test_keras(self):
        weights = tf.Variable(self.WEIGHTS)
        with tf.GradientTape() as tape:
            penalty = keras.regularizers.L1L2(l1=L1, l2=L2)(weights)
        gradient = tape.gradient(penalty, weights).numpy()
        assert float(penalty) == elastic_net_penalty(self.WEIGHTS, L1, L2)
        np.testing.assert_array_equal(gradient, elastic_net_subgradient(self.WEIGHTS, L1, L2))

    def test_torch(self):
        weights = torch.tensor(self.WEIGHTS, requires_grad=True)
        penalty = L1 * weights.abs().sum() + L2 * weights.square().sum()
        penalty.backward()
        assert penalty.item() == elastic_net_penalty(self.WEIGHTS, L1, L2)
        expected = elastic_net_subgradient(self.WEIGHTS, L1, L2)
        np.testing.assert_array_equal(weights.grad.numpy(), expected)


class TestNetwork:
    """The two ``elastic_net_network`` snippets are one training."""

    @staticmethod
    def train_both(*, keras_l2: float) -> float:
        rng = np.random.default_rng(0)
        features = rng.normal(size=(40, 6)).astype("float32")
        labels = np.arange(40) % 3
        keras_model = snippets.keras.elastic_net_network.make_network(
            6, 3, hidden=8, l1=0.0625, l2=keras_l2
        )
        torch_model = snippets.pytorch.elastic_net_network.make_network(6, 3, hidden=8)
        arrays = [rng.normal(size=p.shape).astype("float32") for p in torch_model.parameters()]
        keras_model.set_weights([a.T for a in arrays])
        with torch.no_grad():
            for parameter, array in zip(torch_model.parameters(), arrays, strict=True):
                parameter.copy_(torch.from_numpy(array))
        snippets.keras.elastic_net_network.train(keras_model, features, labels, lr=0.01, epochs=30)
        snippets.pytorch.elastic_net_network.train(
            torch_model,
            torch.from_numpy(features),
            torch.from_numpy(labels),
            l1=0.0625,
            l2=0.125,
            lr=0.01,
            epochs=30,
        )
        pairs = zip(torch_model.parameters(), keras_model.get_weights(), strict=True)
        return max(float(np.abs(p.detach().numpy().T - a).max()) for p, a in pairs)

    def test_equal(self):
        assert self.train_both(keras_l2=0.125) < 2e-4  # the two epsilons differ

    def test_apart_with_another_strength(self):
        assert self.train_both(keras_l2=0.0625) > 2e-3
