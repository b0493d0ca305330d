import numpy as np
import pytest
from sklearn.linear_model import Lasso, LassoCV

from snippets.sklearn.select_features import select_features


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(80, 12)) * np.geomspace(1e-3, 1e3, 12) + 5
    weights = np.zeros(12)
    weights[[2, 7, 11]] = np.array([1.0, -1.0, 1.0]) / features.std(0)[[2, 7, 11]]
    return features, features @ weights + 0.3 * rng.normal(size=80)


def test_finds_what_matters(problem):
    kept, l1 = select_features(*problem)
    assert {2, 7, 11} <= set(kept)
    assert len(kept) < 12
    assert l1 > 0


def test_units_do_not_matter(problem):
    features, targets = problem
    kept, l1 = select_features(features, targets)
    other, other_l1 = select_features(features * np.geomspace(1e4, 1e-4, 12) - 3, targets)
    assert kept == other
    assert l1 == pytest.approx(other_l1, rel=1e-9)


def test_strength_is_twice_alpha(problem):
    features, targets = problem
    kept, l1 = select_features(features, targets)
    scaled = (features - features.mean(0)) / features.std(0)
    weights = Lasso(alpha=l1 / 2).fit(scaled, targets).coef_
    assert kept == np.flatnonzero(weights).tolist()
    assert l1 == pytest.approx(2 * LassoCV(cv=5).fit(scaled, targets).alpha_, rel=1e-12)


def test_folds_are_used(problem):
    strengths = {select_features(*problem, folds=k)[1] for k in (2, 3, 5, 8)}
    assert len(strengths) > 1


@pytest.mark.parametrize("folds", [1, 0, -3])
def test_refuses_folds(problem, folds):
    with pytest.raises(ValueError, match=f"folds must be at least 2, got {folds}"):
        select_features(*problem, folds=folds)


def test_refuses_constant_column(problem):
    features, targets = problem
    features[:, 4] = 1.0
    with pytest.raises(ValueError, match="features must vary, got a constant column 4"):
        select_features(features, targets)
