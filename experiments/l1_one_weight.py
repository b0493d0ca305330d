"""One weight under L1 and under L2, at every strength."""

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
from matplotlib.figure import Figure as MatplotlibFigure

import snippets.numpy.l1_training
import snippets.numpy.l2_training
from experiments.charts import slider
from experiments.drawing import CSS, LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure

STRENGTHS = tuple(round(0.1 * k, 1) for k in range(31))
DRAWN = (0.0, 1.0, 3.0)
GRID = tuple(round(-0.6 + 0.05 * k, 2) for k in range(45))


@dataclass(frozen=True)
class Facts:
    """The minimum of (w - 1)^2 + penalty, found by gradient descent at each strength."""

    strengths: tuple[float, ...]
    best_l1: tuple[float, ...]
    best_l2: tuple[float, ...]
    first_zero: float
    """The smallest strength from which on L1's best weight is exactly 0; infinite if none is."""
    slope_at_zero: float
    """Of the data's loss, without sign."""
    half_way_l1: float
    """L1's best weight at half of the slope."""
    strongest: float
    strongest_l2: float


def measure(l1_penalty: str = "l1") -> Facts:
    """Fit two rows, x = -1, y = -1 and x = 1, y = 1, whose loss is exactly (w - 1)^2.

    Args:
        l1_penalty: "l1", or "l2" to let both penalties be L2.
    """
    features, targets = np.array([[-1.0], [1.0]]), np.array([-1.0, 1.0])
    best_l1, best_l2 = [], []
    for strength in STRENGTHS:
        by_l2, _ = snippets.numpy.l2_training.train(
            features, targets, l2=strength, lr=0.125, steps=400
        )
        by_l1, _ = snippets.numpy.l1_training.train(
            features, targets, l1=strength, lr=0.125, steps=400
        )
        best_l2.append(float(by_l2[0]))
        best_l1.append(float(by_l1[0]) if l1_penalty == "l1" else best_l2[-1])
    zero = [s for s, w in zip(STRENGTHS, best_l1, strict=True) if w == 0]
    slope = abs(float(2 * features[:, 0] @ (features[:, 0] * 0.0 - targets)) / 2)
    return Facts(
        strengths=STRENGTHS,
        best_l1=tuple(best_l1),
        best_l2=tuple(best_l2),
        first_zero=min(zero, default=float("inf")),
        slope_at_zero=slope,
        half_way_l1=best_l1[STRENGTHS.index(slope / 2)],
        strongest=STRENGTHS[-1],
        strongest_l2=best_l2[-1],
    )


def draw_minimum(facts: Facts) -> MatplotlibFigure:
    """Loss over the weight for three strengths; a dot where it is smallest."""
    figure = new_figure(width=5.8, height=4.0)
    panels = figure.subplots(1, 2, sharey=True)
    w = np.linspace(GRID[0], GRID[-1], 221)
    for axes, name, penalty, best in (
        (panels[0], "l1", np.abs(w), facts.best_l1),
        (panels[1], "l2", w**2, facts.best_l2),
    ):
        for strength in DRAWN:
            total = (w - 1) ** 2 + strength * penalty
            place = best[facts.strengths.index(strength)]
            size = abs(place) if name == "l1" else place**2
            lowest = (place - 1) ** 2 + strength * size
            colour = LIGHT[name] if strength else LIGHT["plain"]
            axes.plot(w, total, color=colour, linewidth=1.0 + 0.4 * strength)
            axes.plot(place, lowest, "o", color=colour, markersize=9)
            above = name == "l1" and place > 0 and strength > 0
            axes.annotate(
                f"λ = {strength:g}",
                (place, lowest),
                xytext=(0, 10) if above else (-4, -8) if strength else (0, -8),
                textcoords="offset points",
                ha="right" if strength and not above else "center",
                va="bottom" if above else "top",
                color=LIGHT["ink"],
                fontsize=11,
            )
        axes.axvline(0, color=LIGHT["muted"], linewidth=0.8)
        axes.set_title("L1" if name == "l1" else "L2")
        axes.set_ylim(-0.4, 3.2)
        axes.set_xlabel("weight w")
    panels[0].set_ylabel("loss + penalty (dimensionless)")
    return figure


