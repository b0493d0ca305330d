"""Adam's epsilon: three places for one small number, and when the place matters."""

from dataclasses import dataclass

import altair as alt
import numpy as np
import torch
from matplotlib.figure import Figure as MatplotlibFigure

from experiments.adam_digits import train
from experiments.charts import slider
from experiments.drawing import CSS, LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.numpy.custom_adam import CustomAdam

BETA2 = 0.999
SIZES = tuple(10.0 ** (k / 4) for k in range(-48, -3))  # |gradient| from 1e-12 to 0.1
LR = 0.01
STEPS = 100
SEEDS = range(5)
TICK = "datum.value == 1 ? '1' : format(datum.value, '.0e')"


@dataclass(frozen=True)
class Spread:
    """Final losses of five seeds."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Facts:
    """What was measured; first steps are in units of lr, at the gradient sizes in ``sizes``."""

    eps: float
    eps_hat: float
    eps_hat_acts_as: float
    sizes: tuple[float, ...]
    outside: tuple[float, ...]
    before_correction: tuple[float, ...]
    inside: tuple[float, ...]
    outside_at_1e6: float
    outside_at_1e8: float
    before_at_1e6: float
    before_at_1e8: float
    inside_at_1e6: float
    lr: float
    steps: int
    seeds: int
    factor: float
    typical_gradient: float
    torch_unscaled: Spread
    keras_unscaled: Spread
    torch_scaled: Spread
    keras_scaled: Spread
    not_numbers_without: int
    weights: int


def measure(
    eps: float = 1e-8, eps_hat: float = 1e-7, factor: float = 1e-6, no_eps: float = 0.0
) -> Facts:
    """Measure first steps over gradient sizes, and training on a scaled loss.

    Args:
        eps: Outside the root, after the correction: PyTorch's default.
        eps_hat: Before the correction: Keras's default.
        factor: What the loss is multiplied by.
        no_eps: The epsilon of the run that shows what epsilon is for.
    """
    torch.set_num_threads(1)
    acts_as = eps_hat / (1 - BETA2) ** 0.5

    def inside(size: float) -> float:
        # sqrt(g^2 + eps) is |g| plus this much
        return _first_step(size, (size**2 + eps) ** 0.5 - size)

    def losses(scale: float, **options: float) -> Spread:
        found = [
            train(seed, lr=LR, steps=STEPS, factor=scale, **options).loss  # type: ignore[arg-type]
            for seed in SEEDS
        ]
        return Spread(float(np.mean(found)), min(found), max(found))

    bare = train(0, lr=LR, steps=1, factor=factor, eps=no_eps, record=True)
    return Facts(
        eps=eps,
        eps_hat=eps_hat,
        eps_hat_acts_as=acts_as,
        sizes=SIZES,
        outside=tuple(_first_step(size, eps) for size in SIZES),
        before_correction=tuple(_first_step(size, acts_as) for size in SIZES),
        inside=tuple(inside(size) for size in SIZES),
        outside_at_1e6=_first_step(1e-6, eps),
        outside_at_1e8=_first_step(1e-8, eps),
        before_at_1e6=_first_step(1e-6, acts_as),
        before_at_1e8=_first_step(1e-8, acts_as),
        inside_at_1e6=inside(1e-6),
        lr=LR,
        steps=STEPS,
        seeds=len(SEEDS),
        factor=factor,
        typical_gradient=float(bare.gradients[0][2].abs().median()),
        torch_unscaled=losses(1.0, eps=eps),
        keras_unscaled=losses(1.0, eps_hat=eps_hat),
        torch_scaled=losses(factor, eps=eps),
        keras_scaled=losses(factor, eps_hat=eps_hat),
        not_numbers_without=bare.not_numbers,
        weights=sum(g.numel() for g in bare.gradients[0]),
    )


def _first_step(size: float, eps: float) -> float:
    w = np.zeros(1)
    CustomAdam(lr=1.0, betas=(0.9, BETA2), eps=eps).step([w], [np.array([size])])
    return -float(w[0])


def draw_places(facts: Facts) -> MatplotlibFigure:
    """First step over gradient size, for the three places."""
    figure = new_figure(width=5.8, height=3.8)
    axes = figure.subplots()
    for values, colour, style, words, place in (
        (facts.outside, LIGHT["adam"], "-", "√v̂ + ε\n(paper, PyTorch)", (3e-12, 0.62)),
        (facts.before_correction, LIGHT["adamw"], "--", "√v + ε̂\n(Keras)", (6e-8, 0.62)),
        (facts.inside, LIGHT["plain"], ":", "√(v̂ + ε)", (3e-4, 0.5)),
    ):
        axes.semilogx(facts.sizes, values, color=colour, linestyle=style)
        axes.text(*place, words, color=colour, ha="left", va="center")
    axes.set_xlabel("size of the gradient (unit of the loss per unit of the weight)")
    axes.set_ylabel("first step, in units of lr")
    return figure


def chart_places(facts: Facts) -> alt.TopLevelMixin:
    """The same with a slider for epsilon and one for the update."""
    power = slider(
        "power",
        "Epsilon ε",
        low=-12,
        high=-2,
        step=0.5,
        value=-8,
        shown="format(pow(10, power), '.1~e')",
    )
    now = slider("update", "Update t", low=1, high=3000, step=1, value=1)
    legend = alt.Legend(
        orient="top",
        columns=1,
        symbolType="stroke",
        symbolSize=400,
        labelFontSize=13,
        labelLimit=0,
        offset=30,
    )
    names = ["√v̂ + ε (paper, PyTorch)", "√v + ε̂ (Keras)", "√(v̂ + ε)"]
    data = alt.InlineData(values=[{"x": round(k / 10, 1)} for k in range(-120, 1)])
    lines = (
        alt.Chart(data)
        .transform_calculate(size="pow(10, datum.x)", eps="pow(10, power)")
        .transform_calculate(
            outside="datum.size / (datum.size + datum.eps)",
            before=f"datum.size / (datum.size + datum.eps / sqrt(1 - pow({BETA2}, update)))",
            inside="datum.size / sqrt(datum.size * datum.size + datum.eps)",
        )
        .transform_fold(["outside", "before", "inside"], as_=["key", "step"])
        .transform_calculate(
            place=f"datum.key == 'outside' ? '{names[0]}' : "
            f"datum.key == 'before' ? '{names[1]}' : '{names[2]}'"
        )
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X(
                "size:Q",
                title="size of a constant gradient",
                scale=alt.Scale(type="log", domain=[1e-12, 1]),
                axis=alt.Axis(values=[1e-12, 1e-8, 1e-4, 1], labelExpr=TICK),
            ),
            y=alt.Y(
                "step:Q",
                title="step, in units of lr",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(tickCount=5, titlePadding=14),
            ),
            color=alt.Color(
                "place:N",
                title=None,
                scale=alt.Scale(domain=names, range=[CSS["adam"], CSS["adamw"], CSS["plain"]]),
                legend=legend,
            ),
            strokeDash=alt.StrokeDash(
                "place:N",
                title=None,
                legend=legend,
                scale=alt.Scale(domain=names, range=[[1, 0], [8, 4], [2, 3]]),
            ),
        )
    )
    words = (
        alt.Chart(alt.InlineData(values=[{}]))
        .transform_calculate(
            words="'ε = ' + format(pow(10, power), '.0e') + ', update ' + update",
        )
        .mark_text(align="left", baseline="top", fontSize=13, color=CSS["ink"])
        .encode(x=alt.value(0), y=alt.value(-24), text="words:N")
    )
    chart = alt.layer(lines, words).add_params(*power, *now)
    return chart.properties(width="container", height=300)


EXPERIMENT = Experiment(
    question="When does Adam's epsilon matter, and does its place?",
    measure=measure,
    claims=(
        Claim(
            id="place_decides",
            sentence=lambda f: (
                "For a gradient of 10⁻⁶ the first step is "
                f"{f.outside_at_1e6:.2f} lr with PyTorch's epsilon, {f.before_at_1e6:.2f} lr with "
                f"Keras's and {f.inside_at_1e6:.2f} lr with epsilon inside the root."
            ),
            check=lambda f: f.outside_at_1e6 > 0.9 > 0.5 > f.before_at_1e6 > f.inside_at_1e6,
            without={"eps": 0.0, "eps_hat": 0.0},
        ),
        Claim(
            id="scaled_loss",
            sentence=lambda f: (
                f"Multiply the digits loss by {f.factor:.0e}, and PyTorch's default epsilon still "
                f"trains to {f.torch_scaled.mean:.2f} ({f.torch_scaled.low:.2f} to "
                f"{f.torch_scaled.high:.2f}) in {f.steps} updates, while Keras's stays at "
                f"{f.keras_scaled.mean:.2f} ({f.keras_scaled.low:.2f} to "
                f"{f.keras_scaled.high:.2f}): means and ranges of {f.seeds} seeds, of the "
                "unscaled loss."
            ),
            check=lambda f: f.keras_scaled.low > 2 * f.torch_scaled.high,
            without={"factor": 1.0},
        ),
        Claim(
            id="what_it_is_for",
            sentence=lambda f: (
                f"With epsilon at 0 the first update turns {f.not_numbers_without} of the "
                f"{f.weights:,} weights into NaN: those whose gradient is exactly 0, such as the "
                "weights of pixels that are dark in the whole batch, divide 0 by 0."
            ),
            check=lambda f: f.not_numbers_without > 100,
            without={"no_eps": 1e-30},
        ),
    ),
    figures=(
        Figure(
            name="places",
            title=lambda f: "Where epsilon stands decides which gradients count as zero",
            caption=lambda f: (
                "The first step for a gradient of the given size. Outside the root, epsilon of "
                f"{f.eps:.0e} halves the step at a gradient of {f.eps:.0e}. Keras adds "
                f"{f.eps_hat:.0e} before the correction: at the first update that acts as "
                f"{f.eps_hat_acts_as:.1e}. Inside the root it acts as its own root, "
                f"{f.eps**0.5:.0e}. The sliders give all three the same number."
            ),
            alt=lambda f: (
                "First step in units of lr over the size of the gradient, three S-shaped curves "
                f"from 0 to 1. At 10⁻⁶: {f.outside_at_1e6:.2f} with epsilon outside the root, "
                f"{f.before_at_1e6:.2f} with Keras's epsilon, {f.inside_at_1e6:.2f} with epsilon "
                "inside the root."
            ),
            draw=draw_places,
            chart=chart_places,
        ),
    ),
)
