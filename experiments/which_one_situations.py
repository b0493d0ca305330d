"""Which penalty predicts best depends on what is true, and on how many rows there are."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.linear_model import enet_path

from experiments.drawing import LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure

SEEDS = 20
UNSEEN = 1000
FEATURES, ROWS, MANY_ROWS = 40, 50, 4000
FEW, GROUPS, GROUP, CORRELATION = 4, 2, 5, 0.95
NOISE = 2.0
STRENGTHS = np.geomspace(10, 0.003, 31)
"""Of L1 in the lasso and the elastic net, of L2 in ridge; as in the other pages, beside the mean
squared error."""
METHODS = {
    "none": ("no penalty", "plain", "X"),
    "ridge": ("ridge (L2)", "l2", "s"),
    "lasso": ("lasso (L1)", "l1", "o"),
    "elastic_net": ("elastic net", "elastic_net", "D"),
}


@dataclass(frozen=True)
class Errors:
    """On new data, above the noise: mean over the data sets, each method at its best strength."""

    none: float
    ridge: float
    lasso: float
    elastic_net: float
    best: str
    wins: int
    """Data sets in which the best method is better than each of the others."""


@dataclass(frozen=True)
class Facts:
    """Four situations, four methods."""

    seeds: int
    features: int
    rows: int
    many_rows: int
    few: int
    groups: int
    group: int
    correlation: float
    noise: float
    few_matter: Errors
    groups_matter: Errors
    all_matter: Errors
    plenty_of_rows: Errors


def draw(seed: int, truth: str, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from, then rows to choose with, then rows to judge with."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(rows + 2 * UNSEEN, FEATURES))
    weights = np.zeros(FEATURES)
    if truth == "few":
        weights[:FEW] = 1.0
    elif truth == "groups":
        shared = np.repeat(rng.normal(size=(len(features), FEATURES // GROUP)), GROUP, axis=1)
        features = np.sqrt(CORRELATION) * shared + np.sqrt(1 - CORRELATION) * features
        weights[: GROUPS * GROUP] = 0.6
    else:
        weights[:] = rng.choice([-0.3, 0.3], size=FEATURES)
    targets = features @ weights + NOISE * rng.normal(size=len(features))
    return features, targets


def paths(method: str, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Weights for each strength, a column each."""
    if method == "none":
        return np.asarray(np.linalg.lstsq(x, y, rcond=None)[0][:, None])
    if method == "ridge":
        values, vectors = np.linalg.eigh(x.T @ x / len(x))
        moment = vectors.T @ (x.T @ y / len(x))
        return np.asarray(vectors @ (moment[:, None] / (values[:, None] + STRENGTHS)))
    l2_share = 0.5 if method == "elastic_net" else 0.0
    alphas = STRENGTHS * (0.5 + l2_share)
    _, found, *_ = enet_path(x, y, l1_ratio=0.5 / (0.5 + l2_share), alphas=alphas, tol=1e-4)
    return np.asarray(found)


@cache
def errors(truth: str, rows: int) -> np.ndarray:
    """One row for each seed, one column for each method."""
    found = np.empty((SEEDS, len(METHODS)))
    for seed in range(SEEDS):
        features, targets = draw(seed, truth, rows)
        mean, level = features[:rows].mean(0), targets[:rows].mean()
        for column, method in enumerate(METHODS):
            weights = paths(method, features[:rows] - mean, targets[:rows] - level)
            off = (features[rows:] - mean) @ weights + level - targets[rows:, None]
            best = int((off[:UNSEEN] ** 2).mean(0).argmin())  # chosen on one half ...
            found[seed, column] = (off[UNSEEN:, best] ** 2).mean() - NOISE**2  # ... judged here
    return found


def situation(truth: str, rows: int) -> Errors:
    """Means, and how often the best method wins."""
    found = errors(truth, rows)
    means = [float(mean) for mean in found.mean(0)]
    best = int(np.argmin(means))
    wins = int((found.argmin(1) == best).sum())
    none, ridge, lasso, elastic_net = means
    return Errors(none, ridge, lasso, elastic_net, METHODS[list(METHODS)[best]][0], wins)


def measure(many_rows: int = MANY_ROWS, truth: str = "") -> Facts:
    """Fit every method to 20 data sets of each situation.

    Args:
        many_rows: To learn from, in the last situation.
        truth: The same truth for all situations: ``"few"``, ``"groups"`` or ``"all"``.
    """
    return Facts(
        seeds=SEEDS,
        features=FEATURES,
        rows=ROWS,
        many_rows=many_rows,
        few=FEW,
        groups=GROUPS,
        group=GROUP,
        correlation=CORRELATION,
        noise=NOISE,
        few_matter=situation(truth or "few", ROWS),
        groups_matter=situation(truth or "groups", ROWS),
        all_matter=situation(truth or "all", ROWS),
        plenty_of_rows=situation(truth or "all", many_rows),
    )


