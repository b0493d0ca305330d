"""Stopping gradient descent after t steps, next to ridge regression."""

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.datasets import load_diabetes

from experiments.charts import one_of, slider
from experiments.drawing import CSS, LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.numpy.gradient_descent import GradientDescent

LR = 0.1
STEPS = tuple(int(v) for v in 2 ** np.arange(0, 15))
DRAWN = (1, 4, 8)
"""Indices of the static picture's steps."""
SPLITS = 20
ROWS = 100
CURVE = tuple(float(v) for v in np.geomspace(0.003, 5, 61))


@dataclass(frozen=True)
class Facts:
    """Index k of everything belongs to ``steps[k]``."""

    features: int
    rows: int
    splits: int
    lr: float
    steps: tuple[int, ...]
    strengths: tuple[float, ...]
    """1 / (2 lr t)."""
    curvatures: tuple[float, ...]
    """Eigenvalues of X'X / n for all rows."""
    reached: tuple[tuple[float, ...], ...]
    """Share of the least squares solution that t steps reach, by curvature."""
    kept: tuple[tuple[float, ...], ...]
    """The same for ridge."""
    curve: tuple[float, ...]
    curve_reached: tuple[tuple[float, ...], ...]
    curve_kept: tuple[tuple[float, ...], ...]
    formula_error: float
    """Largest difference of a weight by formula and by descent, all steps."""
    apart: tuple[float, ...]
    """Distance of the weights of the two, in lengths of the least squares weights."""
    apart_worst: float
    apart_strength: float
    """Of ridge, where they are furthest apart."""
    error_stopped: float
    """On unseen rows, at the best step; share of the targets' variance, mean of the splits."""
    error_ridge: float
    """At the best of the same strengths."""
    error_end: float
    """Least squares."""
    error_spread: float
    """Standard deviation of the difference between stopped and ridge."""
    stopped_better: int
    """Splits in which stopping beats least squares."""
    best_step: int
    """Median over the splits."""


def measure(factor: float = 1.0) -> Facts:
    """Descend on the diabetes data; compare with ridge of strength factor / (2 lr t).

    Args:
        factor: Multiplies the strength of ridge that is compared; 1 is the rule.
    """
    features, targets = load_diabetes(return_X_y=True)
    x = (features - features.mean(0)) / features.std(0)
    y = (targets - targets.mean()) / targets.std()
    n = len(y)
    s, vectors = np.linalg.eigh(x.T @ x / n)
    moment = vectors.T @ (x.T @ y / n)
    least_squares = moment / s
    steps = np.array(STEPS)
    strengths = factor / (2 * LR * steps)

    def share_reached(curvature: np.ndarray) -> np.ndarray:
        share: np.ndarray = 1 - (1 - 2 * LR * curvature) ** steps[:, None]
        return share

    def share_kept(curvature: np.ndarray) -> np.ndarray:
        return curvature / (curvature + strengths[:, None])

    weights, optimizer = np.zeros(x.shape[1]), GradientDescent(LR)
    walked = []
    for t in range(1, STEPS[-1] + 1):
        optimizer.step([weights], [2 / n * (x.T @ (x @ weights - y))])
        if t in STEPS:
            walked.append(weights.copy())
    by_formula = (share_reached(s) * least_squares) @ vectors.T
    by_ridge = (share_kept(s) * least_squares) @ vectors.T
    apart = np.linalg.norm(by_formula - by_ridge, axis=1) / np.linalg.norm(least_squares)

    errors = np.empty((SPLITS, 2, len(steps) + 1))
    for seed in range(SPLITS):
        order = np.random.default_rng(seed).permutation(n)
        seen, unseen = order[:ROWS], order[ROWS:]
        mean, level = x[seen].mean(0), y[seen].mean()
        a, b = x[seen] - mean, y[seen] - level
        values, basis = np.linalg.eigh(a.T @ a / ROWS)
        solution = (basis.T @ (a.T @ b / ROWS)) / values
        for k, share in enumerate((share_reached(values), share_kept(values))):
            candidates = np.vstack([share, np.ones_like(values)]) * solution @ basis.T
            misses = (x[unseen] - mean) @ candidates.T + level - y[unseen][:, None]
            errors[seed, k] = (misses**2).mean(0) / y[unseen].var()
    best = errors[:, :, :-1].min(2)
    worst = int(apart.argmax())
    curve = np.array(CURVE)

    def rows(table: np.ndarray) -> tuple[tuple[float, ...], ...]:
        return tuple(tuple(float(v) for v in row) for row in table)

    return Facts(
        features=x.shape[1],
        rows=ROWS,
        splits=SPLITS,
        lr=LR,
        steps=STEPS,
        strengths=tuple(float(v) for v in strengths),
        curvatures=tuple(float(v) for v in s),
        reached=rows(share_reached(s)),
        kept=rows(share_kept(s)),
        curve=CURVE,
        curve_reached=rows(share_reached(curve)),
        curve_kept=rows(share_kept(curve)),
        formula_error=float(np.abs(np.array(walked) - by_formula).max()),
        apart=tuple(float(v) for v in apart),
        apart_worst=float(apart[worst]),
        apart_strength=float(strengths[worst]),
        error_stopped=float(best[:, 0].mean()),
        error_ridge=float(best[:, 1].mean()),
        error_end=float(errors[:, 0, -1].mean()),
        error_spread=float((best[:, 0] - best[:, 1]).std(ddof=1)),
        stopped_better=int((best[:, 0] < errors[:, 0, -1]).sum()),
        best_step=int(np.median(steps[errors[:, 0, :-1].argmin(1)])),
    )


