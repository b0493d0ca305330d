"""L2 and weight decay under SGD: without momentum, with it, and with Nesterov's."""

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
from matplotlib.figure import Figure as MatplotlibFigure
from numpy.typing import NDArray
from sklearn.datasets import load_diabetes

from experiments.charts import slider
from experiments.drawing import CSS, LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.numpy.l2_penalty import l2_gradient
from snippets.numpy.weight_decay import decay_weights

Array = NDArray[np.float64]

LR = 0.02
WEIGHT_DECAY = 0.2
MOMENTUM = 0.9
STEPS = 300
LONG = 2000
MOMENTA = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
SHOWN = tuple(sorted({round(v) for v in np.geomspace(1, LONG, 26)}))
FLOOR = 1e-17  # where an exact zero is drawn on a logarithmic axis


@dataclass(frozen=True)
class Facts:
    """Largest differences of any weight between L2 and decay, relative to the largest weight."""

    lr: float
    weight_decay: float
    momentum: float
    scaled_decay: float
    steps: int
    long: int
    features: int
    plain: float
    """Over all steps, without momentum."""
    with_momentum: float
    """After ``steps`` steps, as the next three."""
    with_nesterov: float
    half_factor: float
    """Without momentum, with L2 of strength weight_decay instead of half of it."""
    momentum_ratio: float
    """Norm of the decayed weights over that of the weights with L2, after ``steps`` steps."""
    scaled_on_the_way: float
    """Momentum, weight_decay / (1 - momentum): the largest distance at any step."""
    scaled_at_the_end: float
    """The same after ``long`` steps."""
    scaled_nesterov_at_the_end: float
    momenta: tuple[float, ...]
    shown: tuple[int, ...]
    same: tuple[tuple[float, ...], ...]
    """One row for each momentum, one column for each shown step: the same weight_decay."""
    scaled: tuple[tuple[float, ...], ...]
    """The same with weight_decay / (1 - momentum)."""


def path(
    *, l2: float = 0.0, decay: float = 0.0, momentum: float = 0.0, nesterov: bool = False
) -> Array:
    """The weights after each step, shape (steps, features), of a linear model on diabetes."""
    features, targets = load_diabetes(return_X_y=True)
    features = features / features.std(0)
    targets = (targets - targets.mean()) / targets.std()
    curvature = 2 * features.T @ features / len(targets)
    pull = 2 * features.T @ targets / len(targets)
    w = np.random.default_rng(0).normal(size=features.shape[1])
    velocity = np.zeros_like(w)
    weights = []
    for _ in range(LONG):
        g = curvature @ w - pull + l2_gradient([w], l2)[0]
        decay_weights([w], LR, decay)
        velocity = momentum * velocity + g
        w -= LR * (g + momentum * velocity if nesterov else velocity)
        weights.append(w.copy())
    return np.array(weights)


def distances(one: Array, other: Array) -> Array:
    """Largest difference of any weight after each step, relative to the largest weight."""
    differences: Array = abs(one - other).max(1) / abs(one).max()
    return differences