def chart_minimum(facts: Facts) -> alt.TopLevelMixin:
    """The two curves at the strength of a slider."""
    dots, lines = [], []
    for strength, w1, w2 in zip(facts.strengths, facts.best_l1, facts.best_l2, strict=True):
        for penalty, w, value in (("L1", w1, abs(w1)), ("L2", w2, w2**2)):
            total = (w - 1) ** 2 + strength * value
            dots.append(
                {"s": strength, "penalty": penalty, "w": round(w, 4), "total": round(total, 4)}
            )
        exact = "exactly 0" if w1 == 0 else f"{w1:.2f}"
        lines.append(
            {"s": strength, "l": f"λ = {strength:.1f}", "l1": exact, "l2": f"{w2:.2f}"},
        )
    grid = [{"w": w, "penalty": p} for p in ("L1", "L2") for w in GRID]
    control = slider(
        "strength",
        "Strength λ",
        low=facts.strengths[0],
        high=facts.strengths[-1],
        step=0.1,
        value=1.2,
        shown="format(strength, '.1f')",
    )
    chosen = "abs(datum.s - strength) < 0.05"
    colour = alt.Color(
        "penalty:N",
        legend=None,
        scale=alt.Scale(domain=["L1", "L2"], range=[CSS["l1"], CSS["l2"]]),
    )
    x = alt.X("w:Q", title="weight w", scale=alt.Scale(domain=[GRID[0], GRID[-1]], nice=False))
    y = alt.Y(
        "total:Q",
        title="loss + penalty (dimensionless)",
        scale=alt.Scale(domain=[0, 4], clamp=True),
        axis=alt.Axis(tickCount=5, titlePadding=12),
    )
    curve = (
        alt.Chart(alt.InlineData(values=grid))
        .transform_calculate(
            total="pow(datum.w - 1, 2) + strength"
            " * (datum.penalty === 'L1' ? abs(datum.w) : datum.w * datum.w)"
        )
        .mark_line(strokeWidth=2.5, clip=True)
        .encode(x=x, y=y, color=colour, detail="penalty:N")
    )
    dot = (
        alt.Chart(alt.InlineData(values=dots))
        .transform_filter(chosen)
        .mark_point(filled=True, size=150, opacity=1)
        .encode(
            x=x,
            y=y,
            color=colour,
            shape=alt.Shape("penalty:N", legend=None),
            tooltip=[alt.Tooltip("penalty:N"), alt.Tooltip("w:Q", format=".3f")],
        )
    )
    zero = (
        alt.Chart(alt.InlineData(values=[{"w": 0}]))
        .mark_rule(color=CSS["muted"], strokeDash=[3, 3])
        .encode(x=x)
    )
    text = alt.Chart(alt.InlineData(values=lines)).transform_filter(chosen)

    def row(expression: str, height: int, name: str) -> Any:
        mark = text.transform_calculate(shown=expression).mark_text(
            align="left", baseline="top", fontSize=14, color=CSS[name]
        )
        return mark.encode(x=alt.value(8), y=alt.value(height), text="shown:N")

    layers = alt.layer(
        zero,
        curve,
        dot,
        row("datum.l", -66, "ink"),
        row("'L1 (circle): best weight ' + datum.l1", -46, "l1"),
        row("'L2 (square): best weight ' + datum.l2", -26, "l2"),
    )
    return layers.add_params(*control).properties(width="container", height=320)


EXPERIMENT = Experiment(
    question="At which strength does the best weight become exactly zero, with L1 and with L2?",
    measure=measure,
    claims=(
        Claim(
            id="l1_reaches_zero",
            sentence=lambda f: (
                f"From $\\lambda = {f.first_zero:g}$ on, L1's best weight is exactly 0. That is "
                f"the slope of the data's loss at zero, {f.slope_at_zero:g}: from there on the "
                f"penalty is steeper than the data. L2's best weight is still {f.strongest_l2:.2f} "
                f"at $\\lambda = {f.strongest:g}$."
            ),
            check=lambda f: f.first_zero == f.slope_at_zero and min(f.best_l2) > 0.2,
            without={"l1_penalty": "l2"},
        ),
    ),
    figures=(
        Figure(
            name="minimum",
            title=lambda f: "L1 puts a kink at zero, and the smallest loss falls into it",
            caption=lambda f: (
                f"The data wants this weight to be 1; its loss is $(w - 1)^2$. L1 adds a V, with "
                f"its kink at zero: from $\\lambda = {f.first_zero:g}$ on, the lowest point is the "
                f"kink itself. L2 adds a bowl, flat at zero: its lowest point comes nearer and "
                f"nearer, and never arrives."
            ),
            alt=lambda f: (
                f"Loss plus penalty over one weight that the data wants to be 1. With L1 the "
                f"lowest point is at 1 for lambda 0, at {f.half_way_l1:g} for lambda "
                f"{f.slope_at_zero / 2:g}, and exactly at 0 from lambda {f.first_zero:g} on. With "
                f"L2 it is still at {f.strongest_l2:.2f} for lambda {f.strongest:g}."
            ),
            draw=draw_minimum,
            chart=chart_minimum,
        ),
    ),
)