def draw_filters(facts: Facts) -> MatplotlibFigure:
    """Shares of the least squares solution over the curvature, at three steps."""
    figure = new_figure(width=5.8, height=3.8)
    axes = figure.subplots()
    for k, x in zip(DRAWN, (1.05, 0.16, 0.0093), strict=True):
        axes.plot(facts.curve, facts.curve_reached[k], color=LIGHT["ink"])
        axes.plot(facts.curve, facts.curve_kept[k], color=LIGHT["l2"], linestyle="--")
        axes.plot(facts.curvatures, facts.reached[k], "o", color=LIGHT["ink"], markersize=4)
        y = float(np.interp(x, facts.curve, facts.curve_reached[k]))
        axes.annotate(
            f"t = {facts.steps[k]}",
            (x, y),
            xytext=(-6, 6),
            textcoords="offset points",
            ha="right",
        )
    axes.text(0.0042, 1.22, "solid: stopped after t steps")
    axes.text(0.0042, 1.12, "dashed: ridge, λ = 1 / (2ηt)", color=LIGHT["l2"])
    axes.set_xscale("log")
    axes.set_xlim(facts.curve[0], facts.curve[-1])
    axes.set_xticks([0.01, 0.1, 1], ["0.01", "0.1", "1"])
    axes.set_xlabel("curvature s of a direction (dimensionless)")
    axes.set_ylabel("share of the solution reached")
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    axes.yaxis.set_major_formatter("{x:.0%}")
    return figure