def situations(facts: Facts) -> tuple[tuple[str, Errors], ...]:
    """Label and errors, in the order of the picture."""
    few = f"{facts.few} of {facts.features} features\nmatter"
    groups = f"{facts.groups} groups of {facts.group}\nalike features matter"
    every = f"all {facts.features} matter\na little"
    plenty = f"the same, but\n{facts.many_rows:,} rows"
    return (
        (few, facts.few_matter),
        (groups, facts.groups_matter),
        (every, facts.all_matter),
        (plenty, facts.plenty_of_rows),
    )


def draw_errors(facts: Facts) -> MatplotlibFigure:
    """A row for each situation, a mark for each method."""
    figure = new_figure(width=6.2, height=3.7)
    axes = figure.subplots()
    rows = situations(facts)
    for method, (label, colour, marker) in METHODS.items():
        found = [getattr(errors, method) for _, errors in rows]
        axes.plot(found, range(len(rows)), marker, color=LIGHT[colour], markersize=8, label=label)
    axes.set_yticks(range(len(rows)), [label for label, _ in rows])
    axes.invert_yaxis()
    axes.margins(y=0.15)
    axes.set_xscale("log")
    axes.set_xlabel("error on new data, above the noise (target units²)")
    figure.legend(loc="outside upper center", ncols=4, handletextpad=0.1, columnspacing=1.2)
    return figure


def told(errors: Errors) -> str:
    """The four numbers in words."""
    return (
        f"no penalty {errors.none:.2f}, ridge {errors.ridge:.2f}, lasso {errors.lasso:.2f}, "
        f"elastic net {errors.elastic_net:.2f}"
    )


def _least(errors: Errors) -> float:
    return min(errors.none, errors.ridge, errors.lasso, errors.elastic_net)


def _most(errors: Errors) -> float:
    return max(errors.none, errors.ridge, errors.lasso, errors.elastic_net)


EXPERIMENT = Experiment(
    question="Which penalty predicts best, when few features matter, groups, or all a little?",
    measure=measure,
    claims=(
        Claim(
            id="lasso_where_few_matter",
            sentence=lambda f: (
                f"Where {f.few} of {f.features} independent features matter, the "
                f"{f.few_matter.best} predicts best from {f.rows} rows: error "
                f"{f.few_matter.lasso:.2f} above the noise, ridge {f.few_matter.ridge:.2f}, no "
                f"penalty {f.few_matter.none:.0f}. It is the best of the four in "
                f"{f.few_matter.wins} of {f.seeds} data sets."
            ),
            check=lambda f: (
                f.few_matter.lasso < 0.7 * f.few_matter.ridge
                and f.few_matter.lasso < 0.95 * f.few_matter.elastic_net
                and f.few_matter.wins >= 0.7 * f.seeds
            ),
            without={"truth": "all"},
        ),
        Claim(
            id="elastic_net_for_groups",
            sentence=lambda f: (
                f"Where {f.groups} groups of {f.group} features with correlation {f.correlation} "
                f"matter, it is the {f.groups_matter.best}: {f.groups_matter.elastic_net:.2f}, the "
                f"lasso {f.groups_matter.lasso:.2f}, ridge {f.groups_matter.ridge:.2f}; best in "
                f"{f.groups_matter.wins} of {f.seeds}."
            ),
            check=lambda f: (
                f.groups_matter.elastic_net
                < 0.9 * min(f.groups_matter.lasso, f.groups_matter.ridge)
                and f.groups_matter.wins >= 0.7 * f.seeds
            ),
            without={"truth": "all"},
        ),
        Claim(
            id="ridge_where_all_matter",
            sentence=lambda f: (
                f"Where all {f.features} matter a little, it is {f.all_matter.best}: "
                f"{f.all_matter.ridge:.2f}, the lasso {f.all_matter.lasso:.2f}; best in "
                f"{f.all_matter.wins} of {f.seeds}."
            ),
            check=lambda f: (
                f.all_matter.ridge < 0.9 * min(f.all_matter.lasso, f.all_matter.elastic_net)
                and f.all_matter.wins >= 0.7 * f.seeds
            ),
            without={"truth": "few"},
        ),
        Claim(
            id="nothing_to_gain_with_many_rows",
            sentence=lambda f: (
                f"With {f.many_rows:,} rows instead of {f.rows} there is nothing left to gain: the "
                f"four errors lie between {_least(f.plenty_of_rows):.3f} and "
                f"{_most(f.plenty_of_rows):.3f}, next to a noise of {f.noise**2:g}."
            ),
            check=lambda f: _most(f.plenty_of_rows) - _least(f.plenty_of_rows) < 0.005 * f.noise**2,
            without={"many_rows": ROWS},
        ),
    ),
    figures=(
        Figure(
            name="errors",
            title=lambda _: "Which penalty is best depends on the data",
            caption=lambda f: (
                f"Error on new data, mean of {f.seeds} data sets; each method's strength was "
                f"chosen on {UNSEEN:,} other rows. From {f.rows} rows, any penalty beats none by "
                f"far, and which one is best depends on how many features "
                f"matter and whether they come in groups. With "
                f"{f.many_rows:,} rows it no longer matters."
            ),
            alt=lambda f: (
                "Errors on new data. "
                + " ".join(
                    f"{' '.join(label.split())}: {told(errors)}." for label, errors in situations(f)
                )
            ),
            draw=draw_errors,
        ),
    ),
)