def measure(
    plain_momentum: float = 0.0, momentum: float = MOMENTUM, scale_decay: bool = True
) -> Facts:
    """Run SGD from the same start, once on the loss with L2 and once with decay.

    Args:
        plain_momentum: The momentum of the runs called plain.
        momentum: The momentum of the runs that have one.
        scale_decay: Whether the decay is divided by 1 - momentum where facts say so.
    """
    wd = WEIGHT_DECAY

    def compare(momentum: float, *, scaled: bool = False, nesterov: bool = False) -> Array:
        decay = wd / (1 - momentum) if scaled and scale_decay else wd
        kind: dict[str, Any] = {"momentum": momentum, "nesterov": nesterov}
        return distances(path(l2=wd / 2, **kind), path(decay=decay, **kind))

    plain, same = compare(plain_momentum), compare(momentum)
    nesterov = compare(momentum, nesterov=True)
    scaled = compare(momentum, scaled=True)
    wrong = distances(path(l2=wd), path(decay=wd))
    at = [t - 1 for t in SHOWN]
    l2_weights, decayed = path(l2=wd / 2, momentum=momentum), path(decay=wd, momentum=momentum)

    def row(values: Array) -> tuple[float, ...]:
        return tuple(float(v) for v in values[at])

    return Facts(
        lr=LR,
        weight_decay=wd,
        momentum=momentum,
        scaled_decay=round(wd / (1 - momentum), 9),
        steps=STEPS,
        long=LONG,
        features=l2_weights.shape[1],
        plain=float(plain.max()),
        with_momentum=float(same[STEPS - 1]),
        with_nesterov=float(nesterov[STEPS - 1]),
        half_factor=float(wrong[STEPS - 1]),
        momentum_ratio=float(
            np.linalg.norm(decayed[STEPS - 1]) / np.linalg.norm(l2_weights[STEPS - 1])
        ),
        scaled_on_the_way=float(scaled.max()),
        scaled_at_the_end=float(scaled[-1]),
        scaled_nesterov_at_the_end=float(compare(momentum, scaled=True, nesterov=True)[-1]),
        momenta=MOMENTA,
        shown=SHOWN,
        same=tuple(row(compare(mu)) for mu in MOMENTA),
        scaled=tuple(row(compare(mu, scaled=True)) for mu in MOMENTA),
    )


def draw(facts: Facts) -> MatplotlibFigure:
    """The distance between L2 and decay over the steps."""
    figure = new_figure(width=5.8, height=4.2)
    axes = figure.subplots()
    steps = facts.shown
    lines = (
        (facts.same[-1], LIGHT["l2"], "-", f"momentum {facts.momentum:g}, same weight_decay", 3),
        (facts.scaled[-1], LIGHT["adamw"], "-", "weight_decay / (1 − momentum)", None),
        (facts.same[0], LIGHT["plain"], "-", "no momentum", 4),
    )
    for values, colour, style, name, factor in lines:
        axes.plot(steps, [max(v, FLOOR) for v in values], color=colour, linestyle=style)
        if factor:
            axes.text(3, max(values) * factor, name, color=colour, va="bottom")
    axes.text(3, 1e-9, lines[1][3], color=LIGHT["adamw"], va="top")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(FLOOR, 1e3)
    axes.set_xlabel("step")
    axes.set_ylabel("largest relative difference\nbetween L2 and weight decay")
    return figure


def chart(facts: Facts) -> alt.TopLevelMixin:
    """The same at the momentum of a slider."""
    kinds = (("same", facts.same), ("scaled", facts.scaled))
    lines = [
        {"mu": mu, "t": t, "d": float(f"{max(d, FLOOR):.1e}"), "kind": kind}
        for kind, rows in kinds
        for mu, row in zip(facts.momenta, rows, strict=True)
        for t, d in zip(facts.shown, row, strict=True)
    ]
    at = facts.shown.index(facts.long)
    texts = [
        {
            "mu": mu,
            "top": f"μ = {mu:g}, after {facts.long:,} steps:",
            "same": f"the same δ: {same[at]:.0e}",
            "scaled": f"δ / (1 − {mu:g}): {scaled[at]:.0e}",
        }
        for mu, same, scaled in zip(facts.momenta, facts.same, facts.scaled, strict=True)
    ]
    momentum = slider(
        "momentum",
        "Momentum μ",
        low=facts.momenta[0],
        high=facts.momenta[-1],
        step=0.1,
        value=facts.momenta[-1],
    )
    chosen = "abs(datum.mu - momentum) < 0.05"
    line = (
        alt.Chart(alt.InlineData(values=lines))
        .transform_filter(chosen)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X(
                "t:Q",
                title="step",
                scale=alt.Scale(type="log", domain=[1, facts.long], nice=False),
                axis=alt.Axis(values=[1, 10, 100, 1000]),
            ),
            y=alt.Y(
                "d:Q",
                title="largest relative difference",
                scale=alt.Scale(type="log", domain=[FLOOR, 1e7], nice=False),
                axis=alt.Axis(format=".0e", values=[1e-16, 1e-12, 1e-8, 1e-4, 1], titlePadding=14),
            ),
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(domain=["same", "scaled"], range=[CSS["l2"], CSS["adamw"]]),
                legend=None,  # the colored lines of text name the curves
            ),
        )
    )
    text = alt.Chart(alt.InlineData(values=texts)).transform_filter(chosen)

    def words(field: str, y: int, colour: str) -> Any:
        mark = text.mark_text(align="left", baseline="top", fontSize=14, color=CSS[colour])
        return mark.encode(x=alt.value(6), y=alt.value(y), text=f"{field}:N")

    rows = words("top", 4, "ink"), words("same", 24, "l2"), words("scaled", 44, "adamw")
    layers = alt.layer(line, *rows)
    return layers.add_params(*momentum).properties(width="container", height=300)


