"""What L2 and weight decay take from each weight under Adam."""

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import torch
from matplotlib.figure import Figure as MatplotlibFigure
from numpy.typing import NDArray

from experiments.adam_digits import train
from experiments.charts import power_of_ten, slider
from experiments.drawing import CSS, LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.numpy.custom_adam import CustomAdam
from snippets.numpy.weight_decay import decay_weights

Array = NDArray[np.float64]

LR = 0.001
STEPS = 1000
COPIES = 40
SIZES = tuple(float(round(10.0 ** (-3 + k / 4), 9)) for k in range(17))
EXPONENTS = tuple(-3 + 0.5 * k for k in range(7))
CHOSEN = EXPONENTS.index(-1.0)
ALONE = (0.0001, 0.01, 1.0)
REAL_STEPS = 300
REAL_LR, REAL_DECAY = 1e-6, 1e-5
SEEDS = 5
DOTS = 400


@dataclass(frozen=True)
class Facts:
    """What is left of weights that began at 1; their gradients are noise around zero."""

    lr: float
    steps: int
    copies: int
    sizes: tuple[float, ...]
    """Standard deviations of the noise."""
    decays: tuple[float, ...]
    l2: tuple[tuple[float, ...], ...]
    """One row for each weight_decay, one column for each size: L2 through Adam."""
    adamw: tuple[tuple[float, ...], ...]
    decay: float
    """The weight_decay of the next two, at the smallest size, 0.1, 1 and the largest."""
    l2_left: tuple[float, ...]
    adamw_left: tuple[float, ...]
    alone: tuple[float, ...]
    """Values of weight_decay for the next two, where the gradients are zero."""
    l2_alone: tuple[float, ...]
    adamw_alone: tuple[float, ...]
    seeds: int
    """Networks whose gradients were recorded: one seed each, the next values are their means."""
    real_steps: int
    real_weights: int
    """Of the first network, as the next one."""
    real_silent: int
    """Weights whose gradient was 0 at every step."""
    real_low: float
    """How strongly L2 decays real weights, where AdamW is 1: a quarter of them lies below this."""
    real_median: float
    real_spread: float
    """Standard deviation of the median over the seeds."""
    real_high: float
    """And a quarter above this."""
    real_apart: float
    """The least ratio of the two quarters' limits, over the seeds."""
    real_adamw: float
    """The largest deviation of AdamW from 1, over all weights of all seeds."""
    dots: tuple[tuple[float, float], ...]
    """Some weights of the first network: typical gradient, strength of the decay by L2."""


def run(
    gradients: Any, *, lr: float = LR, l2: float = 0.0, decay: float = 0.0, adaptive: bool = True
) -> Array:
    """Start at 1, replay the gradients through Adam, return the weights.

    Args:
        gradients: One array for each step.
        lr: The learning rate.
        l2: The weight_decay that goes into the gradient.
        decay: The weight_decay that goes directly to the weights.
        adaptive: Whether to step with Adam; otherwise with plain SGD.
    """
    adam, w = CustomAdam(lr=lr, weight_decay=l2), np.ones(0)
    for g in gradients:
        if not w.size:
            w = np.ones_like(g)
        decay_weights([w], lr, decay)
        if adaptive:
            adam.step([w], [g])
        else:
            w -= lr * (g + l2 * w)
    return w


def noise() -> Any:
    """Gradients of pure noise, shape (sizes, copies) at each step, the same at every call."""
    rng = np.random.default_rng(0)
    sizes = np.array(SIZES)[:, None]
    half = COPIES // 2
    for _ in range(STEPS):
        draw = rng.normal(size=(len(SIZES), half))
        yield sizes * np.concatenate([draw, -draw], axis=1)  # pairs cancel: the mean is quiet


