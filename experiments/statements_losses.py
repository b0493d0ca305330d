"""Sentences about cross-entropy: which formula, which sign."""

from dataclasses import dataclass

import numpy as np

from experiments.experiment import Claim, Experiment


@dataclass(frozen=True)
class Facts:
    """Losses of the same predictions, means over the rows."""

    rows: int
    classes: int
    categorical: float
    binary_sum: float
    """The binary formula for each class, summed over the classes."""
    binary_mean: float
    bare: float
    """The binary formula as it is often printed, without the minus in front."""


def measure(classes: int = 5, sign: float = 1.0) -> Facts:
    """Probabilities from a softmax, and labels.

    Args:
        classes: How many; with 2 the mean of the binary formula is the categorical one.
        sign: In front of the formula that has lost its minus; -1 puts it back.
    """
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(40, classes))
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    y = np.eye(classes)[rng.integers(classes, size=40)]
    inner = y * np.log(p) + (1 - y) * np.log(1 - p)
    return Facts(
        rows=len(p),
        classes=classes,
        categorical=float(-(y * np.log(p)).sum(1).mean()),
        binary_sum=float(-inner.sum(1).mean()),
        binary_mean=float(-inner.mean()),
        bare=float(sign * inner.mean()),
    )


EXPERIMENT = Experiment(
    question="Is the formula with y log p and (1 - y) log(1 - p) the cross-entropy of classes?",
    measure=measure,
    claims=(
        Claim(
            id="binary_is_another_loss",
            sentence=lambda f: (
                f"On {f.rows} rows with {f.classes} classes and softmax probabilities the "
                f"categorical cross-entropy is {f.categorical:.2f}. The binary formula gives "
                f"{f.binary_sum:.2f} summed over the classes and {f.binary_mean:.2f} as their mean."
            ),
            check=lambda f: (
                min(abs(f.binary_sum - f.categorical), abs(f.binary_mean - f.categorical))
                > 0.1 * f.categorical
            ),
            without={"classes": 2},
        ),
        Claim(
            id="minus_in_front",
            sentence=lambda f: (
                f"Without its minus the loss of these rows is {f.bare:.2f}, and whoever minimizes "
                "it makes right answers improbable."
            ),
            check=lambda f: f.bare < 0,
            without={"sign": -1.0},
        ),
    ),
)
