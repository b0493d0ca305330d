"""The same masks in every framework: the same values, gradients and weights at every step."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from torch import nn

import snippets.keras.dropout
import snippets.keras.dropout_network
import snippets.numpy.dropout
import snippets.pytorch.dropout
import snippets.pytorch.dropout_network

P, LR, STEPS = 0.375, 2.0**-4, 300

Arrays = list[np.ndarray]


@pytest.fixture(scope="module")
def start() -> Arrays:
    rng = np.random.default_rng(0)
    shapes = [(6, 8), (8,), (8, 3), (3,)]
    return [(rng.normal(size=s) / 2).astype("float32").astype(float) for s in shapes]


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return tuple(rng.normal(size=s).astype("float32").astype(float) for s in ((16, 6), (16, 3)))


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


def by_numpy(layer, start, data, *, training=True) -> list[Arrays]:
    w1, b1, w2, b2 = (a.copy() for a in start)
    x, y = data
    trajectory = []
    for _ in range(STEPS):
        hidden = np.tanh(x @ w1 + b1)
        dropped = layer.forward(hidden, training=training)
        out_grad = 2 / y.size * (dropped @ w2 + b2 - y)
        hidden_grad = layer.backward(out_grad @ w2.T) * (1 - hidden**2)
        w1, b1 = w1 - LR * x.T @ hidden_grad, b1 - LR * hidden_grad.sum(0)
        w2, b2 = w2 - LR * dropped.T @ out_grad, b2 - LR * out_grad.sum(0)
        trajectory.append([w1, b1, w2, b2])
    return trajectory


def by_torch(layer, start, data) -> list[Arrays]:
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), layer, nn.Linear(8, 3)).double()
    with torch.no_grad():
        for parameter, array in zip(model.parameters(), start, strict=True):
            parameter.copy_(torch.from_numpy(array.T))
    optimizer = torch.optim.SGD(model.parameters(), lr=LR)
    x, y = (torch.from_numpy(a) for a in data)
    trajectory = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
        trajectory.append([p.detach().numpy().T.copy() for p in model.parameters()])
    return trajectory


def by_keras(layer, start, data) -> list[Arrays]:
    model = keras.Sequential(
        [
            keras.Input((6,), dtype="float64"),
            keras.layers.Dense(8, "tanh", dtype="float64"),
            layer,
            keras.layers.Dense(3, dtype="float64"),
        ]
    )
    model.set_weights(start)
    x, y = (tf.constant(a) for a in data)
    optimizer = keras.optimizers.SGD(LR)
    trajectory = []
    for _ in range(STEPS):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(x, training=True) - y))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        trajectory.append([v.numpy() for v in model.trainable_variables])
    return trajectory


def distance(one: list[Arrays], other: list[Arrays]) -> float:
    """Largest difference of any parameter at any step."""
    return max(
        float(np.abs(a - b).max())
        for left, right in zip(one, other, strict=True)
        for a, b in zip(left, right, strict=True)
    )


class TestTrajectory:
    """All parameters after each of 300 steps with a new mask each, float64."""

    def test_pytorch(self, start, data, masks):
        ours = by_torch(snippets.pytorch.dropout.Dropout(P), start, data)
        assert distance(by_numpy(masks, start, data), ours) <= 1e-13

    def test_keras(self, start, data, masks):
        layer = snippets.keras.dropout.Dropout(P, dtype="float64")
        assert distance(by_numpy(masks, start, data), by_keras(layer, start, data)) <= 1e-13

    def test_other_masks_or_none_are_another_trajectory(self, start, data, masks):
        expected = by_numpy(masks, start, data)
        other = by_numpy(snippets.numpy.dropout.Dropout(P, seed=6), start, data)
        none = by_numpy(masks, start, data, training=False)
        assert distance(expected, other) > 1e-2
        assert distance(expected, none) > 1e-2


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
