"""Max-norm and weights that are not negative: the same projections, the same minimum."""

import keras
import numpy as np
import pytest
import torch
from scipy.optimize import nnls
from sklearn.datasets import load_diabetes

import snippets.keras.non_negative_training
import snippets.numpy.non_negative_training
import snippets.pytorch.non_negative_training
import snippets.sklearn.non_negative_training
from snippets.keras.max_norm import max_norm as keras_max_norm
from snippets.numpy.max_norm import max_norm
from snippets.pytorch.max_norm import max_norm as torch_max_norm

LR, STEPS = 2.0**-4, 500


@pytest.fixture(scope="module")
def diabetes() -> tuple[np.ndarray, np.ndarray]:
    features, targets = load_diabetes(return_X_y=True)
    features = (features - features.mean(0)) / features.std(0)
    targets = (targets - targets.mean()) / targets.std() + 0.5
    # Exact in float32, so that no framework rounds them.
    return features.astype("float32").astype(float), targets.astype("float32").astype(float)


class TestMaxNorm:
    WEIGHTS = np.random.default_rng(0).normal(size=(6, 40))

    def test_torch(self):
        ours = max_norm(self.WEIGHTS, 2.5)
        theirs = torch_max_norm(torch.tensor(self.WEIGHTS.T), 2.5).numpy().T
        assert 5 < (ours != self.WEIGHTS).any(0).sum() < 35
        np.testing.assert_allclose(theirs, ours, rtol=1e-14)

    def test_keras_divides_by_the_norm_and_epsilon(self):
        ours = max_norm(self.WEIGHTS, 2.5)
        theirs = np.asarray(keras_max_norm(2.5)(self.WEIGHTS))
        norms = np.linalg.norm(self.WEIGHTS, axis=0)
        np.testing.assert_allclose(theirs, ours * norms / (norms + 1e-7), rtol=1e-12)
        assert np.abs(theirs / ours - 1).max() > 1e-8


class TestNonNegative:
    def test_minimum_is_that_of_sklearn_and_scipy(self, diabetes):
        features, targets = diabetes
        ours = snippets.numpy.non_negative_training.train(*diabetes, lr=0.1, steps=20_000)
        theirs = snippets.sklearn.non_negative_training.train(*diabetes)
        ones = np.ones((len(targets), 1))
        solution, _ = nnls(np.hstack([features, ones, -ones]), targets)
        assert 2 < (theirs[0] == 0).sum() < 8
        for weights in (ours[0], solution[:10]):
            np.testing.assert_allclose(weights, theirs[0], atol=1e-8)
            np.testing.assert_array_equal(weights == 0, theirs[0] == 0)
        assert ours[1] == pytest.approx(theirs[1], abs=1e-8)

    def test_optimality(self, diabetes):
        """No slope on a weight, and none that asks a zero to grow."""
        features, targets = diabetes
        w, b = snippets.numpy.non_negative_training.train(*diabetes, lr=0.1, steps=20_000)
        slopes = 2 / len(targets) * features.T @ (features @ w + b - targets)
        np.testing.assert_allclose(slopes[w > 0], 0, atol=1e-9)
        assert slopes[w == 0].min() > 0

    def test_torch_takes_the_same_steps(self, diabetes):
        for steps in (1, 7, STEPS):
            ours = snippets.numpy.non_negative_training.train(*diabetes, lr=LR, steps=steps)
            weights, bias = snippets.pytorch.non_negative_training.train(
                *(torch.tensor(a) for a in diabetes), lr=LR, steps=steps
            )
            np.testing.assert_allclose(weights.numpy(), ours[0], rtol=0, atol=1e-13)
            assert bias == pytest.approx(ours[1], abs=1e-13)

    def test_keras_takes_the_same_steps(self, diabetes):
        before = keras.config.dtype_policy()
        keras.config.set_floatx("float64")
        keras.config.set_dtype_policy("float64")  # kept from an earlier layer otherwise
        try:
            weights, bias = snippets.keras.non_negative_training.train(
                *diabetes, lr=LR, steps=STEPS
            )
        finally:
            keras.config.set_floatx("float32")
            keras.config.set_dtype_policy(before)
        ours = snippets.numpy.non_negative_training.train(*diabetes, lr=LR, steps=STEPS)
        np.testing.assert_allclose(weights, ours[0], rtol=0, atol=1e-12)
        assert bias == pytest.approx(ours[1], abs=1e-12)

    def test_another_rate_goes_elsewhere(self, diabetes):
        one, other = (
            snippets.numpy.non_negative_training.train(*diabetes, lr=lr, steps=7)[0]
            for lr in (LR, LR / 2)
        )
        assert np.abs(one - other).max() > 1e-3
