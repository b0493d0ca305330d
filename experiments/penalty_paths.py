"""Ten coefficients at every strength, from ridge through the elastic net to the lasso."""

from dataclasses import dataclass

import altair as alt
import numpy as np
from matplotlib.figure import Figure as MatplotlibFigure
from numpy.typing import NDArray
from sklearn.datasets import load_diabetes
from sklearn.linear_model import enet_path

import snippets.sklearn.elastic_net_training as elastic_net
import snippets.sklearn.l2_training as ridge
from experiments.charts import one_of, power_of_ten, slider, words
from experiments.drawing import CSS, LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure

Array = NDArray[np.float64]

NAMES = ("age", "sex", "bmi", "bp", "tc", "ldl", "hdl", "tch", "ltg", "glu")
LABELLED = {"ltg": 0, "bmi": -6, "ldl": 6, "bp": 0, "sex": 0, "tc": 0}
"""The coefficients that the picture names, and by how much a name moves to make room."""
FIRST = -4
PER_POWER = 10
EXPONENTS = tuple(round(FIRST + k / PER_POWER, 1) for k in range(46))  # lambda from 1e-4 to 3
RATIOS = tuple(round(k / 10, 1) for k in range(11))
HALF = RATIOS.index(0.5)
CHOSEN = EXPONENTS.index(-0.6)


@dataclass(frozen=True)
class Facts:
    """At ratio r and strength L, L1 has the strength r L and L2 the strength (1 - r) L."""

    rows: int
    features: int
    names: tuple[str, ...]
    exponents: tuple[float, ...]
    """Powers of ten of the strengths."""
    ratios: tuple[float, ...]
    paths: tuple[tuple[tuple[float, ...], ...], ...]
    """By ratio, then strength, then feature."""
    kept: tuple[tuple[int, ...], ...]
    """Coefficients that are not 0, by ratio and strength."""
    chosen: float
    """The strength of the next three."""
    kept_ridge: int
    kept_half: int
    kept_lasso: int
    weakest_ridge: int
    """Least number of coefficients that ridge keeps, over all strengths."""
    checked: float
    """Largest difference of a snippet's coefficients to the path's, at the chosen strength."""


def measure(ratio_counts: bool = True) -> Facts:
    """Fit all patients at each strength and ratio.

    Args:
        ratio_counts: Whether the ratio is used; otherwise all of it goes to L2.
    """
    features, targets = load_diabetes(return_X_y=True)
    rows, columns = features.shape
    x = np.asfortranarray((features - features.mean(0)) / features.std(0))
    y = (targets - targets.mean()) / targets.std()
    strengths = 10.0 ** np.array(EXPONENTS)
    paths = np.empty((len(RATIOS), len(EXPONENTS), columns))
    for i, ratio in enumerate(RATIOS):
        if ratio == 0 or not ratio_counts:
            moments, right = x.T @ x / rows, x.T @ y / rows
            for k, strength in enumerate(strengths):
                paths[i, k] = np.linalg.solve(moments + strength * np.eye(columns), right)
            continue
        # The path descends from strong to weak, each fit from the one before.
        alphas = strengths[::-1] * (ratio / 2 + 1 - ratio)
        share = ratio / 2 / (ratio / 2 + 1 - ratio)
        _, found, *_ = enet_path(x, y, l1_ratio=share, alphas=alphas, tol=1e-10, max_iter=200_000)
        paths[i] = found.T[::-1]
    chosen = float(strengths[CHOSEN])
    by_snippets = (
        ridge.train(x, y, l2=chosen)[0],
        elastic_net.train(x, y, l1=chosen / 2, l2=chosen / 2)[0],
        elastic_net.train(x, y, l1=chosen, l2=0.0)[0],
    )
    places = [0, HALF, len(RATIOS) - 1]
    kept = (paths != 0).sum(2)
    return Facts(
        rows=rows,
        features=columns,
        names=NAMES,
        exponents=EXPONENTS,
        ratios=RATIOS,
        paths=tuple(tuple(tuple(float(w) for w in row) for row in path) for path in paths),
        kept=tuple(tuple(int(n) for n in row) for row in kept),
        chosen=chosen,
        kept_ridge=int(kept[0, CHOSEN]),
        kept_half=int(kept[HALF, CHOSEN]),
        kept_lasso=int(kept[-1, CHOSEN]),
        weakest_ridge=int(kept[0].min()),
        checked=float(np.abs(paths[places, CHOSEN] - np.array(by_snippets)).max()),
    )


