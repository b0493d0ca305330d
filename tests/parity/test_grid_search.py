"""One cross-validation: ridge in NumPy and scikit-learn, a network in PyTorch and Keras."""

import keras
import numpy as np
import pytest
import torch
from sklearn.datasets import load_diabetes, load_digits
from torch import nn

import snippets.keras.grid_search
import snippets.numpy.grid_search
import snippets.pytorch.grid_search
import snippets.sklearn.grid_search

# Keras rounds hyperparameters to float32 even where weights are float64: these are exact there.
STRENGTHS = [0.0, 2.0**-10, 2.0**-4]
LR, EPOCHS, FOLDS = 0.5, 20, 2


class TestRidge:
    @pytest.mark.parametrize("folds", [2, 5, 10])
    def test_equal_where_folds_divide_the_rows(self, folds):
        features, targets = load_diabetes(return_X_y=True, scaled=False)
        strengths = [0.0, 0.001, 0.01, 0.1, 1.0, 10.0]
        data = features[:440], targets[:440]
        ours, errors = snippets.numpy.grid_search.grid_search(*data, strengths, folds=folds)
        theirs, same = snippets.sklearn.grid_search.grid_search(*data, strengths, folds=folds)
        assert ours == theirs
        np.testing.assert_allclose(errors, same, rtol=1e-12)

    def test_nearly_where_they_do_not(self):
        features, targets = load_diabetes(return_X_y=True, scaled=False)
        ours, errors = snippets.numpy.grid_search.grid_search(features, targets, [0.1])
        theirs, same = snippets.sklearn.grid_search.grid_search(features, targets, [0.1])
        difference = np.abs(errors / same - 1).max()
        assert ours == theirs
        assert 1e-9 < difference < 1e-3


class TestNetwork:
    @staticmethod
    def search_both(*, keras_factor: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
        images, digits = load_digits(return_X_y=True)
        features, labels = images[:100] / 16, digits[:100]
        model = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10)).double()
        rng = np.random.default_rng(0)
        arrays = [rng.normal(size=p.shape) / 8 for p in model.parameters()]
        with torch.no_grad():
            for parameter, array in zip(model.parameters(), arrays, strict=True):
                parameter.copy_(torch.from_numpy(array))

        def make_model(l2: float) -> keras.Model:
            penalty = keras.regularizers.l2(keras_factor * l2)
            made = keras.Sequential(
                [
                    keras.Input((64,)),
                    keras.layers.Dense(16, "relu", kernel_regularizer=penalty, dtype="float64"),
                    keras.layers.Dense(10, kernel_regularizer=penalty, dtype="float64"),
                ]
            )
            made.set_weights([a.T for a in arrays])
            return made

        options = {"folds": FOLDS, "lr": LR, "epochs": EPOCHS}
        _, by_torch = snippets.pytorch.grid_search.grid_search(
            model, torch.from_numpy(features), torch.from_numpy(labels), STRENGTHS, **options
        )
        keras.config.set_floatx("float64")
        try:
            _, by_keras = snippets.keras.grid_search.grid_search(
                make_model, features, labels, STRENGTHS, **options
            )
        finally:
            keras.config.set_floatx("float32")
        return by_torch.numpy(), by_keras

    def test_equal(self):
        by_torch, by_keras = self.search_both()
        np.testing.assert_allclose(by_torch, by_keras, rtol=1e-12)

    def test_apart_with_another_strength(self):
        by_torch, by_keras = self.search_both(keras_factor=0.5)
        np.testing.assert_allclose(by_torch[:, 0], by_keras[:, 0], rtol=1e-12)
        assert np.abs(by_torch[:, 1:] / by_keras[:, 1:] - 1).min() > 1e-4
