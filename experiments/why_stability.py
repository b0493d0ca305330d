"""Collinear features, large weights and large steps: where L2 steadies, and where it does not."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.datasets import load_diabetes

from experiments.drawing import LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure

STRENGTHS = (0.0, *(float(s) for s in np.geomspace(1e-4, 10, 26)))
SHOWN = 0.1
NOISE = 0.1
DRAWS = 500
FIRST, SECOND = 4, 5
"""Columns s1 and s2 of the diabetes data: total cholesterol and low-density lipoproteins."""
DEPTH, WIDTH, ROWS, SEEDS = 10, 256, 64, 5
FACTORS = (1.0, 2.0, 4.0)
LR, STEPS, TOO_STRONG = 0.1, 50, 10.0


@dataclass(frozen=True)
class Facts:
    """Diabetes, standardized; then untrained networks; then gradient descent."""

    strengths: tuple[float, ...]
    condition: tuple[float, ...]
    """Of X'X / n + strength * I."""
    spreads: tuple[tuple[float, ...], ...]
    """A row for each strength: standard deviation of each weight over noisy targets."""
    names: tuple[str, ...]
    correlation: float
    """Between the two columns."""
    noise: float
    draws: int
    shown: float
    shown_condition: float
    spread_plain: float
    """Of the weight that noise moves most, without a penalty."""
    spread_shown: float
    """Of the same weight with the strength ``shown``."""
    steadiest_plain: float
    """Smallest spread without a penalty."""
    depth: int
    width: int
    seeds: int
    factors: tuple[float, ...]
    activations: tuple[float, ...]
    """Standard deviation of the last layer's activations by factor on He's start; medians."""
    lr: float
    steps: int
    too_strong: float
    norm_plain: float
    """Norm of the weights after gradient descent without a penalty."""
    norm_strong: float
    """The same with the strength ``too_strong``."""


