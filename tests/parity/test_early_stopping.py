"""One rule in every framework: the same losses stop at the same epoch and restore the same one."""

import keras
import numpy as np
import pytest
import torch
from torch import nn

import snippets.keras.early_stopping
import snippets.numpy.early_stopping
import snippets.pytorch.early_stopping


class FakeModel:
    """What Keras's callback needs of a model: weights, and a flag to stop."""

    def __init__(self) -> None:
        self.weights, self.stop_training, self.metrics = [np.zeros(1)], False, []

    def get_weights(self):
        return [w.copy() for w in self.weights]

    def set_weights(self, weights):
        self.weights = weights


def by_keras(losses, **kwargs):
    """Epochs that ran, the best epoch, and the epoch whose weights are there afterwards."""
    callback = keras.callbacks.EarlyStopping(
        monitor="val_loss", mode="min", restore_best_weights=True, **kwargs
    )
    model = FakeModel()
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, loss in enumerate(losses):
        model.weights[0][:] = epoch
        callback.on_epoch_end(epoch, {"val_loss": loss})
        if model.stop_training:
            break
    callback.on_train_end()
    return epoch + 1, callback.best_epoch, int(model.weights[0][0])


def by_numpy(losses, **kwargs):
    watch, weights = snippets.numpy.early_stopping.EarlyStopping(**kwargs), [np.zeros(1)]
    for epoch, loss in enumerate(losses):
        weights[0][:] = epoch
        if watch.update(loss, weights):
            break
    return epoch + 1, watch.best_epoch, int(watch.best_weights[0][0])


def by_torch(losses, **kwargs):
    watch = snippets.pytorch.early_stopping.EarlyStopping(**kwargs)
    layer = nn.Linear(1, 1, bias=False)
    for epoch, loss in enumerate(losses):
        with torch.no_grad():
            layer.weight.fill_(epoch)
        if watch.update(loss, layer):
            break
    layer.load_state_dict(watch.best_state)
    return epoch + 1, watch.best_epoch, int(layer.weight.item())


def walks(number):
    rng = np.random.default_rng(0)
    for _ in range(number):
        steps = rng.normal(size=80) + rng.uniform(-1, 0.2)
        # Eighths: with ties, and exact in float32, in which Keras compares.
        yield ((8 * steps.cumsum()).round() / 8).tolist()


class TestRule:
    @pytest.mark.parametrize("patience", [1, 2, 3, 10, 100])
    @pytest.mark.parametrize("min_delta", [0.0, 0.125, 2.0])
    def test_same_epochs(self, patience, min_delta):
        ends = set()
        for losses in walks(60):
            expected = by_keras(losses, patience=patience, min_delta=min_delta)
            assert by_numpy(losses, patience=patience, min_delta=min_delta) == expected
            assert by_torch(losses, patience=patience, min_delta=min_delta) == expected
            ends.add(expected[:2])
        assert len(ends) > 1

    def test_not_a_number_first(self):
        losses = [float("nan"), 1.0, 0.5, 0.25]
        assert by_keras(losses, patience=2) == (3, 0, 0)
        assert by_numpy(losses, patience=2) == by_torch(losses, patience=2) == (3, 0, 0)


class TestKerasAlone:
    def test_patience_zero_is_patience_one(self):
        for losses in walks(60):
            assert by_keras(losses, patience=0) == by_keras(losses, patience=1)

    def test_compares_in_float32(self):
        losses = [1.0, 1.0 - 1e-8, 2.0]
        assert by_keras(losses, patience=9)[1] == 0
        assert by_numpy(losses, patience=9)[1] == 1

    def test_start_from_epoch_does_not_see_earlier_epochs(self):
        losses = [0.1, 3.0, 2.0, 1.0, 2.0, 3.0]
        assert by_keras(losses, patience=2) == (3, 0, 0)
        assert by_keras(losses, patience=2, start_from_epoch=2) == (6, 3, 3)
        for walk in walks(30):
            ran, best, _ = by_numpy(walk[10:], patience=5)
            shifted = ran + 10, best + 10, best + 10
            assert by_keras(walk, patience=5, start_from_epoch=10) == shifted


def test_the_two_trainings_stop_together():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(240, 8)).astype("float32")
    y = (x[:, 0] + rng.normal(size=240) > 0).astype("int64")
    torch.manual_seed(0)
    torch_model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 2))
    keras_model = keras.Sequential(
        [keras.Input((8,)), keras.layers.Dense(16, "tanh"), keras.layers.Dense(2)]
    )
    keras_model.set_weights([p.detach().numpy().T for p in torch_model.parameters()])
    rows = (x[:40], y[:40]), (x[40:], y[40:])
    tensors = tuple(tuple(map(torch.from_numpy, pair)) for pair in rows)
    one = snippets.pytorch.early_stopping.train(torch_model, *tensors, patience=5, lr=0.0625)
    two = snippets.keras.early_stopping.train(keras_model, *rows, patience=5, lr=0.0625)
    assert one[1] == two[1] > 2
    assert one[0] == pytest.approx(two[0], rel=1e-3)  # the two epsilons differ
    for p, array in zip(torch_model.parameters(), keras_model.get_weights(), strict=True):
        np.testing.assert_allclose(p.detach().numpy().T, array, atol=2e-2)
