"""Two weights, the loss around its minimum, and the diamond and the circle that hold it back."""

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.patches import Circle, Polygon
from numpy.typing import NDArray
from sklearn.datasets import load_diabetes

import snippets.sklearn.l1_training
import snippets.sklearn.l2_training
from experiments.charts import slider, words
from experiments.drawing import CSS, LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure

Array = NDArray[np.float64]

COLUMNS = {"bmi": 2, "bp": 3}
STEP = 0.05
STRENGTHS = tuple(round(STEP * k, 2) for k in range(26))  # lambda from 0 to 1.25
DRAWN = STRENGTHS.index(0.8)
LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
"""How far the level lines of the loss lie from its minimum, as square roots of the loss."""
AROUND = np.linspace(0, 2 * np.pi, 73)


@dataclass(frozen=True)
class Facts:
    """The loss is ``lowest + (w - free)' curvature (w - free)``; index k is ``strengths[k]``."""

    names: tuple[str, ...]
    rows: int
    strengths: tuple[float, ...]
    free: tuple[float, float]
    """The weights without penalty."""
    curvature: tuple[tuple[float, float], tuple[float, float]]
    l1: tuple[tuple[float, float], ...]
    l2: tuple[tuple[float, float], ...]
    above_l1: tuple[float, ...]
    """Loss of L1's solution above the lowest."""
    above_l2: tuple[float, ...]
    corner: float
    """The first strength at which one of L1's weights is exactly 0 and the other is not."""
    corner_l1: tuple[float, float]
    corner_l2: tuple[float, float]
    emptied: float
    """The first strength at which both are."""
    strongest: float
    strongest_l2: tuple[float, float]
    inside_l1: float
    """Least of the loss on the diamond's edge minus that of L1's solution, over all strengths."""
    inside_l2: float
    """The same on the circle's edge for L2's."""
    swapped: float
    """The same on the circle's edge for L1's: somewhere on it the loss is smaller."""


def loss(weights: Array, free: Array, curvature: Array) -> Any:
    """What the loss is above its lowest; ``weights`` of shape (..., 2)."""
    away = weights - free
    return (away @ curvature * away).sum(-1)


def measure(l1_penalty: str = "l1") -> Facts:
    """Fit two features of all patients at each strength, with L1 and with L2.

    Args:
        l1_penalty: "l1", or "l2" to let both penalties be L2.
    """
    features, targets = load_diabetes(return_X_y=True)
    features = features[:, list(COLUMNS.values())]
    features = (features - features.mean(0)) / features.std(0)
    targets = (targets - targets.mean()) / targets.std()
    curvature = features.T @ features / len(targets)
    free = np.linalg.solve(curvature, features.T @ targets / len(targets))
    by_l1, by_l2 = [], []
    for strength in STRENGTHS:
        weights, _ = snippets.sklearn.l2_training.train(features, targets, l2=strength)
        by_l2.append(weights)
        if l1_penalty == "l1" and strength > 0:
            weights, _ = snippets.sklearn.l1_training.train(features, targets, l1=strength)
        by_l1.append(weights)
    l1, l2 = np.array(by_l1), np.array(by_l2)

    # The edges of the largest diamond and circle that the penalty leaves room for.
    turns = np.linspace(0, 2 * np.pi, 721)
    directions = np.stack([np.cos(turns), np.sin(turns)], 1)
    on_diamond = directions / np.abs(directions).sum(1, keepdims=True)
    above_l1, above_l2 = loss(l1, free, curvature), loss(l2, free, curvature)

    def least(edge: Array, sizes: Array, above: Array) -> float:
        edges = sizes[:, None, None] * edge
        return float((loss(edges, free, curvature) - above[:, None]).min())

    def pair(weights: Array) -> tuple[float, float]:
        return float(weights[0]), float(weights[1])

    zeros = (l1 == 0).sum(1)
    corner = int((zeros == 1).argmax())
    long = np.linalg.norm(l1, axis=1)
    (a, b), (c, d) = curvature.tolist()
    return Facts(
        names=tuple(COLUMNS),
        rows=len(targets),
        strengths=STRENGTHS,
        free=pair(free),
        curvature=((a, b), (c, d)),
        l1=tuple(pair(w) for w in l1),
        l2=tuple(pair(w) for w in l2),
        above_l1=tuple(float(v) for v in above_l1),
        above_l2=tuple(float(v) for v in above_l2),
        corner=STRENGTHS[corner],
        corner_l1=pair(l1[corner]),
        corner_l2=pair(l2[corner]),
        emptied=STRENGTHS[int((zeros == 2).argmax())],
        strongest=STRENGTHS[-1],
        strongest_l2=pair(l2[-1]),
        inside_l1=least(on_diamond, np.abs(l1).sum(1), above_l1),
        inside_l2=least(directions, np.linalg.norm(l2, axis=1), above_l2),
        swapped=least(directions, long, above_l1),
    )


