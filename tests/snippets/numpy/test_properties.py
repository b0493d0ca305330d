"""What must hold for any weights: penalties, proximal steps, projections, dropout, optimizers."""

import gc
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from snippets.numpy.adagrad import Adagrad
from snippets.numpy.custom_adam import CustomAdam
from snippets.numpy.custom_adamw import CustomAdamW
from snippets.numpy.dropout import Dropout, dropout_mask
from snippets.numpy.elastic_net import (
    elastic_net_penalty,
    elastic_net_step,
    elastic_net_subgradient,
)
from snippets.numpy.gradient_descent import GradientDescent
from snippets.numpy.group_lasso import group_lasso_penalty, group_lasso_subgradient
from snippets.numpy.group_threshold import group_threshold
from snippets.numpy.l1_penalty import l1_penalty, l1_subgradient
from snippets.numpy.l2_penalty import l2_gradient, l2_penalty
from snippets.numpy.max_norm import max_norm
from snippets.numpy.momentum import Momentum
from snippets.numpy.nesterov import Nesterov
from snippets.numpy.rmsprop import RMSprop
from snippets.numpy.smoothness_penalty import smoothness_gradient, smoothness_penalty
from snippets.numpy.soft_threshold import soft_threshold

always_the_same = settings(derandomize=True, database=None, deadline=None, max_examples=40)
PAIRS = [(0, 1), (1, 2), (0, 3)]
FLOATS = st.floats(-100, 100, width=32)
MATRIX = arrays(np.float64, (4, 2), elements=FLOATS)
VECTOR = arrays(np.float64, 4, elements=FLOATS)
STRENGTH = st.floats(0, 10, width=32)
SHARE = st.floats(0, 1, width=32)

PENALTIES = {
    "l1": (MATRIX, lambda w, s: l1_penalty([w], s), lambda w, s: l1_subgradient([w], s)[0], 1),
    "l2": (MATRIX, lambda w, s: l2_penalty([w], s), lambda w, s: l2_gradient([w], s)[0], 2),
    "elastic net": (
        MATRIX,
        lambda w, s: elastic_net_penalty(w, s, s / 2),
        lambda w, s: elastic_net_subgradient(w, s, s / 2),
        None,
    ),
    "group lasso": (MATRIX, group_lasso_penalty, group_lasso_subgradient, 1),
    "smoothness": (
        VECTOR,
        lambda w, s: smoothness_penalty(w, PAIRS, s),
        lambda w, s: smoothness_gradient(w, PAIRS, s),
        2,
    ),
}
"""The weights it takes, the penalty, its slope, and the power with which it grows."""
STEPS = {
    "soft threshold": soft_threshold,
    "elastic net": lambda w, s: elastic_net_step(w, s, s / 2, lr=0.5),
    "group threshold": group_threshold,
    "max norm": lambda w, s: max_norm(w, s + 0.1),
}
"""Proximal steps and a projection, which is one of an indicator."""
OPTIMIZERS = [Adagrad, CustomAdam, CustomAdamW, GradientDescent, Momentum, Nesterov, RMSprop]


@pytest.mark.parametrize("kind", PENALTIES)
@always_the_same
@given(data=st.data(), strength=STRENGTH, share=SHARE)
def test_a_penalty_is_even_convex_and_zero_at_zero(kind, data, strength, share):
    weights, penalty, slope, power = PENALTIES[kind]
    v, w = data.draw(weights), data.draw(weights)
    at_v, at_w = penalty(v, strength), penalty(w, strength)
    room = 1e-9 * (1 + at_v + at_w)
    assert penalty(0 * w, strength) == 0
    assert not slope(0 * w, strength).any()
    assert penalty(-w, strength) == at_w >= 0
    between = penalty(share * v + (1 - share) * w, strength)
    assert between <= share * at_v + (1 - share) * at_w + room
    below = at_v + (slope(v, strength) * (w - v)).sum()  # a tangent lies below a convex curve
    scale = 1 + abs(below) + np.abs(slope(v, strength)).sum() * 200
    assert below <= at_w + 1e-9 * scale
    if power is not None:
        assert penalty(3 * w, strength) == pytest.approx(3**power * at_w)
    assert penalty(w, 2 * strength) == pytest.approx(2 * at_w)


