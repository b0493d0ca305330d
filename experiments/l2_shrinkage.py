"""The coefficients of a linear model under L2, and its error on new data."""

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Lasso

from experiments.charts import power_of_ten, slider
from experiments.drawing import CSS, LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.numpy.l2_penalty import l2_penalty
from snippets.sklearn.l2_training import train

ROWS = 40
SPLITS = 20
EXPONENTS = tuple(round(-3 + 0.2 * k, 1) for k in range(26))  # lambda from 0.001 to 100
NAMES = ("age", "sex", "bmi", "bp", "tc", "ldl", "hdl", "tch", "ltg", "glu")


@dataclass(frozen=True)
class Facts:
    """What was measured; errors are mean squared, in units of the targets' variance.

    Index 0 of everything is no penalty, index k the strength ``strengths[k]``.
    """

    rows: int
    splits: int
    names: tuple[str, ...]
    strengths: tuple[float, ...]
    coefficients: tuple[tuple[float, ...], ...]
    """Of the first split: one row for each strength, one column for each feature."""
    norms: tuple[float, ...]
    zeros: int
    """Coefficients exactly 0, over all strengths and splits."""
    counted: int
    train_error: tuple[float, ...]
    train_spread: tuple[float, ...]
    validation_error: tuple[float, ...]
    validation_spread: tuple[float, ...]
    first_split_error: tuple[float, ...]
    best: int
    """Index of the strength with the smallest mean validation error."""
    best_strength: float
    plain_error: float
    best_error: float
    strongest: float
    strongest_error: float
    splits_improved: int
    grows: str
    """The feature whose coefficient is furthest above its size without penalty."""
    grows_from: float
    grows_to: float
    grows_strength: float
    flips: str
    """The feature whose coefficient changes sign and ends up largest with it."""
    flips_from: float
    flips_to: float
    flips_strength: float
    saving_large: float
    """What the penalty saves, at strength 1, when a weight goes from 1.5 to 1.4."""
    saving_small: float
    """The same from 0.2 to 0.1."""


def fit(
    features: np.ndarray, targets: np.ndarray, strength: float, penalty: str
) -> tuple[np.ndarray, float]:
    """Weights and bias that minimize mean squared error plus the penalty."""
    if penalty == "l2":
        return train(features, targets, l2=strength)
    if penalty == "l1" and strength > 0:
        model = Lasso(alpha=strength / 2, max_iter=100_000).fit(features, targets)
        return model.coef_, float(model.intercept_)
    return train(features, targets, l2=0.0)


