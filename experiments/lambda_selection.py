"""Ridge on diabetes data: four ways to choose the strength, what they report and what is true."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.datasets import load_diabetes

from experiments.drawing import LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.numpy.grid_search import grid_search
from snippets.numpy.one_standard_error import one_standard_error

SPLITS = 300
ROWS, TEST, FOLDS = 50, 30, 5
STRENGTHS = (0.0, *(10 ** (-3 + 0.25 * k) for k in range(17)))  # 0, then 0.001 to 10
NAMES = ("training rows", "test rows", "cross-validation", "one standard error")
LEAKS = 100
"""Of the splits, those that measure leaks."""
NOISE_FEATURES, KEPT = 300, 10


@dataclass(frozen=True)
class Way:
    """Means over the splits; an error of 1 is that of always predicting the mean."""

    reported: float
    """On the rows that chose the strength."""
    true: float
    """On rows that nothing was chosen with."""
    spread: float
    """Standard deviation of ``true`` over the splits."""
    optimism: float
    """``true`` minus ``reported``."""
    standard_error: float
    """Of the optimism."""
    strength: float
    """Median of the chosen ones."""
    zero: int
    """Splits in which no penalty was chosen."""


@dataclass(frozen=True)
class Facts:
    """What each way of choosing reports and what its choice is worth."""

    splits: int
    rows: int
    test: int
    fresh: int
    folds: int
    candidates: int
    training: Way
    on_test: Way
    cross_validation: Way
    one_error: Way
    helped: int
    """Splits in which the cross-validated strength beats no penalty on fresh rows."""
    one_error_worse: int
    """Splits in which the rule of one standard error does worse than cross-validation."""
    scaling_leak: float
    """Change of the cross-validated error if all rows are standardized before the split."""
    selection_leak: float
    """Change if 10 features are picked before the split, from the real ones and noise."""
    noise_features: int
    kept: int


def squared_errors(
    x: np.ndarray, y: np.ndarray, rows: np.ndarray, strengths: np.ndarray
) -> np.ndarray:
    """Of ridge fitted to standardized ``rows``, at all rows: (strengths, all rows)."""
    spread = x[rows].std(0)
    z = (x - x[rows].mean(0)) / np.where(spread > 0, spread, 1.0)
    level, n = y[rows].mean(), len(rows)
    left, values, right = np.linalg.svd(z[rows], full_matrices=False)
    shrunk = (values / n) / ((values**2 / n) + strengths[:, None])  # (strengths, d)
    weights = shrunk * (left.T @ (y[rows] - level)) @ right
    errors: np.ndarray = (weights @ z.T + level - y) ** 2
    return errors


def smallest_error(
    x: np.ndarray, y: np.ndarray, strengths: np.ndarray, *, scale_first: bool, pick_first: bool
) -> float:
    """The cross-validated error of the best strength, with or without a leak."""

    def picked(rows: np.ndarray) -> np.ndarray:
        z = x[rows] - x[rows].mean(0)
        spread = np.where(z.std(0) > 0, z.std(0), 1.0)
        correlation = np.abs(z.T @ (y[rows] - y[rows].mean())) / spread
        return np.argsort(-correlation)[:KEPT]

    if scale_first:
        x = (x - x.mean(0)) / x.std(0)
    everything = np.arange(len(y))
    errors = []
    for out in np.array_split(everything, FOLDS):
        rows = np.setdiff1d(everything, out)
        columns = x[:, picked(everything if pick_first else rows)]
        if scale_first:  # no scaler in the fold
            columns = columns[:, columns[rows].std(0) > 0]
            level, n = y[rows].mean(), len(rows)
            mean = columns[rows].mean(0)
            z = columns - mean
            values, vectors = np.linalg.eigh(z[rows].T @ z[rows] / n)
            moment = vectors.T @ (z[rows].T @ (y[rows] - level) / n)
            weights = (moment / (values + strengths[:, None])) @ vectors.T
            errors.append(((weights @ z[out].T + level - y[out]) ** 2).mean(1))
        else:
            errors.append(squared_errors(columns, y, rows, strengths)[:, out].mean(1))
    return float(np.mean(errors, axis=0).min())


@cache
def measure(
    peek: bool = True,
    scale: float = 1.0,
    standard_errors: float = 1.0,
    noise_features: int = NOISE_FEATURES,
) -> Facts:
    """Choose among 18 strengths of ridge, 300 times, with 50 rows of the diabetes data.

    Args:
        peek: Whether a strength is reported with the rows that chose it. If not, as many other
            rows choose it.
        scale: Multiplies every strength; 0 takes the penalty away.
        standard_errors: How many of them the last rule allows; 0 makes it plain cross-validation.
        noise_features: Added before features are picked.
    """
    x, y = load_diabetes(return_X_y=True, scaled=False)
    y = (y - y.mean()) / y.std()
    strengths = scale * np.array(STRENGTHS)
    grid = [float(s) for s in strengths]
    reported, true = np.empty((SPLITS, 4)), np.empty((SPLITS, 4))
    chosen = np.empty((SPLITS, 4), dtype=int)
    unpenalized, leaks = np.empty(SPLITS), np.empty((LEAKS, 4))
    for split in range(SPLITS):
        rng = np.random.default_rng(split)
        order = rng.permutation(len(x))
        rows, test, other, fresh = np.split(order, [ROWS, ROWS + TEST, ROWS + 2 * TEST])
        errors = squared_errors(x, y, rows, strengths)
        on_rows, on_test, on_other, on_fresh = (
            errors[:, part].mean(1) for part in (rows, test, other, fresh)
        )
        _, folds = grid_search(x[rows], y[rows], grid, folds=FOLDS)
        on_folds = folds.mean(0)
        rule = one_standard_error(folds, grid, standard_errors=standard_errors)
        chosen[split] = (
            (on_rows if peek else on_other).argmin(),
            (on_test if peek else on_other).argmin(),
            on_folds.argmin(),
            grid.index(rule),
        )
        judges = (on_rows, on_test, on_folds, on_folds)
        reported[split] = [score[k] for score, k in zip(judges, chosen[split], strict=True)]
        true[split], unpenalized[split] = on_fresh[chosen[split]], on_fresh[0]
        if split < LEAKS:
            more = np.hstack([x, rng.normal(size=(len(x), noise_features))])[rows]
            leaks[split] = [
                smallest_error(d, y[rows], strengths, scale_first=scale_first, pick_first=pick)
                for d, scale_first, pick in (
                    (x[rows], False, False),
                    (x[rows], True, False),
                    (more, False, False),
                    (more, False, True),
                )
            ]

    def way(k: int) -> Way:
        optimism = true[:, k] - reported[:, k]
        return Way(
            reported=float(reported[:, k].mean()),
            true=float(true[:, k].mean()),
            spread=float(true[:, k].std(ddof=1)),
            optimism=float(optimism.mean()),
            standard_error=float(optimism.std(ddof=1) / SPLITS**0.5),
            strength=float(np.median(strengths[chosen[:, k]])),
            zero=int((chosen[:, k] == 0).sum()),
        )

    clean, scaled, inside, before = (float(v) for v in leaks.mean(0))
    return Facts(
        splits=SPLITS,
        rows=ROWS,
        test=TEST,
        fresh=len(x) - ROWS - 2 * TEST,
        folds=FOLDS,
        candidates=len(STRENGTHS),
        training=way(0),
        on_test=way(1),
        cross_validation=way(2),
        one_error=way(3),
        helped=int((true[:, 2] < unpenalized).sum()),
        one_error_worse=int((true[:, 3] > true[:, 2]).sum()),
        scaling_leak=scaled / clean - 1,
        selection_leak=before / inside - 1,
        noise_features=noise_features,
        kept=KEPT,
    )


def draw_ways(facts: Facts) -> MatplotlibFigure:
    """What each way reports, and what it is worth on fresh rows."""
    figure = new_figure(width=6.2, height=3.2)
    axes = figure.subplots()
    ways = (facts.training, facts.on_test, facts.cross_validation, facts.one_error)
    for y, way in enumerate(reversed(ways)):
        axes.plot([way.reported, way.true], [y, y], color=LIGHT["muted"], linewidth=1.5)
        axes.plot(way.reported, y, "o", color=LIGHT["l2"], markerfacecolor="none", markersize=9)
        axes.plot(way.true, y, "o", color=LIGHT["l2"], markersize=9)
    top = len(ways) - 1
    axes.text(ways[0].reported, top + 0.25, "reported", ha="center", va="bottom")
    axes.text(ways[0].true, top + 0.25, "on fresh rows", ha="center", va="bottom")
    axes.set_yticks(range(len(ways)), reversed(NAMES))
    axes.set_ylim(-0.5, top + 0.7)
    axes.set_xlim(ways[0].reported - 0.05, ways[0].true + 0.06)
    axes.set_xlabel("squared error (1 = always predicting the mean)")
    axes.grid(visible=False, axis="y")
    return figure


EXPERIMENT = Experiment(
    question="Which rows should choose the strength of L2?",
    measure=measure,
    claims=(
        Claim(
            id="training_rows_choose_none",
            sentence=lambda f: (
                f"The training rows choose $\\lambda = 0$ in {f.training.zero} of {f.splits} "
                f"splits: they report an error of {f.training.reported:.2f}, and on fresh rows it "
                f"is {f.training.true:.2f}."
            ),
            check=lambda f: (
                f.training.zero == f.splits and f.training.true > 1.3 * f.training.reported
            ),
            without={"peek": False},
        ),
        Claim(
            id="cross_validation_helps",
            sentence=lambda f: (
                f"Cross-validation brings it to {f.cross_validation.true:.2f}; it does better than "
                f"no penalty in {f.helped} of {f.splits} splits."
            ),
            check=lambda f: (
                f.cross_validation.true < 0.95 * f.training.true and f.helped > 0.75 * f.splits
            ),
            without={"scale": 0.0},
        ),
        Claim(
            id="test_rows_flatter",
            sentence=lambda f: (
                f"Choose with {f.test} test rows, and they report {f.on_test.reported:.3f} where "
                f"fresh rows say {f.on_test.true:.3f}: too good by {f.on_test.optimism:.3f} "
                f"(± {f.on_test.standard_error:.3f}, standard error)."
            ),
            check=lambda f: f.on_test.optimism > 2 * f.on_test.standard_error,
            without={"peek": False},
        ),
        Claim(
            id="one_error_costs",
            sentence=lambda f: (
                f"The rule of one standard error takes a median strength of "
                f"{f.one_error.strength:.2g} instead of {f.cross_validation.strength:.2g}, and its "
                f"error on fresh rows is {f.one_error.true:.2f} instead of "
                f"{f.cross_validation.true:.2f}, larger in {f.one_error_worse} of {f.splits} "
                f"splits."
            ),
            check=lambda f: (
                f.one_error.strength > 2 * f.cross_validation.strength
                and f.one_error.true > 1.05 * f.cross_validation.true
                and f.one_error_worse > 0.6 * f.splits
            ),
            without={"standard_errors": 0.0},
        ),
        Claim(
            id="which_leak_matters",
            sentence=lambda f: (
                f"Standardizing all rows before the split changes the cross-validated error by "
                f"{f.scaling_leak:+.1%}. Picking {f.kept} of {f.noise_features + 10} features "
                f"({f.noise_features} of them noise) before the split changes it by "
                f"{f.selection_leak:+.0%}."
            ),
            check=lambda f: abs(f.scaling_leak) < 0.02 and f.selection_leak < -0.1,
            without={"noise_features": 0},
        ),
    ),
    figures=(
        Figure(
            name="ways",
            title=lambda _: "The rows that chose the strength report too small an error",
            caption=lambda f: (
                f"Ridge on {f.rows} patients of the diabetes data, {f.candidates} strengths from 0 "
                f"to 10, mean of {f.splits} splits. Hollow: the error on the rows that chose. "
                f"Filled: on {f.fresh} patients that nothing was chosen with."
            ),
            alt=lambda f: (
                "Reported error and error on fresh rows. "
                + " ".join(
                    f"{name}: {way.reported:.2f} and {way.true:.2f}."
                    for name, way in zip(
                        NAMES,
                        (f.training, f.on_test, f.cross_validation, f.one_error),
                        strict=True,
                    )
                )
            ),
            draw=draw_ways,
        ),
    ),
)