def real_decay(seed: int, adaptive: bool) -> tuple[Array, Array, Array, int]:
    """What a network's own gradients make of decay, and how many weights have none.

    The steps are so small that every weight stays about 1. Returned for each weight: its typical
    gradient, and how strongly AdamW and L2 decay it, in units of learning rate times decay.
    """
    recorded = train(seed, lr=LR, steps=REAL_STEPS, record=True).gradients
    real = np.array([np.concatenate([s[0].ravel(), s[2].ravel()]) for s in recorded])
    silent = ~real.any(0)
    real = real[:, ~silent]
    plain = run(real, lr=REAL_LR, adaptive=adaptive)
    unit = REAL_STEPS * REAL_LR * REAL_DECAY  # what decay takes from a weight of 1
    by_adamw = (plain - run(real, lr=REAL_LR, decay=REAL_DECAY, adaptive=adaptive)) / unit
    by_l2 = (plain - run(real, lr=REAL_LR, l2=REAL_DECAY, adaptive=adaptive)) / unit
    return np.sqrt((real**2).mean(0)), by_adamw, by_l2, int(silent.sum())


def measure(adaptive: bool = True) -> Facts:
    """Shrink weights with L2 through the optimizer, and with decay beside it.

    Args:
        adaptive: Whether the optimizer is Adam; otherwise plain SGD.
    """
    torch.set_num_threads(1)
    decays = tuple(round(10.0**e, 6) for e in EXPONENTS)

    def floats(values: Array) -> tuple[float, ...]:
        return tuple(float(v) for v in values)

    l2 = [floats(run(noise(), l2=c, adaptive=adaptive).mean(1)) for c in decays]
    adamw = [floats(run(noise(), decay=c, adaptive=adaptive).mean(1)) for c in decays]
    columns = [0, SIZES.index(0.1), SIZES.index(1.0), len(SIZES) - 1]

    silence = [np.zeros(1)] * STEPS
    l2_alone = [float(run(silence, l2=c, adaptive=adaptive)[0]) for c in ALONE]
    adamw_alone = [float(run(silence, decay=c, adaptive=adaptive)[0]) for c in ALONE]

    networks = [real_decay(seed, adaptive) for seed in range(SEEDS)]
    typical, _, by_l2, silent = networks[0]
    some = np.random.default_rng(0).choice(len(typical), DOTS, replace=False)
    quarters = np.array([np.quantile(l2, [0.25, 0.5, 0.75]) for _, _, l2, _ in networks])
    low, median, high = quarters.mean(0)
    return Facts(
        lr=LR,
        steps=STEPS,
        copies=COPIES,
        sizes=SIZES,
        decays=decays,
        l2=tuple(l2),
        adamw=tuple(adamw),
        decay=decays[CHOSEN],
        l2_left=tuple(l2[CHOSEN][k] for k in columns),
        adamw_left=tuple(adamw[CHOSEN][k] for k in columns),
        alone=ALONE,
        l2_alone=tuple(l2_alone),
        adamw_alone=tuple(adamw_alone),
        seeds=SEEDS,
        real_steps=REAL_STEPS,
        real_weights=len(typical),
        real_silent=silent,
        real_low=float(low),
        real_median=float(median),
        real_spread=float(quarters[:, 1].std(ddof=1)),
        real_high=float(high),
        real_apart=float((quarters[:, 2] / quarters[:, 0]).min()),
        real_adamw=float(max(abs(by_adamw - 1).max() for _, by_adamw, _, _ in networks)),
        dots=tuple((float(typical[j]), float(by_l2[j])) for j in some),
    )


def draw_sizes(facts: Facts) -> MatplotlibFigure:
    """What is left of a weight over the size of its gradients."""
    figure = new_figure(width=5.8, height=4.0)
    axes = figure.subplots()
    axes.plot(facts.sizes, facts.adamw[CHOSEN], color=LIGHT["adamw"])
    axes.plot(facts.sizes, facts.l2[CHOSEN], color=LIGHT["l2"])
    axes.text(facts.sizes[0], facts.adamw[CHOSEN][0] + 0.03, "AdamW", color=LIGHT["adamw"])
    axes.text(0.16, 0.42, "Adam + L2", color=LIGHT["l2"])
    axes.set_xscale("log")
    axes.set_ylim(-0.03, 1.08)
    axes.set_xlabel("typical size of the weight's gradient")
    axes.set_ylabel(f"left of the weight after {facts.steps:,} steps")
    return figure


