"""Each mapping, against the penalty that the library then adds, written out from its formula."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snippets.numpy.equivalents import (
    sklearn_elastic_net,
    sklearn_lasso_alpha,
    sklearn_logistic,
    sklearn_ridge_alpha,
    torch_weight_decay,
)

STRENGTH = st.floats(1e-6, 1e3)
LOSS, W = 3.0, 0.7  # the mean loss, and one weight


def ours(l1: float, l2: float) -> float:
    return LOSS + l1 * abs(W) + l2 * W**2


def test_by_hand():
    assert torch_weight_decay(0.25) == 0.5
    assert sklearn_ridge_alpha(0.25, 10) == 2.5
    assert sklearn_lasso_alpha(0.5) == 0.25
    assert sklearn_elastic_net(0.5, 0.25) == (0.5, 0.5)
    assert sklearn_logistic(0.5, 0.25, 4) == (0.25, 0.5)


@given(STRENGTH, st.integers(1, 10_000))
def test_ridge_minimizes_n_times_our_loss(l2, rows):
    alpha = sklearn_ridge_alpha(l2, rows)
    assert rows * LOSS + alpha * W**2 == pytest.approx(rows * ours(0, l2))


@given(STRENGTH)
def test_lasso_minimizes_half_our_loss(l1):
    assert LOSS / 2 + sklearn_lasso_alpha(l1) * abs(W) == pytest.approx(ours(l1, 0) / 2)


@given(STRENGTH, STRENGTH)
def test_elastic_net_minimizes_half_our_loss(l1, l2):
    alpha, ratio = sklearn_elastic_net(l1, l2)
    theirs = LOSS / 2 + alpha * ratio * abs(W) + alpha * (1 - ratio) / 2 * W**2
    assert theirs == pytest.approx(ours(l1, l2) / 2)


@given(STRENGTH, STRENGTH, st.integers(1, 10_000))
def test_logistic_minimizes_a_multiple_of_our_loss(l1, l2, rows):
    c, ratio = sklearn_logistic(l1, l2, rows)
    theirs = c * rows * LOSS + ratio * abs(W) + (1 - ratio) / 2 * W**2
    assert theirs == pytest.approx(c * rows * ours(l1, l2))


@pytest.mark.parametrize(("l1", "l2", "ratio"), [(0.1, 0.0, 1.0), (0.0, 0.1, 0.0)])
def test_one_alone(l1, l2, ratio):
    assert sklearn_elastic_net(l1, l2)[1] == ratio
    assert sklearn_logistic(l1, l2, 5)[1] == ratio


@pytest.mark.parametrize("value", [-1.0, math.inf, math.nan])
def test_refuses_strengths(value):
    two, one = f"l2 must be a finite number >= 0, got {value}", f"l1 must be .* got {value}"
    for call in (
        lambda: torch_weight_decay(value),
        lambda: sklearn_ridge_alpha(value, 5),
        lambda: sklearn_elastic_net(0.1, value),
        lambda: sklearn_logistic(0.1, value, 5),
    ):
        with pytest.raises(ValueError, match=two):
            call()
    for call in (
        lambda: sklearn_lasso_alpha(value),
        lambda: sklearn_elastic_net(value, 0.1),
        lambda: sklearn_logistic(value, 0.1, 5),
    ):
        with pytest.raises(ValueError, match=one):
            call()


def test_refuses_no_penalty_at_all():
    for call in (lambda: sklearn_elastic_net(0.0, 0.0), lambda: sklearn_logistic(0.0, 0.0, 5)):
        with pytest.raises(ValueError, match="l1 or l2 must be above 0, got 0 and 0"):
            call()


@pytest.mark.parametrize("rows", [0, -3, math.nan, math.inf])
def test_refuses_rows(rows):
    for call in (lambda: sklearn_ridge_alpha(0.1, rows), lambda: sklearn_logistic(0, 0.1, rows)):
        with pytest.raises(ValueError, match=f"rows must be finite and at least 1, got {rows}"):
            call()
