"""Ridge on many training sets of a known truth: bias and variance over the strength."""

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
from matplotlib.figure import Figure as MatplotlibFigure

from experiments.charts import power_of_ten, slider
from experiments.drawing import CSS, LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.numpy.bias_variance import bias_variance

SETS, ROWS, BUMPS = 1000, 20, 12
NOISE = 0.5
EXPONENTS = tuple(round(-5 + 0.5 * k, 1) for k in range(13))  # strengths from 1e-5 to 10
POINTS = 41
SHOWN = 12


@dataclass(frozen=True)
class Facts:
    """Everything at the strengths 10 ** exponents."""

    sets: int
    rows: int
    features: int
    noise: float
    exponents: tuple[float, ...]
    bias: tuple[float, ...]
    """Squared bias."""
    variance: tuple[float, ...]
    error: tuple[float, ...]
    """Mean squared distance from the truth: their sum."""
    best: int
    best_strength: float
    ratio: float
    """Error at the weakest strength over the smallest one."""
    points: tuple[float, ...]
    truth: tuple[float, ...]
    curves: tuple[tuple[tuple[float, ...], ...], ...]
    """By strength and training set: predictions at ``points``."""


def bumps(x: np.ndarray) -> np.ndarray:
    """Gaussian bumps side by side, as features."""
    centres = np.linspace(0, 1, BUMPS)
    return np.asarray(np.exp(-(((x[..., None] - centres) / 0.1) ** 2) / 2))


def measure(noise: float = NOISE) -> Facts:
    """Draw 1,000 sets of targets for the same 20 inputs; fit ridge with 13 strengths to each.

    Args:
        noise: Standard deviation of what is added to the targets.
    """
    rng = np.random.default_rng(0)
    grid = np.linspace(0.02, 0.98, POINTS)
    truth = np.sin(2 * np.pi * grid)
    predictions = np.empty((len(EXPONENTS), SETS, POINTS))
    x = np.linspace(0, 1, ROWS)
    y = np.sin(2 * np.pi * x) + noise * rng.normal(size=(SETS, ROWS))
    features = bumps(x)
    mean, level = features.mean(0), y.mean(1)
    centred = features - mean
    values, vectors = np.linalg.eigh(centred.T @ centred / ROWS)
    moments = (y - level[:, None]) @ centred @ vectors / ROWS  # (sets, features)
    for e, exponent in enumerate(EXPONENTS):
        weights = moments / (values + 10.0**exponent) @ vectors.T
        predictions[e] = weights @ (bumps(grid) - mean).T + level[:, None]
    parts = [bias_variance(row, truth) for row in predictions]
    error = [bias + variance for bias, variance in parts]
    best = int(np.argmin(error))
    return Facts(
        sets=SETS,
        rows=ROWS,
        features=BUMPS,
        noise=noise,
        exponents=EXPONENTS,
        bias=tuple(bias for bias, _ in parts),
        variance=tuple(variance for _, variance in parts),
        error=tuple(error),
        best=best,
        best_strength=10.0 ** EXPONENTS[best],
        ratio=error[0] / error[best],
        points=tuple(float(v) for v in grid),
        truth=tuple(float(v) for v in truth),
        curves=tuple(
            tuple(tuple(round(float(v), 3) for v in curve) for curve in row[:SHOWN])
            for row in predictions
        ),
    )


def draw_parts(facts: Facts) -> MatplotlibFigure:
    """Squared bias, variance and their sum over the strength."""
    figure = new_figure(width=5.8, height=4.0)
    axes = figure.subplots()
    strengths = [10.0**e for e in facts.exponents]
    axes.plot(strengths, facts.error, color=LIGHT["ink"], linewidth=3)
    axes.plot(strengths, facts.variance, color=LIGHT["plain"], linestyle="--")
    axes.plot(strengths, facts.bias, color=LIGHT["l2"])
    axes.plot([facts.best_strength], [facts.error[facts.best]], "o", color=LIGHT["ink"])
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(strengths[0], strengths[-1])
    axes.text(strengths[1], facts.variance[1] * 0.55, "variance", color=LIGHT["plain"], va="top")
    axes.text(strengths[1], facts.bias[1] * 1.5, "squared bias", color=LIGHT["l2"], va="bottom")
    axes.text(strengths[2], facts.error[2] * 1.3, "error: the sum", color=LIGHT["ink"], va="bottom")
    axes.set_xlabel("strength of L2, λ (dimensionless)")
    axes.set_ylabel("mean square\n(squared units of the target)")
    return figure