def chart_sizes(facts: Facts) -> alt.TopLevelMixin:
    """The same at the weight_decay of a slider."""
    kinds = (("l2", facts.l2), ("adamw", facts.adamw))
    lines = [
        {"e": e, "s": s, "left": round(left, 4), "kind": kind}
        for kind, rows in kinds
        for e, row in zip(EXPONENTS, rows, strict=True)
        for s, left in zip(facts.sizes, row, strict=True)
    ]
    columns = [facts.sizes.index(s) for s in (0.01, 0.1, 1.0, 10.0)]

    def listed(row: tuple[float, ...]) -> str:
        return " · ".join(f"{max(row[k], 0):.0%}" for k in columns)

    texts = [
        {
            "e": e,
            "top": f"δ = {c:.2g}; sizes .01 · .1 · 1 · 10",
            "l2": f"Adam + L2: {listed(l2)}",
            "adamw": f"AdamW: {listed(adamw)}",
        }
        for e, c, l2, adamw in zip(EXPONENTS, facts.decays, facts.l2, facts.adamw, strict=True)
    ]
    exponent = slider(
        "exponent",
        "weight_decay δ",
        low=EXPONENTS[0],
        high=EXPONENTS[-1],
        step=0.5,
        value=EXPONENTS[CHOSEN],
        shown=power_of_ten("exponent"),
    )
    chosen = "abs(datum.e - exponent) < 0.05"
    line = (
        alt.Chart(alt.InlineData(values=lines))
        .transform_filter(chosen)
        .mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=45))
        .encode(
            x=alt.X(
                "s:Q",
                title="typical size of the weight's gradient",
                scale=alt.Scale(type="log", domain=[facts.sizes[0], facts.sizes[-1]], nice=False),
                axis=alt.Axis(
                    values=[0.001, 0.01, 0.1, 1, 10], format="~g", grid=False, labelFlush=False
                ),
            ),
            y=alt.Y(
                "left:Q",
                title="left of the weight",
                scale=alt.Scale(domain=[-0.03, 1.03], nice=False),
                axis=alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format="%", titlePadding=12),
            ),
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(domain=["l2", "adamw"], range=[CSS["l2"], CSS["adamw"]]),
                legend=None,  # the colored lines of text name the curves
            ),
        )
    )
    text = alt.Chart(alt.InlineData(values=texts)).transform_filter(chosen)

    def words(field: str, y: int, colour: str) -> Any:
        mark = text.mark_text(align="left", baseline="top", fontSize=13, color=CSS[colour])
        return mark.encode(x=alt.value(0), y=alt.value(y), text=f"{field}:N")

    rows = words("top", -66, "ink"), words("l2", -46, "l2"), words("adamw", -26, "adamw")
    layers = alt.layer(line, *rows)
    return layers.add_params(*exponent).properties(
        width="container", height=250, usermeta={"play": "exponent"}
    )


def draw_real(facts: Facts) -> MatplotlibFigure:
    """How strongly L2 decays each weight of a real network, AdamW being 1."""
    figure = new_figure(width=5.8, height=4.0)
    axes = figure.subplots()
    sizes, rates = zip(*facts.dots, strict=True)
    axes.plot(sizes, rates, "o", color=LIGHT["l2"], markersize=4, alpha=0.45, markeredgewidth=0)
    axes.axhline(1, color=LIGHT["adamw"])
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(0.4, max(rates) * 2)
    axes.text(max(sizes), 1.3, "AdamW: every weight alike", color=LIGHT["adamw"], ha="right")
    axes.text(max(sizes), max(rates) * 0.35, "Adam + L2", color=LIGHT["l2"], ha="right")
    axes.set_xlabel("typical gradient of the weight (root mean square)")
    axes.set_ylabel("speed of the decay, AdamW = 1")
    return figure


