import math

import numpy as np
import pytest

from snippets.numpy.elastic_net import (
    elastic_net_penalty,
    elastic_net_step,
    elastic_net_subgradient,
)

WEIGHTS = np.array([[1.0, -2.0], [0.0, 3.0]])


def test_penalty_by_hand():
    assert elastic_net_penalty(WEIGHTS, 0.5, 0.25) == 0.5 * 6 + 0.25 * 14


def test_subgradient_by_hand():
    slope = elastic_net_subgradient(WEIGHTS, 0.5, 0.25)
    assert slope.tolist() == [[0.5 + 0.5, -0.5 - 1.0], [0.0, 0.5 + 1.5]]


def test_subgradient_is_the_slope_of_the_penalty():
    weights, moved = np.array([0.7, -1.3]), np.array([0.7 + 1e-6, -1.3])
    rise = elastic_net_penalty(moved, 0.3, 0.2) - elastic_net_penalty(weights, 0.3, 0.2)
    assert rise / 1e-6 == pytest.approx(elastic_net_subgradient(weights, 0.3, 0.2)[0], rel=1e-5)


def test_step_by_hand():
    weights = np.array([3.0, 0.5, -0.5, -3.0, 0.0])
    # lr * l1 = 1, and 1 + 2 * lr * l2 = 2
    result = elastic_net_step(weights, 2.0, 1.0, lr=0.5)
    assert result.tolist() == [1.0, 0.0, 0.0, -1.0, 0.0]
    assert weights[0] == 3.0


def test_step_is_the_minimum_it_says():
    grid = np.linspace(-3, 3, 60_001)
    for w in (-2.0, -0.3, 0.0, 0.34, 0.36, 1.5):
        value = 0.5 * (grid - w) ** 2 + 0.5 * (0.7 * np.abs(grid) + 0.4 * grid**2)
        step = elastic_net_step(np.array([w]), 0.7, 0.4, lr=0.5)
        assert step[0] == pytest.approx(grid[value.argmin()], abs=1e-4)


@pytest.mark.parametrize("bad", [-1e-9, math.inf, math.nan])
@pytest.mark.parametrize("name", ["l1", "l2", "lr"])
def test_refuses(name, bad):
    message = f"{name} must be a finite number >= 0, got {bad}"
    arguments = {"l1": 1.0, "l2": 1.0, "lr": 1.0, name: bad}
    with pytest.raises(ValueError, match=message):
        elastic_net_step(WEIGHTS, **arguments)
    del arguments["lr"]
    if name != "lr":
        for function in (elastic_net_penalty, elastic_net_subgradient):
            with pytest.raises(ValueError, match=message):
                function(WEIGHTS, **arguments)
