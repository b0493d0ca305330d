"""A smooth filter learned from few noisy rows: smoothness penalty against ridge."""

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
from matplotlib.figure import Figure as MatplotlibFigure

from experiments.charts import power_of_ten, slider
from experiments.drawing import CSS, LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.numpy.smoothness_penalty import smoothness_gradient

SEEDS = 20
ROWS, UNSEEN = 60, 2000
LENGTH = 50
NOISE = 1.0
EXPONENTS = tuple(round(-2 + 0.25 * k, 2) for k in range(17))  # strengths from 0.01 to 100
STRENGTHS = tuple(float(10**e) for e in EXPONENTS)
PLACES = np.linspace(0, 1, LENGTH)
TRUTH = np.exp(-(((PLACES - 0.3) / 0.1) ** 2)) - 0.7 * np.exp(-(((PLACES - 0.7) / 0.15) ** 2))
PAIRS = [(i, i + 1) for i in range(LENGTH - 1)]


@dataclass(frozen=True)
class Facts:
    """Means over the data sets, each method at its best strength."""

    seeds: int
    rows: int
    length: int
    noise: float
    ridge_distance: float
    """Root mean squared distance of the weights from the truth."""
    ridge_spread: float
    ridge_error: float
    """On new data, above the noise."""
    smooth_distance: float
    smooth_spread: float
    smooth_error: float
    closer: int
    """Data sets in which the smoothness penalty's weights are nearer to the truth."""
    shuffled_ridge: float
    """Distance from the truth where the true weights are in random order."""
    shuffled_smooth: float
    shuffled_closer: int
    truth: tuple[float, ...]
    strengths: tuple[float, ...]
    ridge: tuple[float, ...]
    """Weights in the first data set, at the best strength of ridge."""
    curves: tuple[tuple[float, ...], ...]
    """Weights in the first data set, one row for each strength of the smoothness penalty."""
    distances: tuple[float, ...]
    """Of each row of ``curves``."""
    first_ridge_distance: float
    best: int
    """Index of the strength that predicts best in the first data set."""


def laplacian() -> np.ndarray:
    """The matrix of the penalty: its gradient is 2 L w, read off column by column."""
    columns = [smoothness_gradient(e, PAIRS, 0.5) for e in np.eye(LENGTH)]
    return np.array(columns).T


def solve(x: np.ndarray, y: np.ndarray, penalty: np.ndarray) -> np.ndarray:
    """The exact minimum of the mean squared error with each strength, shape (strengths, d)."""
    moment, target = x.T @ x / len(y), x.T @ y / len(y)
    return np.array([np.linalg.solve(moment + s * penalty, target) for s in STRENGTHS])


def compare(order: str) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray, int]]]:
    """Distance and error (seeds, method, 2) of ridge and the smoothness penalty.

    Then, for the first data set and each method, the weights of every strength, their distances
    from the truth, and the index of the best.
    """
    penalties = (np.eye(LENGTH), laplacian())
    found, first = np.empty((SEEDS, 2, 2)), []
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        truth = TRUTH if order == "smooth" else rng.permutation(TRUTH)
        x = rng.normal(size=(ROWS + 2 * UNSEEN, LENGTH))
        y = x @ truth + NOISE * rng.normal(size=len(x))
        for k, penalty in enumerate(penalties):
            weights = solve(x[:ROWS], y[:ROWS], penalty)
            squares = (x[ROWS:] @ weights.T - y[ROWS:, None]) ** 2
            best = int(squares[:UNSEEN].mean(0).argmin())  # chosen on one half ...
            distances = np.sqrt(((weights - truth) ** 2).mean(1))
            error = squares[UNSEEN:, best].mean() - NOISE**2  # ... judged on the other
            found[seed, k] = distances[best], error
            if seed == 0:
                first.append((weights, distances, best))
    return found, first


def measure(first: str = "smooth", second: str = "random") -> Facts:
    """Learn a filter of 50 weights from 60 rows, in 20 data sets, twice.

    Args:
        first: Order of the true weights; "smooth" or "random".
        second: The same for the second comparison.
    """
    found, examples = compare(first)
    (ridges, _, ridge_best), (curves, distances, best) = examples
    shuffled, _ = compare(second)
    return Facts(
        seeds=SEEDS,
        rows=ROWS,
        length=LENGTH,
        noise=NOISE,
        ridge_distance=float(found[:, 0, 0].mean()),
        ridge_spread=float(found[:, 0, 0].std(ddof=1)),
        ridge_error=float(found[:, 0, 1].mean()),
        smooth_distance=float(found[:, 1, 0].mean()),
        smooth_spread=float(found[:, 1, 0].std(ddof=1)),
        smooth_error=float(found[:, 1, 1].mean()),
        closer=int((found[:, 1, 0] < found[:, 0, 0]).sum()),
        shuffled_ridge=float(shuffled[:, 0, 0].mean()),
        shuffled_smooth=float(shuffled[:, 1, 0].mean()),
        shuffled_closer=int((shuffled[:, 1, 0] < shuffled[:, 0, 0]).sum()),
        truth=tuple(float(v) for v in TRUTH),
        strengths=STRENGTHS,
        ridge=tuple(float(v) for v in ridges[ridge_best]),
        curves=tuple(tuple(float(v) for v in row) for row in curves),
        distances=tuple(float(v) for v in distances),
        first_ridge_distance=float(found[0, 0, 0]),
        best=best,
    )


