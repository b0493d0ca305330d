"""What must hold for any weights: penalties, proximal steps, projections, dropout, optimizers."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from snippets.keras.custom_adam import CustomAdam
from snippets.keras.custom_adamw import CustomAdamW
from snippets.keras.dropout import Dropout
from snippets.keras.group_lasso import GroupLasso
from snippets.keras.group_threshold import GroupThreshold
from snippets.keras.l1_penalty import L1Penalty
from snippets.keras.l2_penalty import L2Penalty
from snippets.keras.max_norm import max_norm
from snippets.keras.smoothness_penalty import SmoothnessPenalty
from snippets.keras.soft_threshold import SoftThreshold
from tests.keras_backend import array

few = settings(derandomize=True, database=None, deadline=None, max_examples=8)
PAIRS = [(0, 1), (1, 2), (0, 3)]
MATRIX = arrays(np.float32, (4, 2), elements=st.floats(-100, 100, width=32))
STRENGTH = st.floats(0, 8, width=16)
SHARE = st.sampled_from([0.0, 0.25, 0.5, 1.0])
PENALTIES = {
    "l1": (L1Penalty, 1),
    "l2": (L2Penalty, 2),
    "group lasso": (GroupLasso, 1),
    "smoothness": (lambda s: SmoothnessPenalty(PAIRS, s), 2),
}
"""The penalty, and the power with which it grows."""
STEPS = {
    "soft threshold": SoftThreshold,
    "group threshold": GroupThreshold,
    "max norm": lambda s: max_norm(s + 0.125),
}


@pytest.mark.parametrize("kind", PENALTIES)
@few
@given(v=MATRIX, w=MATRIX, strength=STRENGTH, share=SHARE)
def test_a_penalty_is_even_convex_and_zero_at_zero(kind, v, w, strength, share):
    make, power = PENALTIES[kind]

    def penalty(weights, strength=strength):
        return float(array(make(strength)(keras.ops.convert_to_tensor(weights))))

    at_v, at_w = penalty(v), penalty(w)
    assert penalty(0 * w) == 0
    assert penalty(-w) == at_w >= 0
    between = penalty(np.float32(share) * v + np.float32(1 - share) * w)
    assert between <= share * at_v + (1 - share) * at_w + 1e-5 * (1 + at_v + at_w)
    assert penalty(2 * w) == pytest.approx(2**power * at_w, rel=1e-5)
    assert penalty(w, 2 * strength) == pytest.approx(2 * at_w, rel=1e-5)


@pytest.mark.parametrize("kind", STEPS)
@few
@given(v=MATRIX, w=MATRIX, strength=STRENGTH)
def test_a_proximal_step_brings_nothing_further_apart_and_keeps_zero(kind, v, w, strength):
    def step(weights):
        return array(STEPS[kind](strength)(keras.ops.convert_to_tensor(weights)))

    apart = np.linalg.norm(step(v) - step(w))
    assert apart <= np.linalg.norm(v - w) * (1 + 1e-5) + 1e-4
    assert not step(0 * w).any()
    np.testing.assert_array_equal(step(-w), -step(w))
    assert (np.abs(step(w)) <= np.abs(w) * (1 + 1e-6)).all()
    if kind == "max norm":  # a projection: done twice, it is done once
        np.testing.assert_allclose(step(step(w)), step(w), rtol=1e-5, atol=1e-6)


@few
@given(p=st.sampled_from([0.0, 0.1, 0.5, 0.9]), seed=st.integers(0, 1_000))
def test_dropout_keeps_the_mean(p, seed):
    kept = array(Dropout(p, seed=seed)(keras.ops.ones((20_000,)), training=True))
    deviation = (p / (1 - p) / kept.size) ** 0.5  # of the mean of a mask
    assert abs(kept.mean(dtype="float64") - 1) <= 6 * deviation + 1e-6


OPTIMIZERS = [CustomAdam, lambda lr: CustomAdamW(lr, weight_decay=0.0)]


@pytest.mark.parametrize("make", OPTIMIZERS, ids=["adam", "adamw"])
@few
@given(w=MATRIX, lr=STRENGTH)
def test_no_gradient_and_no_decay_change_nothing(make, w, lr):
    variable = keras.Variable(w)
    make(lr).apply([keras.ops.zeros_like(variable)], [variable])
    np.testing.assert_array_equal(array(variable), w)


@pytest.mark.parametrize("make", OPTIMIZERS, ids=["adam", "adamw"])
@few
@given(w=MATRIX, g=MATRIX, order=st.permutations(range(4)))
def test_another_order_of_parameters_is_another_order_of_results(make, w, g, order):
    def travel(rows):
        variables = [keras.Variable(w[i]) for i in rows]
        optimizer = make(0.125)
        for _ in range(2):
            optimizer.apply([keras.ops.convert_to_tensor(g[i]) for i in rows], variables)
        return [array(variable) for variable in variables]

    plain = travel(range(4))
    for found, i in zip(travel(order), order, strict=True):
        np.testing.assert_array_equal(found, plain[i])
