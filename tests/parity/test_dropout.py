"""Dropout in every framework: one step by hand, one network (paths: test_matrix)."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from torch import nn

import snippets.keras.dropout
import snippets.keras.dropout_network
import snippets.keras.monte_carlo_dropout
import snippets.numpy.dropout
import snippets.pytorch.dropout
import snippets.pytorch.dropout_network
import snippets.pytorch.monte_carlo_dropout

P = 0.375


@pytest.fixture
def masks(monkeypatch):
    """Feeds every framework's Dropout the masks that NumPy's would draw."""
    drawn = snippets.numpy.dropout.Dropout(P, seed=5)

    def following(convert):
        rng = np.random.default_rng(5)
        draw = snippets.numpy.dropout.dropout_mask
        return lambda x, p, *_: convert(draw(tuple(x.shape), p, rng))

    monkeypatch.setattr(snippets.pytorch.dropout, "dropout_mask", following(torch.from_numpy))
    monkeypatch.setattr(snippets.keras.dropout, "dropout_mask", following(tf.constant))
    return drawn


def test_one_step_by_hand(masks):
    # p = 0.375: a value becomes 0 or 1.6 times what it was, and the gradient of the sum 0 or 1.6.
    x = np.array([[1.0, 2.0, 4.0, 8.0, 16.0, 32.0]])
    ours = masks.forward(x, training=True)
    factors = ours / x
    assert set(factors.ravel()) == {0.0, 1.6}
    np.testing.assert_array_equal(masks.backward(np.ones((1, 6))), factors)
    leaf = torch.from_numpy(x).requires_grad_()
    by_module = snippets.pytorch.dropout.Dropout(P)(leaf)
    by_module.sum().backward()
    np.testing.assert_array_equal(by_module.detach(), ours)
    np.testing.assert_array_equal(leaf.grad, factors)
    layer = snippets.keras.dropout.Dropout(P, dtype="float64")
    np.testing.assert_array_equal(layer(x, training=True), ours)


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_both_frameworks_scale_by_the_same_float32(p):
    torch.manual_seed(0)
    kept = nn.Dropout(p)(torch.ones(1000)).unique()[-1].item()
    assert kept == np.float32(1 / (1 - p))
    assert np.unique(keras.layers.Dropout(p, seed=0)(np.ones(1000), training=True))[-1] == kept


class TestNetwork:
    """The two ``dropout_network`` snippets are one network."""

    @pytest.fixture
    def networks(self):
        torch.manual_seed(0)
        torch_model = snippets.pytorch.dropout_network.make_network(6, 3, hidden=8, p=0.5)
        keras_model = snippets.keras.dropout_network.make_network(6, 3, hidden=8, p=0.5)
        arrays = [p.detach().numpy() for p in torch_model.parameters()]
        keras_model.set_weights([a.T for a in arrays])
        return torch_model, keras_model

    def test_only_pytorch_has_modes(self, networks):
        torch_model, keras_model = networks
        assert torch_model.training
        assert not torch_model.eval().training
        assert not hasattr(keras_model, "train")
        assert not hasattr(keras_model, "eval")

    def test_same_answers_in_evaluation(self, networks):
        torch_model, keras_model = networks
        x = np.random.default_rng(0).normal(size=(20, 6)).astype("float32")
        by_module = torch_model.eval()(torch.from_numpy(x)).detach().numpy()
        np.testing.assert_allclose(keras_model(x), by_module, atol=1e-6)
        assert np.abs(keras_model(x, training=True) - by_module).max() > 1e-2

    def test_same_training_without_randomness(self, networks):
        torch_model, keras_model = networks
        for module in torch_model:
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        for layer in keras_model.layers:
            if isinstance(layer, keras.layers.Dropout):
                layer.rate = 0.0
        x = np.random.default_rng(0).normal(size=(40, 6)).astype("float32")
        y = np.arange(40) % 3
        rows = torch.from_numpy(x), torch.from_numpy(y)
        one = snippets.pytorch.dropout_network.train(torch_model, *rows, rows, epochs=30)
        two = snippets.keras.dropout_network.train(keras_model, x, y, (x, y), epochs=30)
        for name in ("loss", "val_loss"):
            assert one[name] == pytest.approx(two[name], rel=1e-3)  # the two epsilons differ
        assert one["loss"][-1] < 0.9 * one["loss"][0]


@pytest.mark.parametrize("normalized", [False, True])
def test_monte_carlo_dropout_with_shared_masks(monkeypatch, normalized):
    rng = np.random.default_rng(0)
    weights, x = [rng.normal(size=(6, 8)), rng.normal(size=(8, 3))], rng.normal(size=(5, 6))

    def next_mask(convert):
        drawn = np.random.default_rng(7)
        draw = snippets.numpy.dropout.dropout_mask
        return lambda _, x, **__: x * convert(draw(tuple(x.shape), P, drawn))

    monkeypatch.setattr(nn.Dropout, "forward", next_mask(torch.from_numpy))
    monkeypatch.setattr(keras.layers.Dropout, "call", next_mask(tf.constant))
    torch_model = nn.Sequential(
        nn.Linear(6, 8, bias=False),
        nn.BatchNorm1d(8, eps=1e-3, affine=False) if normalized else nn.Identity(),
        nn.Dropout(P),
        nn.Linear(8, 3, bias=False),
    ).double()
    options = {"use_bias": False, "dtype": "float64"}
    norm = keras.layers.BatchNormalization(center=False, scale=False, dtype="float64")
    keras_model = keras.Sequential(
        [
            keras.Input((6,), dtype="float64"),
            keras.layers.Dense(8, **options),
            norm if normalized else keras.layers.Identity(dtype="float64"),
            keras.layers.Dropout(P, dtype="float64"),
            keras.layers.Dense(3, **options),
        ]
    )
    for linear, dense, kernel in zip(
        (torch_model[0], torch_model[3]),
        (keras_model.layers[0], keras_model.layers[3]),
        weights,
        strict=True,
    ):
        dense.set_weights([kernel])
        linear.weight.data = torch.from_numpy(kernel.T)
    ours = snippets.pytorch.monte_carlo_dropout.monte_carlo_dropout
    theirs = snippets.keras.monte_carlo_dropout.monte_carlo_dropout
    by_torch = ours(torch_model, torch.from_numpy(x), samples=60)
    by_keras = theirs(keras_model, x, samples=60)
    for one, other in zip(by_torch, by_keras, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    mean, spread = (a.numpy() for a in by_torch)
    logits = x @ weights[0] @ weights[1] / (np.sqrt(1.001) if normalized else 1)
    assert (spread > 1e-3).all()
    without = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert np.abs(mean - without).max() > 1e-2  # the average over masks is another answer
