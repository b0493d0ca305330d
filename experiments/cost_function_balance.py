"""The cost of one weight: the loss of the data, the penalty, and their sum."""

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.datasets import load_breast_cancer

from experiments.charts import slider
from experiments.drawing import CSS, LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.numpy.cost_function import cost, cost_gradient

FEATURE = "mean radius"
STRENGTH = 0.02
GRID = tuple(round(0.1 * k, 1) for k in range(-10, 71))
ROWS = 60


@dataclass(frozen=True)
class Facts:
    """A logistic regression with one weight, its bias at its best for each weight."""

    rows: int
    feature: str
    strength: float
    grid: tuple[float, ...]
    loss: tuple[float, ...]
    plain_weight: float
    """Where the loss alone is smallest."""
    plain_loss: float
    weight: float
    """Where the cost is smallest."""
    weight_loss: float
    penalty: float
    loss_slope: float
    """Slope of the loss at ``weight``."""
    penalty_slope: float
    left_over: float
    """Slope of the cost there, as the sum of both: 0 at a minimum."""


def measure(strength: float = STRENGTH) -> Facts:
    """Fit one weight to 60 tumors of the breast cancer data, without and with the penalty.

    Args:
        strength: Of the L2 penalty.
    """
    data = load_breast_cancer()
    column = list(data.feature_names).index(FEATURE)
    order = np.random.default_rng(0).permutation(len(data.target))[:ROWS]
    radius = data.data[order, column]
    features = ((radius - radius.mean()) / radius.std())[:, None]
    labels = 1.0 - data.target[order]  # 1 is malignant

    def best_bias(w: float) -> float:
        bias = 0.0
        for _ in range(60):  # Newton's method on the derivative by the bias
            _, slope = cost_gradient(features, labels, np.array([w]), bias, 0.0)
            _, ahead = cost_gradient(features, labels, np.array([w]), bias + 1e-5, 0.0)
            bias -= slope / ((ahead - slope) / 1e-5)
        return bias

    def slopes(w: float, l2: float) -> tuple[float, float]:
        """Of the loss and of the penalty, along the path of the best bias."""
        bias = best_bias(w)
        of_loss = cost_gradient(features, labels, np.array([w]), bias, 0.0)[0][0]
        of_cost = cost_gradient(features, labels, np.array([w]), bias, l2)[0][0]
        return float(of_loss), float(of_cost - of_loss)

    def minimum(l2: float) -> float:
        low, high = GRID[0], GRID[-1]
        for _ in range(50):  # the slope of a convex cost changes its sign once
            middle = (low + high) / 2
            low, high = (low, middle) if sum(slopes(middle, l2)) > 0 else (middle, high)
        return (low + high) / 2

    def loss(w: float, l2: float) -> tuple[float, float]:
        return cost(features, labels, np.array([w]), best_bias(w), l2)

    plain, weight = minimum(0.0), minimum(strength)
    of_loss, of_penalty = slopes(weight, strength)
    return Facts(
        rows=ROWS,
        feature=FEATURE,
        strength=strength,
        grid=GRID,
        loss=tuple(loss(w, 0.0)[0] for w in GRID),
        plain_weight=plain,
        plain_loss=loss(plain, 0.0)[0],
        weight=weight,
        weight_loss=loss(weight, strength)[0],
        penalty=loss(weight, strength)[1],
        loss_slope=of_loss,
        penalty_slope=of_penalty,
        left_over=of_loss + of_penalty,
    )


def draw(facts: Facts) -> MatplotlibFigure:
    """Loss, penalty and their sum over the weight, with both minima."""
    figure = new_figure(width=5.8, height=4.0)
    axes = figure.subplots()
    w, loss = np.array(facts.grid), np.array(facts.loss)
    penalty = facts.strength * w**2
    axes.plot(w, loss, color=LIGHT["plain"])
    axes.plot(w, penalty, color=LIGHT["muted"], linestyle=":")
    axes.plot(w, loss + penalty, color=LIGHT["l2"])
    axes.plot(facts.plain_weight, facts.plain_loss, "o", color=LIGHT["plain"], ms=8)
    axes.plot(facts.weight, facts.weight_loss + facts.penalty, "o", color=LIGHT["l2"], ms=8)
    right = w[-1] - 0.1
    axes.text(right, loss[-1] + 0.03, "loss", color=LIGHT["plain"], ha="right", va="bottom")
    axes.text(3.6, 0.16, "penalty λw²", color=LIGHT["muted"])
    axes.text(4.0, 0.86, "cost = loss + penalty", color=LIGHT["l2"], ha="right")
    axes.set_ylim(0, 1.3)
    axes.set_xlim(w[0], w[-1])
    axes.set_xlabel("weight w (dimensionless)")
    axes.set_ylabel("nats per tumor")
    return figure


