"""Adam's first steps, and its training, with and without bias correction."""

from dataclasses import dataclass

import altair as alt
import numpy as np
import torch
from matplotlib.figure import Figure as MatplotlibFigure
from numpy.typing import NDArray

from experiments.adam_digits import NO_CORRECTION, train
from experiments.charts import slider, words
from experiments.drawing import CSS, LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.numpy.custom_adam import CustomAdam

Array = NDArray[np.float64]

SHOWN = 40
TABLE = 10
LONG = 5000
SILENCE = 10_000
SHORTER_BETA2 = 0.95
STEPS = 100
SEEDS = range(5)
LEARNING_RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)


@dataclass(frozen=True)
class Row:
    """One step of one real weight; the steps in units of lr."""

    t: int
    gradient: float
    m: float
    root_v: float
    m_hat: float
    root_v_hat: float
    corrected: float
    uncorrected: float


@dataclass(frozen=True)
class Arm:
    """Final losses of five seeds at one learning rate."""

    lr: float
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Facts:
    """What was measured; steps are in units of lr."""

    beta1: float
    beta2: float
    ratio_first: float
    ratio_peak: float
    ratio_peak_step: int
    ratio_100: float
    last_step_above_10_percent: int
    last_step_above_1_percent: int
    shorter_beta2: float
    shorter_ratio_first: float
    shorter_updates: int
    silence: int
    awake_first: float
    awake_longest: float
    awake_longest_step: int
    growing_longest: float
    bound: float
    gradients: tuple[float, ...]
    rows: tuple[Row, ...]
    longest_uncorrected: float
    longest_corrected: float
    seeds: int
    steps: int
    corrected: tuple[Arm, ...]
    uncorrected: tuple[Arm, ...]


def measure(betas: tuple[float, float] = (0.9, 0.999), correct_both: bool = False) -> Facts:
    """Replay a real gradient sequence, and train, with and without correction.

    Args:
        betas: Adam's decays.
        correct_both: Whether the arm without correction gets it after all.
    """
    torch.set_num_threads(1)
    begin = 0.0 if correct_both else NO_CORRECTION

    constant = np.ones(LONG)
    ratios = _steps(constant, betas, int(begin)) / _steps(constant, betas, 0)
    peak = int(ratios.argmax())
    shorter = (betas[0], SHORTER_BETA2)
    shorter_ratios = _steps(constant, shorter, int(begin)) / _steps(constant, shorter, 0)

    silence = np.zeros(SILENCE)
    awake = _steps(np.concatenate([silence, np.ones(SHOWN)]), betas, 0)[SILENCE:]
    # Cauchy-Schwarz: m / sqrt(v) is largest for gradients that grow by beta2 / beta1 each time.
    growth = np.cumprod(np.full(200, betas[1] / betas[0]))
    growing = _steps(np.concatenate([silence, growth]), betas, 0)
    bound = (1 - betas[0]) / np.sqrt((1 - betas[1]) * (1 - betas[0] ** 2 / betas[1]))

    recorded = train(0, lr=0.001, steps=SHOWN, record=True).gradients
    gradients = np.array([step[2][0, 0].item() for step in recorded])
    corrected, uncorrected = _steps(gradients, betas, 0), _steps(gradients, betas, int(begin))

    arms: dict[float, list[Arm]] = {0.0: [], begin: []}
    for first_step in {0.0, begin}:
        for lr in LEARNING_RATES:
            losses = [
                train(seed, lr=lr, steps=STEPS, betas=betas, first_step=first_step).loss
                for seed in SEEDS
            ]
            arms[first_step].append(
                Arm(lr, float(np.mean(losses)), float(min(losses)), float(max(losses)))
            )
    return Facts(
        beta1=betas[0],
        beta2=betas[1],
        ratio_first=float(ratios[0]),
        ratio_peak=float(ratios[peak]),
        ratio_peak_step=peak + 1,
        ratio_100=float(ratios[99]),
        last_step_above_10_percent=_last_above(ratios, 1.1),
        last_step_above_1_percent=_last_above(ratios, 1.01),
        shorter_beta2=SHORTER_BETA2,
        shorter_ratio_first=float(shorter_ratios[0]),
        shorter_updates=int((shorter_ratios < 1).argmin()),
        silence=SILENCE,
        awake_first=float(awake[0]),
        awake_longest=float(awake.max()),
        awake_longest_step=int(awake.argmax()) + 1,
        growing_longest=float(growing.max()),
        bound=float(bound),
        gradients=tuple(gradients.tolist()),
        rows=_table(gradients, betas, corrected, uncorrected),
        longest_uncorrected=float(abs(uncorrected).max()),
        longest_corrected=float(abs(corrected).max()),
        seeds=len(SEEDS),
        steps=STEPS,
        corrected=tuple(arms[0.0]),
        uncorrected=tuple(arms[begin]),
    )