def measure(penalty: str = "l2") -> Facts:
    """Fit 40 patients of the diabetes data at each strength, validate on the other 402.

    Args:
        penalty: "l2", or "l1" or "none" for comparison.
    """
    features, targets = load_diabetes(return_X_y=True)
    targets = (targets - targets.mean()) / targets.std()
    strengths = (0.0, *(round(10**e, 6) for e in EXPONENTS))
    coefficients = np.empty((SPLITS, len(strengths), features.shape[1]))
    errors = np.empty((2, SPLITS, len(strengths)))
    for split in range(SPLITS):
        order = np.random.default_rng(1 + split).permutation(len(targets))
        seen, unseen = order[:ROWS], order[ROWS:]
        mean, deviation = features[seen].mean(0), features[seen].std(0)
        scaled = (features - mean) / deviation
        for k, strength in enumerate(strengths):
            weights, bias = fit(scaled[seen], targets[seen], strength, penalty)
            coefficients[split, k] = weights
            squares = (scaled @ weights + bias - targets) ** 2
            errors[:, split, k] = squares[seen].mean(), squares[unseen].mean()

    path = coefficients[0]
    train_error, validation_error = errors.mean(1)
    best = int(validation_error.argmin())
    sizes = np.abs(path)
    grows_to, grows = np.unravel_index(int((sizes - sizes[0]).argmax()), sizes.shape)
    flipped = np.where(np.sign(path) * np.sign(path[0]) < 0, sizes, 0.0)
    flips_at, flips = np.unravel_index(int(flipped.argmax()), flipped.shape)

    def saving(before: float, after: float) -> float:
        return l2_penalty([np.array([before])], 1.0) - l2_penalty([np.array([after])], 1.0)

    def floats(values: np.ndarray) -> tuple[float, ...]:
        return tuple(float(v) for v in values)

    return Facts(
        rows=ROWS,
        splits=SPLITS,
        names=NAMES,
        strengths=strengths,
        coefficients=tuple(floats(row) for row in path),
        norms=floats(np.linalg.norm(path, axis=1)),
        zeros=int((coefficients == 0).sum()),
        counted=int(coefficients.size),
        train_error=floats(train_error),
        train_spread=floats(errors[0].std(0, ddof=1)),
        validation_error=floats(validation_error),
        validation_spread=floats(errors[1].std(0, ddof=1)),
        first_split_error=floats(errors[1, 0]),
        best=best,
        best_strength=strengths[best],
        plain_error=float(validation_error[0]),
        best_error=float(validation_error[best]),
        strongest=strengths[-1],
        strongest_error=float(validation_error[-1]),
        splits_improved=int((errors[1, :, best] < errors[1, :, 0]).sum()),
        grows=NAMES[int(grows)],
        grows_from=float(path[0, grows]),
        grows_to=float(path[grows_to, grows]),
        grows_strength=strengths[int(grows_to)],
        flips=NAMES[int(flips)],
        flips_from=float(path[0, flips]),
        flips_to=float(path[flips_at, flips]),
        flips_strength=strengths[int(flips_at)],
        saving_large=saving(1.5, 1.4),
        saving_small=saving(0.2, 0.1),
    )


def draw_coefficients(facts: Facts) -> MatplotlibFigure:
    """Coefficients over the strength, one line each."""
    figure = new_figure(width=5.8, height=4.0)
    axes = figure.subplots()
    marked = {facts.grows, facts.flips}
    for j, name in enumerate(facts.names):
        values = [row[j] for row in facts.coefficients]
        colour = LIGHT["l2"] if name in marked else LIGHT["plain"]
        axes.plot(
            facts.strengths[1:], values[1:], color=colour, linewidth=2.6 if name in marked else 1.3
        )
        if name in marked:
            place = facts.strengths[1] * 0.85, values[1]
            axes.text(*place, name, color=colour, ha="right", va="center")
    axes.axhline(0, color=LIGHT["ink"], linewidth=0.8)
    axes.axvline(facts.best_strength, color=LIGHT["muted"], linewidth=1.2, linestyle=":")
    axes.text(
        facts.best_strength * 1.12,
        axes.get_ylim()[0] * 0.96,
        "smallest validation\nerror",
        color=LIGHT["muted"],
        va="bottom",
    )
    axes.set_xscale("log")
    axes.set_xlim(facts.strengths[1] * 0.35, facts.strengths[-1])
    axes.set_xlabel("strength λ (dimensionless)")
    axes.set_ylabel("coefficient (dimensionless)")
    return figure


