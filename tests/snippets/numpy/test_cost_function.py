import math

import numpy as np
import pytest

from snippets.numpy.cost_function import cost, cost_gradient

FEATURES = np.array([[1.0, 2.0], [0.0, -1.0]])
LABELS = np.array([1.0, 0.0])


def test_by_hand():
    # scores 1*2 + 2*(-1) + 0.5 = 0.5 and 1 + 0.5 = 1.5
    loss, penalty = cost(FEATURES, LABELS, np.array([2.0, -1.0]), 0.5, 0.1)
    expected = (math.log(1 + math.exp(-0.5)) + math.log(1 + math.exp(1.5))) / 2
    assert loss == pytest.approx(expected, rel=1e-14)
    assert penalty == pytest.approx(0.1 * 5)


def test_gradient_by_hand():
    # scores 0: both probabilities 1/2, errors -1/2 and 1/2
    by_weights, by_bias = cost_gradient(FEATURES, LABELS, np.zeros(2), 0.0, 7.0)
    np.testing.assert_allclose(by_weights, [-0.25, -0.75], rtol=1e-14)
    assert by_bias == 0.0
    # a weight on a feature that is always 0 feels the penalty alone
    by_weights, _ = cost_gradient(np.zeros((2, 1)), LABELS, np.array([3.0]), 0.0, 0.25)
    assert by_weights.tolist() == [1.5]


def test_gradient_is_the_slope_of_the_sum():
    rng = np.random.default_rng(0)
    features, labels = rng.normal(size=(9, 3)), (np.arange(9) % 2).astype(float)
    weights, bias, h = rng.normal(size=3), 0.3, 1e-5
    by_weights, by_bias = cost_gradient(features, labels, weights, bias, 0.2)
    for j in range(3):
        step = h * np.eye(3)[j]
        ahead = sum(cost(features, labels, weights + step, bias, 0.2))
        behind = sum(cost(features, labels, weights - step, bias, 0.2))
        assert by_weights[j] == pytest.approx((ahead - behind) / (2 * h), rel=1e-8)
    ahead = sum(cost(features, labels, weights, bias + h, 0.2))
    behind = sum(cost(features, labels, weights, bias - h, 0.2))
    assert by_bias == pytest.approx((ahead - behind) / (2 * h), rel=1e-8)


@pytest.mark.parametrize("score", [-1e4, 1e4])
def test_large_scores_do_not_overflow(score):
    features = np.array([[score], [-score]])
    loss, _ = cost(features, LABELS, np.ones(1), 0.0, 0.0)
    by_weights, _ = cost_gradient(features, LABELS, np.ones(1), 0.0, 0.0)
    assert loss == (0.0 if score > 0 else 1e4)
    assert by_weights.tolist() == [0.0 if score > 0 else 1e4]


@pytest.mark.parametrize("function", [cost, cost_gradient])
@pytest.mark.parametrize("l2", [-1e-9, math.inf, math.nan])
def test_refuses_strength(function, l2):
    with pytest.raises(ValueError, match=f"l2 must be a finite number >= 0, got {l2}"):
        function(FEATURES, LABELS, np.zeros(2), 0.0, l2)


@pytest.mark.parametrize("function", [cost, cost_gradient])
def test_refuses_labels(function):
    with pytest.raises(ValueError, match=r"labels must be 0 or 1, got -1\.0"):
        function(FEATURES, np.array([1.0, -1.0]), np.zeros(2), 0.0, 0.1)
