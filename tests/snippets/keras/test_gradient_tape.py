import math

import keras
import numpy as np
import pytest
import tensorflow as tf

if keras.backend.backend() != "tensorflow":
    pytest.skip("GradientTape is TensorFlow's", allow_module_level=True)

from snippets.keras.gradient_tape import train


@pytest.fixture
def problem():
    keras.utils.set_random_seed(0)
    layer = keras.layers.Dense(3, kernel_regularizer=keras.regularizers.l2(0.25))
    model = keras.Sequential([keras.Input((4,)), layer])
    return model, np.random.default_rng(0).normal(size=(12, 4)), np.arange(12) % 3


def test_first_loss_holds_the_penalty(problem):
    model, features, labels = problem
    kernel, bias = model.get_weights()
    logits = features @ kernel + bias
    log_sums = np.log(np.exp(logits).sum(1))
    bare = (log_sums - logits[np.arange(12), labels]).mean()
    losses = train(model, features, labels, lr=0.01, epochs=30)
    assert losses[0] == pytest.approx(bare + 0.25 * (kernel**2).sum(), rel=1e-6)
    assert len(losses) == 30
    assert losses[-1] < losses[0]


def test_first_step_is_lr_long(problem):
    model, features, labels = problem
    before = model.get_weights()
    train(model, features, labels, lr=0.125, epochs=1)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_allclose(np.abs(new - old), 0.125, rtol=1e-3)


def test_compiled_and_line_by_line_are_one_training(problem):
    model, features, labels = problem
    start = model.get_weights()
    compiled = train(model, features, labels, lr=0.01, epochs=5)
    model.set_weights(start)
    tf.config.run_functions_eagerly(True)
    try:
        eager = train(model, features, labels, lr=0.01, epochs=5)
    finally:
        tf.config.run_functions_eagerly(False)
    assert eager == pytest.approx(compiled, rel=1e-6)


def test_defaults(problem):
    assert len(train(*problem)) == 100


@pytest.mark.parametrize("lr", [0.0, -1.0, math.inf, math.nan])
def test_refuses_learning_rate(problem, lr):
    with pytest.raises(ValueError, match=f"lr must be a finite number > 0, got {lr}"):
        train(*problem, lr=lr)


def test_layers_train_while_it_trains():
    keras.utils.set_random_seed(0)
    dropping = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dropout(0.99), keras.layers.Dense(3)]
    )
    features = np.ones((200, 4))
    losses = train(dropping, features, np.zeros(200, int), lr=1e-9, epochs=2)
    assert losses[0] != losses[1]  # other inputs are dropped, the weights stay


def test_features_reach_the_model_as_float32():
    seen = []

    class Watching(keras.Model):
        def call(self, x):
            seen.append(x.dtype)
            return self.scores(x)

    model = Watching(autocast=False)  # else Keras casts what enters it
    model.scores = keras.layers.Dense(3)
    model(tf.zeros((1, 4)))  # builds it
    seen.clear()
    train(model, np.ones((6, 4)), np.arange(6) % 3, epochs=1)
    assert set(seen) == {tf.float32}
