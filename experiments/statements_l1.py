"""Sentences about L1 that need no network: the way to zero, the sign, units, rows."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import ElasticNet, Lasso

from experiments.experiment import Claim, Experiment

Array = NDArray[np.float64]

STEPS = 1000
DATA_SETS = 20
ROWS, FEATURES = 30, 200


@dataclass(frozen=True)
class Facts:
    """Each number stands in one sentence."""

    exact_zero_at: int
    """Step at which a weight of 0.05 is exactly zero, with fractions; 0 if it never is."""
    float_zero_at: int
    other_zero_at: int
    """The same with fractions from another start."""
    other_start: float
    bounce: float
    """How far from zero that other weight stays."""
    weights: tuple[float, ...]
    signed_sum: float
    absolute_sum: float
    saved_large: float
    saved_small: float
    """By going from 1.5 to 1.4, and from 0.2 to 0.1."""
    l2_large: float
    l2_small: float
    """The same of L2."""
    data_sets: int
    kept_cm: int
    kept_second: int
    """Data sets in which the lasso keeps the height in cm, and the second column."""
    rows: int
    features: int
    kept: int
    """Of many features that all matter, at a weak penalty."""
    data_slope: float
    moved_to: float
    """Where a step of 0.1 times that slope takes a weight of 0.05, without a penalty."""
    threshold_features: int
    left_zero: int
    """Of those that start at exactly 0, how many a training with soft thresholds takes away."""


def sign(w: Any) -> int:
    """-1, 0 or 1."""
    return int(w > 0) - int(w < 0)


def walk(start: Any, number: Any, soft: bool) -> tuple[int, float]:
    """When a weight first is zero, or 0; and its size at the end."""
    lr, l1, w, first = number("0.1"), number("0.01"), number(start), 0
    for step in range(1, STEPS + 1):
        slope = {1: number("0.02"), 2: number("0.01")}.get(step, number("0"))
        if soft:
            moved = w - lr * slope
            w = sign(moved) * max(abs(moved) - lr * l1, number("0"))
        else:
            w = w - lr * (slope + l1 * sign(w))
        if w == 0 and not first:
            first = step
    return first, abs(float(w))


def heights(inch: float) -> tuple[int, int]:
    """How often the lasso keeps the column in cm, and the second column, not standardized."""
    cm_kept = second_kept = 0
    for seed in range(DATA_SETS):
        rng = np.random.default_rng(seed)
        metres = rng.normal(0, 0.1, size=60)
        targets = 50 * metres + rng.normal(size=60)
        columns = [100 * metres, 100 * metres / inch]
        cm = seed % 2  # half the time the second column
        if cm:
            columns.reverse()
        found = Lasso(alpha=0.1).fit(np.stack(columns, 1), targets).coef_
        cm_kept += int(abs(found[cm]) > 1e-9 >= abs(found[1 - cm]))
        second_kept += int(abs(found[1]) > 1e-9)
    return cm_kept, second_kept


def leave_zero(l1: float) -> int:
    """How many of ten weights, all 0 at first, are not 0 after steps with a soft threshold."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(100, 10))
    targets = features @ np.repeat([1.0, 0.0], 5) + rng.normal(size=100)
    w = np.zeros(10)
    for _ in range(STEPS):
        w = w - 0.1 * 2 / 100 * (features.T @ (features @ w - targets))
        w = np.sign(w) * np.maximum(np.abs(w) - 0.1 * l1, 0)
    return int((w != 0).sum())


