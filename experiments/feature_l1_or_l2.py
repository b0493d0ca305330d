"""L1 against L2: copies, correlated features, few or many that matter, resampled rows."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.datasets import load_diabetes
from sklearn.linear_model import lasso_path

import snippets.sklearn.l1_training
import snippets.sklearn.l2_training
from experiments.drawing import LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure

STRENGTH = 0.2
SEEDS = 20
RESAMPLES = 100
ROWS, UNSEEN, FEATURES = 150, 1000, 100
STRENGTHS = np.geomspace(4, 0.004, 31)
NAMES = ("age", "sex", "bmi", "bp", "tc", "ldl", "hdl", "tch", "ltg", "glu")
REAL_STRENGTH = 0.1


@dataclass(frozen=True)
class Facts:
    """What L1 and L2 did with the same data; errors are mean squared."""

    l1: float
    l2: float
    copy_l1: tuple[float, float]
    """Weights of a column and of its exact copy."""
    copy_l2: tuple[float, float]
    seeds: int
    correlation: float
    pair_spread_l1: float
    """Standard deviation, over the seeds, of one weight of a correlated pair."""
    pair_spread_l2: float
    pair_zeros_l1: int
    """Seeds in which one of the pair is exactly 0."""
    pair_zeros_l2: int
    features: int
    few: int
    few_l1: float
    """Error on new data with the best strength, when few features matter."""
    few_l2: float
    few_wins: int
    """Seeds in which L1 had the smaller error."""
    few_zeros_l1: float
    few_zeros_l2: float
    many: int
    many_l1: float
    many_l2: float
    many_wins: int
    """Seeds in which L2 had the smaller error."""
    resamples: int
    real_strength: float
    names: tuple[str, ...]
    kept: tuple[float, ...]
    """Share of resamples of the diabetes data in which L1 keeps the feature."""
    tc_ldl: float
    """Correlation of two of them."""
    always: str
    undecided: str
    undecided_count: int
    """Features kept in more than a tenth and less than nine tenths of the resamples."""


@cache
def pair_weights(correlation: float) -> tuple[np.ndarray, np.ndarray]:
    """Weights of two correlated features that matter alike, for each seed; L1 and L2."""
    by_l1, by_l2 = np.empty((SEEDS, 2)), np.empty((SEEDS, 2))
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        first, second, noise = rng.normal(size=(3, 50))
        other = correlation * first + np.sqrt(1 - correlation**2) * second
        features = np.column_stack([first, other])
        targets = first + other + 2 * noise
        by_l1[seed], _ = snippets.sklearn.l1_training.train(features, targets, l1=STRENGTH)
        by_l2[seed], _ = snippets.sklearn.l2_training.train(features, targets, l2=STRENGTH)
    return by_l1, by_l2


@cache
def errors(matter: int) -> np.ndarray:
    """Error on new data of L1 and of L2, and their shares of zeros, for each seed."""
    found = np.empty((SEEDS, 4))
    for seed in range(SEEDS):
        rng = np.random.default_rng(1000 + seed)
        weights = np.zeros(FEATURES)
        # The targets have the same variance however many features matter.
        weights[:matter] = rng.normal(size=matter)
        weights *= 2 / np.linalg.norm(weights)
        features = rng.normal(size=(ROWS + 2 * UNSEEN, FEATURES))
        targets = features @ weights + rng.normal(size=len(features))
        x, y = features[:ROWS], targets[:ROWS]
        # Without a bias: its true value is 0.
        _, by_l1, *_ = lasso_path(x, y, alphas=STRENGTHS / 2, tol=1e-5)
        values, vectors = np.linalg.eigh(x.T @ x / ROWS)
        moment = vectors.T @ (x.T @ y / ROWS)
        by_l2 = vectors @ (moment[:, None] / (values[:, None] + STRENGTHS))
        for k, paths in enumerate((by_l1, by_l2)):
            squares = (features[ROWS:] @ paths - targets[ROWS:, None]) ** 2
            best = int(squares[:UNSEEN].mean(0).argmin())  # chosen on one half ...
            found[seed, k] = squares[UNSEEN:, best].mean()  # ... judged on the other
            found[seed, 2 + k] = (paths[:, best] == 0).mean()
    return found


@cache
def kept_shares(resample: bool) -> np.ndarray:
    """How often L1 keeps each feature of the diabetes data."""
    features, targets = load_diabetes(return_X_y=True)
    targets = (targets - targets.mean()) / targets.std()
    kept = np.zeros(features.shape[1])
    for seed in range(RESAMPLES):
        rng = np.random.default_rng(seed)
        rows = rng.integers(0, len(targets), len(targets)) if resample else slice(None)
        x, y = features[rows], targets[rows]
        weights, _ = snippets.sklearn.l1_training.train(
            (x - x.mean(0)) / x.std(0), y, l1=REAL_STRENGTH
        )
        kept += weights != 0
    return kept / RESAMPLES


def measure(
    copies: bool = True,
    correlation: float = 0.95,
    few: int = 10,
    many: int = 100,
    resample: bool = True,
) -> Facts:
    """Fit both penalties to the same data.

    Args:
        copies: Whether the second column is a copy of the first, or of its own.
        correlation: Of the pair of features.
        few: Features that matter where few do, of 100.
        many: Features that matter where many do.
        resample: Whether the rows of the real data are drawn anew each time.
    """
    rng = np.random.default_rng(0)
    column, other, noise = rng.normal(size=(3, 200))
    twice = np.column_stack([column, column if copies else other])
    targets = column + 0.5 * noise
    copy_l1, _ = snippets.sklearn.l1_training.train(twice, targets, l1=STRENGTH)
    copy_l2, _ = snippets.sklearn.l2_training.train(twice, targets, l2=STRENGTH)
    pair_l1, pair_l2 = pair_weights(correlation)
    with_few, with_many = errors(few), errors(many)
    kept = kept_shares(resample)
    undecided = [n for n, share in zip(NAMES, kept, strict=True) if 0.1 < share < 0.9]
    always = [n for n, share in zip(NAMES, kept, strict=True) if share == 1]
    return Facts(
        l1=STRENGTH,
        l2=STRENGTH,
        copy_l1=(float(copy_l1[0]), float(copy_l1[1])),
        copy_l2=(float(copy_l2[0]), float(copy_l2[1])),
        seeds=SEEDS,
        correlation=correlation,
        pair_spread_l1=float(pair_l1.std(0, ddof=1).mean()),
        pair_spread_l2=float(pair_l2.std(0, ddof=1).mean()),
        pair_zeros_l1=int((pair_l1 == 0).any(1).sum()),
        pair_zeros_l2=int((pair_l2 == 0).any(1).sum()),
        features=FEATURES,
        few=few,
        few_l1=float(with_few[:, 0].mean()),
        few_l2=float(with_few[:, 1].mean()),
        few_wins=int((with_few[:, 0] < with_few[:, 1]).sum()),
        few_zeros_l1=float(with_few[:, 2].mean()),
        few_zeros_l2=float(with_few[:, 3].mean()),
        many=many,
        many_l1=float(with_many[:, 0].mean()),
        many_l2=float(with_many[:, 1].mean()),
        many_wins=int((with_many[:, 1] < with_many[:, 0]).sum()),
        resamples=RESAMPLES,
        real_strength=REAL_STRENGTH,
        names=NAMES,
        kept=tuple(float(share) for share in kept),
        tc_ldl=float(np.corrcoef(load_diabetes().data[:, 4:6].T)[0, 1]),
        always=", ".join(f"`{n}`" for n in always),
        undecided=", ".join(f"`{n}`" for n in undecided),
        undecided_count=len(undecided),
    )


def draw_kept(facts: Facts) -> MatplotlibFigure:
    """How often each feature is kept."""
    figure = new_figure(width=5.8, height=3.4)
    axes = figure.subplots()
    order = sorted(range(len(facts.names)), key=lambda j: facts.kept[j])
    shares = [100 * facts.kept[j] for j in order]
    axes.barh([facts.names[j] for j in order], shares, color=LIGHT["l1"], height=0.65)
    for row, share in enumerate(shares):
        axes.text(share + 1.5, row, f"{share:.0f} %", va="center")
    axes.set_xlim(0, 115)
    axes.grid(visible=False, axis="y")
    axes.set_xticks([0, 50, 100], ["0 %", "50 %", "100 %"])
    axes.set_xlabel("kept by L1, share of the resamples")
    return figure


EXPERIMENT = Experiment(
    question="Where do L1 and L2 part on the same data?",
    measure=measure,
    claims=(
        Claim(
            id="copies",
            sentence=lambda f: (
                f"Given a column and its exact copy, the lasso's coordinate descent gives "
                f"{f.copy_l1[0]:.2f} to the first and {f.copy_l1[1]:.0e} to the second, which is "
                f"nothing but rounding; L2 gives {f.copy_l2[0]:.2f} to each."
            ),
            check=lambda f: (
                f.copy_l1[0] > 0.5
                and abs(f.copy_l1[1]) < 1e-12
                and abs(f.copy_l2[0] - f.copy_l2[1]) < 1e-6
                and f.copy_l2[0] > 0.2
            ),
            without={"copies": False},
        ),
        Claim(
            id="correlated_pair",
            sentence=lambda f: (
                f"Two features with correlation {f.correlation:g} that matter alike: over "
                f"{f.seeds} data sets, L1's weights spread by {f.pair_spread_l1:.2f}, L2's by "
                f"{f.pair_spread_l2:.2f} (standard deviation). L1 drops one of the two in "
                f"{f.pair_zeros_l1} data sets, L2 in {f.pair_zeros_l2}."
            ),
            check=lambda f: (
                f.pair_spread_l1 > 1.5 * f.pair_spread_l2 and f.pair_zeros_l1 > f.pair_zeros_l2 == 0
            ),
            without={"correlation": 0.0},
        ),
        Claim(
            id="l1_where_few_matter",
            sentence=lambda f: (
                f"Where {f.few} of {f.features} features matter, L1's error on new data is "
                f"{f.few_l1:.2f} and L2's {f.few_l2:.2f}, each at its best strength (the noise "
                f"alone is 1); L1 is better in {f.few_wins} of {f.seeds} data sets."
            ),
            check=lambda f: f.few_l1 < 0.8 * f.few_l2 and f.few_wins >= 0.9 * f.seeds,
            without={"few": 100},
        ),
        Claim(
            id="l2_where_all_matter",
            sentence=lambda f: (
                f"Where all {f.many} matter a little, it is the other way round: L1 "
                f"{f.many_l1:.2f}, L2 {f.many_l2:.2f}; L2 is better in {f.many_wins} of "
                f"{f.seeds}."
            ),
            check=lambda f: f.many_l2 < f.many_l1 and f.many_wins >= 0.8 * f.seeds,
            without={"many": 10},
        ),
        Claim(
            id="choice_depends_on_the_rows",
            sentence=lambda f: (
                f"On real data, with rows drawn anew {f.resamples} times, L1 keeps "
                f"{f.always} every time, and {f.undecided} only now and then: its choice depends "
                f"on which patients you happened to see."
            ),
            check=lambda f: f.undecided_count >= 3 and len(f.always) > 0,
            without={"resample": False},
        ),
    ),
    figures=(
        Figure(
            name="kept",
            title=lambda f: "Draw the patients anew, and L1 chooses other features",
            caption=lambda f: (
                f"Ten features of the diabetes data, $\\lambda = {f.real_strength:g}$: how often "
                f"L1 keeps each when the rows are resampled {f.resamples} times. Trust the "
                f"features that always stay; doubt a single run."
            ),
            alt=lambda f: (
                "Share of resamples in which L1 keeps a feature: "
                + ", ".join(f"{n} {share:.0%}" for n, share in zip(f.names, f.kept, strict=True))
                + "."
            ),
            draw=draw_kept,
        ),
    ),
)