EXPERIMENT = Experiment(
    question="Are L2 and weight decay the same for SGD?",
    measure=measure,
    claims=(
        Claim(
            id="plain_is_the_same",
            sentence=lambda f: (
                f"Plain SGD: L2 of strength `weight_decay / 2` and weight decay stay together "
                f"through all {f.long:,} steps, to {f.plain:.0e} of the largest weight, the "
                "precision of the numbers."
            ),
            check=lambda f: f.plain < 1e-13,
            without={"plain_momentum": MOMENTUM},
        ),
        Claim(
            id="momentum_parts_them",
            sentence=lambda f: (
                f"With momentum {f.momentum:g} the same two are {f.with_momentum:.0%} of the "
                f"largest weight apart after {f.steps} steps, with Nesterov's momentum "
                f"{f.with_nesterov:.0%}."
            ),
            check=lambda f: f.with_momentum > 0.1 and f.with_nesterov > 0.1,
            without={"momentum": 0.0},
        ),
        Claim(
            id="decay_is_weaker",
            sentence=lambda f: (
                f"Under momentum the same number decays less: after {f.steps} steps the decayed "
                f"weights are {f.momentum_ratio:.2f} times as long as those with L2."
            ),
            check=lambda f: f.momentum_ratio > 1.1,
            without={"momentum": 0.0},
        ),
        Claim(
            id="same_place_in_the_end",
            sentence=lambda f: (
                f"Divided by $1 - \\mu$ (here {f.scaled_decay:g} instead of {f.weight_decay:g}), "
                f"decay ends where L2 ends: {f.scaled_at_the_end:.0e} apart after {f.long:,} steps "
                f"({f.scaled_nesterov_at_the_end:.0e} with Nesterov). The ways there differ, by "
                f"up to {f.scaled_on_the_way:.0%}."
            ),
            check=lambda f: (
                f.scaled_at_the_end < 1e-10
                and f.scaled_nesterov_at_the_end < 1e-10
                and f.scaled_on_the_way > 0.01
            ),
            without={"scale_decay": False},
        ),
    ),
    figures=(
        Figure(
            name="distance",
            title=lambda f: "Without momentum L2 and decay are one; with it, they part",
            caption=lambda f: (
                f"The same linear model, start and data ({f.features} weights, diabetes), trained "
                "once with L2 and once with decay. Without momentum they differ by rounding. With "
                f"{f.momentum:g} they part from the second step on; a decay divided by $1 - \\mu$ "
                "leads to the same weights in the end, by another way."
            ),
            alt=lambda f: (
                "Relative difference between weights trained with L2 and with decay, over the "
                f"steps, on logarithmic axes. Without momentum it stays below {f.plain:.0e}. With "
                f"momentum {f.momentum:g} and the same weight_decay it is {f.same[-1][-1]:.2f} at "
                f"the end. With weight_decay divided by one minus momentum it rises to "
                f"{f.scaled_on_the_way:.2f} and falls to {f.scaled_at_the_end:.0e}."
            ),
            draw=draw,
            chart=chart,
        ),
    ),
)