def _steps(gradients: Array, betas: tuple[float, float], first_step: int) -> Array:
    """The steps of one weight in units of lr, positive where the weight falls."""
    adam, w = CustomAdam(lr=1.0, betas=betas), np.zeros(1)
    # The correction depends on the step count alone: far on, it is 1 and corrects nothing.
    adam.exp_avg, adam.exp_avg_sq, adam.t = [np.zeros(1)], [np.zeros(1)], first_step
    positions = [0.0]
    for g in gradients:
        adam.step([w], [np.array([g])])
        positions.append(float(w[0]))
    return -np.diff(positions)


def _last_above(ratios: Array, limit: float) -> int:
    above = np.flatnonzero(ratios > limit)
    return int(above[-1]) + 1 if len(above) else 0


def _table(
    gradients: Array,
    betas: tuple[float, float],
    corrected: Array,
    uncorrected: Array,
) -> tuple[Row, ...]:
    adam, w = CustomAdam(lr=1.0, betas=betas), np.zeros(1)
    rows = []
    for t, g in enumerate(gradients[:TABLE], start=1):
        adam.step([w], [np.array([g])])
        m, v = float(adam.exp_avg[0][0]), float(adam.exp_avg_sq[0][0])
        m_hat, v_hat = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
        step, without = float(corrected[t - 1]), float(uncorrected[t - 1])
        rows.append(Row(t, float(g), m, v**0.5, m_hat, v_hat**0.5, step, without))
    return tuple(rows)


def draw_stepper(facts: Facts) -> MatplotlibFigure:
    """The gradients of one weight, and the steps that Adam makes of them."""
    betas = (facts.beta1, facts.beta2)
    gradients = np.array(facts.gradients)
    t = np.arange(1, len(gradients) + 1)
    figure = new_figure(width=5.8, height=4.0)
    axes = figure.subplots()
    axes.bar(t, gradients / abs(gradients).max(), color=LIGHT["muted"], alpha=0.45, width=0.7)
    uncorrected = _steps(gradients, betas, int(NO_CORRECTION))
    corrected = _steps(gradients, betas, 0)
    axes.plot(t, uncorrected, color=LIGHT["plain"], linestyle="--")
    axes.plot(t, corrected, color=LIGHT["adam"])
    axes.text(t[16], uncorrected[16] + 0.75, "without correction", color=LIGHT["plain"])
    axes.text(t[16], corrected[16] + 0.3, "with correction", color=LIGHT["adam"])
    axes.set_ylim(-1.2)
    axes.text(t[20], -0.95, "bars: its gradients, largest = 1", color=LIGHT["muted"])
    axes.axhline(0, color=LIGHT["muted"], linewidth=0.8)
    axes.set_xlabel("update t")
    axes.set_ylabel("step, in units of lr")
    return figure