def chart(facts: Facts) -> alt.TopLevelMixin:
    """The same for the strength of a slider; the sums are made in the page."""
    data = alt.InlineData(
        values=[{"w": w, "loss": round(v, 5)} for w, v in zip(facts.grid, facts.loss, strict=True)]
    )
    strength = slider(
        "strength",
        "Strength λ",
        low=0,
        high=0.2,
        step=0.005,
        value=facts.strength,
        shown="format(strength, '.3f')",
    )
    base = (
        alt.Chart(data)
        .transform_calculate(penalty="strength * datum.w * datum.w")
        .transform_calculate(cost="datum.loss + datum.penalty")
    )
    x = alt.X(
        "w:Q",
        title="weight w (dimensionless)",
        scale=alt.Scale(domain=[facts.grid[0], facts.grid[-1]], nice=False),
        axis=alt.Axis(values=list(range(-1, 8))),
    )

    def y(field: str) -> alt.Y:
        return alt.Y(
            f"{field}:Q",
            title="nats per tumor",
            scale=alt.Scale(domain=[0, 1.7], nice=False),
            axis=alt.Axis(values=[0, 0.2, 0.4, 0.6, 0.8, 1.0], titlePadding=12),
        )

    def line(field: str, colour: str, dash: list[int]) -> Any:
        below = base.transform_filter(f"datum.{field} < 1.2")  # above are the words
        mark = below.mark_line(strokeWidth=2.5, color=CSS[colour], strokeDash=dash)
        return mark.encode(x=x, y=y(field))

    lowest = (
        base.transform_joinaggregate(smallest="min(cost)")
        .transform_filter("datum.cost == datum.smallest")
        .transform_calculate(
            top="'λ = ' + format(strength, '.3f') + ', smallest cost at w = '"
            " + format(datum.w, '.1f')",
            a="'━ cost ' + format(datum.cost, '.3f')",
            b="'━ loss ' + format(datum.loss, '.3f')",
            c="'┅ penalty ' + format(datum.penalty, '.3f')",
        )
    )
    point = lowest.mark_point(size=110, filled=True, opacity=1, color=CSS["l2"])
    words = [
        lowest.mark_text(align="left", baseline="top", fontSize=14, color=CSS[colour]).encode(
            x=alt.value(left), y=alt.value(top), text=f"{field}:N"
        )
        for field, colour, left, top in (
            ("top", "ink", 8, 2),
            ("a", "l2", 8, 22),
            ("b", "plain", 8, 42),
            ("c", "muted", 8, 62),
        )
    ]
    layers = alt.layer(
        line("loss", "plain", [1, 0]),
        line("penalty", "muted", [2, 3]),
        line("cost", "l2", [1, 0]),
        point.encode(x=x, y=y("cost")),
        *words,
    )
    return layers.add_params(*strength).properties(width="container", height=320)


EXPERIMENT = Experiment(
    question="Where does a penalty move the minimum, and what holds it there?",
    measure=measure,
    claims=(
        Claim(
            id="minimum_moves",
            sentence=lambda f: (
                f"The penalty with $\\lambda = {f.strength:g}$ moves the minimum from "
                f"$w = {f.plain_weight:.2f}$ to $w = {f.weight:.2f}$. The training loss there is "
                f"higher, {f.weight_loss:.3f} instead of {f.plain_loss:.3f}: that is the price."
            ),
            check=lambda f: (
                f.weight < 0.8 * f.plain_weight and f.weight_loss > f.plain_loss + 0.005
            ),
            without={"strength": 0.0},
        ),
        Claim(
            id="two_slopes_cancel",
            sentence=lambda f: (
                f"At the new minimum the two slopes hold each other: the data pull with "
                f"{f.loss_slope:.4f}, the penalty with {f.penalty_slope:+.4f}."
            ),
            check=lambda f: abs(f.left_over) < 1e-9 and abs(f.loss_slope) > 0.01,
            without={"strength": 0.0},
        ),
    ),
    figures=(
        Figure(
            name="sum",
            title=lambda f: "A penalty moves the bottom of the valley towards zero",
            caption=lambda f: (
                f"One weight, which tells malignant from benign tumors by their {f.feature} "
                f"({f.rows} tumors; the bias is at its best for each weight). The loss alone is "
                f"smallest at w = {f.plain_weight:.2f}. Adding {f.strength:g} w² makes "
                f"w = {f.weight:.2f} the best."
            ),
            alt=lambda f: (
                f"Three curves over the weight w. The loss falls steeply until about w = 2 and is "
                f"nearly flat around its minimum at {f.plain_weight:.2f}. The penalty is a "
                f"parabola with its bottom at 0. Their sum is smallest at {f.weight:.2f}."
            ),
            draw=draw,
            chart=chart,
        ),
    ),
)