def draw_paths(facts: Facts) -> MatplotlibFigure:
    """The paths of ridge, of half and half, and of the lasso."""
    figure = new_figure(width=6.4, height=3.4)
    strengths = 10.0 ** np.array(facts.exponents)
    ways = ((0, "ridge, ratio 0", "l2"), (HALF, "ratio 0.5", "elastic_net"), (-1, "lasso", "l1"))
    panels = figure.subplots(1, 3, sharex=True, sharey=True)
    for axes, (place, title, colour) in zip(panels, ways, strict=True):
        axes.plot(strengths, np.array(facts.paths[place]), color=LIGHT[colour], linewidth=1.4)
        axes.axhline(0, color=LIGHT["ink"], linewidth=0.8)
        axes.axvline(facts.chosen, color=LIGHT["muted"], linewidth=1.2, linestyle=":")
        axes.set_xscale("log")
        axes.set_xlim(strengths[0], strengths[-1])
        axes.set_xticks([1e-3, 1e-1], ["0.001", "0.1"])
        axes.minorticks_off()
        axes.set_title(f"{title}\n{facts.kept[place][CHOSEN]} kept at the line")
    panels[0].set_ylabel("coefficient (dimensionless)")
    panels[1].set_xlabel("strength λ (dimensionless)")
    return figure


def chart_paths(facts: Facts) -> alt.TopLevelMixin:
    """All paths at the ratio of one slider, read off at the strength of the other."""
    last = len(facts.exponents) - 1
    paths = [
        {"r": r, "name": name, "w": [round(row[j], 3) for row in path]}
        for r, path in enumerate(facts.paths)
        for j, name in enumerate(facts.names)
    ]
    highest = max(abs(w) for path in facts.paths for row in path for w in row)
    kept = str([list(row) for row in facts.kept]).replace(" ", "")
    params = [
        *slider(
            "ratio",
            "Ratio of L1",
            low=0,
            high=1,
            step=0.1,
            value=0.5,
            shown="format(ratio, '.1f') + (ratio == 0 ? ' ridge' : ratio == 1 ? ' lasso' : '')",
        ),
        *slider(
            "exponent",
            "Strength λ",
            low=facts.exponents[0],
            high=facts.exponents[-1],
            step=1 / PER_POWER,
            value=facts.exponents[CHOSEN],
            shown=power_of_ten("exponent"),
        ),
        alt.param(name="r", expr="round(ratio * 10)"),
        alt.param(name="k", expr=f"round((exponent - {FIRST}) * {PER_POWER})"),
        alt.param(name="kept", expr=f"{kept}[r][k]"),
        alt.param(
            name="shade",
            expr=one_of(
                [CSS["l2"], CSS["elastic_net"], CSS["l1"]], "ratio == 0 ? 0 : ratio < 1 ? 1 : 2"
            ),
        ),
    ]
    x = alt.X(
        "s:Q",
        title="strength λ (dimensionless)",
        scale=alt.Scale(
            type="log", domain=[10 ** (FIRST - 0.75), 10 ** facts.exponents[-1]], nice=False
        ),
        axis=alt.Axis(values=[1e-4, 1e-3, 1e-2, 0.1, 1], format="~g", grid=False),
    )
    y = alt.Y(
        "w:Q",
        title="coefficient (dimensionless)",
        scale=alt.Scale(domain=[-1.08 * highest, 1.5 * highest], nice=False),
        axis=alt.Axis(values=[-0.4, -0.2, 0, 0.2, 0.4], format="~g", titlePadding=10),
    )
    data = (
        alt.Chart(alt.InlineData(values=paths))
        .transform_filter("datum.r == r")
        .transform_calculate(k=f"sequence({last + 1})")
        .transform_flatten(["w", "k"])
        .transform_calculate(s=f"pow(10, {FIRST} + datum.k / {PER_POWER})")
    )
    nothing = alt.Chart(alt.InlineData(values=[{}]))
    here = data.transform_filter("datum.k == k")
    colour = alt.ExprRef("shade")
    names = [
        data.transform_filter(f"datum.k == 0 && datum.name == '{name}'")
        .mark_text(align="right", dx=-5, dy=dy, fontSize=12, color=CSS["ink"], text=name)
        .encode(x=x, y=y)
        for name, dy in LABELLED.items()
    ]
    said = nothing.transform_calculate(
        strengths="'λ₁ = ' + format(ratio * pow(10, exponent), '.2~g')"
        " + ', λ₂ = ' + format((1 - ratio) * pow(10, exponent), '.2~g')",
        kept=f"kept + ' of {facts.features} coefficients are not 0'",
    )
    layers = alt.layer(
        nothing.mark_rule(color=CSS["muted"], aria=False).encode(y=alt.YDatum(0)),
        nothing.transform_calculate(s="pow(10, exponent)")
        .mark_rule(color=CSS["muted"], aria=False, strokeDash=[3, 3])
        .encode(x=x, y=alt.YDatum(-1.08 * highest), y2=alt.Y2Datum(1.1 * highest)),
        data.mark_line(strokeWidth=1.8, color=colour).encode(x=x, y=y, detail="name:N"),
        here.mark_point(filled=True, size=48, opacity=1, color=colour).encode(
            x=x, y=y, tooltip=[alt.Tooltip("name:N"), alt.Tooltip("w:Q", format=".3f")]
        ),
        *names,
        words(said, "strengths", y=4),
        words(said, "kept", y=24),
    )
    chart = layers.add_params(*params)
    return chart.properties(width="container", height=330, usermeta={"play": "ratio"})


