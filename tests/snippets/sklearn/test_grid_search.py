import numpy as np
import pytest
from sklearn.linear_model import RidgeCV

from snippets.sklearn.grid_search import grid_search


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(20, 4)) * np.array([1.0, 10.0, 0.1, 5.0]) + 3
    return features, features @ np.array([1.0, 0.0, 5.0, -0.1]) + rng.normal(size=20)


def test_by_hand():
    features = np.array([[0.0], [2.0], [1.0], [3.0]])
    targets = np.array([0.0, 4.0, 2.0, 4.0])
    best, errors = grid_search(features, targets, [0.0, 1.0], folds=2)
    np.testing.assert_allclose(errors, [[1.0, 2.5], [2.0, 0.0]], rtol=1e-12, atol=1e-12)
    assert best == 1.0


def test_alpha_counts_the_rows_of_a_fit(problem):
    """RidgeCV leaves one row out: 19 rows in a fit."""
    features, targets = problem
    strengths = [0.01, 0.1, 1.0]
    _, errors = grid_search(features, targets, strengths, folds=20)
    z = (features - features.mean(0)) / features.std(0)
    by_ridge = RidgeCV(alphas=[19 * l2 for l2 in strengths], store_cv_results=True)
    expected = by_ridge.fit(z, targets).cv_results_
    # It standardizes with all rows, so only nearly the same.
    np.testing.assert_allclose(errors, expected, rtol=0.5, atol=0.05)
    assert errors.shape == expected.shape == (20, 3)


def test_best_has_the_smallest_mean(problem):
    strengths = [10.0, 0.0, 0.01, 1.0]
    best, errors = grid_search(*problem, strengths)
    assert best == strengths[errors.mean(0).argmin()]
    assert best != 10.0