def ellipse(facts: Facts) -> Array:
    """Points whose loss is 1 above the lowest, seen from there; shape (points, 2)."""
    lower = np.linalg.cholesky(np.array(facts.curvature))
    return np.linalg.solve(lower.T, np.stack([np.cos(AROUND), np.sin(AROUND)])).T


def draw_shapes(facts: Facts) -> MatplotlibFigure:
    """Diamond and circle at one strength, and the level lines that touch them."""
    figure = new_figure(width=6.2, height=3.3)
    unit, free = ellipse(facts), np.array(facts.free)
    ways = (("l1", "L1", facts.l1, facts.above_l1), ("l2", "L2", facts.l2, facts.above_l2))
    for axes, (colour, name, path, above) in zip(figure.subplots(1, 2), ways, strict=True):
        axes.grid(visible=False)
        for level in LEVELS:
            axes.plot(*(free + level * unit).T, color=LIGHT["grid"], linewidth=1)
        best = np.array(path[DRAWN])
        size = np.abs(best).sum() if colour == "l1" else float(np.linalg.norm(best))
        shape = (
            Polygon([(size, 0), (0, size), (-size, 0), (0, -size)], closed=True)
            if colour == "l1"
            else Circle((0, 0), size)
        )
        shape.set(facecolor=LIGHT[colour], alpha=0.25)
        axes.add_patch(shape)
        touching = free + above[DRAWN] ** 0.5 * unit
        axes.plot(*touching.T, color=LIGHT[colour], linewidth=1.2, linestyle="--")
        axes.plot(*np.array(path).T, color=LIGHT[colour], linewidth=1.6)
        axes.plot(*free, "+", color=LIGHT["ink"], markersize=10, markeredgewidth=2)
        axes.plot(*best, "o" if colour == "l1" else "s", color=LIGHT[colour], markersize=8)
        axes.axhline(0, color=LIGHT["muted"], linewidth=0.8)
        axes.axvline(0, color=LIGHT["muted"], linewidth=0.8)
        axes.set(xlim=(-0.4, 0.8), ylim=(-0.45, 0.65), aspect="equal")
        axes.set_title(f"{name}, λ = {facts.strengths[DRAWN]:g}")
        axes.set_xlabel("weight of bmi")
    figure.axes[0].set_ylabel("weight of bp")
    return figure


