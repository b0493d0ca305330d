import math

import numpy as np
import pytest

from snippets.sklearn.elastic_net_training import train


def test_by_hand():
    # One weight alone: 1/2 * (w - a)^2 + l1 * |w| + l2 * w^2, so S(a, l1) / (1 + 2 * l2).
    features = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    targets = np.array([2.0, -2.0, 0.25, -0.25]) + 7
    weights, bias = train(features, targets, l1=0.5, l2=0.25)
    assert weights == pytest.approx([1.0, 0.0], rel=1e-12)
    assert weights[1] == 0
    assert bias == pytest.approx(7, rel=1e-14)
    weights, _ = train(features, targets, l1=0.5, l2=0.5)
    assert weights == pytest.approx([0.75, 0.0], rel=1e-12)


def test_columns_that_are_close_need_many_rounds():
    rng = np.random.default_rng(0)
    column = rng.normal(size=(50, 1))
    features = np.hstack([column, column + 0.05 * rng.normal(size=(50, 1))])
    targets = features @ [1.0, 2.0] + 0.1 * rng.normal(size=50)
    weights, bias = train(features, targets, l1=1e-3, l2=1e-4)
    slopes = 2 / 50 * features.T @ (features @ weights + bias - targets) + 2e-4 * weights
    np.testing.assert_allclose(
        slopes, -1e-3, atol=1e-6
    )  # no slope is left: 1,000 rounds leave 3e-4


@pytest.mark.parametrize("l1", [0.0, -1.0, math.inf, math.nan])
def test_refuses_l1(l1):
    with pytest.raises(ValueError, match=f"l1 must be a finite number > 0, got {l1}"):
        train(np.ones((2, 1)), np.ones(2), l1=l1)


@pytest.mark.parametrize("l2", [-1.0, math.inf, math.nan])
def test_refuses_l2(l2):
    with pytest.raises(ValueError, match=f"l2 must be a finite number >= 0, got {l2}"):
        train(np.ones((2, 1)), np.ones(2), l2=l2)


def test_refuses_column_of_targets():
    with pytest.raises(ValueError, match=r"targets must have shape \(2,\), got \(2, 1\)"):
        train(np.ones((2, 1)), np.ones((2, 1)))