def chart_stepper(facts: Facts) -> alt.TopLevelMixin:
    """Moments above, the steps made of them below; the sums are computed anew in the page."""
    last = len(facts.gradients)
    params = [
        *slider("beta1", "β₁", low=0, high=0.99, step=0.01, value=facts.beta1),
        *slider("beta2", "β₂", low=0.5, high=0.999, step=0.001, value=facts.beta2),
        *slider(
            "scale",
            "Gradients",
            low=-10,
            high=3,
            step=0.5,
            value=0,
            shown="'× ' + (scale == 0 ? '1' : format(pow(10, scale), '.1~e'))",
        ),
        *slider("now", "Update t", low=1, high=last, step=1, value=1),
    ]
    largest = max(abs(g) for g in facts.gradients)
    data = alt.Chart(
        alt.InlineData(
            values=[{"i": i, "g": round(g, 6)} for i, g in enumerate(facts.gradients, 1)]
        )
    )
    x = alt.X(
        "t:Q",
        title="update t",
        scale=alt.Scale(domain=[0, last + 3], nice=False),
        axis=alt.Axis(values=[1, 10, 20, 30, 40], grid=False),
    )

    def y(field: str, title: str, scale: alt.Scale) -> alt.Y:
        axis = alt.Axis(orient="left", titlePadding=12, tickCount=4, titleFontSize=12)
        return alt.Y(f"{field}:Q", title=title, axis=axis, scale=scale)

    # m_t and v_t are sums over the gradients i <= t, with weights (1 - beta) beta^(t - i).
    moments = (
        data.transform_calculate(x="datum.g * pow(10, scale)", t=f"sequence(datum.i, {last + 1})")
        .transform_flatten(["t"])
        .transform_calculate(
            m_part="(1 - beta1) * pow(beta1, datum.t - datum.i) * datum.x",
            v_part="(1 - beta2) * pow(beta2, datum.t - datum.i) * datum.x * datum.x",
        )
        .transform_aggregate(m="sum(m_part)", v="sum(v_part)", groupby=["t"])
        .transform_calculate(
            m_hat="datum.m / (1 - pow(beta1, datum.t))",
            v_hat="datum.v / (1 - pow(beta2, datum.t))",
        )
        .transform_calculate(
            corrected="datum.m_hat / (sqrt(datum.v_hat) + 1e-8)",
            uncorrected="datum.m / (sqrt(datum.v) + 1e-8)",
        )
    )

    upper = y("size", "largest gradient = 1", alt.Scale(range=[150, 0], domain=[-0.5, 1.05]))
    bars = data.transform_calculate(t="datum.i", size=f"datum.g / {largest}").mark_bar(
        color=CSS["muted"], opacity=0.45, width=5
    )
    unit = f"({largest} * pow(10, scale))"
    lines = []
    for field, name, colour, dash in (
        ("datum.m", "", "adam", [3, 3]),
        ("sqrt(datum.v)", "", "ink", [3, 3]),
        ("datum.m_hat", "m̂", "adam", [1, 0]),
        ("sqrt(datum.v_hat)", "√v̂", "ink", [1, 0]),
    ):
        sized = moments.transform_calculate(size=f"{field} / {unit}")
        lines.append(sized.mark_line(strokeWidth=2, strokeDash=dash, color=CSS[colour], clip=True))
        if name:
            here = sized.transform_filter("datum.t == now")
            end = sized.transform_filter(f"datum.t == {last}")
            lines.append(here.mark_point(size=80, filled=True, opacity=1, color=CSS[colour]))
            lines.append(end.mark_text(text=name, align="left", dx=6, color=CSS[colour]))
    above = alt.layer(*(layer.encode(x=x, y=upper) for layer in (bars, *lines)))

    lower = y("step", "step, in units of lr", alt.Scale(range=[370, 220]))
    steps = []
    for field, colour in (("uncorrected", "plain"), ("corrected", "adam")):
        made = moments.transform_calculate(step=f"datum.{field}")
        here = made.transform_filter("datum.t == now")
        steps.append(made.mark_line(strokeWidth=2.5, color=CSS[colour]))
        steps.append(here.mark_point(size=90, filled=True, opacity=1, color=CSS[colour]))
    below = alt.layer(*(layer.encode(x=x, y=lower) for layer in steps))

    said = moments.transform_filter("datum.t == now").transform_calculate(
        means="'dashed:  m = ' + format(datum.m, '.1e')"
        " + ',  √v = ' + format(sqrt(datum.v), '.1e')",
        hats="'corrected:  m̂ = ' + format(datum.m_hat, '.1e')"
        " + ',  √v̂ = ' + format(sqrt(datum.v_hat), '.1e')",
        with_it="'with correction: step ' + format(datum.corrected, '.2f') + ' lr'",
        without="'without correction: step ' + format(datum.uncorrected, '.2f') + ' lr'",
    )
    texts = [
        words(said, field, x=0, y=top, colour=colour)
        for field, top, colour in (
            ("means", -46, "ink"),
            ("hats", -26, "ink"),
            ("with_it", 170, "adam"),
            ("without", 190, "plain"),
        )
    ]
    layers = alt.layer(above, below, *texts).add_params(*params)
    chart: alt.LayerChart = layers.resolve_scale(y="independent")
    return chart.properties(width="container", height=370, usermeta={"play": "now"})


def draw_learning_rates(facts: Facts) -> MatplotlibFigure:
    """Final loss over the learning rate, both arms, with the spread of the seeds."""
    figure = new_figure(width=5.8, height=3.8)
    axes = figure.subplots()
    for arms, colour, style, name, place in (
        (facts.uncorrected, LIGHT["plain"], "--", "without correction", (0.0072, 0.75)),
        (facts.corrected, LIGHT["adam"], "-", "with correction", (0.0013, 1.5)),
    ):
        lrs = [arm.lr for arm in arms]
        axes.fill_between(
            lrs, [a.low for a in arms], [a.high for a in arms], color=colour, alpha=0.2, linewidth=0
        )
        axes.plot(lrs, [a.mean for a in arms], color=colour, linestyle=style, marker="o")
        axes.text(*place, name, color=colour)
    axes.axhline(np.log(10), color=LIGHT["muted"], linewidth=1, linestyle=":")
    axes.text(0.001, np.log(10) * 1.08, "guessing", color=LIGHT["muted"])
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("learning rate")
    axes.set_ylabel(f"loss after {facts.steps} updates")
    return figure


def _arm(arms: tuple[Arm, ...], lr: float) -> Arm:
    return next(arm for arm in arms if arm.lr == lr)


