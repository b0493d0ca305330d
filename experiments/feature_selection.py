"""Which of 100 features L1 keeps when 10 of them matter."""

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.linear_model import Ridge, lasso_path

from experiments.charts import power_of_ten, slider
from experiments.drawing import CSS, LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.sklearn.select_features import select_features

ROWS, FEATURES, MATTER = 200, 100, 10
SIZES = tuple(round(0.2 * k, 1) for k in range(1, MATTER + 1))  # weights of those that matter
SEEDS = 20
EXPONENTS = tuple(round(-1.4 + 0.1 * k, 1) for k in range(19))


@dataclass(frozen=True)
class Facts:
    """What is kept; means over the seeds unless said otherwise."""

    rows: int
    features: int
    matter: int
    useless: int
    seeds: int
    smallest: float
    """Of the true weights; the targets' noise has standard deviation 1."""
    largest: float
    strengths: tuple[float, ...]
    right: tuple[float, ...]
    """Kept features that matter, for each strength."""
    right_spread: tuple[float, ...]
    wrong: tuple[float, ...]
    """Kept features that do not."""
    wrong_spread: tuple[float, ...]
    perfect: int
    """Data sets in which some strength keeps all that matter and nothing else."""
    first_path: tuple[tuple[float, ...], ...]
    """Weights of the first seed: one row for each strength."""
    first_chosen: float
    chosen: float
    """The strength that cross-validation chose, in the middle (median) of the seeds."""
    chosen_kept: float
    chosen_right: float
    chosen_wrong: float
    chosen_precision: float
    chosen_recall: float
    pure: float
    """The smallest strength at which less than one useless feature is kept; 0 if none is."""
    pure_kept: float
    pure_right: float
    pure_wrong: float
    pure_precision: float
    pure_recall: float
    missed_size: float
    """Mean true weight, without sign, of those that matter but are 0 at ``pure``."""
    found_size: float
    survivor_true: float
    """Mean true weight of those found at ``pure``, and what the lasso gives them."""
    survivor_fitted: float