EXPERIMENT = Experiment(
    question="What does the ratio of L1 to L2 change along the paths of ten coefficients?",
    measure=measure,
    claims=(
        Claim(
            id="zeros_come_with_l1",
            sentence=lambda f: (
                f"Ridge keeps all {f.weakest_ridge} coefficients at every strength. At "
                f"$\\lambda = {f.chosen:.2g}$, half L1 and half L2 keeps {f.kept_half} of them, "
                f"the lasso {f.kept_lasso}."
            ),
            check=lambda f: (
                f.weakest_ridge == f.kept_ridge == f.features > f.kept_half > f.kept_lasso > 0
            ),
            without={"ratio_counts": False},
        ),
    ),
    figures=(
        Figure(
            name="paths",
            title=lambda _: "Ridge bends every path towards zero; the more L1, the more get there",
            caption=lambda f: (
                f"Coefficients of a linear model of diabetes progression ({f.rows} patients, "
                f"{f.features} standardized features). At ratio $r$, L1 has the strength "
                "$r \\lambda$ and L2 the strength $(1 - r) \\lambda$. Ridge, $r = 0$, keeps all "
                f"of them; at the dotted line, $\\lambda = {f.chosen:.2g}$, half and half keeps "
                f"{f.kept_half}, the lasso {f.kept_lasso}. `tc` and `ldl`, two ways to measure "
                "cholesterol, cancel each other without penalty; all three undo that."
            ),
            alt=lambda f: (
                f"{f.features} coefficients over the strength lambda, for ridge, for half L1 and "
                "half L2, and for the lasso. All start at the same values and end near zero. At "
                f"lambda {f.chosen:.2g}, {f.kept_ridge} are not zero with ridge, {f.kept_half} "
                f"with half and half, {f.kept_lasso} with the lasso."
            ),
            draw=draw_paths,
            chart=chart_paths,
        ),
    ),
)
