"""The derivation and both autograds: the same values and gradients, at every step."""

import numpy as np
import pytest
import tensorflow as tf
import torch
from sklearn.datasets import load_iris

import snippets.keras.three_layer_network as by_keras
import snippets.pytorch.three_layer_network as by_torch
from snippets.numpy.three_layer_network import Parameters, backward, cost, forward, update

SIZES = (4, 6, 5, 3)
LR = 0.5  # exact in float32, which Keras may round it to


def start():
    rng = np.random.default_rng(0)
    shapes = [(6, 4), (6, 1), (5, 6), (5, 1), (3, 5), (3, 1)]
    return Parameters(*(rng.normal(size=shape) for shape in shapes))


def irises(n: int):
    features, kinds = load_iris(return_X_y=True)
    features = (features - features.mean(0)) / features.std(0)
    chosen = np.random.default_rng(0).permutation(150)[:n]
    return features[chosen].T, np.eye(3)[kinds[chosen]].T


def torch_network(net: Parameters):
    network = by_torch.make_network(*SIZES).double()
    with torch.no_grad():
        for p, array in zip(network.parameters(), net, strict=True):
            p.copy_(torch.from_numpy(array).reshape(p.shape))
    return network


def keras_network(net: Parameters):
    network = by_keras.make_network(*SIZES, dtype="float64")
    shapes = [v.shape for v in network.variables]
    network.set_weights([a.T.reshape(s) for a, s in zip(net, shapes, strict=True)])
    return network


def distance(ours: Parameters, theirs: list[np.ndarray]) -> float:
    pairs = zip(ours, theirs, strict=True)
    return max(float(np.abs(a - b.T.reshape(a.shape)).max()) for a, b in pairs)


@pytest.mark.parametrize("n", [1, 7])
class TestOneStep:
    def test_pytorch(self, n):
        net, (x, y) = start(), irises(n)
        trace = forward(net, x)
        gradient = backward(net, x, y, trace)
        network = torch_network(net)
        np.testing.assert_allclose(network(torch.from_numpy(x.T)).detach().T, trace.a3, rtol=1e-14)
        value, gradients = by_torch.train_step(
            network, torch.from_numpy(x.T), torch.from_numpy(y.T), LR
        )
        assert value == pytest.approx(cost(trace.a3, y), rel=1e-14)
        assert distance(gradient, [g.numpy().T for g in gradients]) < 1e-15
        new = [p.detach().numpy().T for p in network.parameters()]
        assert distance(update(net, gradient, LR), new) < 1e-14

    def test_keras(self, n):
        net, (x, y) = start(), irises(n)
        trace = forward(net, x)
        gradient = backward(net, x, y, trace)
        network = keras_network(net)
        np.testing.assert_allclose(network(x.T).numpy().T, trace.a3, rtol=1e-14)
        value, gradients = by_keras.train_step(network, x.T, y.T, LR)
        assert value == pytest.approx(cost(trace.a3, y), rel=1e-14)
        assert distance(gradient, [g.numpy() for g in gradients]) < 1e-15
        new = [v.numpy() for v in network.trainable_variables]
        assert distance(update(net, gradient, LR), new) < 1e-14


def test_long_trajectory():
    net, (x, y) = start(), irises(50)
    in_torch, in_keras = torch_network(net), keras_network(net)
    tensors = torch.from_numpy(x.T), torch.from_numpy(y.T)
    constants = tf.constant(x.T), tf.constant(y.T)
    first = cost(forward(net, x).a3, y)
    for _ in range(150):
        net = update(net, backward(net, x, y, forward(net, x)), LR)
        by_torch.train_step(in_torch, *tensors, LR)
        by_keras.train_step(in_keras, *constants, LR)
        assert distance(net, [p.detach().numpy().T for p in in_torch.parameters()]) < 1e-12
        assert distance(net, [v.numpy() for v in in_keras.trainable_variables]) < 1e-12
    assert cost(forward(net, x).a3, y) < 0.5 * first