def measure(
    soft: bool = False,
    weights: tuple[float, ...] = (3.0, -5.0),
    power: float = 1.0,
    inch: float = 2.54,
    ratio: float = 1.0,
    slope: float = 0.02,
    l1: float = 0.5,
) -> Facts:
    """Compute each number once.

    Args:
        soft: Use a soft threshold instead of the penalty's slope.
        weights: To sum with and without absolute values.
        power: Exponent of the penalty; 2 is L2.
        inch: Centimeters in the unit of the other column; 1 makes both the same.
        ratio: Share of L1 in the fit with more features than rows; below 1 it is an elastic net.
        slope: Of the data's loss, at a weight that one step moves.
        l1: Strength of the penalty on ten weights that start at 0.
    """
    other = "0.0505"
    exact, _ = walk("0.05", Fraction, soft)
    floating, _ = walk("0.05", float, soft)
    bounced, size = walk(other, Fraction, soft)
    rng = np.random.default_rng(0)
    features = rng.normal(size=(ROWS, FEATURES))
    # A weaker penalty converges slower and keeps as many.
    model = ElasticNet(alpha=0.1, l1_ratio=ratio, tol=1e-6, max_iter=100_000)
    found = model.fit(features, features.sum(1))
    cm, second = heights(inch)
    return Facts(
        exact_zero_at=exact,
        float_zero_at=floating,
        other_zero_at=bounced,
        other_start=float(other),
        bounce=size,
        weights=weights,
        signed_sum=sum(weights),
        absolute_sum=sum(abs(w) for w in weights),
        saved_large=1.5**power - 1.4**power,
        saved_small=0.2**power - 0.1**power,
        l2_large=1.5**2 - 1.4**2,
        l2_small=0.2**2 - 0.1**2,
        data_sets=DATA_SETS,
        kept_cm=cm,
        kept_second=second,
        rows=ROWS,
        features=FEATURES,
        kept=int((found.coef_ != 0).sum()),
        data_slope=slope,
        moved_to=0.05 - 0.1 * slope,
        threshold_features=10,
        left_zero=leave_zero(l1),
    )


EXPERIMENT = Experiment(
    question="Which common sentences about L1 hold when they are computed?",
    measure=measure,
    claims=(
        Claim(
            id="lucky_arithmetic",
            sentence=lambda f: (
                f"Computed with fractions, the weight of 0.05 is 0 at step {f.exact_zero_at}; with "
                f"floating-point numbers in none of {STEPS:,}. From {f.other_start:g} it misses "
                f"even with fractions, by {f.bounce:g} for ever."
            ),
            check=lambda f: f.exact_zero_at > 0 and f.float_zero_at == 0 and f.other_zero_at == 0,
            without={"soft": True},
        ),
        Claim(
            id="positive_slope_pulls_down",
            sentence=lambda f: (
                f"A slope of {f.data_slope:+g} from the data takes a weight from 0.05 to "
                f"{f.moved_to:g} in a step with lr 0.1: down, as L1 does. A step goes against the "
                "slope."
            ),
            check=lambda f: f.data_slope > 0 and f.moved_to < 0.05,
            without={"slope": -0.02},
        ),
        Claim(
            id="zero_is_not_dead",
            sentence=lambda f: (
                f"Of {f.threshold_features} weights that start at exactly 0, soft thresholds leave "
                f"{f.left_zero} away from 0 in the end: a weight of 0 has a gradient, and moves as "
                "soon as the data pull harder than the penalty."
            ),
            check=lambda f: 0 < f.left_zero < f.threshold_features,
            without={"l1": 100.0},
        ),
        Claim(
            id="absolute_values_count",
            sentence=lambda f: (
                f"For the weights {f.weights[0]:g} and {f.weights[1]:g} the sum without absolute "
                f"values is {f.signed_sum:g}, with them {f.absolute_sum:g}. Minimized, the first "
                "rewards a weight for being ever more negative."
            ),
            check=lambda f: f.signed_sum < 0 < f.absolute_sum,
            without={"weights": (3.0, 5.0)},
        ),
        Claim(
            id="same_saving_everywhere",
            sentence=lambda f: (
                f"Going from 1.5 to 1.4 saves {f.saved_large:.2f} $\\lambda$ of L1, going from 0.2 "
                f"to 0.1 saves {f.saved_small:.2f} $\\lambda$: as much. Of L2 the two save "
                f"{f.l2_large:.2f} and {f.l2_small:.2f}."
            ),
            check=lambda f: (
                abs(f.saved_large - f.saved_small) < 1e-9 and f.l2_large > 5 * f.l2_small
            ),
            without={"power": 2.0},
        ),
        Claim(
            id="unit_decides_who_stays",
            sentence=lambda f: (
                "The same height as two columns, in cm and in inches, not standardized: the lasso "
                f"keeps the one in cm in {f.kept_cm} of {f.data_sets} data sets, whichever comes "
                "first. The larger numbers need the smaller weight."
            ),
            check=lambda f: f.kept_cm == f.data_sets,
            without={"inch": 1.0},
        ),
        Claim(
            id="no_more_than_rows",
            sentence=lambda f: (
                f"Of {f.features} features that all matter, the lasso keeps {f.kept} when it has "
                f"{f.rows} rows and a weak penalty."
            ),
            check=lambda f: 0 < f.kept < f.rows,
            without={"ratio": 0.5},
        ),
    ),
)
