"""Least squares with weights that may not be negative: zeros without any strength to choose."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.linear_model import LinearRegression

from experiments.drawing import LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.sklearn.non_negative_training import train

SEEDS = 20
ROWS, UNSEEN = 60, 2000
FEATURES, MATTER = 30, 5


@dataclass(frozen=True)
class Facts:
    """Means over the data sets; the weights of the first."""

    seeds: int
    rows: int
    features: int
    matter: int
    useless: int
    zeros: float
    """Useless features with weight exactly zero, of the constrained model."""
    kept: float
    """Features that matter and have a weight, of the constrained model."""
    free_zeros: float
    error: float
    """On new data, above the noise."""
    spread: float
    free_error: float
    free_spread: float
    better: int
    """Data sets in which the constraint makes the error smaller."""
    wrong_error: float
    """The constrained model's error where two of the true weights are -1."""
    wrong_free_error: float
    wrong_worse: int
    """Data sets in which the constraint then makes the error larger."""
    weights: tuple[float, ...]
    free_weights: tuple[float, ...]


@cache
def fits(negative: int, constrained: bool) -> tuple[np.ndarray, np.ndarray]:
    """Weights (seeds, d) and errors, with so many of the five true weights at -1."""
    truth = np.zeros(FEATURES)
    truth[:MATTER] = 1
    truth[:negative] = -1
    found, errors = [], []
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(ROWS + UNSEEN, FEATURES))
        y = x @ truth + rng.normal(size=len(x))
        if constrained:
            weights, bias = train(x[:ROWS], y[:ROWS])
        else:
            model = LinearRegression().fit(x[:ROWS], y[:ROWS])
            weights, bias = model.coef_, float(model.intercept_)
        found.append(weights)
        errors.append(np.square(x[ROWS:] @ weights + bias - y[ROWS:]).mean() - 1)
    return np.array(found), np.array(errors)


def measure(constrained: bool = True, negative: int = 2) -> Facts:
    """Fit 20 data sets with the constraint and without it.

    Args:
        constrained: False takes the constraint away.
        negative: How many of the five true weights are -1 in the second comparison.
    """
    weights, errors = fits(0, constrained)
    free, free_errors = fits(0, False)
    _, wrong = fits(negative, constrained)
    _, wrong_free = fits(negative, False)
    return Facts(
        seeds=SEEDS,
        rows=ROWS,
        features=FEATURES,
        matter=MATTER,
        useless=FEATURES - MATTER,
        zeros=float((weights[:, MATTER:] == 0).sum(1).mean()),
        kept=float((weights[:, :MATTER] != 0).sum(1).mean()),
        free_zeros=float((free == 0).sum(1).mean()),
        error=float(errors.mean()),
        spread=float(errors.std(ddof=1)),
        free_error=float(free_errors.mean()),
        free_spread=float(free_errors.std(ddof=1)),
        better=int((errors < free_errors).sum()),
        wrong_error=float(wrong.mean()),
        wrong_free_error=float(wrong_free.mean()),
        wrong_worse=int((wrong > wrong_free).sum()),
        weights=tuple(float(w) for w in weights[0]),
        free_weights=tuple(float(w) for w in free[0]),
    )


def draw_weights(facts: Facts) -> MatplotlibFigure:
    """Bars with the constraint, marks without."""
    figure = new_figure(width=5.8, height=3.6)
    axes = figure.subplots()
    places = range(1, facts.features + 1)
    axes.bar(places, facts.weights, color=LIGHT["ink"], width=0.7, label="weights ≥ 0")
    axes.plot(
        places, facts.free_weights, "o", color=LIGHT["plain"], markersize=5, label="any weights"
    )
    axes.axhline(0, color=LIGHT["ink"], linewidth=0.8)
    axes.axvline(facts.matter + 0.5, color=LIGHT["muted"], linestyle=":", linewidth=1.2)
    axes.set_xlim(0, facts.features + 1)
    axes.set_ylim(top=max(facts.free_weights) * 1.25)
    axes.set_xlabel(f"feature: the first {facts.matter} matter, with weight 1")
    axes.set_ylabel("weight (dimensionless)")
    axes.legend(loc="upper right", ncols=2, fontsize=11)
    return figure


EXPERIMENT = Experiment(
    question="What does the constraint that weights are not negative do to useless features?",
    measure=measure,
    claims=(
        Claim(
            id="zeros_without_strength",
            sentence=lambda f: (
                f"Of {f.useless} useless features, {f.zeros:.1f} get weight exactly 0, and all "
                f"{f.kept:.0f} that matter stay. Without the constraint, {f.free_zeros:.0f} are "
                f"exactly 0."
            ),
            check=lambda f: (
                0.35 < f.zeros / f.useless < 0.65 and f.kept == f.matter and f.free_zeros == 0
            ),
            without={"constrained": False},
        ),
        Claim(
            id="true_knowledge_helps",
            sentence=lambda f: (
                f"The error on new data, above the noise, falls from {f.free_error:.2f} ± "
                f"{f.free_spread:.2f} to {f.error:.2f} ± {f.spread:.2f}, in {f.better} of "
                f"{f.seeds} data sets."
            ),
            check=lambda f: f.error < 0.6 * f.free_error and f.better >= 0.9 * f.seeds,
            without={"constrained": False},
        ),
        Claim(
            id="wrong_knowledge_hurts",
            sentence=lambda f: (
                f"If two of the true weights are -1, the same constraint raises it from "
                f"{f.wrong_free_error:.2f} to {f.wrong_error:.2f}, in {f.wrong_worse} of "
                f"{f.seeds} data sets."
            ),
            check=lambda f: (
                f.wrong_error > 1.5 * f.wrong_free_error and f.wrong_worse >= 0.9 * f.seeds
            ),
            without={"negative": 0},
        ),
    ),
    figures=(
        Figure(
            name="weights",
            title=lambda _: "What would become negative becomes zero",
            caption=lambda f: (
                f"Least squares on {f.rows} rows and {f.features} features, first of {f.seeds} "
                f"data sets. Dots: free weights. Bars: weights that may not be negative; where "
                f"there is no bar, the weight is exactly 0."
            ),
            alt=lambda f: (
                f"Weights of {f.features} features. Free ones go from {min(f.free_weights):.2f} "
                f"to {max(f.free_weights):.2f}. With the constraint "
                f"{sum(w == 0 for w in f.weights)} are exactly zero, and the first {f.matter} lie "
                f"between {min(f.weights[: f.matter]):.2f} and "
                f"{max(f.weights[: f.matter]):.2f}."
            ),
            draw=draw_weights,
        ),
    ),
)
