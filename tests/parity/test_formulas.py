"""Displayed formulas, derived anew: SymPy differentiates, solves and compares with the code."""

import numpy as np
import pytest
import sympy as sp

from snippets.numpy.custom_adam import CustomAdam
from snippets.numpy.custom_adamw import CustomAdamW
from snippets.numpy.elastic_net import elastic_net_step, elastic_net_subgradient
from snippets.numpy.l1_penalty import l1_subgradient
from snippets.numpy.l2_penalty import l2_gradient
from snippets.numpy.momentum import Momentum
from snippets.numpy.nesterov import Nesterov
from snippets.numpy.soft_threshold import soft_threshold

W, V = sp.symbols("w v", real=True)
L1, L2, LR, T = sp.symbols("l1 l2 lr t", positive=True)
VALUES = {L1: sp.Rational(3, 10), L2: sp.Rational(1, 5), LR: sp.Rational(1, 8)}
POINTS = [-2.5, -0.4, -0.03, 0.02, 0.7, 3.0]


def number(expression: sp.Expr, w: float) -> float:
    return float(expression.subs(VALUES).subs(W, sp.Float(w, 30)))


@pytest.mark.parametrize("w", POINTS)
def test_slopes_of_the_penalties(w: float) -> None:
    l1, l2, weights = float(VALUES[L1]), float(VALUES[L2]), np.array([w])
    for penalty, ours in (
        (L2 * W**2, l2_gradient([weights], l2)[0]),
        (L1 * sp.Abs(W), l1_subgradient([weights], l1)[0]),
        (L1 * sp.Abs(W) + L2 * W**2, elastic_net_subgradient(weights, l1, l2)),
    ):
        assert ours[0] == pytest.approx(number(sp.diff(penalty, W), w), rel=1e-14)


@pytest.mark.parametrize("w", POINTS)
def test_proximal_steps_are_minima(w: float) -> None:
    """Of 1/2 (v - w)^2 + lr (l1 |v| + l2 v^2): tried on both sides of 0, and at 0."""
    l1, l2, lr = (float(VALUES[s]) for s in (L1, L2, LR))
    for strength2, ours in (
        (0, soft_threshold(np.array([w]), lr * l1)[0]),
        (VALUES[L2], elastic_net_step(np.array([w]), l1, l2, lr=lr)[0]),
    ):

        def cost(v: sp.Expr, strength2: sp.Expr = strength2) -> sp.Expr:
            penalty = VALUES[L1] * sp.Abs(v) + strength2 * v**2
            return (v - sp.Float(w, 30)) ** 2 / 2 + VALUES[LR] * penalty

        candidates = [sp.Float(0)]
        for sign in (1, -1):
            smooth = cost(V).subs(sp.Abs(V), sign * V)
            (found,) = sp.solve(sp.diff(smooth, V), V)
            candidates += [found] if found * sign > 0 else []
        assert ours == pytest.approx(float(min(candidates, key=cost)), rel=1e-13, abs=1e-15)


def test_a_step_of_sgd_with_l2_is_a_fraction() -> None:
    g = sp.Symbol("g")
    assert sp.expand(W - LR * (g + sp.diff(L2 * W**2, W)) - ((1 - 2 * LR * L2) * W - LR * g)) == 0


def test_bias_correction_is_exact_for_a_constant_gradient() -> None:
    """Unrolled for five steps: m_t = (1 - beta^t) g, so that dividing leaves g."""
    beta, g = sp.symbols("beta g")
    mean = sp.Integer(0)
    for t in range(1, 6):
        mean = beta * mean + (1 - beta) * g
        assert sp.simplify(mean / (1 - beta**t) - g) == 0


@pytest.mark.parametrize("decoupled", [False, True])
def test_three_steps_of_adam_and_adamw_in_exact_arithmetic(decoupled: bool) -> None:
    beta1, beta2 = sp.Rational(7, 8), sp.Rational(15, 16)
    lr, eps, decay = sp.Rational(1, 8), sp.Rational(1, 1000), sp.Rational(1, 4)
    gradients = [sp.Integer(2), sp.Rational(-1, 2), sp.Rational(1, 4)]
    w, m, v = sp.Integer(3), sp.Integer(0), sp.Integer(0)
    make = CustomAdamW if decoupled else CustomAdam
    options = {"betas": (0.875, 0.9375), "eps": 1e-3, "weight_decay": 0.25}
    ours, optimizer = [np.array([3.0])], make(lr=0.125, **options)
    for t, g in enumerate(gradients, start=1):
        if decoupled:
            w = (1 - lr * decay) * w
        else:
            g = g + decay * w
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        w = w - lr * (m / (1 - beta1**t)) / (sp.sqrt(v / (1 - beta2**t)) + eps)
        optimizer.step(ours, [np.array([float(gradients[t - 1])])])
        assert ours[0][0] == pytest.approx(float(w), rel=1e-14)


def test_both_places_of_epsilon_are_one_formula() -> None:
    m, v, c1, c2, hat = sp.symbols("m v c1 c2 hat", positive=True)
    keras = LR * sp.sqrt(c2) / c1 * m / (sp.sqrt(v) + hat)
    paper = LR * (m / c1) / (sp.sqrt(v / c2) + hat / sp.sqrt(c2))
    assert sp.simplify(keras - paper) == 0


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_is_a_weighted_sum_of_all_gradients(nesterov: bool) -> None:
    mu, lr = sp.Rational(7, 8), sp.Rational(1, 16)
    gradients = [sp.Integer(1), sp.Integer(-3), sp.Rational(1, 2), sp.Integer(2)]
    ours = [np.array([0.0])]
    optimizer = (Nesterov if nesterov else Momentum)(lr=0.0625, momentum=0.875)
    expected = sp.Integer(0)
    for t, g in enumerate(gradients, start=1):
        velocity = sum((mu ** (t - s) * gradients[s - 1] for s in range(1, t + 1)), sp.Integer(0))
        expected -= lr * (g + mu * velocity if nesterov else velocity)
        optimizer.step(ours, [np.array([float(g)])])
        assert ours[0][0] == float(expected)  # exact in binary