def last_activations(factor: float, seed: int) -> float:
    """Standard deviation after ten ReLU layers that start at ``factor`` times He's size."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(ROWS, WIDTH))
    for _ in range(DEPTH):
        weights = rng.normal(size=(WIDTH, WIDTH)) * factor * (2 / WIDTH) ** 0.5
        hidden = np.maximum(hidden @ weights, 0)
    return float(hidden.std())


def measure(scale: float = 1.0, growth: float = 1.0) -> Facts:
    """Solve ridge for noisy targets, run untrained networks, run gradient descent.

    Args:
        scale: Multiplies every strength; 0 takes the penalties away.
        growth: Power of the factors on the weights; 0 makes all networks start alike.
    """
    data = load_diabetes()
    x = (data.data - data.data.mean(0)) / data.data.std(0)
    y = (data.target - data.target.mean()) / data.target.std()
    rows = len(y)
    values, vectors = np.linalg.eigh(x.T @ x / rows)
    rng = np.random.default_rng(0)
    targets = y[:, None] + NOISE * rng.normal(size=(rows, DRAWS))
    moments = vectors.T @ (x.T @ targets / rows)
    spreads = [
        (vectors @ (moments / (values + scale * s)[:, None])).std(1, ddof=1) for s in STRENGTHS
    ]
    shown = scale * SHOWN
    most = int(spreads[0].argmax())
    at_shown = (vectors @ (moments / (values + shown)[:, None])).std(1, ddof=1)

    norms = []
    for l2 in (0.0, scale * TOO_STRONG):
        w = np.zeros(x.shape[1])
        for _ in range(STEPS):
            w -= LR * (2 / rows * x.T @ (x @ w - y) + 2 * l2 * w)
        norms.append(float(np.linalg.norm(w)))
    return Facts(
        strengths=STRENGTHS,
        condition=tuple(
            float((values[-1] + scale * s) / (values[0] + scale * s)) for s in STRENGTHS
        ),
        spreads=tuple(tuple(float(v) for v in row) for row in spreads),
        names=tuple(data.feature_names),
        correlation=float(np.corrcoef(x[:, FIRST], x[:, SECOND])[0, 1]),
        noise=NOISE,
        draws=DRAWS,
        shown=SHOWN,
        shown_condition=float((values[-1] + shown) / (values[0] + shown)),
        spread_plain=float(spreads[0][most]),
        spread_shown=float(at_shown[most]),
        steadiest_plain=float(spreads[0].min()),
        depth=DEPTH,
        width=WIDTH,
        seeds=SEEDS,
        factors=FACTORS,
        activations=tuple(
            float(np.median([last_activations(f**growth, seed) for seed in range(SEEDS)]))
            for f in FACTORS
        ),
        lr=LR,
        steps=STEPS,
        too_strong=TOO_STRONG,
        norm_plain=norms[0],
        norm_strong=norms[1],
    )


def draw_spread(facts: Facts) -> MatplotlibFigure:
    """How far noise moves each weight, over the strength."""
    figure = new_figure(width=5.8, height=3.8)
    axes = figure.subplots()
    strengths = facts.strengths[1:]
    for j in range(len(facts.names)):
        collinear = j in (FIRST, SECOND)
        axes.plot(
            strengths,
            [row[j] for row in facts.spreads[1:]],
            color=LIGHT["l2"] if collinear else LIGHT["plain"],
            linewidth=2.4 if collinear else 1.2,
        )
    for j in (FIRST, SECOND):
        axes.text(
            strengths[0] * 1.2,
            facts.spreads[1][j],
            facts.names[j],
            color=LIGHT["l2"],
            va="bottom",
        )
    axes.text(strengths[0] * 1.2, 0.007, "others", color=LIGHT["plain"], va="bottom")
    axes.set_xscale("log")
    axes.set_xlim(strengths[0], strengths[-1])
    axes.set_ylim(bottom=0, top=facts.spread_plain * 1.15)
    axes.set_xlabel("strength of L2, λ (dimensionless)")
    axes.set_ylabel("standard deviation of a weight")
    return figure


EXPERIMENT = Experiment(
    question="Does L2 make training numerically stable?",
    measure=measure,
    claims=(
        Claim(
            id="condition_number",
            sentence=lambda f: (
                f"Diabetes data, standardized: the condition number is {f.condition[0]:.0f} "
                f"without L2 and {f.shown_condition:.0f} with $\\lambda = {f.shown:g}$."
            ),
            check=lambda f: f.condition[0] > 5 * f.shown_condition,
            without={"scale": 0.0},
        ),
        Claim(
            id="noise_moves_less",
            sentence=lambda f: (
                f"Noise of {f.noise:g} standard deviations on the targets moves the weight that is "
                f"least certain without penalty by {f.spread_plain:.3f}, and by "
                f"{f.spread_shown:.3f} with $\\lambda = {f.shown:g}$ (standard deviations over "
                f"{f.draws} draws)."
            ),
            check=lambda f: f.spread_plain > 4 * f.spread_shown,
            without={"scale": 0.0},
        ),
        Claim(
            id="large_weights_explode",
            sentence=lambda f: (
                f"Activations after {f.depth} ReLU layers have a standard deviation of "
                f"{f.activations[0]:.2f} from He's start, {f.activations[1]:,.0f} from twice as "
                f"large weights and {f.activations[2]:,.0f} from four times as large ones "
                f"(medians of {f.seeds} seeds)."
            ),
            check=lambda f: f.activations[2] > 100 * f.activations[1] > 10_000 * f.activations[0],
            without={"growth": 0.0},
        ),
        Claim(
            id="too_strong_diverges",
            sentence=lambda f: (
                f"L2 can also *destroy* stability: with $\\eta = {f.lr:g}$, {f.steps} steps of "
                f"gradient descent reach a weight norm of {f.norm_plain:.2f} without a penalty and "
                f"{f.norm_strong:.1e} with $\\lambda = {f.too_strong:g}$."
            ),
            check=lambda f: f.norm_strong > 1e6 * f.norm_plain,
            without={"scale": 0.0},
        ),
    ),
    figures=(
        Figure(
            name="spread",
            title=lambda _: (
                "With L2, noise in the targets moves the weights of collinear features less"
            ),
            caption=lambda f: (
                f"Diabetes data. `{f.names[FIRST]}` and `{f.names[SECOND]}` have correlation "
                f"{f.correlation:.2f}: without a penalty the data hardly tell their weights "
                f"apart, and noise decides."
            ),
            alt=lambda f: (
                f"Standard deviation of ten weights over the strength of L2. Those of "
                f"{f.names[FIRST]} and {f.names[SECOND]} fall from {f.spreads[0][FIRST]:.3f} and "
                f"{f.spreads[0][SECOND]:.3f} to below {max(f.spreads[-1]):.3f}; the steadiest "
                f"starts at {f.steadiest_plain:.3f}."
            ),
            draw=draw_spread,
        ),
    ),
)
