"""Lasso, elastic net and ridge on features that come in correlated groups."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import altair as alt
import numpy as np
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.linear_model import enet_path

from experiments.charts import power_of_ten, slider
from experiments.drawing import CSS, LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.sklearn.elastic_net_training import train

SEEDS = 80
ROWS, UNSEEN = 50, 1000
GROUPS, SIZE, ALONE = 3, 5, 15
MATTER = 2 * SIZE
"""The features of the first two groups, each with weight 1; the third group is useless."""
FEATURES = GROUPS * SIZE + ALONE
NOISE = 3.0
STRENGTHS = np.geomspace(20, 0.02, 31)
"""Of L1 in the lasso and the elastic net, of L2 in ridge."""
SHARES, TUNED_SEEDS = (0.2, 0.5, 1.0, 2.0, 4.0), 30
"""Of the elastic net's L2, as multiples of its usual one, where the ratio is tuned as well."""
EXACT = {"tol": 1e-6, "max_iter": 10_000}
PATH_SEED, PATH_L1 = 0, 1.0
EXPONENTS = tuple(round(-2 + 0.2 * k, 1) for k in range(16))  # l2 from 0.01 to 10


@dataclass(frozen=True)
class Model:
    """Means and standard deviations over the data sets, each at its best strength."""

    kept: float
    """Of the features that matter."""
    useless: float
    """Features kept that do not."""
    distance: float
    """Of the weights that should be 1 from 1, on average."""
    error: float
    """On new data, above the noise."""
    spread: float


@dataclass(frozen=True)
class Facts:
    """What the three penalties did with the same data."""

    seeds: int
    rows: int
    features: int
    matter: int
    others: int
    group: int
    alone: int
    correlation: float
    l2_share: float
    """The elastic net's l2, as a part of its l1."""
    lasso: Model
    elastic_net: Model
    ridge: Model
    closer: int
    """Data sets in which the elastic net's weights are nearer to the truth than the lasso's."""
    better: int
    """Data sets in which its error is below the lasso's."""
    gain: float
    """The lasso's error minus its own, on the same data set; mean."""
    gain_error: float
    """Standard error of that mean."""
    scatter_lasso: float
    scatter_net: float
    scatter_ridge: float
    """Standard deviation over the data sets of a weight that should be 1, on average."""
    tuned_seeds: int
    shares: int
    """Ratios tried, each with all strengths."""
    strengths_tried: int
    tuned_error: float
    """Of the elastic net with the best of the ratios, too, on the first ``tuned_seeds``."""
    fixed_error: float
    """On the same, with the one ratio."""
    tuned_gain_error: float
    """Standard error of the difference of the two."""
    single: float
    """The weight of the one feature of a group, if the others do not matter."""
    single_lasso: float
    single_net: float
    """Distance from those weights."""
    single_closer: int
    """Data sets in which the elastic net's are nearer to them."""
    copy_l1: float
    copy_l2: float
    copy_lasso: tuple[float, float]
    """Weights of a column and its exact copy."""
    copy_elastic_net: tuple[float, float]
    path_l1: float
    strengths: tuple[float, ...]
    """Of L2 beside ``path_l1``; index 0 is none."""
    paths: tuple[tuple[float, ...], ...]
    """One row for each strength, one column for each feature."""
    path_kept: tuple[int, ...]
    path_useless: tuple[int, ...]
    path_error: tuple[float, ...]
    path_best: int
    """Index of the strength with the smallest error."""
    path_best_strength: float


def truth(alike: bool) -> np.ndarray:
    """Weights of the features that matter: all alike, or all of a group's on its first."""
    return np.ones(MATTER) if alike else np.tile([SIZE, *[0] * (SIZE - 1)], GROUPS - 1)


