import numpy as np
import pytest
from scipy.optimize import nnls

from snippets.sklearn.non_negative_training import train


def test_by_hand():
    features = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    targets = np.array([2.0, -2.0, -0.5, 0.5]) + 7
    weights, bias = train(features, targets)
    assert weights == pytest.approx([2.0, 0.0], rel=1e-12)
    assert weights[1] == 0
    assert bias == pytest.approx(7, rel=1e-14)


def test_equals_nnls():
    rng = np.random.default_rng(0)
    features, targets = rng.normal(size=(40, 12)), rng.normal(size=40)
    weights, bias = train(features, targets)
    # A free bias is two more columns: its positive and its negative part.
    ones = np.ones((40, 1))
    solution, _ = nnls(np.hstack([features, ones, -ones]), targets)
    np.testing.assert_allclose(weights, solution[:12], atol=1e-12)
    assert bias == pytest.approx(solution[12] - solution[13], abs=1e-12)
    assert 2 < (weights == 0).sum() < 10


def test_refuses_column_of_targets():
    with pytest.raises(ValueError, match=r"targets must have shape \(2,\), got \(2, 1\)"):
        train(np.ones((2, 1)), np.ones((2, 1)))
