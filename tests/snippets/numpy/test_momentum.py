import math
import re

import numpy as np
import pytest

from snippets.numpy.momentum import Momentum


def test_steps_by_hand() -> None:
    w = np.array([0.0])
    rule = Momentum(lr=0.5, momentum=0.5)
    for gradient, expected in ((4.0, -2.0), (2.0, -4.0), (0.0, -5.0)):  # b = 4, 4, 2
        rule.step([w], [np.array([gradient])])
        assert w[0] == expected


def test_a_constant_gradient_ends_at_one_over_one_minus_mu() -> None:
    w, rule = np.zeros(1), Momentum(lr=1.0, momentum=0.75)
    for _ in range(200):
        before = w[0]
        rule.step([w], [np.ones(1)])
    assert before - w[0] == pytest.approx(4.0, rel=1e-12)


def test_gradients_stay_as_they_were() -> None:
    g = np.array([1.0, 2.0])
    Momentum().step([np.ones(2)], [g])
    np.testing.assert_array_equal(g, [1.0, 2.0])


def test_other_shapes_are_refused_before_anything_changes() -> None:
    w, rule = np.ones(2), Momentum()
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
        ("momentum", -0.1, "in [0, 1)"),
        ("momentum", 1.0, "in [0, 1)"),
        ("momentum", math.nan, "in [0, 1)"),
    ],
)
def test_bad_numbers_are_refused(name: str, value: float, allowed: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{name} must be {allowed}, got {value}")):
        Momentum(**{name: value})
