import math

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge

from snippets.numpy.effective_degrees_of_freedom import effective_degrees_of_freedom


@pytest.mark.parametrize("l2", [1e-6, 0.01, 1.0, 100.0])
def test_is_the_trace_of_scikit_learn_predictions(l2):
    features = load_diabetes().data[:50] * 20
    model = Ridge(alpha=50 * l2).fit(features, np.eye(50))  # a target for each row
    trace = np.trace(model.predict(features))
    assert effective_degrees_of_freedom(features, l2=l2) == pytest.approx(trace - 1, abs=1e-9)


def test_by_hand():
    # Centred columns with squared lengths 4 and 16; n * l2 = 4.
    features = np.array([[1.0, 2.0], [1.0, -2.0], [-1.0, 2.0], [-1.0, -2.0]]) + 7
    assert effective_degrees_of_freedom(features, l2=1.0) == pytest.approx(4 / 8 + 16 / 20)
    assert effective_degrees_of_freedom(features, l2=0.0) == 2


def test_units_do_not_count():
    features = np.array([[1.0, 2.0], [1.0, -2.0], [-1.0, 2.0], [-1.0, -2.0]])
    assert effective_degrees_of_freedom(1e-14 * features, l2=0.0) == 2
    assert effective_degrees_of_freedom(features[:, :0], l2=0.0) == 0


def test_a_copy_is_not_counted_twice():
    column = np.arange(6.0)[:, None]
    assert effective_degrees_of_freedom(np.hstack([column, column]), l2=0.0) == 1
    assert effective_degrees_of_freedom(np.ones((4, 2)), l2=0.0) == 0


def test_default_strength():
    features = np.array([[1.0], [-1.0]])
    assert effective_degrees_of_freedom(features) == pytest.approx(2 / 2.02)


@pytest.mark.parametrize("l2", [-1e-9, math.inf, math.nan])
def test_refuses_strength(l2):
    with pytest.raises(ValueError, match=f"l2 must be a finite number >= 0, got {l2}"):
        effective_degrees_of_freedom(np.ones((2, 2)), l2=l2)


def test_refuses_a_vector():
    with pytest.raises(ValueError, match=r"features must have shape \(n, d\), got \(3,\)"):
        effective_degrees_of_freedom(np.ones(3))
