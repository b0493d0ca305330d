"""The mapping of epsilon, against the two denominators written out."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snippets.numpy.equivalent_epsilon import keras_epsilon, torch_adagrad_start, torch_epsilon

BETA2 = st.floats(0.0, 0.9999)
STEP = st.integers(1, 10_000)
EPS = st.floats(1e-12, 1e-3)


def test_by_hand():
    assert torch_epsilon(0.5, 0.75, 1) == 1.0
    assert keras_epsilon(0.5, 0.75, 1) == 0.25
    assert torch_epsilon(0.5, 0.0, 7) == keras_epsilon(0.5, 0.0, 7) == 0.5
    assert torch_adagrad_start(0.125, 0.25) == 0.375


@given(EPS, BETA2, STEP, st.floats(1e-6, 1e3))
def test_both_denominators_are_one(epsilon, beta2, step, v):
    correction = math.sqrt(1 - beta2**step)
    in_torch = math.sqrt(v) / correction + torch_epsilon(epsilon, beta2, step)
    in_keras = (math.sqrt(v) + epsilon) / correction  # Keras puts the correction into the step
    assert in_torch == pytest.approx(in_keras, rel=1e-12)


@given(EPS, BETA2, STEP)
def test_there_and_back(eps, beta2, step):
    back = torch_epsilon(keras_epsilon(eps, beta2, step), beta2, step)
    assert back == pytest.approx(eps, rel=1e-12)


@pytest.mark.parametrize(
    ("mapping", "eps_name", "beta_name"),
    [(torch_epsilon, "epsilon", "beta_2"), (keras_epsilon, "eps", "beta2")],
)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1e-8, 0.9, 1), "EPS must be a finite number >= 0, got -1e-08"),
        ((math.nan, 0.9, 1), "EPS must be a finite number >= 0, got nan"),
        ((math.inf, 0.9, 1), "EPS must be a finite number >= 0, got inf"),
        ((1e-8, 1.0, 1), r"BETA must be in \[0, 1\), got 1.0"),
        ((1e-8, -0.1, 1), r"BETA must be in \[0, 1\), got -0.1"),
        ((1e-8, 0.9, 0), "step must be at least 1, got 0"),
    ],
)
def test_refuses(mapping, eps_name, beta_name, arguments, message):
    message = message.replace("EPS", eps_name).replace("BETA", beta_name)
    with pytest.raises(ValueError, match=f"^{message}"):
        mapping(*arguments)


@pytest.mark.parametrize("bad", [-0.1, math.inf, math.nan])
def test_adagrad_refuses(bad):
    with pytest.raises(ValueError, match=f"initial_accumulator_value must be .* got {bad}"):
        torch_adagrad_start(bad, 1e-7)
    with pytest.raises(ValueError, match=f"epsilon must be a finite number >= 0, got {bad}"):
        torch_adagrad_start(0.1, bad)
