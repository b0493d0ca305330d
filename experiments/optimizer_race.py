"""Six update rules on the same surfaces: who reaches the valley's floor, and with which lr."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import altair as alt
import contourpy
import numpy as np
from matplotlib.figure import Figure as MatplotlibFigure
from numpy.typing import NDArray

from experiments.charts import slider
from experiments.drawing import CSS, LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.numpy.adagrad import Adagrad
from snippets.numpy.custom_adam import CustomAdam
from snippets.numpy.gradient_descent import GradientDescent
from snippets.numpy.momentum import Momentum
from snippets.numpy.nesterov import Nesterov
from snippets.numpy.rmsprop import RMSprop

Array = NDArray[np.float64]
Floats = tuple[float, ...]


class Rule(Protocol):
    """What all six have in common."""

    def step(self, params: Sequence[Array], grads: Sequence[Array]) -> None:
        """Move the parameters in place."""


RULES: dict[str, Callable[[float], Rule]] = {
    "gradient descent": GradientDescent,
    "momentum": Momentum,
    "Nesterov": Nesterov,
    "Adagrad": Adagrad,
    "RMSprop": RMSprop,
    "Adam": CustomAdam,
}
COLOURS = {
    "gradient descent": "plain",
    "momentum": "l2",
    "Nesterov": "elastic_net",
    "Adagrad": "l1",
    "RMSprop": "dropout",
    "Adam": "adam",
}
DASHES = {
    "gradient descent": (1, 0),
    "momentum": (6, 3),
    "Nesterov": (2, 2),
    "Adagrad": (8, 2, 2, 2),
    "RMSprop": (4, 2),
    "Adam": (1, 0),
}
STEPS = 300
GRID = tuple(float(f"{10 ** (k / 4):.3g}") for k in range(-16, 5))
GOAL = 1e-3
"""The share of the loss at the start that counts as having arrived."""
COMMON = 1e-3
ESCAPE_LR = 0.1
SHOWN = (*range(31), *(round(30 * 10 ** (k / 24)) for k in range(1, 25)))
"""The updates of which the interactive picture holds the weights."""
ANGLE = 30.0
OFFSET = 1e-3


@dataclass(frozen=True)
class Surface:
    """A loss of two weights whose minimum is 0."""

    name: str
    loss: Callable[[Array], float]
    gradient: Callable[[Array], Array]
    start: Floats
    minima: tuple[Floats, ...]
    window: tuple[Floats, Floats]
    levels: Floats


@dataclass(frozen=True)
class Run:
    """One rule on one surface.

    ``arrived`` is the first update from which the loss stays below the goal, 0 if there is none
    within the budget; ``final`` is the loss after the last update, ``mean`` that of all updates.
    """

    rule: str
    lr: float
    arrived: int
    final: float
    mean: float
    path: tuple[Floats, ...]


@dataclass(frozen=True)
class Facts:
    """Runs in the order of ``rules``, for each surface in the order of ``surfaces``."""

    rules: tuple[str, ...]
    surfaces: tuple[str, ...]
    steps: int
    goal: float
    grid_low: float
    grid_high: float
    grid_size: int
    common_lr: float
    angle: float
    offset: float
    steep: float
    tuned: tuple[tuple[Run, ...], ...]
    common: tuple[tuple[Run, ...], ...]
    usable: tuple[tuple[int, ...], ...]
    """How many learning rates of the grid arrive within the budget."""
    updates: tuple[tuple[str, ...], ...]
    """``arrived`` of the tuned runs as words."""
    lowest_lr: Floats
    highest_lr: Floats
    """The extremes of the six tuned learning rates, for each surface."""
    lr_ratio: Floats
    tuned_arrived: tuple[int, ...]
    common_arrived: tuple[int, ...]
    """How many of the six arrive with the common learning rate, for each surface."""
    escape_lr: float
    escape: tuple[int, ...]
    """Updates until a rule has left the ridge by 0.5, all with ``escape_lr``."""


@cache
def ravine(angle: float, steep: float) -> Surface:
    """A bowl ``steep`` times as curved across as along, turned by ``angle`` degrees."""
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    turn = np.array([[c, -s], [s, c]])
    curvature = turn @ np.diag([1.0, steep]) @ turn.T
    start = turn @ np.array([-4.0, 1.0])
    return Surface(
        name="turned ravine" if angle else "ravine",
        loss=lambda w: float(0.5 * w @ curvature @ w),
        gradient=lambda w: curvature @ w,
        start=(float(start[0]), float(start[1])),
        minima=((0.0, 0.0),),
        window=((-5.0, 1.6), (-2.6, 2.6)),
        levels=(0.3, 2.0, 8.0, 24.0, 58.0, 120.0),
    )


@cache
def saddle(offset: float) -> Surface:
    """A ridge between two valleys, flat in the middle; the start is ``offset`` off the ridge."""
    return Surface(
        name="saddle",
        loss=lambda w: float(0.5 * w[0] ** 2 + 0.25 * (w[1] ** 2 - 1) ** 2),
        gradient=lambda w: np.array([w[0], w[1] ** 3 - w[1]]),
        start=(-1.5, offset),
        minima=((0.0, 1.0), (0.0, -1.0)),
        window=((-1.9, 1.1), (-1.5, 1.5)),
        levels=(0.02, 0.1, 0.249, 0.45, 0.8, 1.3, 2.0),
    )


@cache
def rosenbrock() -> Surface:
    """Rosenbrock's bent valley."""

    def gradient(w: Array) -> Array:
        x, y = float(w[0]), float(w[1])
        return np.array([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)])

    return Surface(
        name="Rosenbrock's valley",
        loss=lambda w: float((1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2),
        gradient=gradient,
        start=(-1.2, 1.0),
        minima=((1.0, 1.0),),
        window=((-1.9, 1.9), (-0.8, 2.4)),
        levels=(4.0, 24.0, 100.0, 300.0, 700.0),
    )


@cache
def race(surface: Surface, rule: str, lr: float) -> Run:
    """Run one rule until the budget is spent or the weights are no longer finite."""
    optimizer = RULES[rule](lr)
    w = np.array(surface.start)
    path, losses = [w.copy()], [surface.loss(w)]
    for _ in range(STEPS):
        optimizer.step([w], [surface.gradient(w)])
        path.append(w.copy())
        losses.append(surface.loss(w))
        if not losses[-1] < 1e9:
            losses[-1] = math.inf
            break
    above = max(t for t, loss in enumerate(losses) if loss > GOAL * losses[0])
    return Run(
        rule=rule,
        lr=lr,
        arrived=above + 1 if above + 1 < len(losses) else 0,
        final=losses[-1],
        mean=sum(losses) / len(losses),
        path=tuple((round(float(p[0]), 4), round(float(p[1]), 4)) for p in path),
    )


def measure(
    angle: float = ANGLE,
    steep: float = 100.0,
    offset: float = OFFSET,
    common_factor: float = 1.0,
) -> Facts:
    """Race the six rules, with a tuned and with a common learning rate.

    Args:
        angle: By how many degrees the turned ravine is turned.
        steep: How much steeper both ravines are across than along.
        offset: Distance of the start from the saddle's ridge.
        common_factor: 1 for the same learning rate in the common race; 0 for the tuned ones.
    """
    surfaces = (ravine(0.0, steep), ravine(angle, steep), saddle(offset), rosenbrock())
    tuned, common, usable = [], [], []
    for surface in surfaces:
        best, count = [], []
        for rule in RULES:
            runs = [race(surface, rule, lr) for lr in GRID]
            best.append(min(runs, key=lambda run: run.mean))
            count.append(sum(run.arrived > 0 for run in runs))
        tuned.append(tuple(best))
        usable.append(tuple(count))
        common.append(
            tuple(race(surface, run.rule, COMMON if common_factor else run.lr) for run in best)
        )
    rates = [[run.lr for run in runs] for runs in tuned]
    return Facts(
        rules=tuple(RULES),
        surfaces=("ravine", "turned ravine", "saddle", "Rosenbrock's valley"),
        steps=STEPS,
        goal=GOAL,
        grid_low=GRID[0],
        grid_high=GRID[-1],
        grid_size=len(GRID),
        common_lr=COMMON,
        angle=angle,
        offset=offset,
        steep=steep,
        tuned=tuple(tuned),
        common=tuple(common),
        usable=tuple(usable),
        updates=tuple(tuple(words(run) for run in runs) for runs in tuned),
        lowest_lr=tuple(min(r) for r in rates),
        highest_lr=tuple(max(r) for r in rates),
        lr_ratio=tuple(max(r) / min(r) for r in rates),
        tuned_arrived=tuple(sum(run.arrived > 0 for run in runs) for runs in tuned),
        common_arrived=tuple(sum(run.arrived > 0 for run in runs) for runs in common),
        escape_lr=ESCAPE_LR,
        escape=tuple(
            next(t for t, w in enumerate(race(saddle(offset), rule, ESCAPE_LR).path) if w[1] > 0.5)
            for rule in RULES
        ),
    )


def words(run: Run) -> str:
    """When a run arrived."""
    return str(run.arrived) if run.arrived else f"more than {STEPS}"


def contours(surface: Surface, points: int = 61) -> list[tuple[list[float], list[float]]]:
    """The level lines inside the surface's window, as x and y of each line."""
    xs, ys = (np.linspace(low, high, points) for low, high in surface.window)
    z = np.array([[surface.loss(np.array([x, y])) for x in xs] for y in ys])
    find = contourpy.contour_generator(xs, ys, z)
    lines = [np.asarray(line) for level in surface.levels for line in find.lines(level)]
    return [
        ([round(float(x), 2) for x in line[:, 0]], [round(float(y), 2) for y in line[:, 1]])
        for line in lines
    ]


def surfaces_of(facts: Facts) -> tuple[Surface, ...]:
    """The surfaces that the facts were measured on."""
    bowls = ravine(0.0, facts.steep), ravine(facts.angle, facts.steep)
    return (*bowls, saddle(facts.offset), rosenbrock())


def draw_paths(facts: Facts) -> MatplotlibFigure:
    """The six paths on each surface, each rule with its best learning rate."""
    figure = new_figure(width=6.2, height=6.6)
    panels = figure.subplots(2, 2).flat
    for panel, surface, runs in zip(panels, surfaces_of(facts), facts.tuned, strict=True):
        panel.grid(visible=False)
        for xs, ys in contours(surface):
            panel.plot(xs, ys, color=LIGHT["grid"], linewidth=1)
        for run in runs:
            colour = LIGHT[COLOURS[run.rule]]
            dash = (0, DASHES[run.rule]) if DASHES[run.rule][1] else "-"
            panel.plot(
                [x for x, _ in run.path],
                [y for _, y in run.path],
                color=colour,
                linestyle=dash,
                linewidth=1.7,
                label=run.rule,
            )
        for x, y in surface.minima:
            panel.plot(x, y, "*", color=LIGHT["ink"], markersize=10)
        panel.plot(*surface.start, "o", color=LIGHT["ink"], markersize=6)
        panel.set(xlim=surface.window[0], ylim=surface.window[1], title=surface.name)
        panel.set(xlabel="weight 1", ylabel="weight 2")
    handles, labels = panel.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def chart_paths(facts: Facts) -> alt.TopLevelMixin:
    """One surface at a time, both races, with a slider over the updates."""
    surfaces = surfaces_of(facts)
    tuned, common = "each its best", f"{facts.common_lr:g} for all"
    surface = alt.param(
        name="surface",
        value=facts.surfaces[0],
        bind=alt.binding_select(options=list(facts.surfaces), name="Surface"),
    )
    rates = alt.param(
        name="rates",
        value=tuned,
        bind=alt.binding_radio(options=[tuned, common], name="Learning rate"),
    )
    update = slider(
        "moment",
        "Update",
        low=0,
        high=len(SHOWN) - 1,
        step=1,
        value=20,
        shown="format(update, 'd')",
    )
    times = alt.param(name="times", expr=str(list(SHOWN)).replace(" ", ""))
    now = alt.param(name="update", expr="times[moment]")
    lines = [
        {"s": name, "i": f"{name} {i}", "x": xs, "y": ys}
        for name, of in zip(facts.surfaces, surfaces, strict=True)
        for i, (xs, ys) in enumerate(contours(of, 31))
    ]
    paths = []
    for rates_name, races in ((tuned, facts.tuned), (common, facts.common)):
        for name, runs in zip(facts.surfaces, races, strict=True):
            for place, run in enumerate(runs):
                shown = [t for t in SHOWN if t < len(run.path)]
                paths.append(
                    {
                        "s": name,
                        "r": rates_name,
                        "rule": run.rule,
                        "place": place,
                        "lr": f"{run.lr:.3g}",
                        "x": [round(run.path[t][0], 3) for t in shown],
                        "y": [round(run.path[t][1], 3) for t in shown],
                    }
                )

    def limit(axis: int, end: int) -> alt.ExprRef:
        cases = "".join(
            f"surface == '{name}' ? {of.window[axis][end]} : "
            for name, of in zip(facts.surfaces[:3], surfaces, strict=False)
        )
        return alt.ExprRef(f"{cases}{surfaces[3].window[axis][end]}".replace("--", "- -"))

    def axis(name: str, number: int) -> dict[str, Any]:
        scale = alt.Scale(
            domainMin=limit(number, 0), domainMax=limit(number, 1), nice=False, zero=False
        )
        grid = alt.Axis(grid=False, tickCount=6, titlePadding=10)
        return {"title": name, "scale": scale, "axis": grid}

    x = alt.X("x:Q", **axis("weight 1 (dimensionless)", 0))
    y = alt.Y("y:Q", **axis("weight 2 (dimensionless)", 1))
    chosen = "datum.s == surface"
    level_lines = (
        alt.Chart(alt.InlineData(values=lines))
        .transform_filter(chosen)
        .transform_flatten(["x", "y"])
        .transform_window(k="row_number()")
        .mark_line(color=CSS["muted"], opacity=0.45, strokeWidth=1, clip=True)
        .encode(x=x, y=y, detail="i:N", order="k:Q")
    )
    goals = [
        {"s": name, "x": gx, "y": gy}
        for name, of in zip(facts.surfaces, surfaces, strict=True)
        for gx, gy in of.minima
    ]
    stars = (
        alt.Chart(alt.InlineData(values=goals))
        .transform_filter(chosen)
        .mark_point(shape="cross", color=CSS["ink"], filled=True, size=90)
        .encode(x=x, y=y)
    )
    data = alt.Chart(alt.InlineData(values=paths)).transform_filter(f"{chosen} && datum.r == rates")
    walked = (
        data.transform_calculate(t="slice(times, 0, length(datum.x))")
        .transform_flatten(["t", "x", "y"])
        .transform_filter("datum.t <= update")
    )
    colour = alt.Color(
        "rule:N",
        legend=None,
        scale=alt.Scale(
            domain=list(facts.rules), range=[CSS[COLOURS[rule]] for rule in facts.rules]
        ),
    )
    dash = alt.StrokeDash(
        "rule:N",
        legend=None,
        scale=alt.Scale(
            domain=list(facts.rules), range=[list(DASHES[rule]) for rule in facts.rules]
        ),
    )
    walks = walked.mark_line(strokeWidth=2.2, clip=True).encode(
        x=x, y=y, color=colour, strokeDash=dash, order="t:Q"
    )
    last = walked.transform_joinaggregate(last="max(t)", groupby=["rule"]).transform_filter(
        "datum.t == datum.last"
    )
    dots = last.mark_point(filled=True, size=80, opacity=1, clip=True).encode(
        x=x, y=y, color=colour
    )
    loss = (
        "surface == 'saddle' ? 0.5 * datum.x * datum.x + 0.25 * pow(datum.y * datum.y - 1, 2)"
        ' : surface == "Rosenbrock\'s valley"'
        " ? pow(1 - datum.x, 2) + 100 * pow(datum.y - datum.x * datum.x, 2)"
        f" : 0.5 * (pow(datum.along, 2) + {facts.steep:g} * pow(datum.across, 2))"
    )
    c, s = (f(math.radians(facts.angle)) for f in (math.cos, math.sin))
    turned = "surface == 'turned ravine'"
    words = last.transform_calculate(
        along=f"{turned} ? {c} * datum.x + {s} * datum.y : datum.x",
        across=f"{turned} ? {c} * datum.y - {s} * datum.x : datum.y",
    ).transform_calculate(loss=loss)
    gone = "datum.loss > 9999 || datum.last < update - 40"
    layers: list[Any] = [level_lines, stars, walks, dots]
    for place, rule in enumerate(facts.rules):
        layers.append(
            words.transform_filter(f"datum.place == {place}")
            .transform_calculate(
                words=f"'{rule}: ' + ({gone} ? 'diverged' : format(datum.loss, '.3f'))"
            )
            .mark_text(align="left", baseline="top", fontSize=12)
            .encode(
                x=alt.value(-50 + 180 * (place % 2)),
                y=alt.value(-62 + 20 * (place // 2)),
                text="words:N",
                color=colour,
            )
        )
    chart = alt.layer(*layers).add_params(surface, rates, *update, times, now)
    return chart.properties(
        width="container",
        height=340,
        padding={"top": 12, "left": 5, "right": 5, "bottom": 5},
        usermeta={"play": "moment"},
    )


def tuned(facts: Facts, surface: int, rule: str) -> Run:
    """The run of one rule with its best learning rate."""
    return facts.tuned[surface][facts.rules.index(rule)]


def escape(facts: Facts, rule: str) -> int:
    """Updates that one rule needs to leave the saddle."""
    return facts.escape[facts.rules.index(rule)]


EXPERIMENT = Experiment(
    question="Which update rule reaches the floor of a valley first, and does the winner stay one?",
    measure=measure,
    claims=(
        Claim(
            id="momentum_in_a_ravine",
            sentence=lambda f: (
                f"In a ravine {f.steep:g} times as curved across as along, gradient descent "
                f"needs {tuned(f, 0, 'gradient descent').arrived} updates to arrive, momentum "
                f"{tuned(f, 0, 'momentum').arrived}, Nesterov's {tuned(f, 0, 'Nesterov').arrived}, "
                "each with its best learning rate."
            ),
            check=lambda f: (
                tuned(f, 0, "gradient descent").arrived >= 2 * tuned(f, 0, "momentum").arrived
                and tuned(f, 0, "Nesterov").arrived < tuned(f, 0, "momentum").arrived
            ),
            without={"steep": 1.0},
        ),
        Claim(
            id="turned_by_an_angle",
            sentence=lambda f: (
                f"Turn the ravine by {f.angle:g} degrees, and gradient descent and momentum need "
                "as many updates as before. Adagrad goes from "
                f"{words(tuned(f, 0, 'Adagrad'))} to {words(tuned(f, 1, 'Adagrad'))} and RMSprop "
                f"from {words(tuned(f, 0, 'RMSprop'))} to {words(tuned(f, 1, 'RMSprop'))}: a scale "
                "for each weight helps where the valley runs along a weight."
            ),
            check=lambda f: (
                all(
                    tuned(f, 0, rule).arrived == tuned(f, 1, rule).arrived
                    for rule in ("gradient descent", "momentum", "Nesterov")
                )
                and all(
                    (tuned(f, 1, rule).arrived or f.steps) > 10 * tuned(f, 0, rule).arrived
                    for rule in ("Adagrad", "RMSprop")
                )
            ),
            without={"angle": 0.0},
        ),
        Claim(
            id="leaving_a_saddle",
            sentence=lambda f: (
                f"Beside the ridge of a saddle, {f.offset:g} off, the gradient that leads away is "
                f"as small. With learning rate {f.escape_lr:g}, gradient descent is off the ridge "
                f"after {escape(f, 'gradient descent')} updates, momentum after "
                f"{escape(f, 'momentum')}, Adam after {escape(f, 'Adam')}: its step does not "
                "depend on the size of the gradient."
            ),
            check=lambda f: (
                escape(f, "gradient descent") > 2 * escape(f, "momentum") > 4 * escape(f, "Adam")
            ),
            without={"offset": 0.4},
        ),
        Claim(
            id="no_common_learning_rate",
            sentence=lambda f: (
                f"With the learning rate {f.common_lr:g} for all, {f.common_arrived[0]} of the six "
                f"arrive in the ravine within {f.steps} updates; with their own, "
                f"{f.tuned_arrived[0]} do. The best rates there lie between {f.lowest_lr[0]:.2g} "
                f"and {f.highest_lr[0]:.2g}."
            ),
            check=lambda f: f.common_arrived[0] <= f.tuned_arrived[0] - 3,
            without={"common_factor": 0.0},
        ),
    ),
    figures=(
        Figure(
            name="paths",
            title=lambda f: "No rule wins everywhere: the winner depends on the shape",
            caption=lambda f: (
                "Six rules start at the same point, each with its best of "
                f"{f.grid_size} learning rates from {f.grid_low:g} to {f.grid_high:g} (lowest mean "
                f"loss over {f.steps} updates). Steep walls make gradient descent zigzag; momentum "
                "overshoots and swings back; Adagrad, RMSprop and Adam scale each weight by "
                "itself, which is a straight way in a ravine along an axis and little help in a "
                "turned one. Where JavaScript runs: choose the surface, move the update; the "
                "numbers are losses, the minimum is 0."
            ),
            alt=lambda f: (
                "Paths of six update rules over level lines of four surfaces. Updates until the "
                f"loss stays below {f.goal:g} of its start: "
                + "; ".join(
                    f"{name}: "
                    + ", ".join(
                        f"{run.rule} {words}" for run, words in zip(runs, arrived, strict=True)
                    )
                    for name, runs, arrived in zip(f.surfaces, f.tuned, f.updates, strict=True)
                )
                + "."
            ),
            draw=draw_paths,
            chart=chart_paths,
        ),
    ),
)
