import math

import numpy as np
import pytest

from snippets.numpy.hard_concrete import expected_l0, fixed_gates, sample_gates


def test_by_hand():
    half = np.array([0.5, 0.5, 0.5])
    # log(u / (1 - u)) is 0: sigmoid(1.5 * log_alpha) * 1.2 - 0.1, cut to [0, 1]
    gates = sample_gates(np.array([0.0, 10.0, -10.0]), half)
    np.testing.assert_allclose(gates, [0.5, 1.0, 0.0], atol=1e-15)
    # log_alpha of log(3) has sigmoid 3/4
    np.testing.assert_allclose(
        fixed_gates(np.array([math.log(3), 10.0, -10.0])), [0.8, 1.0, 0.0], rtol=1e-15
    )
    # beta * log(11) is 1.5986: there a gate is open half of the time
    threshold = -2 / 3 * math.log(11)
    assert expected_l0(np.array([threshold, 100.0])) == pytest.approx(1.5, rel=1e-15)


def test_expectation_is_the_share_of_open_gates():
    rng = np.random.default_rng(0)
    for log_alpha in (-3.0, -1.0, 0.0, 2.0):
        gates = sample_gates(np.full(200_000, log_alpha), rng.uniform(1e-12, 1, 200_000))
        expected = expected_l0(np.array([log_alpha]))
        assert (gates != 0).mean() == pytest.approx(expected, abs=0.004)


def test_fixed_gates_are_exactly_zero_below():
    closed = math.log(1 / 11)  # sigmoid of it is 1/12, and 1/12 * 1.2 is 0.1
    gates = fixed_gates(np.array([closed - 1e-9, closed + 1e-9]))
    assert gates[0] == 0.0
    assert gates[1] > 0.0
    assert closed == pytest.approx(-2.4, abs=0.005)


@pytest.mark.parametrize("noise", [0.0, 1.0, math.nan])
def test_refuses_noise(noise):
    with pytest.raises(ValueError, match=r"noise must be in \(0, 1\), got array"):
        sample_gates(np.zeros(2), np.array([0.5, noise]))