def chart_coefficients(facts: Facts) -> alt.TopLevelMixin:
    """Bars of the coefficients at the strength of a slider."""
    bars = [
        {"e": e, "name": name, "w": round(facts.coefficients[k][j], 4)}
        for k, e in enumerate(EXPONENTS, start=1)
        for j, name in enumerate(facts.names)
    ]
    ticks = [
        {"name": n, "w": round(w, 4)}
        for n, w in zip(facts.names, facts.coefficients[0], strict=True)
    ]
    lines = [
        {
            "e": e,
            "top": f"λ = {facts.strengths[k]:.3g} · norm {facts.norms[k]:.2f}",
            "bottom": f"validation error {facts.first_split_error[k]:.3f}"
            f" (λ = 0: {facts.first_split_error[0]:.3f})",
        }
        for k, e in enumerate(EXPONENTS, start=1)
    ]
    limit = 1.05 * max(abs(w) for w in facts.coefficients[0])
    exponent = slider(
        "exponent",
        "Strength λ",
        low=EXPONENTS[0],
        high=EXPONENTS[-1],
        step=0.2,
        value=EXPONENTS[0],
        shown=power_of_ten("exponent"),
    )
    chosen = "abs(datum.e - exponent) < 0.05"
    x = alt.X("name:N", sort=list(facts.names), title=None, axis=alt.Axis(labelAngle=0))
    y = alt.Y(
        "w:Q",
        title="coefficient (dimensionless)",
        scale=alt.Scale(domain=[-limit, limit * 1.45], nice=False),
        axis=alt.Axis(tickCount=6, titlePadding=12),
    )
    bar = (
        alt.Chart(alt.InlineData(values=bars))
        .mark_bar(color=CSS["l2"])
        .encode(x=x, y=y, tooltip=[alt.Tooltip("name:N"), alt.Tooltip("w:Q", format=".3f")])
        .transform_filter(chosen)
    )
    tick = (
        alt.Chart(alt.InlineData(values=ticks))
        .mark_tick(color=CSS["plain"], thickness=2, size=22)
        .encode(x=x, y=y)
    )
    text = alt.Chart(alt.InlineData(values=lines)).transform_filter(chosen)

    def row(field: str, y: int) -> Any:
        mark = text.mark_text(align="left", baseline="top", fontSize=13, color=CSS["ink"])
        return mark.encode(x=alt.value(6), y=alt.value(y), text=f"{field}:N")

    layers = alt.layer(bar, tick, row("top", 4), row("bottom", 24))
    return layers.add_params(*exponent).properties(width="container", height=320)


def draw_errors(facts: Facts) -> MatplotlibFigure:
    """Training and validation error over the strength."""
    figure = new_figure(width=5.8, height=3.6)
    axes = figure.subplots()
    strengths = np.array(facts.strengths[1:])
    for error, spread, style, name in (
        (facts.validation_error, facts.validation_spread, "-", "validation"),
        (facts.train_error, facts.train_spread, "--", "training"),
    ):
        mean, deviation = np.array(error[1:]), np.array(spread[1:])
        axes.plot(strengths, mean, color=LIGHT["l2"], linestyle=style)
        axes.fill_between(
            strengths, mean - deviation, mean + deviation, color=LIGHT["l2"], alpha=0.15, lw=0
        )
        axes.text(strengths[0], mean[0] + 0.03, name, color=LIGHT["ink"], va="bottom")
    axes.plot(facts.best_strength, facts.best_error, "o", color=LIGHT["l2"], markersize=9)
    axes.annotate(
        f"λ = {facts.best_strength:.2g}",
        (facts.best_strength, facts.best_error),
        xytext=(0, 12),
        textcoords="offset points",
        ha="center",
        va="bottom",
    )
    axes.set_xscale("log")
    axes.set_ylim(0, 1.15)
    axes.set_xlabel("strength λ (dimensionless)")
    axes.set_ylabel("mean squared error\n(1 = variance of the targets)")
    return figure


