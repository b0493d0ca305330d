"""The cost, its gradient and the learning curves are the same in every framework."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from torch import nn

import snippets.keras.cost_function
import snippets.keras.learning_curves
import snippets.numpy.cost_function
import snippets.pytorch.cost_function
import snippets.pytorch.learning_curves
import snippets.sklearn.learning_curves

L2 = 2.0**-5  # exact in float32, which Keras rounds it to


@pytest.fixture(scope="module")
def problem():
    features, labels = load_breast_cancer(return_X_y=True)
    features = (features - features.mean(0)) / features.std(0)
    weights = np.random.default_rng(0).normal(size=30)
    return features, labels.astype(float), weights, 0.375


@pytest.fixture(scope="module")
def by_numpy(problem):
    gradient = snippets.numpy.cost_function.cost_gradient(*problem, L2)
    return snippets.numpy.cost_function.cost(*problem, L2), gradient


class TestCost:
    def test_pytorch(self, problem, by_numpy):
        features, labels, weights, bias = problem
        model = nn.Linear(30, 1).double()
        with torch.no_grad():
            model.weight.copy_(torch.from_numpy(weights[None]))
            model.bias.fill_(bias)
        terms = snippets.pytorch.cost_function.cost(
            model, torch.from_numpy(features), torch.from_numpy(labels), L2
        )
        sum(terms).backward()
        (loss, penalty), (by_weights, by_bias) = by_numpy
        assert terms[0].item() == pytest.approx(loss, rel=1e-13)
        assert terms[1].item() == pytest.approx(penalty, rel=1e-13)
        np.testing.assert_allclose(model.weight.grad[0], by_weights, atol=1e-13)
        assert model.bias.grad.item() == pytest.approx(by_bias, abs=1e-13)

    def test_keras(self, problem, by_numpy):
        features, labels, weights, bias = problem
        model = snippets.keras.cost_function.make_model(30, L2, dtype="float64")
        model.set_weights([weights[:, None], np.array([bias])])
        with tf.GradientTape() as tape:
            terms = snippets.keras.cost_function.cost(model, features, labels)
            total = sum(terms)
        gradient = tape.gradient(total, model.trainable_variables)
        (loss, penalty), (by_weights, by_bias) = by_numpy
        assert float(terms[0]) == pytest.approx(loss, rel=1e-13)
        assert float(terms[1]) == pytest.approx(penalty, rel=1e-13)
        np.testing.assert_allclose(gradient[0][:, 0], by_weights, atol=1e-13)
        assert float(gradient[1][0]) == pytest.approx(by_bias, abs=1e-13)

    def test_minimum_of_sklearn_has_no_slope(self, problem):
        # C multiplies the sum of the losses, and the penalty there is halved.
        features, labels, _, _ = problem
        model = LogisticRegression(C=1 / (2 * len(labels) * L2), tol=1e-10, max_iter=1000)
        model.fit(features, labels)
        at = model.coef_[0], float(model.intercept_[0])
        by_weights, by_bias = snippets.numpy.cost_function.cost_gradient(features, labels, *at, L2)
        assert max(*np.abs(by_weights), abs(by_bias)) < 1e-7


EPOCHS = 40
LR = 2.0**-7


@pytest.fixture(scope="module")
def sets():
    images, digits = load_digits(return_X_y=True)
    images = (images / 16).astype("float32")
    return (images[:60], digits[:60]), (images[-90:], digits[-90:])


@pytest.fixture(scope="module")
def start(sets):
    """What scikit-learn starts from, in the layout of Keras: (in, out)."""
    (images, digits), _ = sets
    model = MLPClassifier((16,), learning_rate_init=1e-30, alpha=0, random_state=3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "batch_size", len(digits))
        model.partial_fit(images.astype(float), digits, classes=np.arange(10))
    arrays = zip(model.coefs_, model.intercepts_, strict=True)
    return [a for pair in arrays for a in pair]


@pytest.fixture(scope="module")
def by_sklearn(sets):
    sets = [(x.astype(float), y) for x, y in sets]
    return snippets.sklearn.learning_curves.learning_curves(
        *sets, hidden=16, lr=LR, epochs=EPOCHS, seed=3
    )


class TestLearningCurves:
    def by_torch(self, sets, start):
        model = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10)).double()
        with torch.no_grad():
            for parameter, array in zip(model.parameters(), start, strict=True):
                parameter.copy_(torch.from_numpy(array.T))
        rows = [(torch.from_numpy(x).double(), torch.from_numpy(y)) for x, y in sets]
        return snippets.pytorch.learning_curves.learning_curves(model, *rows, lr=LR, epochs=EPOCHS)

    def test_pytorch_and_sklearn(self, sets, start, by_sklearn):
        # both in float64; only Adam's two epsilons differ
        np.testing.assert_allclose(self.by_torch(sets, start), by_sklearn, rtol=1e-4)

    def test_keras_and_pytorch(self, sets, start):
        hidden = keras.layers.Dense(16, "relu")
        model = keras.Sequential([keras.Input((64,)), hidden, keras.layers.Dense(10)])
        model.set_weights(start)
        by_keras = snippets.keras.learning_curves.learning_curves(
            model, *sets, lr=LR, epochs=EPOCHS
        )
        np.testing.assert_allclose(by_keras, self.by_torch(sets, start), rtol=1e-3)

    def test_another_learning_rate_is_another_curve(self, sets, start, by_sklearn):
        images, digits = sets[0]
        other = snippets.sklearn.learning_curves.learning_curves(
            (images.astype(float), digits), sets[1], hidden=16, lr=LR * 1.1, epochs=2, seed=3
        )
        assert np.abs(np.array(other) - np.array(by_sklearn)[:, :2]).max() > 1e-3
