"""Sentences about L2 that need no training: norms, factors, shares."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from experiments.experiment import Claim, Experiment

Array = NDArray[np.float64]

LR, L2 = 0.1, 0.25


@dataclass(frozen=True)
class Facts:
    """What the penalty, its gradient and one step are."""

    small: float
    large: float
    ratio: float
    penalty_small: float
    penalty_large: float
    penalty_ratio: float
    squares: float
    """Sum of the squared entries of a matrix."""
    frobenius: float
    spectral: float
    weight: float
    strength: float
    gradient: float
    """Of the penalty, by central differences."""
    directions: tuple[float, float]
    shares: tuple[float, float]
    """What ridge leaves of the least squares weight along two directions of the data."""
    rows: int
    by_mean: float
    by_sum: float
    """Norms of the weights with the same strength next to the mean and the summed loss."""
    decay: float
    factor: float
    """What one step of PyTorch's AdamW with its defaults leaves of a weight without gradient."""
    left: float
    once: float
    both: float
    """What a step takes off a weight of 1: by weight_decay, and by that and the same penalty."""
    shown_gradient: float
    """``p.grad`` after the step."""
    correlation: float
    strengths: tuple[float, ...]
    shared: tuple[tuple[float, float], ...]
    """For each strength, ridge's weights of two correlated features whose true ones are 2 and 0."""


def ridge(features: Array, targets: Array, strength: float, divisor: float) -> Array:
    """The minimum of squared errors / divisor + strength * sum of squared weights."""
    gram = features.T @ features / divisor + strength * np.eye(features.shape[1])
    return np.asarray(np.linalg.solve(gram, features.T @ targets / divisor))


def one_step(weight_decay: float, in_loss: float) -> tuple[float, float]:
    """How far SGD moves a weight of 1 without data; the gradient that it leaves to be seen."""
    weight = torch.nn.Parameter(torch.ones((), dtype=torch.float64))
    optimizer = torch.optim.SGD([weight], lr=LR, weight_decay=weight_decay)
    (0.0 * weight + in_loss * weight**2).backward()
    optimizer.step()
    assert weight.grad is not None
    return 1 - weight.item(), weight.grad.item()


def pair(correlation: float, strength: float) -> tuple[float, float]:
    """Ridge's weights of two features, in the limit of many rows; the first one alone matters."""
    covariance = np.array([[1.0, correlation], [correlation, 1.0]])
    first, second = np.linalg.solve(covariance + strength * np.eye(2), covariance @ [2.0, 0.0])
    return float(first), float(second)


def measure(
    power: float = 2.0,
    matrix: tuple[float, float] = (3.0, 4.0),
    factor: float = 1.0,
    directions: tuple[float, float] = (10.0, 1.0),
    rows: int = 50,
    decay: float = 0.01,
    l2: float = L2,
    strengths: tuple[float, ...] = (0.001, 0.1, 1.0),
) -> Facts:
    """Compute each number once.

    Args:
        power: Exponent of the penalty.
        matrix: Diagonal of a 2 x 2 matrix of weights.
        factor: In front of the penalty whose gradient is taken; 0.5 is another convention.
        directions: Singular values of the data.
        rows: Of a data set with three features.
        decay: AdamW's ``weight_decay``.
        l2: Strength that is given to the optimizer, and to the loss as well; 0 is none.
        strengths: Of the L2 on two correlated features.
    """
    small, large, strength, weight = 0.1, 10.0, 0.01, 3.0
    penalty_small, penalty_large = strength * small**power, strength * large**power
    weights = np.diag(matrix)
    gradient = factor * strength * ((weight + 1e-4) ** power - (weight - 1e-4) ** power) / 2e-4
    data = np.diag(directions)
    free = np.ones(2)
    shares = ridge(data, data @ free, 1.0, 1.0)
    rng = np.random.default_rng(0)
    features, targets = rng.normal(size=(rows, 3)), rng.normal(size=rows)
    norms = [
        float(np.linalg.norm(ridge(features, targets, 1.0, divisor))) for divisor in (rows, 1.0)
    ]
    decayed = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
    adamw = torch.optim.AdamW([decayed], weight_decay=decay)
    decayed.grad = torch.zeros_like(decayed)
    adamw.step()
    kept = decayed.item()
    once, shown = one_step(2 * l2, 0.0)
    both, _ = one_step(2 * l2, l2)
    return Facts(
        small=small,
        large=large,
        ratio=large / small,
        penalty_small=penalty_small,
        penalty_large=penalty_large,
        penalty_ratio=penalty_large / penalty_small,
        squares=float((weights**2).sum()),
        frobenius=float(np.linalg.norm(weights)),
        spectral=float(np.linalg.norm(weights, 2)),
        weight=weight,
        strength=strength,
        gradient=float(gradient),
        directions=directions,
        shares=(float(shares[0]), float(shares[1])),
        rows=rows,
        by_mean=norms[0],
        by_sum=norms[1],
        decay=decay,
        factor=kept,
        left=kept**1000,
        once=once,
        both=both,
        shown_gradient=shown,
        correlation=0.95,
        strengths=strengths,
        shared=tuple(pair(0.95, s) for s in strengths),
    )