EXPERIMENT = Experiment(
    question="What does L2 do to the coefficients of a linear model, and to its error on new data?",
    measure=measure,
    claims=(
        Claim(
            id="norm_falls",
            sentence=lambda f: (
                f"The norm of all coefficients together falls at every increase of $\\lambda$: "
                f"from {f.norms[0]:.2f} without penalty to {f.norms[f.best]:.2f} at "
                f"$\\lambda = {f.best_strength:.2g}$ and {f.norms[-1]:.3f} at "
                f"$\\lambda = {f.strongest:g}$."
            ),
            check=lambda f: all(b < a for a, b in zip(f.norms, f.norms[1:], strict=False)),
            without={"penalty": "none"},
        ),
        Claim(
            id="single_coefficients_may_grow",
            sentence=lambda f: (
                f"A single coefficient may grow: `{f.grows}` goes from {f.grows_from:.2f} without "
                f"penalty to {f.grows_to:.2f} at $\\lambda = {f.grows_strength:.2g}$. "
                f"It may change sign: `{f.flips}` is "
                f"{f.flips_from:.2f} without penalty and {f.flips_to:.2f} at "
                f"$\\lambda = {f.flips_strength:.2g}$."
            ),
            check=lambda f: (
                abs(f.grows_to) > abs(f.grows_from) + 0.1
                and f.flips_from * f.flips_to < 0
                and abs(f.flips_to) > 0.05
            ),
            without={"penalty": "none"},
        ),
        Claim(
            id="never_exactly_zero",
            sentence=lambda f: (
                f"Of {f.counted:,} fitted coefficients, {f.zeros} are exactly zero, "
                f"although $\\lambda$ goes up to {f.strongest:g}."
            ),
            check=lambda f: f.zeros == 0 and f.norms[-1] < 0.05 * f.norms[0],
            without={"penalty": "l1"},
        ),
        Claim(
            id="better_on_new_data",
            sentence=lambda f: (
                f"Fitted to {f.rows} patients, the model's error on the others falls from "
                f"{f.plain_error:.3f} to {f.best_error:.3f} at $\\lambda = {f.best_strength:.2g}$ "
                f"(mean of {f.splits} random splits; better in {f.splits_improved} of them)."
            ),
            check=lambda f: (
                f.best_error < 0.9 * f.plain_error and f.splits_improved >= 0.9 * f.splits
            ),
            without={"penalty": "none"},
        ),
        Claim(
            id="too_strong_forgets",
            sentence=lambda f: (
                f"Too strong is worse than none: at $\\lambda = {f.strongest:g}$ the validation "
                f"error is {f.strongest_error:.2f}, about what predicting the mean would give."
            ),
            check=lambda f: f.strongest_error > f.plain_error + 0.1 and f.strongest_error > 0.9,
            without={"penalty": "none"},
        ),
    ),
    figures=(
        Figure(
            name="coefficients",
            title=lambda f: "L2 pulls the coefficients towards zero, together, never all the way",
            caption=lambda f: (
                f"Ten coefficients of a linear model of diabetes progression, fitted to {f.rows} "
                f"patients (one of {f.splits} splits); gray marks are the coefficients without "
                f"penalty. Their norm falls at "
                f"every step of $\\lambda$, yet `{f.grows}` grows for a while and `{f.flips}` "
                f"changes sign: where features carry the same information, L2 shares the work "
                f"out anew."
            ),
            alt=lambda f: (
                f"Ten coefficients over the strength lambda. Their norm falls from "
                f"{f.norms[0]:.2f} without penalty to {f.norms[f.best]:.2f} at lambda "
                f"{f.best_strength:.2g}, where the validation error is smallest, and to "
                f"{f.norms[-1]:.3f} at lambda {f.strongest:g}. {f.grows} grows from "
                f"{f.grows_from:.2f} to {f.grows_to:.2f} on the way; {f.flips} goes from "
                f"{f.flips_from:.2f} to {f.flips_to:.2f}. None becomes exactly zero."
            ),
            draw=draw_coefficients,
            chart=chart_coefficients,
        ),
        Figure(
            name="errors",
            title=lambda f: "A little L2 helps on new patients, a lot of it forgets the data",
            caption=lambda f: (
                f"The training error only rises with $\\lambda$; the validation error first falls, "
                f"to {f.best_error:.2f} at $\\lambda = {f.best_strength:.2g}$. Mean and standard "
                f"deviation over {f.splits} random splits."
            ),
            alt=lambda f: (
                f"Mean squared error over lambda. Training error rises from "
                f"{f.train_error[0]:.2f} to {f.train_error[-1]:.2f}. Validation error falls from "
                f"{f.plain_error:.2f} to {f.best_error:.2f} at lambda {f.best_strength:.2g}, then "
                f"rises to {f.strongest_error:.2f}."
            ),
            draw=draw_errors,
        ),
    ),
)
