import math

import keras
import numpy as np
import pytest

from snippets.keras.elastic_net_network import make_network, train


@pytest.fixture
def problem():
    keras.utils.set_random_seed(0)
    features = np.random.default_rng(0).normal(size=(12, 4))
    return make_network(4, 3, hidden=5, l1=0.25, l2=0.5), features, np.arange(12) % 3


def test_shapes_and_regularizers(problem):
    model, features, _ = problem
    assert model.predict_on_batch(features).shape == (12, 3)
    assert [v.shape for v in model.trainable_variables] == [(4, 5), (5,), (5, 3), (3,)]
    regularizers = [layer.kernel_regularizer for layer in model.layers]
    assert [(float(r.l1), float(r.l2)) for r in regularizers] == [(0.25, 0.5)] * 2
    assert [layer.bias_regularizer for layer in model.layers] == [None, None]
    default = make_network(4, 3).layers[0].kernel_regularizer
    assert [float(default.l1), float(default.l2)] == pytest.approx([0.001, 0.001])


def test_loss_holds_the_penalty_and_cross_entropy_does_not(problem):
    model, features, labels = problem
    kernels = [layer.kernel.numpy() for layer in model.layers]
    penalty = sum(0.25 * np.abs(k).sum() + 0.5 * (k**2).sum() for k in kernels)
    history = train(model, features, labels, epochs=3)
    assert sorted(history) == ["cross_entropy", "loss"]
    assert len(history["loss"]) == 3
    assert history["loss"][0] - history["cross_entropy"][0] == pytest.approx(penalty, rel=1e-5)


@pytest.mark.parametrize("lr", [0.0, -1.0, math.inf, math.nan])
def test_refuses_learning_rate(problem, lr):
    with pytest.raises(ValueError, match=f"lr must be a finite number > 0, got {lr}"):
        train(*problem, lr=lr)


@pytest.mark.parametrize("name", ["l1", "l2"])
def test_refuses_strength(name):
    with pytest.raises(ValueError, match=name):
        make_network(2, 2, **{name: -0.1})
