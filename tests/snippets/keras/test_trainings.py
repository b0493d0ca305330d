"""What all Keras trainings here promise: an epoch is one update of Adam, with all rows."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from snippets.keras import (
    dropout_network,
    early_stopping,
    elastic_net_network,
    l1_network,
    l2_network,
    learning_curves,
    regularized_network,
)
from tests.keras_backend import array

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 4)).astype("float32")  # more rows than a batch of fit's own size
LABELS = np.arange(40) % 3
ROWS = X, LABELS
PLAIN = [l1_network, l2_network, elastic_net_network]
TRAININGS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    **{module.__name__: (module.train, ROWS) for module in PLAIN},
    dropout_network.__name__: (dropout_network.train, (*ROWS, ROWS)),
    early_stopping.__name__: (early_stopping.train, (ROWS, ROWS)),
    learning_curves.__name__: (learning_curves.learning_curves, (ROWS, ROWS)),
    regularized_network.__name__: (regularized_network.train, (ROWS, ROWS)),
}


def network() -> keras.Sequential:
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])


@pytest.mark.parametrize("name", TRAININGS)
def test_one_epoch_is_one_step_of_adam_with_all_rows(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    train, rows = TRAININGS[name]
    model = network()
    train(model, *rows, lr=0.125, epochs=1)
    adam = keras.optimizers.AdamW if "regularized" in name else keras.optimizers.Adam
    assert type(model.optimizer) is adam
    assert float(array(model.optimizer.learning_rate)) == 0.125
    assert int(model.optimizer.iterations) == 1
    assert capsys.readouterr().out == ""
    kernel, bias = model.get_weights()
    logits = X @ kernel + bias
    cross_entropy = (np.log(np.exp(logits).sum(1)) - logits[np.arange(40), LABELS]).mean()
    assert float(array(model.loss(LABELS, logits))) == pytest.approx(cross_entropy, rel=1e-5)


@pytest.mark.parametrize("module", PLAIN, ids=lambda module: module.__name__)
def test_the_hidden_layer_is_bent(module: Any) -> None:
    layers = module.make_network(4, 3).layers
    assert [layer.activation.__name__ for layer in layers] == ["relu", "linear"]


def test_stopping_needs_an_improvement_by_min_delta() -> None:
    losses, best = early_stopping.train(
        network(), ROWS, ROWS, patience=1, min_delta=10.0, lr=1e-4, epochs=3
    )
    assert (len(losses), best) == (2, 0)  # the first is always better than none
    losses, best = early_stopping.train(network(), ROWS, ROWS, patience=1, lr=1e-4, epochs=3)
    assert (len(losses), best) == (3, 2)