EXPERIMENT = Experiment(
    question="What does bias correction do to Adam's first steps, and to training?",
    measure=measure,
    claims=(
        Claim(
            id="too_long_without",
            sentence=lambda f: (
                f"With betas ({f.beta1}, {f.beta2}) and a constant gradient, Adam without bias "
                f"correction takes steps that are too **long**: {f.ratio_first:.2f} times at the "
                f"first update, {f.ratio_peak:.2f} times at update {f.ratio_peak_step}, and still "
                f"over 10 % too long until update {f.last_step_above_10_percent:,}."
            ),
            check=lambda f: (
                f.ratio_first > 3 and f.ratio_peak > 6 and f.last_step_above_10_percent > 1000
            ),
            without={"betas": (0.9, 0.9)},
        ),
        Claim(
            id="too_short_with_small_beta2",
            sentence=lambda f: (
                f"With betas ({f.beta1}, {f.shorter_beta2}) the first step without correction is "
                f"{f.shorter_ratio_first:.2f} times as long as it should be, and each of the first "
                f"{f.shorter_updates} steps is too **short**."
            ),
            check=lambda f: f.shorter_ratio_first < 0.5 and f.shorter_updates > 5,
            without={"correct_both": True},
        ),
        Claim(
            id="longer_after_silence",
            sentence=lambda f: (
                f"With betas ({f.beta1}, {f.beta2}), the first gradient after {f.silence:,} zeros "
                f"moves its weight by {f.awake_first:.2f} lr. If it stays, the steps grow to "
                f"{f.awake_longest:.2f} lr, {f.awake_longest_step} updates after the zeros; if it "
                f"grows by {100 * (f.beta2 / f.beta1 - 1):.0f} % at every update, to "
                f"{f.growing_longest:.2f} lr."
            ),
            check=lambda f: (
                f.awake_first > 3
                and f.awake_longest > 2 * f.awake_first
                and 0.999 * f.bound < f.growing_longest <= f.bound
            ),
            without={"betas": (0.9, 0.9)},
        ),
        Claim(
            id="acts_as_larger_lr",
            sentence=lambda f: (
                "Training without correction is like training with a larger learning rate. Where "
                "lr is small that helps: on digits at lr = 0.001 the loss after "
                f"{f.steps} updates is {_arm(f.uncorrected, 0.001).mean:.2f} without and "
                f"{_arm(f.corrected, 0.001).mean:.2f} with it (means of {f.seeds} seeds; every "
                "seed without lies below every seed with)."
            ),
            check=lambda f: _arm(f.uncorrected, 0.001).high < _arm(f.corrected, 0.001).low,
            without={"correct_both": True},
        ),
        Claim(
            id="fails_at_large_lr",
            sentence=lambda f: (
                "Where lr is large it is fatal: at lr = 0.1 the loss is "
                f"{_arm(f.corrected, 0.1).mean:.2f} with correction and "
                f"{_arm(f.uncorrected, 0.1).mean:.2f} without; guessing gives {np.log(10):.2f}."
            ),
            check=lambda f: _arm(f.uncorrected, 0.1).low > 2 * _arm(f.corrected, 0.1).high,
            without={"correct_both": True},
        ),
    ),
    figures=(
        Figure(
            name="stepper",
            title=lambda f: "While gradients keep their size, Adam's step is at most about lr",
            caption=lambda f: (
                f"The first {len(f.gradients)} gradients that one weight of a digits network met "
                "(bars), and the steps Adam makes of them. Scale the gradients by a thousand: "
                "the steps do not move, until the gradients near epsilon (10⁻⁸). Without "
                "correction the same gradients give steps of up to "
                f"{f.longest_uncorrected:.1f} lr; with it, of at most {f.longest_corrected:.1f}."
            ),
            alt=lambda f: (
                f"Bars: {len(f.gradients)} gradients of one weight, mostly positive and of varying "
                "size. Two lines: the step Adam takes in units of the learning rate. With bias "
                f"correction it starts at {f.rows[0].corrected:.2f} and stays at or below "
                f"{f.longest_corrected:.2f}; without, it starts at {f.rows[0].uncorrected:.2f} and "
                f"rises to {f.longest_uncorrected:.2f}."
            ),
            draw=draw_stepper,
            chart=chart_stepper,
        ),
        Figure(
            name="learning_rates",
            title=lambda f: "Without correction, the same lr acts several times as large",
            caption=lambda f: (
                f"Digits, {f.steps} updates, {f.seeds} seeds (line: mean, band: smallest to "
                "largest). The curve without correction is about the other one, moved to the left: "
                "what correction buys is that lr means the same from the first update on."
            ),
            alt=lambda f: (
                "Loss over learning rate. "
                + "; ".join(
                    f"at {c.lr}: {c.mean:.2f} with correction, {u.mean:.2f} without"
                    for c, u in zip(f.corrected, f.uncorrected, strict=True)
                )
                + "."
            ),
            draw=draw_learning_rates,
        ),
    ),
)
