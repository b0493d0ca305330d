"""Batch norm from scratch, nn.BatchNorm1d and BatchNormalization: one layer under a mapping."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from torch import nn

from snippets.numpy.batch_norm import BatchNorm

MOMENTUM, EPS = 2.0**-3, 2.0**-10  # exact in float32, to which Keras rounds them
FEATURES, BATCHES = 6, 40


@pytest.fixture(scope="module")
def batches() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    arrays = [rng.normal(rng.normal(), 2, size=(10, FEATURES)) for _ in range(BATCHES)]
    return [a.astype("float32").astype(float) for a in arrays]


@pytest.fixture(scope="module")
def affine() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(2, FEATURES)).astype("float32").astype(float)


def relative(one, other) -> float:
    one, other = np.asarray(one), np.asarray(other)
    return float(np.abs(one - other).max() / np.abs(other).max())


def by_numpy(affine, *, unbiased) -> BatchNorm:
    layer = BatchNorm(FEATURES, MOMENTUM, EPS, unbiased=unbiased)
    layer.gamma, layer.beta = affine[0].copy(), affine[1].copy()
    return layer


def by_torch(affine) -> nn.BatchNorm1d:
    layer = nn.BatchNorm1d(FEATURES, momentum=MOMENTUM, eps=EPS).double()
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(affine[0]))
        layer.bias.copy_(torch.from_numpy(affine[1]))
    return layer


def by_keras(affine) -> keras.layers.BatchNormalization:
    layer = keras.layers.BatchNormalization(momentum=1 - MOMENTUM, epsilon=EPS, dtype="float64")
    layer.build((None, FEATURES))
    layer.gamma.assign(affine[0])
    layer.beta.assign(affine[1])
    return layer


class TestTorch:
    def test_outputs_averages_and_gradients(self, batches, affine):
        ours, theirs = by_numpy(affine, unbiased=True), by_torch(affine)
        slope = np.random.default_rng(2).normal(size=batches[0].shape)
        for batch in batches:
            x = torch.from_numpy(batch).requires_grad_()
            y = theirs.train()(x)
            theirs.zero_grad()
            y.backward(torch.from_numpy(slope))
            assert relative(ours.forward(batch, training=True), y.detach()) < 1e-12
            gradients = ours.backward(slope)
            for one, other in zip(
                gradients, (x.grad, theirs.weight.grad, theirs.bias.grad), strict=True
            ):
                assert relative(one, other) < 1e-12
            assert relative(ours.running_mean, theirs.running_mean) < 1e-12
            assert relative(ours.running_var, theirs.running_var) < 1e-12
        last = theirs.eval()(torch.from_numpy(batches[0])).detach()
        assert relative(ours.forward(batches[0], training=False), last) < 1e-12

    def test_biased_is_not_torch(self, batches, affine):
        ours, theirs = by_numpy(affine, unbiased=False), by_torch(affine)
        for batch in batches:
            ours.forward(batch, training=True)
            theirs(torch.from_numpy(batch))
        assert relative(ours.running_var, theirs.running_var) > 0.05


class TestKeras:
    def test_outputs_averages_and_gradients(self, batches, affine):
        ours, theirs = by_numpy(affine, unbiased=False), by_keras(affine)
        slope = np.random.default_rng(2).normal(size=batches[0].shape)
        for batch in batches:
            x = tf.constant(batch)
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = theirs(x, training=True)
                loss = tf.reduce_sum(y * slope)
            found = tape.gradient(loss, [x, theirs.gamma.value, theirs.beta.value])
            assert relative(ours.forward(batch, training=True), y) < 1e-12
            for one, other in zip(ours.backward(slope), found, strict=True):
                assert relative(one, other) < 1e-12
            assert relative(ours.running_mean, theirs.moving_mean) < 1e-12
            assert relative(ours.running_var, theirs.moving_variance) < 1e-12
        last = theirs(batches[0], training=False)
        assert relative(ours.forward(batches[0], training=False), last) < 1e-12

    def test_unbiased_is_not_keras(self, batches, affine):
        ours, theirs = by_numpy(affine, unbiased=True), by_keras(affine)
        for batch in batches:
            ours.forward(batch, training=True)
            theirs(batch, training=True)
        assert relative(ours.running_var, theirs.moving_variance) > 0.05


def test_defaults():
    ours, torch_layer = BatchNorm(3), nn.BatchNorm1d(3)
    assert (ours.momentum, ours.eps) == (torch_layer.momentum, torch_layer.eps) == (0.1, 1e-5)
    keras_layer = keras.layers.BatchNormalization()
    assert (keras_layer.momentum, keras_layer.epsilon) == (0.99, 1e-3)