@pytest.mark.parametrize("kind", STEPS)
@always_the_same
@given(v=MATRIX, w=MATRIX, strength=STRENGTH)
def test_a_proximal_step_brings_nothing_further_apart_and_keeps_zero(kind, v, w, strength):
    step = STEPS[kind]
    apart = np.linalg.norm(step(v, strength) - step(w, strength))
    assert apart <= np.linalg.norm(v - w) * (1 + 1e-12) + 1e-12
    assert not step(0 * w, strength).any()
    np.testing.assert_array_equal(step(-w, strength), -step(w, strength))
    assert (np.abs(step(w, strength)) <= np.abs(w) * (1 + 1e-12)).all()


@always_the_same
@given(w=MATRIX, strength=STRENGTH)
def test_a_projection_done_twice_is_done_once(w, strength):
    once = max_norm(w, strength + 0.1)
    np.testing.assert_allclose(max_norm(once, strength + 0.1), once, rtol=1e-12)


@always_the_same
@given(w=VECTOR, first=STRENGTH, second=STRENGTH)
def test_two_soft_thresholds_are_one_of_their_sum(w, first, second):
    twice = soft_threshold(soft_threshold(w, first), second)
    np.testing.assert_allclose(twice, soft_threshold(w, first + second), atol=1e-12)


@always_the_same
@given(p=st.floats(0, 0.9), seed=st.integers(0, 2**32))
def test_dropout_keeps_the_mean(p, seed):
    mask = dropout_mask((20_000,), p, np.random.default_rng(seed))
    deviation = (p / (1 - p) / mask.size) ** 0.5  # of the mean of a mask
    assert abs(mask.mean() - 1) <= 6 * deviation + 1e-12
    layer = Dropout(p, seed)
    x = np.linspace(-1, 1, 50)
    layer.forward(x, training=True)
    assert layer.forward(x, training=False) is x
    np.testing.assert_array_equal(layer.backward(x), x)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@always_the_same
@given(w=MATRIX, lr=STRENGTH)
def test_no_gradient_and_no_decay_change_nothing(optimizer, w, lr):
    options = {"weight_decay": 0.0} if optimizer is CustomAdamW else {}
    moved = w.copy()
    optimizer(lr=lr, **options).step([moved], [np.zeros_like(w)])
    np.testing.assert_array_equal(moved, w)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@always_the_same
@given(w=VECTOR, g=VECTOR, order=st.permutations(range(4)))
def test_another_order_of_weights_or_arrays_is_another_order_of_results(optimizer, w, g, order):
    order = list(order)

    def travel(params, grads):
        params, made = [p.copy() for p in params], optimizer(lr=0.1)
        for _ in range(3):
            made.step(params, grads)
        return params

    (plain,) = travel([w], [g])
    (inside,) = travel([w[order]], [g[order]])
    np.testing.assert_allclose(inside, plain[order], rtol=1e-12)
    split = travel([w[[i]] for i in order], [g[[i]] for i in order])
    np.testing.assert_allclose(np.concatenate(split), plain[order], rtol=1e-12)


def lines_run(call, *arguments):
    """How many lines of Python a call runs, without what the garbage collector calls."""
    lines = 0

    def count(frame, event, _):
        nonlocal lines
        lines += event == "line"
        return count

    gc.collect()
    gc.disable()

    before = sys.gettrace()  # coverage's, where it measures
    sys.settrace(count)
    try:
        call(*arguments)
    finally:
        sys.settrace(before)
        gc.enable()
    return lines


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_step_does_not_loop_over_weights(optimizer):
    def step(weights):
        return lines_run(optimizer().step, [np.ones(weights)], [np.ones(weights)])

    assert step(10_000) == step(1) > 5


@pytest.mark.parametrize("kind", [*PENALTIES, *STEPS])
def test_penalties_and_steps_do_not_loop_over_weights(kind):
    calls = [STEPS[kind]] if kind in STEPS else PENALTIES[kind][1:3]
    shape = (lambda n: n) if kind == "smoothness" else (lambda n: (n, 2))
    for call in calls:
        small, large = np.ones(shape(4)), np.ones(shape(10_000))
        assert lines_run(call, small, 0.1) == lines_run(call, large, 0.1) > 1