EXPERIMENT = Experiment(
    question="How much do L2 and weight decay take from each weight under Adam?",
    measure=measure,
    claims=(
        Claim(
            id="size_decides",
            sentence=lambda f: (
                f"Adam with L2 and `weight_decay={f.decay:g}` leaves {max(f.l2_left[0], 0):.0%} "
                f"of a weight whose gradients have size {f.sizes[0]:g}, {f.l2_left[1]:.0%} at "
                f"size 0.1, {f.l2_left[2]:.0%} at size 1 and {f.l2_left[3]:.0%} at size "
                f"{f.sizes[-1]:g}. AdamW leaves {f.adamw_left[0]:.0%} of each."
            ),
            check=lambda f: (
                f.l2_left[0] < 0.5 * f.adamw_left[0]
                and f.l2_left[3] > f.adamw_left[3] + 0.05
                and all(a < b - 0.03 for a, b in zip(f.l2_left, f.l2_left[1:], strict=False))
                and max(f.adamw_left) - min(f.adamw_left) < 0.01
            ),
            without={"adaptive": False},
        ),
        Claim(
            id="strength_cancels",
            sentence=lambda f: (
                "Where the data gradient is zero, the strength of L2 cancels out: with "
                + ", ".join(f"{c:g}" for c in f.alone)
                + " a weight goes from 1 to "
                + ", ".join(f"{left:.3f}" for left in f.l2_alone)
                + f" in {f.steps:,} steps of Adam. AdamW leaves "
                + ", ".join(f"{left:.4f}" for left in f.adamw_alone)
                + "."
            ),
            check=lambda f: (
                max(f.l2_alone) - min(f.l2_alone) < 1e-3
                and max(f.adamw_alone) - min(f.adamw_alone) > 0.5
            ),
            without={"adaptive": False},
        ),
        Claim(
            id="real_gradients",
            sentence=lambda f: (
                f"On the gradients of {f.real_weights:,} weights of a network that learns digits, "
                f"L2 through Adam decays the median weight {f.real_median:.0f} ± "
                f"{f.real_spread:.0f} times ({f.seeds} seeds) as fast as AdamW does with the same "
                f"number; a quarter of them less than {f.real_low:.0f} times, a quarter more than "
                f"{f.real_high:.0f} times."
            ),
            check=lambda f: f.real_apart > 3 and f.real_adamw < 0.01,
            without={"adaptive": False},
        ),
    ),
    figures=(
        Figure(
            name="sizes",
            title=lambda f: (
                "AdamW takes the same share from every weight; L2 through Adam does not"
            ),
            caption=lambda f: (
                f"Weights start at 1 and see gradients of pure noise, {f.steps:,} steps at lr = "
                f"{f.lr:g}. The larger a weight's gradients, the less Adam lets L2 take from it. "
                "The curves cross where the size is 1: there Adam divides by 1."
            ),
            alt=lambda f: (
                f"Share of a weight that is left after {f.steps} steps over the typical size of "
                f"its gradient, at weight_decay {f.decay:g}. AdamW: a flat line at "
                f"{f.adamw_left[0]:.2f}. Adam with L2: {max(f.l2_left[0], 0):.2f} at size "
                f"{f.sizes[0]:g}, {f.l2_left[1]:.2f} at 0.1, {f.l2_left[2]:.2f} at 1 and "
                f"{f.l2_left[3]:.2f} at {f.sizes[-1]:g}."
            ),
            draw=draw_sizes,
            chart=chart_sizes,
        ),
        Figure(
            name="real_weights",
            title=lambda f: "In a real network, L2 through Adam decays no two weights alike",
            caption=lambda f: (
                f"{len(f.dots)} of {f.real_weights:,} weights of a digits network, replayed on the "
                f"gradients of its first {f.real_steps} mini-batches. Ten times smaller "
                "gradients, about ten times faster decay. (Another "
                f"{f.real_silent} weights belong to pixels that are always blank: for them the "
                "strength cancels altogether.)"
            ),
            alt=lambda f: (
                f"Each dot is a weight: speed of its decay under Adam with L2 over the size of its "
                f"gradient, both axes logarithmic. The dots fall along a line from upper left to "
                f"lower right; half of all weights lie between {f.real_low:.0f} and "
                f"{f.real_high:.0f} times the speed of AdamW, which is a flat line at 1."
            ),
            draw=draw_real,
        ),
    ),
)