EXPERIMENT = Experiment(
    question="What are the sizes behind common sentences about L2?",
    measure=measure,
    claims=(
        Claim(
            id="square_of_the_ratio",
            sentence=lambda f: (
                f"A weight of {f.large:g} is {f.ratio:,.0f} times as large as one of {f.small:g}; "
                f"its penalty, {f.penalty_large:g} instead of {f.penalty_small:g} at "
                f"$\\lambda = {f.strength:g}$, is {f.penalty_ratio:,.0f} times as large."
            ),
            check=lambda f: abs(f.penalty_ratio / f.ratio**2 - 1) < 1e-9,
            without={"power": 1.0},
        ),
        Claim(
            id="three_norms",
            sentence=lambda f: (
                f"The weights 3 and 4 on a diagonal have a sum of squares of {f.squares:g}. The "
                f"Euclidean (Frobenius) norm is its root, {f.frobenius:g}; what $\\lVert W "
                f"\\rVert_2$ means for a matrix, the spectral norm, is {f.spectral:g}."
            ),
            check=lambda f: (
                abs(f.squares - f.frobenius) > 1 and abs(f.frobenius - f.spectral) > 0.5
            ),
            without={"matrix": (1.0, 0.0)},
        ),
        Claim(
            id="gradient_has_the_two",
            sentence=lambda f: (
                f"At $w = {f.weight:g}$ and $\\lambda = {f.strength:g}$ the slope of $\\lambda "
                f"w^2$, taken by differences, is {f.gradient:.2f}: $2 \\lambda w$, not $\\lambda "
                f"w = {f.strength * f.weight:.2f}$."
            ),
            check=lambda f: abs(f.gradient - 2 * f.strength * f.weight) < 1e-9,
            without={"factor": 0.5},
        ),
        Claim(
            id="not_uniform",
            sentence=lambda f: (
                "L2 does not shrink by one common factor. Along a direction in which the data "
                f"vary {f.directions[0] / f.directions[1]:g} times as much, ridge leaves "
                f"{f.shares[0]:.1%} of the least squares weight, along the other {f.shares[1]:.1%}."
            ),
            check=lambda f: f.shares[0] > 1.5 * f.shares[1],
            without={"directions": (10.0, 10.0)},
        ),
        Claim(
            id="alike_when_strong",
            sentence=lambda f: (
                f"Of two features with correlation {f.correlation:g} one matters, with weight 2. "
                "L2 gives them "
                + ", ".join(
                    f"{one:.2f} and {other:.2f} ($\\lambda = {s:g}$)"
                    for (one, other), s in zip(f.shared, f.strengths, strict=True)
                )
                + ": they become alike when the penalty is strong."
            ),
            check=lambda f: (
                f.shared[0][0] - f.shared[0][1] > 1.5
                and f.shared[-1][0] - f.shared[-1][1] < 0.1 < f.shared[-1][1]
            ),
            without={"strengths": (0.001, 0.001)},
        ),
        Claim(
            id="mean_or_sum",
            sentence=lambda f: (
                f"The same strength, 1, on {f.rows} rows: next to the mean loss it leaves weights "
                f"of length {f.by_mean:.3f}, next to the summed loss {f.by_sum:.3f}."
            ),
            check=lambda f: f.by_sum > 1.5 * f.by_mean,
            without={"rows": 1},
        ),
        Claim(
            id="factor_near_one",
            sentence=lambda f: (
                f"With its default `weight_decay={f.decay:g}` and lr, PyTorch's AdamW multiplies "
                f"a weight by {f.factor:.5f} in each step: after 1,000 steps "
                f"{f.left:.1%} of it are left."
            ),
            check=lambda f: f.factor > 0.999 and f.left > 0.9,
            without={"decay": 100.0},
        ),
        Claim(
            id="hidden_in_the_step",
            sentence=lambda f: (
                "Without any data, SGD with `weight_decay` takes "
                f"{f.once:.2f} off a weight of 1, and afterwards its `grad` is "
                f"{f.shown_gradient:g}: the penalty is in the step, not in `p.grad`."
            ),
            check=lambda f: f.once > 0.01 and f.shown_gradient == 0,
            without={"l2": 0.0},
        ),
        Claim(
            id="counted_twice",
            sentence=lambda f: (
                "Add the penalty to the loss and leave `weight_decay` in the optimizer, and both "
                f"count: a step takes {f.both:.2f} off the weight instead of {f.once:.2f}."
            ),
            check=lambda f: f.both > 1.9 * f.once,
            without={"l2": 0.0},
        ),
    ),
)
