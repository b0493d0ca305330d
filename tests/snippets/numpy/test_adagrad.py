import math
import re

import numpy as np
import pytest

from snippets.numpy.adagrad import Adagrad


def test_steps_by_hand() -> None:
    w = np.array([0.0, 0.0])
    rule = Adagrad(lr=1.0, eps=0.0)
    rule.step([w], [np.array([3.0, -1e-3])])  # the first step is lr, whatever the size
    np.testing.assert_allclose(w, [-1.0, 1.0], rtol=1e-15)
    rule.step([w], [np.array([4.0, 0.0])])  # s = 9 + 16, so 4 / 5
    np.testing.assert_allclose(w, [-1.8, 1.0], rtol=1e-15)


def test_epsilon_stands_outside_the_root() -> None:
    w = np.array([0.0])
    Adagrad(lr=1.0, eps=0.25).step([w], [np.array([0.75])])
    assert w[0] == -0.75


def test_a_constant_gradient_fades_with_the_root() -> None:
    w, rule = np.zeros(1), Adagrad(lr=1.0)
    for _ in range(100):
        before = w[0]
        rule.step([w], [np.array([7.0])])
    assert before - w[0] == pytest.approx(0.1, rel=1e-9)


def test_gradients_stay_as_they_were() -> None:
    g = np.array([1.0, 2.0])
    Adagrad().step([np.ones(2)], [g])
    np.testing.assert_array_equal(g, [1.0, 2.0])


def test_other_shapes_are_refused_before_anything_changes() -> None:
    w, rule = np.ones(2), Adagrad()
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
        ("eps", -0.1, "a finite number >= 0"),
        ("eps", math.nan, "a finite number >= 0"),
        ("eps", math.inf, "a finite number >= 0"),
    ],
)
def test_bad_numbers_are_refused(name: str, value: float, allowed: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{name} must be {allowed}, got {value}")):
        Adagrad(**{name: value})
