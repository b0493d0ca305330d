"""On one replica; experiments/distributed_replicas.py measures two, in one process and in two."""

import keras
import numpy as np
import pytest
import tensorflow as tf

if keras.backend.backend() != "tensorflow":
    pytest.skip("tf.distribute is TensorFlow's", allow_module_level=True)

from snippets.keras.data_parallel import train
from snippets.keras.multi_worker_fit import WorkersModel


def layers():
    keras.utils.set_random_seed(0)
    return [keras.layers.Dense(3, kernel_regularizer=keras.regularizers.l2(0.25))]


def make_model():
    return keras.Sequential([keras.Input((4,)), *layers()])


def data():
    return np.random.default_rng(0).normal(size=(7, 4)).astype("float32"), np.arange(7) % 3


def fitted(model, epochs):
    rows, classes = data()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.125), loss, jit_compile=False)
    history = model.fit(rows, classes, batch_size=7, epochs=epochs, shuffle=False, verbose=0)
    return history.history["loss"]


def test_loop_and_workers_fit_equal_fit():
    expected = make_model()
    losses = fitted(expected, 3)
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    model, looped = train(
        strategy, make_model, *data(), lambda: keras.optimizers.SGD(0.125), epochs=3
    )
    workers = WorkersModel(layers())
    with strategy.scope():
        workers.build((None, 4))
        by_workers = fitted(workers, 3)
    assert looped == pytest.approx(losses, rel=1e-6)
    assert by_workers == pytest.approx(losses, rel=1e-6)
    for kept, a, b in zip(
        expected.get_weights(), model.get_weights(), workers.get_weights(), strict=True
    ):
        np.testing.assert_allclose(a, kept, atol=1e-6)
        np.testing.assert_allclose(b, kept, atol=1e-6)


def test_first_loss_holds_the_penalty_once():
    rows, classes = data()
    model = make_model()
    kernel, bias = model.get_weights()
    logits = rows @ kernel + bias
    bare = (np.log(np.exp(logits).sum(1)) - logits[np.arange(7), classes]).mean()
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    _, losses = train(strategy, make_model, rows, classes, lambda: keras.optimizers.SGD(0.125))
    assert losses[0] == pytest.approx(bare + 0.25 * (kernel**2).sum(), rel=1e-6)
    assert len(losses) == 100


def test_layers_train_while_it_trains_and_one_row_is_enough():
    def dropping():
        keras.utils.set_random_seed(0)
        return keras.Sequential(
            [keras.Input((4,)), keras.layers.Dropout(0.9), keras.layers.Dense(3)]
        )

    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    rows = np.ones((200, 4), "float32"), np.zeros(200, int)
    _, losses = train(strategy, dropping, *rows, lambda: keras.optimizers.SGD(1e-9), epochs=2)
    assert losses[0] != losses[1]  # other inputs are dropped, the weights stay
    one = rows[0][:1], rows[1][:1]
    _, losses = train(strategy, make_model, *one, lambda: keras.optimizers.SGD(0.1), epochs=1)
    assert len(losses) == 1


def test_refuses_fewer_rows_than_replicas():
    rows, classes = data()
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    with pytest.raises(ValueError, match="there must be a row for each of 1, got 0"):
        train(strategy, make_model, rows[:0], classes[:0], lambda: keras.optimizers.SGD(0.125))