def chart_shapes(facts: Facts) -> alt.TopLevelMixin:
    """Both at the strength of a slider; the shapes are made in the page from what was measured."""
    at = f"round(strength / {STEP})"

    def measured(name: str, values: list[Any]) -> alt.Parameter:
        listed = str([[round(v, 4) for v in row] for row in values]).replace(" ", "")
        return alt.param(name=name, expr=f"{listed}[{at}]")

    params = [
        *slider(
            "strength",
            "Strength λ",
            low=STRENGTHS[0],
            high=STRENGTHS[-1],
            step=STEP,
            value=STRENGTHS[DRAWN],
            shown="format(strength, '.2f')",
        ),
        measured("by_l1", [(*w, v**0.5) for w, v in zip(facts.l1, facts.above_l1, strict=True)]),
        measured("by_l2", [(*w, v**0.5) for w, v in zip(facts.l2, facts.above_l2, strict=True)]),
        # Pixels for a weight of 1, the same in both directions: a circle has to look like one.
        alt.param(name="unit", expr="min(width / 1.3, height / 1.3)"),
    ]

    def domain(middle: float, extent: str) -> alt.Scale:
        low, high = (f"{middle} {sign} {extent} / unit / 2" for sign in "-+")
        return alt.Scale(
            domainMin=alt.ExprRef(low), domainMax=alt.ExprRef(high), nice=False, zero=False
        )

    ticks: dict[str, Any] = {"grid": False, "values": [-0.5, 0, 0.5, 1], "format": "~g"}
    x = alt.X(
        "x:Q",
        title="weight of bmi (dimensionless)",
        scale=domain(0.22, "width"),
        axis=alt.Axis(**ticks),
    )
    y = alt.Y(
        "y:Q",
        title="weight of bp (dimensionless)",
        scale=domain(0.17, "height"),
        axis=alt.Axis(**ticks, titlePadding=10),
    )

    def dots(values: list[dict[str, float]]) -> Any:
        return alt.Chart(alt.InlineData(values=values))

    def closed(chart: Any, colour: str, **options: Any) -> Any:
        mark = chart.mark_line(interpolate="linear-closed", color=CSS[colour], clip=True, **options)
        return mark.encode(x=x, y=y, order="i:Q")

    free = {"x": facts.free[0], "y": facts.free[1]}
    unit = [
        {"i": i, "u": round(float(u), 4), "v": round(float(v), 4)}
        for i, (u, v) in enumerate(ellipse(facts)[:-1])
    ]
    around = [{"i": i, "u": round(float(np.cos(a)), 4), "v": round(float(np.sin(a)), 4)}
              for i, a in enumerate(AROUND[:-1])]  # fmt: skip
    corners = [
        {"i": i, "u": u, "v": v} for i, (u, v) in enumerate(((1, 0), (0, 1), (-1, 0), (0, -1)))
    ]

    def shape(points: Any, size: str) -> Any:
        return dots(points).transform_calculate(x=f"datum.u * {size}", y=f"datum.v * {size}")

    def level(size: str) -> Any:
        return dots(unit).transform_calculate(
            x=f"{free['x']} + {size} * datum.u", y=f"{free['y']} + {size} * datum.v"
        )

    diamond = shape(corners, "(abs(by_l1[0]) + abs(by_l1[1]))")
    circle = shape(around, "sqrt(by_l2[0] * by_l2[0] + by_l2[1] * by_l2[1])")
    axes = [
        dots([{}])
        .mark_rule(color=CSS["muted"], aria=False)
        .encode(
            x=alt.XDatum(0),
        ),
        dots([{}]).mark_rule(color=CSS["muted"], aria=False).encode(y=alt.YDatum(0)),
    ]
    layers: list[Any] = [
        *(closed(level(str(size)), "grid", strokeWidth=1) for size in LEVELS),
        *axes,
        closed(circle, "l2", strokeWidth=1.5, fill=CSS["l2"], fillOpacity=0.16),
        closed(diamond, "l1", strokeWidth=1.5, fill=CSS["l1"], fillOpacity=0.16),
    ]
    for name, path in (("l1", facts.l1), ("l2", facts.l2)):
        layers.append(closed(level(f"by_{name}[2]"), name, strokeWidth=1.2, strokeDash=[5, 4]))
        trail = [{"i": i, "x": round(u, 4), "y": round(v, 4)} for i, (u, v) in enumerate(path)]
        layers.append(
            dots(trail).mark_line(color=CSS[name], strokeWidth=2).encode(x=x, y=y, order="i:Q")
        )
    layers.append(
        dots([free])
        .mark_point(shape="cross", size=110, filled=True, color=CSS["ink"], opacity=1)
        .encode(x=x, y=y)
    )
    layers.append(
        dots([free])
        .mark_text(text="without penalty", dy=-15, fontSize=12, color=CSS["ink"])
        .encode(x=x, y=y)
    )
    for name, mark in (("l2", "square"), ("l1", "circle")):
        layers.append(
            dots([{}])
            .transform_calculate(x=f"by_{name}[0]", y=f"by_{name}[1]")
            .mark_point(shape=mark, size=150, filled=True, color=CSS[name], opacity=1)
            .encode(x=x, y=y)
        )
    said = dots([{}]).transform_calculate(
        l1="'L1: bmi ' + format(by_l1[0], '.2f') + ', bp '"
        " + (by_l1[1] == 0 ? 'exactly 0' : format(by_l1[1], '.2f'))",
        l2="'L2: bmi ' + format(by_l2[0], '.2f') + ', bp ' + format(by_l2[1], '.2f')",
    )
    layers += [words(said, "l1", y=4, colour="l1"), words(said, "l2", y=24, colour="l2")]
    chart = alt.layer(*layers).add_params(*params)
    return chart.properties(width="container", height=340, usermeta={"play": "strength"})


