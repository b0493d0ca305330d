import math

import numpy as np
import pytest

from snippets.keras.three_layer_network import make_network, train_step
from tests.keras_backend import array


def test_layers():
    network = make_network(4, 6, 5, 3)
    shapes = [tuple(v.shape) for v in network.trainable_variables]
    assert shapes == [(4, 6), (6,), (6, 5), (5,), (5, 3), (3,)]
    assert [layer.activation.__name__ for layer in network.layers] == 3 * ["sigmoid"]
    assert {v.dtype for v in network.variables} == {"float32"}
    assert {v.dtype for v in make_network(1, 1, 1, 1, dtype="float64").variables} == {"float64"}


def test_one_step_by_hand():
    network = make_network(1, 1, 1, 1)
    network.set_weights([np.zeros(v.shape) for v in network.variables])
    # a3 = 1/2, y = 1: only the last layer moves, since W3 = 0 stops the error
    cost, gradients = train_step(network, np.ones((2, 1)), np.ones((2, 1)), lr=2.0)
    assert cost == 0.125
    assert [g.numpy().item() for g in gradients] == [0, 0, 0, 0, -0.0625, -0.125]
    assert [v.numpy().item() for v in network.variables] == [0, 0, 0, 0, 0.125, 0.25]


@pytest.mark.parametrize("lr", [0.0, -1.0, math.inf, math.nan])
def test_refuses_learning_rate(lr):
    with pytest.raises(ValueError, match=f"lr must be a finite number > 0, got {lr}"):
        train_step(make_network(1, 1, 1, 1), np.ones((2, 1)), np.ones((2, 1)), lr)


def test_refuses_targets():
    with pytest.raises(ValueError, match=r"y must have shape \(2, 1\), got \(2,\)"):
        train_step(make_network(1, 1, 1, 1), np.ones((2, 1)), np.ones(2), 0.1)


def test_inputs_keep_their_digits():
    network = make_network(1, 1, 1, 1, dtype="float64")
    first, *rest = [np.ones(v.shape) for v in network.variables]
    network.set_weights([1e8 * first, -1e7 + 0 * rest[0], *rest[1:]])
    sigmoid = np.vectorize(lambda z: 1 / (1 + math.exp(-z)))
    x = np.array([[0.1 + 1e-9]])  # float32 would not tell it from 0.1
    expected = sigmoid(sigmoid(sigmoid(1e8 * x - 1e7) + 1) + 1)
    np.testing.assert_allclose(array(network(x)), expected, rtol=1e-8)
