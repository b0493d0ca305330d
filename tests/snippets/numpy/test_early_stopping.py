import numpy as np
import pytest

from snippets.numpy.early_stopping import EarlyStopping


def follow(losses, **kwargs):
    """Epoch that stops (or None), and the watch."""
    watch, weights = EarlyStopping(**kwargs), [np.zeros(2)]
    for epoch, loss in enumerate(losses):
        weights[0] += 1  # in place, as optimizers do
        if watch.update(loss, weights):
            return epoch, watch
    return None, watch


@pytest.mark.parametrize(
    ("losses", "patience", "stopped", "best"),
    [
        ([3, 2, 1, 2, 3], 1, 3, 2),
        ([3, 2, 1, 2, 3], 2, 4, 2),
        ([3, 2, 1, 2, 3], 3, None, 2),
        ([3, 4, 2, 4, 1, 5, 6], 2, 6, 4),  # an improvement starts the count anew
        ([3, 4, 4, 1], 2, 2, 0),
        ([2, 2, 2], 2, 2, 0),  # equal is no improvement
        ([float("nan"), 1, 1], 2, 2, 0),
    ],
)
def test_by_hand(losses, patience, stopped, best):
    epoch, watch = follow(losses, patience=patience)
    assert (epoch, watch.best_epoch) == (stopped, best)
    np.testing.assert_array_equal(watch.best_weights[0], [best + 1, best + 1])
    assert watch.best_loss == pytest.approx(losses[best], nan_ok=True)


def test_min_delta():
    losses = [1.0, 0.9, 0.8, 0.7, 0.1]
    assert follow(losses, patience=2, min_delta=0.25)[0] == 2
    assert follow(losses[:4], patience=3, min_delta=0.25)[1].best_epoch == 3
    assert follow([1.0, 0.5], patience=1, min_delta=0.5)[0] == 1  # exactly the delta: too little


def test_weights_are_copied():
    watch, weights = EarlyStopping(), [np.zeros(1)]
    watch.update(1.0, weights)
    weights[0] += 5
    assert watch.best_weights[0] == 0


@pytest.mark.parametrize("patience", [0, -1])
def test_refuses_patience(patience):
    with pytest.raises(ValueError, match=rf"patience must be >= 1, got {patience}"):
        EarlyStopping(patience)


@pytest.mark.parametrize("min_delta", [-0.1, float("inf"), float("nan")])
def test_refuses_min_delta(min_delta):
    with pytest.raises(
        ValueError, match=rf"min_delta must be a finite number >= 0, got {min_delta}"
    ):
        EarlyStopping(1, min_delta)