def chart_parts(facts: Facts) -> alt.TopLevelMixin:
    """Fits to a dozen training sets at the strength of a slider, and the truth."""
    lines = [
        {"e": e, "s": s, "y": [round(y, 2) for y in curve[::2]]}
        for e, row in zip(facts.exponents, facts.curves, strict=True)
        for s, curve in enumerate(row)
    ]
    truth = [
        {"x": round(x, 3), "y": round(y, 3)} for x, y in zip(facts.points, facts.truth, strict=True)
    ]
    texts = [
        {
            "e": e,
            "top": f"λ = {10.0**e:.2g}",
            "bias": f"squared bias {b:.3f}",
            "variance": f"+ variance {v:.3f}",
            "error": f"= error {b + v:.3f}",
        }
        for e, b, v in zip(facts.exponents, facts.bias, facts.variance, strict=True)
    ]
    points = alt.param(name="points", value=[round(x, 3) for x in facts.points[::2]])
    exponent = slider(
        "exponent",
        "Strength of L2, λ",
        low=facts.exponents[0],
        high=facts.exponents[-1],
        step=0.5,
        value=facts.exponents[0],
        shown=power_of_ten("exponent"),
    )
    chosen = "abs(datum.e - exponent) < 0.05"
    x = alt.X(
        "x:Q",
        title="input (dimensionless)",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(tickCount=5),
    )
    y = alt.Y(
        "y:Q",
        title="prediction (dimensionless)",
        scale=alt.Scale(domain=[-2.5, 4.5], nice=False),
        axis=alt.Axis(values=[-2, -1, 0, 1, 2], titlePadding=12),
    )
    fits = (
        alt.Chart(alt.InlineData(values=lines))
        .transform_filter(chosen)
        .transform_calculate(x="points")
        .transform_flatten(["x", "y"])
        .mark_line(strokeWidth=1.5, opacity=0.6, color=CSS["l2"], clip=True)
        .encode(x=x, y=y, detail="s:N")
    )
    real = (
        alt.Chart(alt.InlineData(values=truth))
        .mark_line(strokeWidth=3, color=CSS["ink"], strokeDash=[6, 3])
        .encode(x=x, y=y)
    )
    text = alt.Chart(alt.InlineData(values=texts)).transform_filter(chosen)

    def row(field: str, y: int) -> Any:
        mark = text.mark_text(align="right", baseline="top", fontSize=14, color=CSS["ink"])
        return mark.encode(x=alt.value("width"), y=alt.value(y), text=f"{field}:N")

    rows = (row(f, 2 + 19 * k) for k, f in enumerate(("top", "bias", "variance", "error")))
    layers = alt.layer(fits, real, *rows)
    return layers.add_params(points, *exponent).properties(width="container", height=320)


EXPERIMENT = Experiment(
    question="What does L2 do to bias and variance?",
    measure=measure,
    claims=(
        Claim(
            id="variance_falls_bias_rises",
            sentence=lambda f: (
                f"From $\\lambda = 10^{{{f.exponents[0]:g}}}$ to "
                f"$\\lambda = {f.best_strength:.2g}$ the variance falls from "
                f"{f.variance[0]:.3f} to {f.variance[f.best]:.3f} and the squared bias rises from "
                f"{f.bias[0]:.4f} to {f.bias[f.best]:.4f}. Their sum falls from "
                f"{f.error[0]:.3f} to {f.error[f.best]:.3f}. At "
                f"$\\lambda = {10.0 ** f.exponents[-1]:g}$ the squared bias is {f.bias[-1]:.2f} "
                "and the sum is large again."
            ),
            check=lambda f: (
                all(
                    later < earlier
                    for earlier, later in zip(f.variance[:-1], f.variance[1:], strict=True)
                )
                and f.bias[f.best] > 2 * f.bias[0]
                and f.ratio > 1.8
                and 0 < f.best < len(f.error) - 1
                and f.error[-1] > 3 * f.error[f.best]
            ),
            without={"noise": 0.0},
        ),
    ),
    figures=(
        Figure(
            name="parts",
            title=lambda _: "A penalty buys a lot of variance for a little bias, up to a point",
            caption=lambda f: (
                f"Ridge with {f.features} features on {f.rows} rows, for {f.sets:,} training sets: "
                f"the same inputs and truth (dashed in the chart), new noise. Where the fits "
                f"scatter, the model has learned its noise; where they agree and miss the truth, "
                f"it is held too tight. The sum of both errors is smallest near "
                f"$\\lambda = {f.best_strength:.2g}$."
            ),
            alt=lambda f: (
                f"Over strengths from {10.0 ** f.exponents[0]:g} to {10.0 ** f.exponents[-1]:g} "
                f"the variance falls from {f.variance[0]:.3f} to {f.variance[-1]:.4f}, the squared "
                f"bias goes from {f.bias[0]:.4f} to {f.bias[-1]:.2f}. Their sum falls from "
                f"{f.error[0]:.2f} to {f.error[f.best]:.3f} at {f.best_strength:.2g} and ends at "
                f"{f.error[-1]:.2f}."
            ),
            draw=draw_parts,
            chart=chart_parts,
        ),
    ),
)