def chart_filters(facts: Facts) -> alt.TopLevelMixin:
    """Both filters at the step of a slider, dots where the data has its directions."""
    lines, dots, texts = [], [], []
    for k, t in enumerate(facts.steps):
        for kind, on_curve, at in (
            ("stopped", facts.curve_reached[k], facts.reached[k]),
            ("ridge", facts.curve_kept[k], facts.kept[k]),
        ):
            lines.append({"k": k, "kind": kind, "share": [round(v, 4) for v in on_curve]})
            dots += [
                {"k": k, "s": round(s, 5), "share": round(v, 4), "kind": kind}
                for s, v in zip(facts.curvatures, at, strict=True)
            ]
        texts.append(
            {
                "k": k,
                "top": f"solid: stopped after t = {t:,}",
                "middle": f"dashed: ridge, λ = {facts.strengths[k]:.2g}",
                "bottom": f"weights {facts.apart[k]:.0%} apart",
            }
        )
    curve = alt.param(name="curve", value=[round(s, 5) for s in facts.curve])
    step = slider(
        "step",
        "Stopped after",
        low=0,
        high=len(facts.steps) - 1,
        step=1,
        value=DRAWN[1],
        shown=one_of([f"{t:,} steps" for t in facts.steps], "step"),
    )
    chosen = "datum.k == step"
    x = alt.X(
        "s:Q",
        title="curvature s (dimensionless)",
        scale=alt.Scale(type="log", domain=[facts.curve[0], facts.curve[-1]], nice=False),
        axis=alt.Axis(values=[0.01, 0.1, 1], format="~g", grid=True),
    )
    y = alt.Y(
        "share:Q",
        title="share of the solution reached",
        scale=alt.Scale(domain=[0, 1.45], nice=False),
        axis=alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format=".0%", titlePadding=12),
    )
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=["stopped", "ridge"], range=[CSS["ink"], CSS["l2"]]),
        legend=None,  # the lines of text name the curves
    )
    line = (
        alt.Chart(alt.InlineData(values=lines))
        .transform_filter(chosen)
        .transform_calculate(s="curve")
        .transform_flatten(["s", "share"])
        .mark_line(strokeWidth=2.5)
        .encode(
            x=x,
            y=y,
            color=colour,
            strokeDash=alt.StrokeDash(
                "kind:N",
                scale=alt.Scale(domain=["stopped", "ridge"], range=[[1, 0], [6, 4]]),
                legend=None,
            ),
        )
    )
    dot = (
        alt.Chart(alt.InlineData(values=dots))
        .transform_filter(chosen)
        .mark_circle(size=45, opacity=1)
        .encode(
            x=x,
            y=y,
            color=colour,
            tooltip=[alt.Tooltip("s:Q", format=".3f"), alt.Tooltip("share:Q", format=".1%")],
        )
    )
    text = alt.Chart(alt.InlineData(values=texts)).transform_filter(chosen)

    def row(field: str, y: int, colour: str) -> Any:
        mark = text.mark_text(align="left", baseline="top", fontSize=14, color=CSS[colour])
        return mark.encode(x=alt.value(6), y=alt.value(y), text=f"{field}:N")

    rows = (row("top", 4, "ink"), row("middle", 24, "l2"), row("bottom", 44, "ink"))
    layers = alt.layer(line, dot, *rows)
    return layers.add_params(curve, *step).properties(width="container", height=320)


EXPERIMENT = Experiment(
    question="How near does stopping after t steps come to L2?",
    measure=measure,
    claims=(
        Claim(
            id="close_to_ridge",
            sentence=lambda f: (
                f"On the diabetes data, the weights after $t$ steps and those of ridge with "
                f"$\\lambda = 1 / (2 \\eta t)$ are never further apart than {f.apart_worst:.0%} of "
                f"the length of the least squares weights, for $t$ from {f.steps[0]} to "
                f"{f.steps[-1]:,}."
            ),
            check=lambda f: f.apart_worst < 0.2 and f.formula_error < 1e-10,
            without={"factor": 10.0},
        ),
        Claim(
            id="predicts_as_well",
            sentence=lambda f: (
                f"Learning from {f.rows} rows, the best $t$ has an error of {f.error_stopped:.3f} "
                f"on the others (share of the targets' variance, mean of {f.splits} splits), the "
                f"ridge paired with its best $t$ {f.error_ridge:.3f}, least squares "
                f"{f.error_end:.3f}. Stopping beats least squares in {f.stopped_better} splits."
            ),
            check=lambda f: (
                abs(f.error_stopped - f.error_ridge) < 0.25 * (f.error_end - f.error_stopped)
                and f.stopped_better >= 0.8 * f.splits
            ),
            without={"factor": 0.001},
        ),
    ),
    figures=(
        Figure(
            name="filters",
            title=lambda f: "Stopping keeps steep directions and drops flat ones, as L2 does",
            caption=lambda f: (
                f"How much of the least squares solution is reached along a direction, by the "
                f"curvature of the loss there; dots are the {f.features} directions of the "
                f"diabetes data. The steepest is nearly there after a few steps; the flattest "
                f"needs thousands. Ridge with $\\lambda = 1/(2 \\eta t)$ has a similar "
                f"curve, not the same."
            ),
            alt=lambda f: (
                "Share of the least squares solution over curvature, rising from 0 to 100%, for "
                "gradient descent stopped after t steps and for ridge. In the steepest and the "
                "flattest of the diabetes data's directions: "
                + "; ".join(
                    f"t {f.steps[k]}: {f.reached[k][-1]:.0%} and {f.reached[k][0]:.1%}, ridge "
                    f"{f.kept[k][-1]:.0%} and {f.kept[k][0]:.1%}"
                    for k in DRAWN
                )
                + "."
            ),
            draw=draw_filters,
            chart=chart_filters,
        ),
    ),
)
