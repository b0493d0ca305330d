import math
import re

import numpy as np
import pytest

from snippets.numpy.gradient_descent import GradientDescent


def test_steps_by_hand() -> None:
    w = np.array([1.0, -2.0])
    rule = GradientDescent(lr=0.5)
    rule.step([w], [np.array([2.0, 4.0])])
    np.testing.assert_array_equal(w, [0.0, -4.0])
    rule.step([w], [np.array([2.0, 4.0])])
    np.testing.assert_array_equal(w, [-1.0, -6.0])


def test_gradients_stay_as_they_were() -> None:
    g = np.array([1.0, 2.0])
    GradientDescent().step([np.ones(2)], [g])
    np.testing.assert_array_equal(g, [1.0, 2.0])


def test_other_shapes_are_refused_before_anything_changes() -> None:
    w, rule = np.ones(2), GradientDescent()
    with pytest.raises(ValueError, match=r"grads must have the shapes \[\(2,\)\], got \[\(3,\)\]"):
        rule.step([w], [np.ones(3)])
    with pytest.raises(ValueError, match=r"grads must have the shapes \[\(2,\)\], got \[\]"):
        rule.step([w], [])
    np.testing.assert_array_equal(w, np.ones(2))


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("lr", -0.1, "a finite number >= 0"),
        ("lr", math.nan, "a finite number >= 0"),
        ("lr", math.inf, "a finite number >= 0"),
    ],
)
def test_bad_numbers_are_refused(name: str, value: float, allowed: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{name} must be {allowed}, got {value}")):
        GradientDescent(**{name: value})
