"""Displayed formulas, derived anew: SymPy differentiates, solves and compares with the code."""

import numpy as np
import pytest
import sympy as sp

from snippets.numpy.custom_adam import CustomAdam
from snippets.numpy.custom_adamw import CustomAdamW
from snippets.numpy.elastic_net import elastic_net_step, elastic_net_subgradient
from snippets.numpy.group_lasso import group_lasso_penalty, group_lasso_subgradient
from snippets.numpy.group_threshold import group_threshold
from snippets.numpy.hard_concrete import BETA, GAMMA, ZETA, expected_l0
from snippets.numpy.l1_penalty import l1_subgradient
from snippets.numpy.l2_penalty import l2_gradient
from snippets.numpy.losses import binary_cross_entropy, cross_entropy, mean_squared_error
from snippets.numpy.momentum import Momentum
from snippets.numpy.nesterov import Nesterov
from snippets.numpy.smoothness_penalty import smoothness_gradient, smoothness_penalty
from snippets.numpy.soft_threshold import soft_threshold
from snippets.numpy.softmax import softmax, softmax_backward

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


def table(names: str, values: np.ndarray) -> tuple[sp.Matrix, dict[sp.Symbol, sp.Float]]:
    """A symbol for every number of a matrix, and what to put in its place."""
    symbols = sp.Matrix(*values.shape, lambda i, j: sp.Symbol(f"{names}{i}{j}", real=True))
    return symbols, {s: sp.Float(float(x), 30) for s, x in zip(symbols, values.flat, strict=True)}


def slopes(formula: sp.Expr, symbols: sp.Matrix, at: dict[sp.Symbol, sp.Float]) -> np.ndarray:
    found = [float(sp.diff(formula, s).subs(at)) for s in symbols]
    return np.array(found).reshape(symbols.shape)


def test_slope_of_the_group_lasso() -> None:
    weights = np.array([[0.5, -1.0, 2.0], [0.25, 0.0, -0.75]])
    w, at = table("w", weights)
    norms = (sp.sqrt(sum(x**2 for x in w.row(i))) for i in range(2))
    formula = sp.Rational(3, 10) * sp.sqrt(3) * sum(norms)
    assert group_lasso_penalty(weights, 0.3) == pytest.approx(float(formula.subs(at)), rel=1e-14)
    ours = group_lasso_subgradient(weights, 0.3)
    np.testing.assert_allclose(ours, slopes(formula, w, at), rtol=1e-14)


def test_the_threshold_of_a_group_is_a_minimum() -> None:
    """Of 1/2 ||v - w||^2 + t sqrt(k) ||v||: along w, the length solves a quadratic."""
    weights = np.array([[3.0, -4.0], [0.3, 0.1]])
    ours = group_threshold(weights, 0.5)
    length, t = sp.Symbol("r", positive=True), sp.Rational(1, 2)
    for row, found in zip(weights, ours, strict=True):
        norm = sp.sqrt(sum(sp.Rational(str(x)) ** 2 for x in row))
        cost = (length - norm) ** 2 / 2 + t * sp.sqrt(2) * length
        minima = sp.solve(sp.diff(cost, length), length)
        expected = float(minima[0] / norm) * row if minima else np.zeros(2)
        np.testing.assert_allclose(found, expected, rtol=1e-13)
    assert ours[0].any()
    assert not ours[1].any()


def test_slope_of_the_smoothness_penalty() -> None:
    values, pairs = np.array([0.5, -1.0, 2.0, 0.25]), [(0, 1), (1, 2), (3, 1)]
    w, at = table("w", values[:, None])
    formula = sp.Rational(1, 5) * sum((w[i] - w[j]) ** 2 for i, j in pairs)
    assert smoothness_penalty(values, pairs, 0.2) == pytest.approx(float(formula.subs(at)))
    ours = smoothness_gradient(values, pairs, 0.2)
    np.testing.assert_allclose(ours, slopes(formula, w, at)[:, 0], rtol=1e-14)


def test_slopes_of_the_losses() -> None:
    z = np.array([[0.5, -1.0, 2.0], [0.25, 0.75, -0.5]])
    targets = np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    labels = np.array([2, 0])
    symbols, at = table("z", z)
    cells = [(symbols[i, j], int(targets[i, j])) for i in range(2) for j in range(3)]
    rows = [(symbols.row(i), int(label)) for i, label in enumerate(labels)]
    for (loss, ours), formula in (
        (mean_squared_error(z, targets), sum((s - y) ** 2 for s, y in cells) / 6),
        (
            binary_cross_entropy(z, targets),
            -sum(sp.log(1 / (1 + sp.exp(-s if y else s))) for s, y in cells) / 6,
        ),
        (
            cross_entropy(z, labels),
            -sum(sp.log(sp.exp(row[c]) / sum(map(sp.exp, row))) for row, c in rows) / 2,
        ),
    ):
        assert loss == pytest.approx(float(formula.subs(at)), rel=1e-14)
        np.testing.assert_allclose(ours, slopes(formula, symbols, at), rtol=1e-13)


def test_slope_through_softmax() -> None:
    z, arriving = np.array([[0.5, -1.0, 2.0]]), np.array([[0.3, -0.2, 1.0]])
    symbols, at = table("z", z)
    total = sum(map(sp.exp, symbols))
    formula = sum(
        sp.Float(a, 30) * sp.exp(s) / total for a, s in zip(arriving[0], symbols, strict=True)
    )
    ours = softmax_backward(softmax(z), arriving)
    np.testing.assert_allclose(ours, slopes(formula, symbols, at), rtol=1e-13, atol=1e-16)


def test_expected_number_of_open_gates() -> None:
    """Open where the noise u is above what closes the gate; u is even on (0, 1)."""
    u, alpha = sp.Symbol("u", positive=True), sp.Rational(1, 2)
    closed_at = -sp.Rational(str(GAMMA)) / (sp.Rational(str(ZETA)) - sp.Rational(str(GAMMA)))
    inside = sp.log(closed_at / (1 - closed_at))  # sigmoid's argument there
    (least,) = sp.solve(u / (1 - u) - sp.exp(inside * sp.Rational(2, 3) - alpha), u)
    assert pytest.approx(2 / 3) == BETA
    assert expected_l0(np.array([0.5])) == pytest.approx(float(1 - least), rel=1e-14)


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