def draw_filter(facts: Facts) -> MatplotlibFigure:
    """True weights, ridge's and the smooth ones."""
    figure = new_figure(width=5.8, height=3.8)
    axes = figure.subplots()
    places = range(1, facts.length + 1)
    axes.plot(places, facts.ridge, color=LIGHT["l2"], linewidth=1.2, label="ridge")
    axes.plot(places, facts.truth, color=LIGHT["muted"], linestyle="--", label="truth")
    axes.plot(places, facts.curves[facts.best], color=LIGHT["ink"], label="smoothness penalty")
    axes.set_xlim(1, facts.length)
    axes.set_xlabel("position of the weight")
    axes.set_ylabel("weight (dimensionless)")
    axes.set_ylim(top=max(facts.ridge + facts.truth) * 1.45)
    axes.legend(ncols=3, loc="upper center", fontsize=11)
    return figure


def chart_filter(facts: Facts) -> alt.TopLevelMixin:
    """The same with a slider for the strength."""
    still = [
        {"i": i + 1, "w": round(w, 3), "kind": kind}
        for kind, row in (("truth", facts.truth), ("ridge", facts.ridge))
        for i, w in enumerate(row)
    ]
    moving = [
        {"e": e, "i": i + 1, "w": round(w, 3)}
        for e, row in zip(EXPONENTS, facts.curves, strict=True)
        for i, w in enumerate(row)
    ]
    lines = [
        {
            "e": e,
            "top": f"λ = {facts.strengths[k]:.3g}, off by {facts.distances[k]:.3f}",
            "middle": f"thin: ridge, off by {facts.first_ridge_distance:.3f}",
            "bottom": "dashed: the truth",
        }
        for k, e in enumerate(EXPONENTS)
    ]
    values = [w for row in (*facts.curves, facts.ridge, facts.truth) for w in row]
    exponent = slider(
        "exponent",
        "Strength λ",
        low=EXPONENTS[0],
        high=EXPONENTS[-1],
        step=0.25,
        value=EXPONENTS[facts.best],
        shown=power_of_ten("exponent"),
    )
    chosen = "abs(datum.e - exponent) < 0.05"
    x = alt.X(
        "i:Q",
        title="position of the weight",
        scale=alt.Scale(domain=[1, facts.length], nice=False),
        axis=alt.Axis(tickCount=5),
    )
    y = alt.Y(
        "w:Q",
        title="weight (dimensionless)",
        scale=alt.Scale(domain=[min(values) - 0.1, max(values) + 0.9], nice=False),
        axis=alt.Axis(values=[-1, -0.5, 0, 0.5, 1], titlePadding=12),
    )
    base = alt.Chart(alt.InlineData(values=still))
    truth = base.transform_filter("datum.kind == 'truth'").mark_line(
        color=CSS["muted"], strokeDash=[6, 4], strokeWidth=2
    )
    ridge = base.transform_filter("datum.kind == 'ridge'").mark_line(
        color=CSS["l2"], strokeWidth=1.2
    )
    smooth = (
        alt.Chart(alt.InlineData(values=moving))
        .transform_filter(chosen)
        .mark_line(color=CSS["ink"], strokeWidth=2.5)
    )
    text = alt.Chart(alt.InlineData(values=lines)).transform_filter(chosen)

    def row(field: str, height: int) -> Any:
        mark = text.mark_text(align="left", baseline="top", fontSize=13, color=CSS["ink"])
        return mark.encode(x=alt.value(6), y=alt.value(height), text=f"{field}:N")

    rows = (row("top", 2), row("middle", 20), row("bottom", 38))
    layers = alt.layer(*(c.encode(x=x, y=y) for c in (ridge, truth, smooth)), *rows)
    return layers.add_params(*exponent).properties(width="container", height=320)


EXPERIMENT = Experiment(
    question="Does a smoothness penalty find smooth weights better than ridge?",
    measure=measure,
    claims=(
        Claim(
            id="nearer_to_a_smooth_truth",
            sentence=lambda f: (
                f"The weights are off by {f.smooth_distance:.2f} (root mean square), ridge's by "
                f"{f.ridge_distance:.2f}; nearer in {f.closer} of {f.seeds} data sets. The error "
                f"on new data, above the noise, is {f.smooth_error:.2f} instead of "
                f"{f.ridge_error:.2f}."
            ),
            check=lambda f: (
                f.smooth_distance < 0.6 * f.ridge_distance
                and f.smooth_error < 0.5 * f.ridge_error
                and f.closer == f.seeds
            ),
            without={"first": "random"},
        ),
        Claim(
            id="needs_the_order",
            sentence=lambda f: (
                f"With the same true weights in random order it gains nothing: off by "
                f"{f.shuffled_smooth:.2f}, ridge by {f.shuffled_ridge:.2f}, and nearer in "
                f"{f.shuffled_closer} of {f.seeds}."
            ),
            check=lambda f: f.shuffled_closer < 0.5 * f.seeds,
            without={"second": "smooth"},
        ),
    ),
    figures=(
        Figure(
            name="filter",
            title=lambda _: "If neighbors are alike, saying so beats shrinking",
            caption=lambda f: (
                f"{f.length} weights learned from {f.rows} rows, first of {f.seeds} data sets. "
                f"Ridge, at its best strength, shrinks each weight by itself and stays ragged. "
                f"The smoothness penalty predicts best at $\\lambda = "
                f"{f.strengths[f.best]:.2g}$; too strong, it flattens the bumps."
            ),
            alt=lambda f: (
                f"Weights over their position. The truth is a bump up to {max(f.truth):.1f} and "
                f"one down to {min(f.truth):.1f}. Ridge zigzags around them, off by "
                f"{f.first_ridge_distance:.2f}; the smoothness penalty follows them, off by "
                f"{f.distances[f.best]:.2f}. At strength {f.strengths[-1]:g} it is off by "
                f"{f.distances[-1]:.2f}."
            ),
            draw=draw_filter,
            chart=chart_filter,
        ),
    ),
)