def data(seed: int, equal: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Independent standard normal features; the first ten have a weight."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(ROWS, FEATURES))
    weights = np.zeros(FEATURES)
    signs = rng.choice([-1.0, 1.0], size=MATTER)
    weights[:MATTER] = signs * (np.mean(SIZES) if equal else np.array(SIZES))
    return features, features @ weights + rng.normal(size=ROWS), weights


def measure(penalty: str = "l1", equal: bool = False) -> Facts:
    """Fit each of 20 data sets at each strength.

    Args:
        penalty: "l1", or "l2" for comparison.
        equal: Whether all features that matter matter alike.
    """
    strengths = tuple(round(10**e, 4) for e in EXPONENTS)
    paths = np.empty((SEEDS, len(strengths), FEATURES))
    truths = np.empty((SEEDS, FEATURES))
    chosen, chosen_right, chosen_wrong = [], [], []
    for seed in range(SEEDS):
        features, targets, truths[seed] = data(seed, equal)
        scaled = (features - features.mean(0)) / features.std(0)
        centred = targets - targets.mean()
        if penalty == "l1":
            alphas = np.array(strengths[::-1]) / 2
            _, path, *_ = lasso_path(scaled, centred, alphas=alphas, tol=1e-6)
            paths[seed] = path.T[::-1]
            kept, strength = select_features(features, targets)
        else:
            for k, l2 in enumerate(strengths):
                paths[seed, k] = Ridge(alpha=ROWS * l2).fit(scaled, centred).coef_
            kept, strength = list(range(FEATURES)), strengths[0]
        chosen.append(strength)
        chosen_right.append(sum(j < MATTER for j in kept))
        chosen_wrong.append(sum(j >= MATTER for j in kept))
    right = (paths[:, :, :MATTER] != 0).sum(2)
    wrong = (paths[:, :, MATTER:] != 0).sum(2)
    pure_at = next((k for k, n in enumerate(wrong.mean(0)) if n < 1), None)
    at = 0 if pure_at is None else pure_at
    found = paths[:, at, :MATTER] != 0
    sizes = np.abs(truths[:, :MATTER])
    pure_kept = float(right.mean(0)[at] + wrong.mean(0)[at])
    kept_mean = float(np.mean(chosen_right) + np.mean(chosen_wrong))

    def floats(values: np.ndarray) -> tuple[float, ...]:
        return tuple(float(v) for v in values)

    return Facts(
        rows=ROWS,
        features=FEATURES,
        matter=MATTER,
        useless=FEATURES - MATTER,
        seeds=SEEDS,
        smallest=SIZES[0],
        largest=SIZES[-1],
        strengths=strengths,
        right=floats(right.mean(0)),
        right_spread=floats(right.std(0, ddof=1)),
        wrong=floats(wrong.mean(0)),
        wrong_spread=floats(wrong.std(0, ddof=1)),
        perfect=int(((right == MATTER) & (wrong == 0)).any(1).sum()),
        first_path=tuple(floats(row) for row in paths[0]),
        first_chosen=chosen[0],
        chosen=float(np.median(chosen)),
        chosen_kept=kept_mean,
        chosen_right=float(np.mean(chosen_right)),
        chosen_wrong=float(np.mean(chosen_wrong)),
        chosen_precision=float(np.mean(chosen_right)) / kept_mean,
        chosen_recall=float(np.mean(chosen_right)) / MATTER,
        pure=0.0 if pure_at is None else strengths[pure_at],
        pure_kept=pure_kept,
        pure_right=float(right.mean(0)[at]),
        pure_wrong=float(wrong.mean(0)[at]),
        pure_precision=float(right.mean(0)[at]) / pure_kept,
        pure_recall=float(right.mean(0)[at]) / MATTER,
        missed_size=float(sizes[~found].mean()) if (~found).any() else 0.0,
        found_size=float(sizes[found].mean()),
        survivor_true=float(sizes[found].mean()),
        survivor_fitted=float(np.abs(paths[:, at, :MATTER])[found].mean()),
    )


def draw_path(facts: Facts) -> MatplotlibFigure:
    """Weights of one data set over the strength."""
    figure = new_figure(width=5.8, height=4.0)
    axes = figure.subplots()
    path = np.array(facts.first_path)
    for j in reversed(range(facts.features)):
        matters = j < facts.matter
        axes.plot(
            facts.strengths,
            path[:, j],
            color=LIGHT["l1"] if matters else LIGHT["plain"],
            linewidth=2.2 if matters else 0.8,
        )
    axes.axvline(facts.first_chosen, color=LIGHT["muted"], linestyle=":", linewidth=1.4)
    top = axes.get_ylim()[1]
    axes.set_ylim(top=1.4 * top)
    axes.text(
        facts.first_chosen * 1.05,
        1.38 * top,
        "chosen by\ncross-validation",
        color=LIGHT["muted"],
        va="top",
    )
    right = facts.strengths[-1]
    axes.text(right, 1.38 * top, "matter", color=LIGHT["l1"], ha="right", va="top")
    axes.text(right, 1.2 * top, "do not matter", color=LIGHT["plain"], ha="right", va="top")
    axes.set_xscale("log")
    axes.set_xlim(facts.strengths[0], facts.strengths[-1])
    axes.set_xlabel("strength λ (dimensionless)")
    axes.set_ylabel("weight (dimensionless)")
    return figure


def chart_path(facts: Facts) -> alt.TopLevelMixin:
    """All weights of one data set at the strength of a slider."""
    points, lines = [], []
    for exponent, weights in zip(EXPONENTS, facts.first_path, strict=True):
        kept = [(j, w) for j, w in enumerate(weights) if w != 0]
        points += [{"e": exponent, "j": j + 1, "w": round(w, 3)} for j, w in kept]
        right = sum(j < facts.matter for j, _ in kept)
        lines.append(
            {
                "e": exponent,
                "top": f"λ = {10**exponent:.2g}: {len(kept)} of {facts.features} kept",
                "right": f"{right} of {facts.matter} that matter",
                "wrong": f"{len(kept) - right} of {facts.useless} that do not",
            }
        )
    limit = 1.05 * max(abs(w) for weights in facts.first_path for w in weights)
    start = min(EXPONENTS, key=lambda e: abs(10**e - facts.first_chosen))
    control = slider(
        "exponent",
        "Strength λ",
        low=EXPONENTS[0],
        high=EXPONENTS[-1],
        step=0.1,
        value=start,
        shown=power_of_ten("exponent"),
    )
    chosen = "abs(datum.e - exponent) < 0.05"
    x = alt.X(
        "j:Q",
        title=f"feature (1 to {facts.matter} matter)",
        scale=alt.Scale(domain=[0, facts.features + 1], nice=False),
        axis=alt.Axis(values=[1, 10, 25, 50, 75, 100], grid=False),
    )
    y = alt.Y(
        "w:Q",
        title="weight (dimensionless)",
        scale=alt.Scale(domain=[-limit, limit * 1.3], nice=False),
        axis=alt.Axis(tickCount=5, titlePadding=12),
    )
    colour = alt.condition(
        f"datum.j <= {facts.matter}", alt.value(CSS["l1"]), alt.value(CSS["plain"])
    )
    bars = (
        alt.Chart(alt.InlineData(values=points))
        .transform_filter(chosen)
        .mark_bar(size=3)
        .encode(x=x, y=y, color=colour, tooltip=[alt.Tooltip("j:Q"), alt.Tooltip("w:Q")])
    )
    zero = (
        alt.Chart(alt.InlineData(values=[{"w": 0}])).mark_rule(color=CSS["muted"]).encode(y="w:Q")
    )
    text = alt.Chart(alt.InlineData(values=lines)).transform_filter(chosen)

    def row(field: str, height: int, name: str) -> Any:
        mark = text.mark_text(align="right", baseline="top", fontSize=13, color=CSS[name], dx=-6)
        return mark.encode(x=alt.value("width"), y=alt.value(height), text=f"{field}:N")

    layers = alt.layer(
        zero, bars, row("top", 4, "ink"), row("right", 23, "l1"), row("wrong", 42, "plain")
    )
    return layers.add_params(*control).properties(width="container", height=320)


def draw_kept(facts: Facts) -> MatplotlibFigure:
    """How many features of either kind are kept, over the strength."""
    figure = new_figure(width=5.8, height=3.6)
    axes = figure.subplots()
    strengths = np.array(facts.strengths)
    for mean, spread, colour in (
        (facts.right, facts.right_spread, "l1"),
        (facts.wrong, facts.wrong_spread, "plain"),
    ):
        m, s = np.array(mean), np.array(spread)
        axes.plot(strengths, m, color=LIGHT[colour])
        axes.fill_between(strengths, m - s, m + s, color=LIGHT[colour], alpha=0.2, lw=0)
    axes.axvline(facts.chosen, color=LIGHT["muted"], linestyle=":", linewidth=1.4)
    axes.text(
        facts.chosen * 1.06, 50, "chosen by\ncross-validation", color=LIGHT["muted"], va="top"
    )
    axes.text(0.6, 11.5, f"of the {facts.matter} that matter", color=LIGHT["l1"], va="bottom")
    axes.text(
        strengths[0] * 1.22, facts.wrong[0] - 4, f"of the {facts.useless} others", va="bottom"
    )
    axes.set_xscale("log")
    axes.set_ylim(0, 72)
    axes.set_xlim(strengths[0], strengths[-1])
    axes.set_xlabel("strength λ (dimensionless)")
    axes.set_ylabel("features kept")
    return figure


EXPERIMENT = Experiment(
    question="Which features does L1 keep when 10 of 100 matter?",
    measure=measure,
    claims=(
        Claim(
            id="keeps_what_matters_and_more",
            sentence=lambda f: (
                f"At the strength that cross-validation chooses (about {f.chosen:.2f}), the lasso "
                f"keeps {f.chosen_kept:.1f} of {f.features} features: {f.chosen_right:.1f} of the "
                f"{f.matter} that matter, and {f.chosen_wrong:.1f} of the {f.useless} that do not "
                f"(means of {f.seeds} data sets)."
            ),
            check=lambda f: (
                f.chosen_recall > 0.95
                and f.chosen_wrong > f.matter
                and f.chosen_kept < 0.5 * f.features
            ),
            without={"penalty": "l2"},
        ),
        Claim(
            id="purer_when_stronger",
            sentence=lambda f: (
                f"To let less than one useless feature through you need "
                f"$\\lambda = {f.pure:.2f}$, {f.pure / f.chosen:.1f} times as much; then "
                f"{f.pure_right:.1f} of the {f.matter} are left."
            ),
            check=lambda f: (
                f.pure > 2 * f.chosen and f.pure_wrong < 1 and f.pure_right < f.chosen_right - 0.5
            ),
            without={"penalty": "l2"},
        ),
        Claim(
            id="misses_the_weakest",
            sentence=lambda f: (
                f"Those it then misses are the weak ones: their true weight is "
                f"{f.missed_size:.2f} on average, against {f.found_size:.2f} for those it finds."
            ),
            check=lambda f: 0 < f.missed_size < 0.5 * f.found_size,
            without={"equal": True},
        ),
        Claim(
            id="survivors_are_too_small",
            sentence=lambda f: (
                f"The survivors' weights are too small: {f.survivor_fitted:.2f} on average where "
                f"the truth is {f.survivor_true:.2f}; half of $\\lambda$ is "
                f"{f.pure / 2:.2f}. Fit the kept features again without "
                f"penalty if you need their sizes."
            ),
            check=lambda f: (
                f.pure > 0 and abs(f.survivor_true - f.survivor_fitted - f.pure / 2) < 0.05
            ),
            without={"penalty": "l2"},
        ),
    ),
    figures=(
        Figure(
            name="path",
            title=lambda f: "As λ grows, useless features leave first, weak ones next",
            caption=lambda f: (
                f"The weights of {f.features} features, fitted to {f.rows} rows of one data set. "
                f"Orange features matter, with true sizes from {f.smallest:g} to {f.largest:g}; "
                f"gray ones were never used to make the targets. Some $\\lambda$ of the slider "
                f"keeps all orange and no gray ones in {f.perfect} of {f.seeds} data sets."
            ),
            alt=lambda f: (
                f"Weights of {f.features} features over lambda, one data set. On average over "
                f"{f.seeds} data sets, {f.right[0]:.0f} of {f.matter} that matter and "
                f"{f.wrong[0]:.0f} of {f.useless} others are kept at lambda {f.strengths[0]:.2f}; "
                f"at lambda {f.pure:.2f} it is {f.pure_right:.1f} and {f.pure_wrong:.1f}."
            ),
            draw=draw_path,
            chart=chart_path,
        ),
        Figure(
            name="kept",
            title=lambda f: "Cross-validation keeps the right ones, and others with them",
            caption=lambda f: (
                f"Features kept, mean and standard deviation over {f.seeds} data sets. "
                f"Cross-validation wants small errors, and a useless feature with a tiny weight "
                f"costs little error."
            ),
            alt=lambda f: (
                f"Features kept over lambda. Those that matter: {f.right[0]:.1f} at lambda "
                f"{f.strengths[0]:.2f}, {f.chosen_right:.1f} at the cross-validated strength, "
                f"{f.right[-1]:.1f} at {f.strengths[-1]:.1f}. Others: {f.wrong[0]:.0f}, "
                f"{f.chosen_wrong:.1f} and {f.wrong[-1]:.1f}."
            ),
            draw=draw_kept,
        ),
    ),
)
