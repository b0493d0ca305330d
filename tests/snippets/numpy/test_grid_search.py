import numpy as np
import pytest

from snippets.numpy.grid_search import grid_search


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(23, 4)) * np.array([1.0, 10.0, 0.1, 5.0]) + 3
    return features, features @ np.array([1.0, 0.0, 5.0, -0.1]) + rng.normal(size=23)


def test_by_hand():
    # Two folds of two rows; z is -1 and 1, so w = half the difference / (1 + l2).
    features = np.array([[0.0], [2.0], [1.0], [3.0]])
    targets = np.array([0.0, 4.0, 2.0, 4.0])
    best, errors = grid_search(features, targets, [0.0, 1.0], folds=2)
    # Fold 0: fitted to 1 -> 2, 3 -> 4: z = x - 2, level 3, w = 1 or 1/2.
    # Fold 1: fitted to 0 -> 0, 2 -> 4: z = x - 1, level 2, w = 2 or 1.
    expected = [
        [(1 + 1) / 2, (4 + 1) / 2],  # predicted 1, 3 or 2, 3 for 0, 4
        [(0 + 4) / 2, (0 + 0) / 2],  # predicted 2, 6 or 2, 4 for 2, 4
    ]
    np.testing.assert_allclose(errors, expected, rtol=1e-14)
    assert best == 1.0


def test_errors_are_of_the_minimum_for_the_other_rows(problem):
    features, targets = problem
    _, errors = grid_search(features, targets, [0.1, 0.5], folds=4)
    assert errors.shape == (4, 2)
    out = np.arange(12, 18)  # 23 rows: three folds of 6, one of 5
    seen = np.setdiff1d(np.arange(23), out)
    mean, std = features[seen].mean(0), features[seen].std(0)
    z = (features - mean) / std
    weights, bias = np.zeros(4), 0.0
    for _ in range(5000):  # gradient descent on J
        wrong = z[seen] @ weights + bias - targets[seen]
        weights -= 0.1 * (2 / len(seen) * z[seen].T @ wrong + 2 * 0.5 * weights)
        bias -= 0.1 * 2 * wrong.mean()
    expected = np.mean((z[out] @ weights + bias - targets[out]) ** 2)
    assert errors[2, 1] == pytest.approx(expected, rel=1e-10)


def test_best_has_the_smallest_mean(problem):
    strengths = [10.0, 0.0, 0.01, 1.0]
    best, errors = grid_search(*problem, strengths)
    assert errors.shape == (5, 4)
    assert best == strengths[errors.mean(0).argmin()]
    assert best != 10.0


def test_leave_one_out_is_allowed(problem):
    assert grid_search(*problem, [0.1], folds=23)[1].shape == (23, 1)


def test_units_do_not_matter(problem):
    features, targets = problem
    _, errors = grid_search(features, targets, [0.1])
    _, other = grid_search(features * 1000 - 7, targets, [0.1])
    np.testing.assert_allclose(errors, other, rtol=1e-9)


@pytest.mark.parametrize("strengths", [[], [-0.1], [0.1, float("inf")], [float("nan")]])
def test_refuses_strengths(problem, strengths):
    with pytest.raises(ValueError, match=r"strengths must be finite and >= 0, got \["):
        grid_search(*problem, strengths)


@pytest.mark.parametrize("folds", [1, 0, 24])
def test_refuses_folds(problem, folds):
    with pytest.raises(ValueError, match=f"folds must be from 2 to 23, got {folds}"):
        grid_search(*problem, [0.1], folds=folds)


def test_a_column_that_is_constant_changes_nothing(problem):
    features, targets = problem
    best, errors = grid_search(features, targets, [0.1, 1.0])
    with_constant = np.hstack([features, np.full((23, 1), 7.0)])
    again, same = grid_search(with_constant, targets, [0.1, 1.0])
    assert best == again
    np.testing.assert_allclose(errors, same, rtol=1e-12)


def test_refuses_data_that_are_not_finite(problem):
    features, targets = problem
    with pytest.raises(ValueError, match="features and targets must be finite"):
        grid_search(features, np.full_like(targets, np.nan), [0.1])


def test_errors_that_overflow_are_refused():
    far = np.array([-1e200, 1e200, -1e200, 1e200])
    expected = "features and targets must be finite, errors are"
    with np.errstate(over="ignore"), pytest.raises(ValueError, match=expected):
        grid_search(np.eye(4), far, [0.1], folds=2)
