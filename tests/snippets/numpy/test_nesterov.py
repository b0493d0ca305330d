import math
import re

import numpy as np
import pytest

from snippets.numpy.nesterov import Nesterov


def test_steps_by_hand() -> None:
    w = np.array([0.0])
    rule = Nesterov(lr=0.5, momentum=0.5)
    # b = 4, 4, 2; the steps are 0.5 * (g + b / 2)
    for gradient, expected in ((4.0, -3.0), (2.0, -5.0), (0.0, -5.5)):
        rule.step([w], [np.array([gradient])])
        assert w[0] == expected


def test_it_is_the_papers_look_ahead() -> None:
    """Sutskever et al., equations 3 and 4, with the gradient taken at theta + mu v."""
    curvature, lr, mu = np.array([1.0, 30.0]), 0.01, 0.9
    theta, velocity = np.array([2.0, -1.0]), np.zeros(2)
    w, rule = theta.copy(), Nesterov(lr=lr, momentum=mu)
    for _ in range(500):
        velocity = mu * velocity - lr * curvature * (theta + mu * velocity)
        theta = theta + velocity
        rule.step([w], [curvature * w])
        np.testing.assert_allclose(w, theta + mu * velocity, rtol=0, atol=1e-14)


def test_gradients_stay_as_they_were() -> None:
    g = np.array([1.0, 2.0])
    Nesterov().step([np.ones(2)], [g])
    np.testing.assert_array_equal(g, [1.0, 2.0])


def test_other_shapes_are_refused_before_anything_changes() -> None:
    w, rule = np.ones(2), Nesterov()
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
        Nesterov(**{name: value})
