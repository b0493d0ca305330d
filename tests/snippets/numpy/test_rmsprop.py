import math
import re

import numpy as np
import pytest

from snippets.numpy.rmsprop import RMSprop


def test_steps_by_hand() -> None:
    w = np.array([0.0])
    rule = RMSprop(lr=1.0, alpha=0.75, eps=0.0)
    rule.step([w], [np.array([4.0])])  # v = 4, so 4 / 2: twice as long as later steps
    assert w[0] == -2.0
    rule.step([w], [np.array([1.0])])  # v = 3 + 0.25
    assert w[0] == pytest.approx(-2 - 1 / 3.25**0.5, rel=1e-15)


def test_epsilon_stands_outside_the_root() -> None:
    w = np.array([0.0])
    RMSprop(lr=1.0, alpha=0.75, eps=0.5).step([w], [np.array([1.0])])
    assert w[0] == -1.0


@pytest.mark.parametrize(("alpha", "first"), [(0.99, 10.0), (0.9, 10**0.5)])
def test_first_and_last_step(alpha: float, first: float) -> None:
    w, rule = np.zeros(1), RMSprop(lr=1.0, alpha=alpha)
    rule.step([w], [np.array([0.3])])
    assert -w[0] == pytest.approx(first, rel=1e-6)
    for _ in range(3000):
        before = w[0]
        rule.step([w], [np.array([0.3])])
    assert before - w[0] == pytest.approx(1.0, rel=1e-6)


def test_gradients_stay_as_they_were() -> None:
    g = np.array([1.0, 2.0])
    RMSprop().step([np.ones(2)], [g])
    np.testing.assert_array_equal(g, [1.0, 2.0])


def test_other_shapes_are_refused_before_anything_changes() -> None:
    w, rule = np.ones(2), RMSprop()
    with pytest.raises(ValueError, match=r"grads must have the shapes \[\(2,\)\], got \[\(3,\)\]"):
        rule.step([w], [np.ones(3)])
    with pytest.raises(ValueError, match=r"grads must have the shapes \[\(2,\)\], got \[\]"):
        rule.step([w], [])
    np.testing.assert_array_equal(w, np.ones(2))
    rule.step([w], [np.ones(2)])
    before = w.copy()
    with pytest.raises(ValueError, match=r"params must have the shapes \[\(2,\)\], got \[\(3,\)\]"):
        rule.step([np.ones(3)], [np.ones(3)])
    np.testing.assert_array_equal(w, before)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("lr", -0.1, "a finite number >= 0"),
        ("lr", math.nan, "a finite number >= 0"),
        ("lr", math.inf, "a finite number >= 0"),
        ("alpha", -0.1, "in [0, 1)"),
        ("alpha", 1.0, "in [0, 1)"),
        ("alpha", math.nan, "in [0, 1)"),
        ("eps", -0.1, "a finite number >= 0"),
        ("eps", math.nan, "a finite number >= 0"),
        ("eps", math.inf, "a finite number >= 0"),
    ],
)
def test_bad_numbers_are_refused(name: str, value: float, allowed: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{name} must be {allowed}, got {value}")):
        RMSprop(**{name: value})
