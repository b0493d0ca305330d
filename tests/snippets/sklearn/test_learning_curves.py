import math

import numpy as np
import pytest
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier

from snippets.sklearn.learning_curves import learning_curves


def rows(seed: int, size: int = 12):
    return np.random.default_rng(seed).normal(size=(size, 4)), np.arange(size) % 3


def test_learns_the_training_rows():
    training, validation = learning_curves(rows(0), rows(1), hidden=8, lr=0.05, epochs=150)
    assert len(training) == len(validation) == 150
    assert training[-1] < 0.1 * training[0]
    assert validation[-1] > validation[0]  # random labels: nothing to know of new rows


def test_each_epoch_is_one_update_on_the_same_start():
    longer = learning_curves(rows(0), rows(1), epochs=3)
    assert learning_curves(rows(0), rows(1), epochs=1)[0] == longer[0][:1]
    assert learning_curves(rows(0), rows(1), epochs=1, seed=1)[0] != longer[0][:1]


def test_is_full_batch_adam_without_a_penalty():
    x, y = rows(0, 300)  # more than the 200 that scikit-learn takes by default
    model = MLPClassifier((8,), alpha=0.0, batch_size=300, learning_rate_init=0.05, random_state=0)
    expected = []
    for _ in range(3):
        model.partial_fit(x, y, classes=[0, 1, 2])
        expected.append(log_loss(y, model.predict_proba(x)))
    assert learning_curves((x, y), rows(1), hidden=8, lr=0.05, epochs=3)[0] == expected


def test_validation_rows_may_lack_a_class():
    _, validation = learning_curves(rows(0), rows(1, 2), epochs=2)
    assert np.isfinite(validation).all()


@pytest.mark.parametrize("lr", [0.0, -1.0, math.inf, math.nan])
def test_refuses_learning_rate(lr):
    with pytest.raises(ValueError, match=f"lr must be a finite number > 0, got {lr}"):
        learning_curves(rows(0), rows(1), lr=lr)
