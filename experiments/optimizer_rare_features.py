"""What Adagrad gains on rare features, and on features that are not rare."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from experiments.experiment import Claim, Experiment
from snippets.numpy.adagrad import Adagrad
from snippets.numpy.gradient_descent import GradientDescent

SEEDS = 8
ROWS, FEATURES = 2000, 40
"""Rows are seen once, one at a time: what a rare feature teaches comes seldom."""
RAREST, MOSTLY = 0.005, 0.5
GRID = tuple(2.0**k for k in range(-5, 4))
RULES: dict[str, Any] = {"descent": GradientDescent, "adagrad": Adagrad}


@dataclass(frozen=True)
class Gain:
    """How much lower Adagrad's test loss is than gradient descent's, in percent; over seeds."""

    mean: float
    spread: float
    lower: int
    """Seeds in which it is lower."""


@dataclass(frozen=True)
class Facts:
    """Three kinds of data; for each rule the learning rate that is best on other data sets."""

    seeds: int
    rows: int
    features: int
    one_in: float
    """Rows for one in which the rarest feature is not 0."""
    telling: Gain
    """The rarer a feature, the larger its true weight: each says about as much as the others."""
    alike: Gain
    """All true weights have one size: a rare feature matters little to the loss."""
    even: Gain
    """All features are equally frequent."""


def losses(rule: str, lr: float, rarest: float, power: float, seed: int) -> np.ndarray:
    """Test loss of a logistic regression for each of ``SEEDS`` data sets, seen once.

    A feature that is not 0 in a share s of the rows has a true weight of (``MOSTLY`` / s)^power,
    or minus that.
    """
    rng = np.random.default_rng(seed)
    shares = np.geomspace(rarest, MOSTLY, FEATURES)
    true = rng.choice([-1.0, 1.0], (SEEDS, FEATURES)) * (MOSTLY / shares) ** power
    weights, optimizer = np.zeros((SEEDS, FEATURES)), RULES[rule](lr)

    def draw() -> tuple[np.ndarray, np.ndarray]:
        size = (ROWS, SEEDS, FEATURES)
        x = rng.normal(size=size) * (rng.random(size) < shares)
        chance = 1 / (1 + np.exp(-2 * (x * true).sum(2)))
        return x, np.where(rng.random((ROWS, SEEDS)) < chance, 1.0, -1.0)

    with np.errstate(over="ignore", invalid="ignore"):  # the largest learning rates diverge
        for x, y in zip(*draw(), strict=True):
            slope = -y / (1 + np.exp(y * (x * weights).sum(1)))
            optimizer.step([weights], [slope[:, None] * x])
    x, y = draw()
    loss: np.ndarray = np.logaddexp(0, -y * (x * weights).sum(2)).mean(0)
    return np.where(np.isnan(loss), np.inf, loss)


@cache
def gain(rarest: float, power: float) -> Gain:
    """Choose each learning rate on other data sets, then compare."""
    found = {}
    for rule in RULES:
        tried = {lr: losses(rule, lr, rarest, power, seed=1).mean() for lr in GRID}
        found[rule] = losses(rule, min(tried, key=tried.__getitem__), rarest, power, seed=2)
    lower = 100 * (1 - found["adagrad"] / found["descent"])
    return Gain(float(lower.mean()), float(lower.std(ddof=1)), int((lower > 0).sum()))


def measure(rarest: float = RAREST) -> Facts:
    """Train on three kinds of data.

    Args:
        rarest: Share of rows in which the rarest feature is not 0.
    """
    return Facts(
        seeds=SEEDS,
        rows=ROWS,
        features=FEATURES,
        one_in=1 / rarest,
        telling=gain(rarest, 0.5),
        alike=gain(rarest, 0.0),
        even=gain(MOSTLY, 0.0),
    )


EXPERIMENT = Experiment(
    question="Is Adagrad for data with rare features?",
    measure=measure,
    claims=(
        Claim(
            id="if_they_say_much",
            sentence=lambda f: (
                f"A logistic regression sees {f.rows:,} rows once, and the rarest of its "
                f"{f.features} features is in one row of {f.one_in:.0f}. Where rare features say "
                "as much as frequent ones, Adagrad's test loss is "
                f"{f.telling.mean:.0f} % ± {f.telling.spread:.0f} % below that of gradient descent "
                f"({f.seeds} data sets, each rule at its best learning rate). Where they matter "
                f"little, it is {f.alike.mean:.0f} % ± {f.alike.spread:.0f} % lower, and with "
                f"features that are all equally frequent {f.even.mean:.0f} % ± "
                f"{f.even.spread:.0f} %."
            ),
            check=lambda f: (
                f.telling.lower == f.seeds
                and f.telling.mean > f.even.mean + 5
                and f.alike.mean < f.even.mean
            ),
            without={"rarest": MOSTLY},
        ),
    ),
)
