"""Which rules go on following a minimum that moves."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.experiment import Claim, Experiment
from snippets.numpy.adagrad import Adagrad
from snippets.numpy.gradient_descent import GradientDescent
from snippets.numpy.rmsprop import RMSprop

SEEDS, NOISE = 10, 0.5
PERIOD, PERIODS = 200, 50
GRID = tuple(2.0**k for k in range(-8, 4))
RULES: dict[str, Any] = {"descent": GradientDescent, "adagrad": Adagrad, "rmsprop": RMSprop}


@dataclass(frozen=True)
class Rule:
    """Mean distance from the minimum in the second period and in the last; over seeds."""

    early: float
    late: float
    late_spread: float
    lr: float
    """The one with the smallest distance in the second period, on other seeds."""


@dataclass(frozen=True)
class Facts:
    """A noisy slope of 1/2 (w - c)^2, where c swings."""

    seeds: int
    period: int
    periods: int
    descent: Rule
    adagrad: Rule
    rmsprop: Rule


def distances(rule: str, lr: float, widest: float, periods: int, seed: int) -> np.ndarray:
    """Mean distance from the minimum for each period and seed."""
    rng = np.random.default_rng(seed)
    weights, optimizer = np.zeros(SEEDS), RULES[rule](lr)
    found = np.zeros((periods, SEEDS))
    for t in range(periods * PERIOD):
        minimum = widest * np.sin(2 * np.pi * t / PERIOD)
        optimizer.step([weights], [weights - minimum + rng.normal(0, NOISE, SEEDS)])
        found[t // PERIOD] += np.abs(weights - minimum) / PERIOD
    return found


def followed(rule: str, widest: float) -> Rule:
    """Choose the learning rate early, then go on."""
    with np.errstate(over="ignore", invalid="ignore"):  # the largest learning rates diverge
        tried = {
            lr: np.nan_to_num(distances(rule, lr, widest, 2, seed=1)[1].mean(), nan=np.inf)
            for lr in GRID
        }
    lr = min(tried, key=tried.__getitem__)
    found = distances(rule, lr, widest, PERIODS, seed=2)
    return Rule(float(found[1].mean()), float(found[-1].mean()), float(found[-1].std(ddof=1)), lr)


def measure(widest: float = 2.0) -> Facts:
    """Let three rules follow it.

    Args:
        widest: How far the minimum goes from its middle; with 0 it stands still.
    """
    return Facts(
        seeds=SEEDS,
        period=PERIOD,
        periods=PERIODS,
        descent=followed("descent", widest),
        adagrad=followed("adagrad", widest),
        rmsprop=followed("rmsprop", widest),
    )


EXPERIMENT = Experiment(
    question="Which rules go on following a minimum that moves?",
    measure=measure,
    claims=(
        Claim(
            id="adagrad_stays_behind",
            sentence=lambda f: (
                f"A minimum swings to and fro every {f.period} updates. With the learning rate "
                "that is best in the second swing, Adagrad's mean distance from it grows from "
                f"{f.adagrad.early:.2f} to {f.adagrad.late:.2f} ± {f.adagrad.late_spread:.2f} in "
                f"swing {f.periods} ({f.seeds} seeds). RMSprop's stays at {f.rmsprop.late:.2f}, "
                f"and that of gradient descent at {f.descent.late:.2f}."
            ),
            check=lambda f: (
                f.adagrad.late > 2 * f.adagrad.early
                and f.rmsprop.late < 1.2 * f.rmsprop.early
                and f.descent.late < 1.2 * f.descent.early
            ),
            without={"widest": 0.0},
        ),
    ),
)
