import keras
import numpy as np
import pytest

from snippets.keras.regularized_network import make_network, train


def data(rows, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 8)).astype("float32")
    return x, (x[:, 0] + rng.normal(size=rows) > 0).astype("int64")


def network(p=0.25):
    keras.utils.set_random_seed(0)
    return make_network(8, 2, hidden=16, p=p)


def test_layers():
    kinds = [type(layer).__name__ for layer in network(0.3).layers]
    assert kinds.index("Dropout") > len(kinds) - 1 - kinds[::-1].index("BatchNormalization")
    dense = [layer for layer in network().layers if isinstance(layer, keras.layers.Dense)]
    assert [layer.use_bias for layer in dense] == [False, False, True]
    assert network(0.3).layers[6].rate == 0.3


def test_stops_and_restores():
    rows = data(40, 0), data(200, 1)
    model = network()
    losses, best = train(model, *rows, patience=8)
    assert len(losses) == best + 1 + 8 < 300
    assert losses[best] == min(losses) < losses[-1]
    assert model.evaluate(*rows[1], batch_size=200, verbose=0) == pytest.approx(losses[best])


def test_a_patience_of_one_epoch_is_allowed():
    losses, best = train(network(), data(40, 0), data(200, 1), patience=1, lr=1.0)
    assert len(losses) == best + 1 + 1 < 300


@pytest.mark.parametrize("weight_decay", [0.0, 0.5])
def test_one_step_decays_weights_alone(weight_decay):
    def step(decay):
        model = network(p=0.0)
        for v in model.trainable_variables:
            if len(v.shape) == 1:
                v.assign(v + 0.5)
        start = [v.numpy() for v in model.trainable_variables]
        train(model, data(40, 0), data(40, 1), weight_decay=decay, lr=0.1, epochs=1)
        return start, [v.numpy() for v in model.trainable_variables]

    start, free = step(0.0)
    _, decayed = step(weight_decay)
    for before, one, other in zip(start, free, decayed, strict=True):
        expected = 0.1 * weight_decay * before if before.ndim == 2 else 0 * before
        np.testing.assert_allclose(one - other, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("lr", 0.0, "lr must be a finite number > 0, got 0.0"),
        ("lr", float("nan"), "lr must be a finite number > 0, got nan"),
        ("patience", 0, "patience must be >= 1, got 0"),
        ("weight_decay", -0.1, "weight_decay must be a finite number >= 0, got -0.1"),
        ("weight_decay", float("inf"), "weight_decay must be a finite number >= 0, got inf"),
    ],
)
def test_refuses(name, value, words):
    with pytest.raises(ValueError, match=words):
        train(network(), data(4, 0), data(4, 1), **{name: value})


def test_batch_norm_is_that_of_the_other_frameworks():
    norms = [x for x in network().layers if isinstance(x, keras.layers.BatchNormalization)]
    assert [(norm.momentum, norm.epsilon) for norm in norms] == [(0.9, 1e-5)] * 2
