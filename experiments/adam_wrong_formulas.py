"""Final formulas of Adam that circulate with a misplaced symbol, run on a small bowl."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure as MatplotlibFigure
from numpy.typing import NDArray

from experiments.drawing import LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.numpy.custom_adam import CustomAdam

Array = NDArray[np.float64]
Update = Callable[[Array, Array], Array]

LR, EPS, BETAS = 0.1, 1e-8, (0.9, 0.999)
CURVATURES = np.array([1.0, 3.0, 10.0])
START = (1.0, -2.0, 3.0)
STEPS = 2000
UPDATES: dict[str, Update] = {
    "right": lambda m, v: -LR * m / (np.sqrt(v) + EPS),
    "added": lambda m, v: -LR * v + EPS * m,
    "multiplied": lambda m, v: -LR * (v + EPS) * m,
    "no_root": lambda m, v: -LR * m / (v + EPS),
}


@dataclass(frozen=True)
class Facts:
    """Losses of the bowl; ``overflow`` is the update whose loss is no longer finite, or 0."""

    lr: float
    steps: int
    start_loss: float
    right: tuple[float, ...]
    added: tuple[float, ...]
    multiplied: tuple[float, ...]
    no_root: tuple[float, ...]
    right_final: float
    added_overflow: int
    multiplied_overflow: int
    no_root_final: float


def measure(all_right: bool = False) -> Facts:
    """Minimize 0.5 * sum(c * w ** 2) with each formula.

    Args:
        all_right: Whether every formula is replaced by the right one.
    """
    runs = {name: _run(UPDATES["right" if all_right else name]) for name in UPDATES}
    return Facts(
        lr=LR,
        steps=STEPS,
        start_loss=_loss(np.array(START)),
        right=runs["right"][:200],
        added=runs["added"][:200],
        multiplied=runs["multiplied"][:200],
        no_root=runs["no_root"][:200],
        right_final=runs["right"][-1],
        added_overflow=_overflow(runs["added"]),
        multiplied_overflow=_overflow(runs["multiplied"]),
        no_root_final=runs["no_root"][-1],
    )


def _loss(w: Array) -> float:
    return float(0.5 * (CURVATURES * w**2).sum())


def _run(update: Update) -> tuple[float, ...]:
    """The finite losses, from the first update on."""
    adam = CustomAdam(lr=LR, betas=BETAS, eps=EPS)
    w, losses = np.array(START), []
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(1, STEPS + 1):
            adam.step([w.copy()], [CURVATURES * w])  # for its two means
            m_hat = adam.exp_avg[0] / (1 - BETAS[0] ** t)
            v_hat = adam.exp_avg_sq[0] / (1 - BETAS[1] ** t)
            w = w + update(m_hat, v_hat)
            if not math.isfinite(loss := _loss(w)):
                break
            losses.append(loss)
    return tuple(losses)


def _overflow(losses: tuple[float, ...]) -> int:
    return len(losses) + 1 if len(losses) < STEPS else 0


def draw(facts: Facts) -> MatplotlibFigure:
    """The losses, on a logarithmic axis cut at both ends."""
    figure = new_figure(width=5.8, height=3.8)
    axes = figure.subplots()
    top = 1e12
    for losses, colour, style, words, place in (
        (facts.right, LIGHT["adam"], "-", "right: − lr · m̂ / (√v̂ + ε)", (62, 0.7)),
        (facts.no_root, LIGHT["muted"], "-", "no root: − lr · m̂ / (v̂ + ε)", (62, 2e3)),
        (facts.added, LIGHT["ink"], "--", "− lr · v̂ + ε · m̂", (12, 1e10)),
        (facts.multiplied, LIGHT["plain"], ":", "− lr · (v̂ + ε) · m̂", (12, 1e7)),
    ):
        shown = [min(loss, top) for loss in (facts.start_loss, *losses)]
        axes.semilogy(range(len(shown)), shown, color=colour, linestyle=style)
        axes.text(*place, words, color=colour)
    axes.set_ylim(1e-12, top)
    axes.set_xlabel("update t")
    axes.set_ylabel("loss")
    return figure


EXPERIMENT = Experiment(
    question="Which misprints of Adam's last line still run, and what do they do?",
    measure=measure,
    claims=(
        Claim(
            id="misprints_diverge",
            sentence=lambda f: (
                "On a bowl of three weights the right formula takes the loss from "
                f"{f.start_loss:.1f} to {f.right_final:.0e} in {f.steps:,} updates. With "
                f"$-\\mathrm{{lr}} \\cdot \\hat v + \\epsilon \\hat m$ it overflows at update "
                f"{f.added_overflow}, with $-\\mathrm{{lr}} (\\hat v + \\epsilon) \\hat m$ at "
                f"update {f.multiplied_overflow}."
            ),
            check=lambda f: (
                f.right_final < 1e-50
                and 0 < f.added_overflow < 20
                and 0 < f.multiplied_overflow < 20
            ),
            without={"all_right": True},
        ),
        Claim(
            id="no_root_crawls",
            sentence=lambda f: (
                "Without the root nothing explodes, which is worse to find: after "
                f"{f.steps:,} updates the loss is {f.no_root_final:.0e}, where the right formula "
                f"has {f.right_final:.0e}."
            ),
            check=lambda f: f.no_root_final > 1e20 * f.right_final,
            without={"all_right": True},
        ),
    ),
    figures=(
        Figure(
            name="losses",
            title=lambda f: "Two misprints explode within ten updates, one crawls",
            caption=lambda f: (
                f"Loss of a bowl of three weights, lr = {f.lr}. The two exploding lines leave the "
                "picture; they overflow at update "
                f"{f.added_overflow} and {f.multiplied_overflow}. The missing root only slows "
                "the fall: no error, no warning."
            ),
            alt=lambda f: (
                f"Loss over the first {len(f.right)} updates, logarithmic. The right formula falls "
                f"from {f.start_loss:.1f} to {f.right[-1]:.0e}. Two wrong ones rise beyond 10¹² "
                f"and overflow at updates {f.added_overflow} and {f.multiplied_overflow}. The one "
                f"without the root reaches {f.no_root[-1]:.1f}."
            ),
            draw=draw,
        ),
    ),
)