EXPERIMENT = Experiment(
    question="Where do the diamond of L1 and the circle of L2 touch the loss of two weights?",
    measure=measure,
    claims=(
        Claim(
            id="l1_sits_in_the_corner",
            sentence=lambda f: (
                f"From $\\lambda = {f.corner:g}$ on, L1's solution sits in a corner of the "
                f"diamond: the weight of `{f.names[1]}` is exactly {f.corner_l1[1]:g}, that of "
                f"`{f.names[0]}` is {f.corner_l1[0]:.2f}; from $\\lambda = {f.emptied:g}$ on both "
                f"are 0. A circle has no corners: L2's weights are {f.corner_l2[0]:.2f} and "
                f"{f.corner_l2[1]:.2f} there, and still {f.strongest_l2[0]:.2f} and "
                f"{f.strongest_l2[1]:.2f} at $\\lambda = {f.strongest:g}$."
            ),
            check=lambda f: (
                f.corner_l1[1] == 0
                and f.corner_l1[0] > 0.1
                and min(f.corner_l2) > 0.05
                and min(f.strongest_l2) > 0.05
            ),
            without={"l1_penalty": "l2"},
        ),
        Claim(
            id="each_touches_its_own_shape",
            sentence=lambda f: (
                "At every strength, no point of the diamond's edge has a smaller loss than L1's "
                "solution, and none of the circle's a smaller one than L2's: a penalty finds the "
                "smallest loss within a limit. The limit decides: on the circle through L1's "
                f"solution the loss falls to {-f.swapped:.3f} below it."
            ),
            check=lambda f: min(f.inside_l1, f.inside_l2) > -1e-6 and f.swapped < -0.005,
            without={"l1_penalty": "l2"},
        ),
    ),
    figures=(
        Figure(
            name="shapes",
            title=lambda _: (
                "The diamond has corners on the axes, and L1's solution slides into one"
            ),
            caption=lambda f: (
                f"Two weights of a linear model of diabetes progression ({f.rows} patients). Gray "
                "ellipses: equal loss, around the weights without penalty (the cross). Dashed: the "
                "level on which the solution lies; it touches the diamond, where the sum of "
                "absolute weights is as large as L1's, or the circle, where the sum of squares is "
                f"as large as L2's. From $\\lambda = {f.corner:g}$ on, the diamond is touched at "
                f"its corner, and the weight of `{f.names[1]}` is exactly 0. The circle has none."
            ),
            alt=lambda f: (
                f"Level lines of the loss over the weights of {f.names[0]} and {f.names[1]}, "
                f"around their best values {f.free[0]:.2f} and {f.free[1]:.2f}. At lambda "
                f"{f.strengths[DRAWN]:g} a level line touches L1's diamond at its corner, weights "
                f"{f.l1[DRAWN][0]:.2f} and {f.l1[DRAWN][1]:g}, and L2's circle beside the axis, "
                f"weights {f.l2[DRAWN][0]:.2f} and {f.l2[DRAWN][1]:.2f}. Paths show how both "
                "solutions move towards zero as lambda grows."
            ),
            draw=draw_shapes,
            chart=chart_shapes,
        ),
    ),
)
