import keras
import numpy as np
import pytest

from snippets.keras.grid_search import grid_search


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(23, 3)).astype("float32")
    labels = (features[:, 0] + rng.normal(size=23) > 0).astype(int)
    return features, labels


def make_model(l2: float) -> keras.Model:
    layer = keras.layers.Dense(2, kernel_regularizer=keras.regularizers.l2(l2))
    model = keras.Sequential([keras.Input((3,)), layer])
    model.set_weights([np.arange(6).reshape(3, 2) / 8, np.array([0.5, -0.5])])
    return model


def test_against_plain_gradient_descent(problem):
    features, labels = problem
    _, errors = grid_search(make_model, features, labels, [0.0, 0.25], folds=4, lr=0.5, epochs=10)
    assert errors.shape == (4, 2)
    out = np.arange(12, 18)  # 23 rows: three folds of 6, one of 5
    x, y = np.delete(features, out, axis=0), np.eye(2)[np.delete(labels, out)]
    kernel, bias = np.arange(6).reshape(3, 2) / 8, np.array([0.5, -0.5])

    def chances(rows):
        scores = np.exp(rows @ kernel + bias)
        return scores / scores.sum(1, keepdims=True)

    for _ in range(10):
        wrong = (chances(x) - y) / len(x)
        kernel, bias = (
            kernel - 0.5 * (x.T @ wrong + 2 * 0.25 * kernel),
            bias - 0.5 * wrong.sum(0),
        )
    expected = -np.log(chances(features[out])[np.arange(6), labels[out]]).mean()
    assert errors[2, 1] == pytest.approx(expected, rel=1e-5)


def test_best_has_the_smallest_mean(problem):
    strengths = [0.5, 0.02, 0.0]
    best, errors = grid_search(make_model, *problem, strengths, folds=2, lr=1.0, epochs=15)
    assert best == strengths[errors.mean(0).argmin()]
    assert len(set(errors.mean(0))) == 3


@pytest.mark.parametrize("folds", [1, 24])
def test_refuses_folds(problem, folds):
    with pytest.raises(ValueError, match=f"folds must be from 2 to 23, got {folds}"):
        grid_search(make_model, *problem, [0.1], folds=folds)


@pytest.mark.parametrize("strengths", [[], [-0.1], [0.1, float("inf")], [float("nan")]])
def test_refuses_strengths(problem, strengths):
    with pytest.raises(ValueError, match=r"strengths must be finite and >= 0, got \["):
        grid_search(make_model, *problem, strengths)


def test_a_training_that_diverges_does_not_win(problem):
    # lr * 2 * l2 = 1e9: every step multiplies the weights by that much.
    best, errors = grid_search(make_model, *problem, [0.0, 1e9], folds=2, lr=0.5, epochs=8)
    assert np.isnan(errors[:, 1]).all()
    assert best == 0.0
    with pytest.raises(ValueError, match=r"every training diverged, lower lr, got 0\.5"):
        grid_search(make_model, *problem, [1e9], folds=2, lr=0.5, epochs=8)


def test_as_many_folds_as_rows(problem):
    features, labels = problem[0][:3], problem[1][:3]
    _, errors = grid_search(make_model, features, labels, [0.1], folds=3, epochs=1)
    assert errors.shape == (3, 1)


def test_a_loss_that_is_infinite_does_not_win(problem):
    def far(l2: float) -> keras.Model:
        model = make_model(0.0)
        model.set_weights([np.full((3, 2), 0.0), np.array([0.0, 0.0 if l2 else 3e38])])
        return model

    best, errors = grid_search(far, *problem, [0.0, 1.0], folds=2, lr=1e-9, epochs=1)
    assert best == 1.0
    assert errors[:, 1] == pytest.approx(np.log(2))
    with pytest.raises(ValueError, match="every training diverged"):
        grid_search(far, *problem, [0.0], folds=2, lr=1e-9, epochs=1)