def draw_data(seed: int, correlation: float, alike: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from, then rows to choose with, then rows to judge with."""
    rng = np.random.default_rng(seed)
    rows = ROWS + 2 * UNSEEN
    shared = np.repeat(rng.normal(size=(rows, GROUPS)), SIZE, axis=1)
    own = rng.normal(size=(rows, GROUPS * SIZE))
    grouped = np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own
    features = np.hstack([grouped, rng.normal(size=(rows, ALONE))])
    targets = features[:, :MATTER] @ truth(alike) + NOISE * rng.normal(size=rows)
    return features, targets


@cache
def fits(
    model: str, correlation: float, l2_share: float, alike: bool = True, seeds: int = SEEDS
) -> tuple[np.ndarray, np.ndarray]:
    """Kept, useless, distance, error and the error that chose, for each seed; and the weights."""
    found, kept = np.empty((seeds, 5)), np.empty((seeds, MATTER))
    for seed in range(seeds):
        features, targets = draw_data(seed, correlation, alike)
        mean, level = features[:ROWS].mean(0), targets[:ROWS].mean()
        x, y = features[:ROWS] - mean, targets[:ROWS] - level
        if model == "ridge":
            values, vectors = np.linalg.eigh(x.T @ x / ROWS)
            moment = vectors.T @ (x.T @ y / ROWS)
            paths = vectors @ (moment[:, None] / (values[:, None] + STRENGTHS))
        else:
            share = l2_share if model == "elastic_net" else 0.0
            alphas = STRENGTHS * (0.5 + share)
            _, paths, *_ = enet_path(x, y, l1_ratio=0.5 / (0.5 + share), alphas=alphas, **EXACT)
        errors = (features[ROWS:] - mean) @ paths + level - targets[ROWS:, None]
        choosing = (errors[:UNSEEN] ** 2).mean(0) - NOISE**2
        best = int(choosing.argmin())  # chosen on one half ...
        weights = paths[:, best]
        found[seed] = (
            (weights[:MATTER] != 0).sum(),
            (weights[MATTER:] != 0).sum(),
            np.abs(weights[:MATTER] - truth(alike)).mean(),
            (errors[UNSEEN:, best] ** 2).mean() - NOISE**2,  # ... judged on the other
            choosing[best],
        )
        kept[seed] = weights[:MATTER]
    return found, kept


def summary(found: np.ndarray) -> Model:
    """Means over the seeds."""
    kept, useless, distance, error, _ = (float(v) for v in found.mean(0))
    return Model(kept, useless, distance, error, spread=float(found[:, 3].std(ddof=1)))


def measure(correlation: float = 0.95, l2_share: float = 0.5) -> Facts:
    """Fit lasso, elastic net and ridge to many data sets.

    Args:
        correlation: Between two features of one group.
        l2_share: The elastic net's l2 as a part of its l1; 0 makes it the lasso.
    """
    (lasso, by_l1), (net, by_both), (ridge, by_l2) = (
        fits(m, correlation, l2_share) for m in ("lasso", "elastic_net", "ridge")
    )
    tried = np.array(
        [
            fits("elastic_net", correlation, l2_share * s, seeds=TUNED_SEEDS)[0][:, 3:]
            for s in SHARES
        ]
    )
    fixed = net[:TUNED_SEEDS, 3]
    tuned = tried[tried[:, :, 1].argmin(0), range(TUNED_SEEDS), 0]
    gains = lasso[:, 3] - net[:, 3]
    single_lasso, single_net = (
        fits(m, correlation, l2_share, alike=False)[0][:, 2] for m in ("lasso", "elastic_net")
    )

    rng = np.random.default_rng(0)
    column, noise = rng.normal(size=(2, 200))
    twice, targets = np.column_stack([column, column]), column + 0.5 * noise
    copy_l1 = 0.2
    copy_l2 = l2_share * copy_l1
    by_lasso, _ = train(twice, targets, l1=copy_l1, l2=0.0)
    by_net, _ = train(twice, targets, l1=copy_l1, l2=copy_l2)

    features, targets = draw_data(PATH_SEED, correlation)
    strengths = (0.0, *(round(10**e, 6) for e in EXPONENTS))
    paths, errors = [], []
    for l2 in strengths:
        weights, bias = train(features[:ROWS], targets[:ROWS], l1=PATH_L1, l2=l2)
        paths.append(weights)
        squares = (features[ROWS:] @ weights + bias - targets[ROWS:]) ** 2
        errors.append(float(squares.mean() - NOISE**2))
    best = int(np.argmin(errors))

    return Facts(
        seeds=SEEDS,
        rows=ROWS,
        features=FEATURES,
        matter=MATTER,
        others=FEATURES - MATTER,
        group=SIZE,
        alone=ALONE,
        correlation=correlation,
        l2_share=l2_share,
        lasso=summary(lasso),
        elastic_net=summary(net),
        ridge=summary(ridge),
        closer=int((net[:, 2] < lasso[:, 2]).sum()),
        better=int((net[:, 3] < lasso[:, 3]).sum()),
        gain=float(gains.mean()),
        gain_error=float(gains.std(ddof=1) / np.sqrt(SEEDS)),
        scatter_lasso=float(by_l1.std(0, ddof=1).mean()),
        scatter_net=float(by_both.std(0, ddof=1).mean()),
        scatter_ridge=float(by_l2.std(0, ddof=1).mean()),
        tuned_seeds=TUNED_SEEDS,
        shares=len(SHARES),
        strengths_tried=len(STRENGTHS),
        tuned_error=float(tuned.mean()),
        fixed_error=float(fixed.mean()),
        tuned_gain_error=float((fixed - tuned).std(ddof=1) / np.sqrt(TUNED_SEEDS)),
        single=float(SIZE),
        single_lasso=float(single_lasso.mean()),
        single_net=float(single_net.mean()),
        single_closer=int((single_net < single_lasso).sum()),
        copy_l1=copy_l1,
        copy_l2=copy_l2,
        copy_lasso=(float(by_lasso[0]), float(by_lasso[1])),
        copy_elastic_net=(float(by_net[0]), float(by_net[1])),
        path_l1=PATH_L1,
        strengths=strengths,
        paths=tuple(tuple(float(w) for w in row) for row in paths),
        path_kept=tuple(int((row[:MATTER] != 0).sum()) for row in paths),
        path_useless=tuple(int((row[MATTER:] != 0).sum()) for row in paths),
        path_error=tuple(errors),
        path_best=best,
        path_best_strength=strengths[best],
    )


def draw_groups(facts: Facts) -> MatplotlibFigure:
    """Weights over the strength of L2, one line each."""
    figure = new_figure(width=5.8, height=4.0)
    axes = figure.subplots()
    strengths = facts.strengths[1:]
    for j in reversed(range(facts.features)):
        matters = j < facts.matter
        axes.plot(
            strengths,
            [row[j] for row in facts.paths[1:]],
            color=LIGHT["elastic_net"] if matters else LIGHT["plain"],
            linewidth=2.0 if matters else 1.0,
        )
    axes.axhline(1, color=LIGHT["ink"], linewidth=1.0, linestyle=":")
    axes.text(strengths[-1] / 1.1, 1.1, "what they should be", ha="right", va="bottom")
    axes.axhline(0, color=LIGHT["ink"], linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xlim(strengths[0], strengths[-1])
    axes.set_xlabel(f"strength of L2, λ₂ (dimensionless), with λ₁ = {facts.path_l1:g}")
    axes.set_ylabel("weight (dimensionless)")
    top = max(facts.paths[1][: facts.matter])
    axes.text(
        strengths[0] * 1.25, top * 1.03, "ten that matter", color=LIGHT["elastic_net"], va="bottom"
    )
    axes.set_ylim(top=top * 1.18)
    low = min(min(row) for row in facts.paths)
    axes.text(strengths[0] * 1.25, low - 0.06, "useless", color=LIGHT["plain"], va="top")
    axes.set_ylim(bottom=low - 0.16 * top)
    return figure


def chart_groups(facts: Facts) -> alt.TopLevelMixin:
    """Bars of the weights at the strength of a slider."""
    matters = f"{facts.matter} that matter"
    bars = [
        {
            "e": e,
            "feature": j + 1,
            "w": round(facts.paths[k][j], 3),
            "kind": matters if j < facts.matter else "useless",
        }
        for k, e in enumerate(EXPONENTS, start=1)
        for j in range(facts.features)
    ]
    ticks = [{"feature": j + 1, "w": round(w, 3)} for j, w in enumerate(facts.paths[0])]
    lines = [
        {
            "e": e,
            "top": f"λ₂ = {facts.strengths[k]:.2g}",
            "middle": f"kept: {facts.path_kept[k]} of {facts.matter} and"
            f" {facts.path_useless[k]} useless",
            "bottom": f"error on new data: {facts.path_error[k]:.2f}",
            "marks": f"marks: λ₂ = 0, error {facts.path_error[0]:.2f}",
        }
        for k, e in enumerate(EXPONENTS, start=1)
    ]
    values = [w for row in facts.paths for w in row]
    exponent = slider(
        "exponent",
        "Strength of L2, λ₂",
        low=EXPONENTS[0],
        high=EXPONENTS[-1],
        step=0.2,
        value=EXPONENTS[0],
        shown=power_of_ten("exponent"),
    )
    chosen = "abs(datum.e - exponent) < 0.05"
    x = alt.X(
        "feature:O",
        title="features",
        axis=alt.Axis(labels=False, ticks=False),
    )
    y = alt.Y(
        "w:Q",
        title="weight (dimensionless)",
        scale=alt.Scale(domain=[min(values) - 0.35, max(values) * 1.5], nice=False),
        axis=alt.Axis(tickCount=6, titlePadding=12),
    )
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=[matters, "useless"], range=[CSS["elastic_net"], CSS["plain"]]),
        legend=None,
    )
    bar = (
        alt.Chart(alt.InlineData(values=bars))
        .mark_bar()
        .encode(
            x=x,
            y=y,
            color=colour,
            tooltip=[alt.Tooltip("feature:O"), alt.Tooltip("w:Q", format=".3f")],
        )
        .transform_filter(chosen)
    )
    tick = (
        alt.Chart(alt.InlineData(values=ticks))
        .mark_tick(color=CSS["muted"], thickness=2)
        .encode(x=x, y=y)
    )
    text = alt.Chart(alt.InlineData(values=lines)).transform_filter(chosen)

    def row(field: str, y: int) -> Any:
        mark = text.mark_text(align="left", baseline="top", fontSize=13, color=CSS["ink"])
        return mark.encode(x=alt.value(6), y=alt.value(y), text=f"{field}:N")

    def name(kind: str, feature: int, align: Literal["left", "right"]) -> Any:
        place = alt.Chart(alt.InlineData(values=[{"feature": feature, "kind": kind}]))
        mark = place.mark_text(align=align, baseline="bottom", fontSize=13)
        return mark.encode(x=x, y=alt.value(316), text="kind:N", color=colour)

    names = name(matters, 1, "left"), name("useless", facts.features, "right")
    rows = (row("top", 4), row("middle", 22), row("bottom", 40), row("marks", 58))
    layers = alt.layer(bar, tick, *names, *rows)
    return layers.add_params(*exponent).properties(width="container", height=320)


EXPERIMENT = Experiment(
    question="What does L2 beside L1 do to features that come in correlated groups?",
    measure=measure,
    claims=(
        Claim(
            id="copies_share",
            sentence=lambda f: (
                f"A column and its exact copy: the lasso gives them {f.copy_lasso[0]:.2f} and "
                f"{f.copy_lasso[1]:.0f}, the elastic net {f.copy_elastic_net[0]:.2f} and "
                f"{f.copy_elastic_net[1]:.2f} ($\\lambda_1 = {f.copy_l1}$, "
                f"$\\lambda_2 = {f.copy_l2}$)."
            ),
            check=lambda f: (
                f.copy_lasso[0] > 0.5
                and f.copy_lasso[1] == 0
                and min(f.copy_elastic_net) > 0.2
                and abs(f.copy_elastic_net[0] - f.copy_elastic_net[1]) < 1e-4
            ),
            without={"l2_share": 0.0},
        ),
        Claim(
            id="keeps_groups",
            sentence=lambda f: (
                f"Of {f.matter} features that matter, in two groups with correlation "
                f"{f.correlation}, the lasso keeps {f.lasso.kept:.1f}, the elastic net "
                f"{f.elastic_net.kept:.1f}."
            ),
            check=lambda f: f.lasso.kept < 0.75 * f.matter and f.elastic_net.kept > 0.95 * f.matter,
            without={"correlation": 0.0},
        ),
        Claim(
            id="nearer_to_the_truth",
            sentence=lambda f: (
                f"Their weights should be 1. The lasso's are off by {f.lasso.distance:.2f} on "
                f"average, the elastic net's by {f.elastic_net.distance:.2f}; it is nearer in "
                f"{f.closer} of {f.seeds} data sets."
            ),
            check=lambda f: (
                f.elastic_net.distance < 0.5 * f.lasso.distance and f.closer >= 0.9 * f.seeds
            ),
            without={"l2_share": 0.0},
        ),
        Claim(
            id="steadier",
            sentence=lambda f: (
                f"And steadier: from one data set to the next, one of the lasso's weights has a "
                f"standard deviation of {f.scatter_lasso:.2f}, one of the elastic net's "
                f"{f.scatter_net:.2f}, one of ridge's {f.scatter_ridge:.2f}."
            ),
            check=lambda f: 1.2 * f.scatter_ridge < f.scatter_net < 0.5 * f.scatter_lasso,
            without={"l2_share": 0.0},
        ),
        Claim(
            id="not_if_one_matters",
            sentence=lambda f: (
                f"Nearer they are because a group's features matter alike. Put all of it on one "
                f"of them, with weight {f.single:g} and 0 for the others, and the elastic net "
                f"still shares: its weights are off by {f.single_net:.2f}, the lasso's by "
                f"{f.single_lasso:.2f}; nearer in {f.single_closer} of {f.seeds}."
            ),
            check=lambda f: (
                f.single_net > 1.5 * f.single_lasso and f.single_closer <= 0.1 * f.seeds
            ),
            without={"l2_share": 0.0},
        ),
        Claim(
            id="keeps_more_useless",
            sentence=lambda f: (
                f"The price: of {f.others} useless features it keeps {f.elastic_net.useless:.1f}, "
                f"the lasso {f.lasso.useless:.1f}."
            ),
            check=lambda f: f.elastic_net.useless > 1.5 * f.lasso.useless,
            without={"l2_share": 0.0},
        ),
        Claim(
            id="smaller_error",
            sentence=lambda f: (
                f"On new data its error is {f.elastic_net.error:.2f}, the lasso's "
                f"{f.lasso.error:.2f} and ridge's {f.ridge.error:.2f}. It is below the lasso's in "
                f"{f.better} of {f.seeds} data sets, by {f.gain:.2f} ± {f.gain_error:.2f} on "
                f"average (± its standard error): a small gain."
            ),
            check=lambda f: (
                f.gain > 2.5 * f.gain_error
                and f.elastic_net.error < 0.8 * f.ridge.error
                and 0.6 * f.seeds <= f.better < f.seeds
            ),
            without={"l2_share": 0.0},
        ),
        Claim(
            id="two_to_tune",
            sentence=lambda f: (
                f"Tuned over {f.shares} ratios as well, with {f.shares * f.strengths_tried} fits "
                f"instead of {f.strengths_tried}, the elastic net's error falls from "
                f"{f.fixed_error:.2f} to {f.tuned_error:.2f} (mean of {f.tuned_seeds} data sets; "
                f"the difference ± its standard error is "
                f"{f.fixed_error - f.tuned_error:.2f} ± {f.tuned_gain_error:.2f})."
            ),
            check=lambda f: f.fixed_error - f.tuned_error > 2.5 * f.tuned_gain_error > 0,
            without={"l2_share": 0.0},
        ),
    ),
    figures=(
        Figure(
            name="groups",
            title=lambda _: "L2 beside L1 brings the weights of a group together",
            caption=lambda f: (
                f"Weights of {f.features} features at $\\lambda_1 = {f.path_l1:g}$. Without L2, "
                f"some features of a group carry the weight of all, {f.path_kept[0]} of "
                f"{f.matter}, where each should have 1. A larger $\\lambda_2$ shares it out, and "
                f"too large a one shrinks them all. The error on new data, above the noise, is "
                f"smallest at $\\lambda_2 = {f.path_best_strength:.2g}$."
            ),
            alt=lambda f: (
                f"Weights over the strength of L2. Without it, {f.path_kept[0]} of {f.matter} "
                f"features that matter have a weight, the largest "
                f"{max(f.paths[0]):.2f}. At {f.path_best_strength:.2g}, all of "
                f"{f.path_kept[f.path_best]} kept lie between "
                f"{min(f.paths[f.path_best][: f.matter]):.2f} and "
                f"{max(f.paths[f.path_best][: f.matter]):.2f}. At {f.strengths[-1]:g} the largest "
                f"weight is {max(f.paths[-1]):.2f}."
            ),
            draw=draw_groups,
            chart=chart_groups,
        ),
    ),
)
