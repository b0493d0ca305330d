"""A sum of straight lines on which Adam walks to the worst point."""

from dataclasses import dataclass

import torch
from matplotlib.figure import Figure as MatplotlibFigure

from experiments.drawing import LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure

SLOPE = 3.0
PERIOD = 3
BETA2 = 1 / (1 + SLOPE**2)
STEPS = 3000
LR = 0.5
"""Learning rate of the first update; that of update t is LR / sqrt(t), as in the paper."""


@dataclass(frozen=True)
class Facts:
    """Where the weight was; the best point is -1, the worst +1."""

    slope: float
    beta2: float
    steps: int
    lr: float
    shown: tuple[int, ...]
    gradient_descent: tuple[float, ...]
    adam: tuple[float, ...]
    amsgrad: tuple[float, ...]
    gradient_descent_end: float
    adam_end: float
    amsgrad_end: float
    adam_long_memory_end: float


def walk(kind: str, beta2: float, amsgrad: bool) -> list[float]:
    """Online steps on f_t(w) = 3 w at every third update and -w at the others, w in [-1, 1]."""
    w = torch.zeros(1, dtype=torch.float64)
    optimizer: torch.optim.Optimizer
    if kind == "gradient descent":
        optimizer = torch.optim.SGD([w], lr=LR)
    else:
        optimizer = torch.optim.Adam([w], lr=LR, betas=(0.0, beta2), amsgrad=amsgrad)
    path = [0.0]
    for t in range(1, STEPS + 1):
        optimizer.param_groups[0]["lr"] = LR / t**0.5
        w.grad = torch.full_like(w, SLOPE if t % PERIOD == 1 else -1.0)
        optimizer.step()
        w.clamp_(-1, 1)
        path.append(w.item())
    return path


def measure(beta2: float = BETA2, amsgrad: bool = True) -> Facts:
    """Walk with gradient descent, Adam and AMSGrad.

    Args:
        beta2: Adam's decay of the mean of squares.
        amsgrad: Whether the third walk keeps the largest mean of squares.
    """
    descent = walk("gradient descent", beta2, amsgrad=False)
    adam = walk("Adam", beta2, amsgrad=False)
    largest = walk("Adam", beta2, amsgrad=amsgrad)
    shown = tuple(sorted({*range(151), *range(150, STEPS + 1, 30)}))
    return Facts(
        slope=SLOPE,
        beta2=beta2,
        steps=STEPS,
        lr=LR,
        shown=shown,
        gradient_descent=tuple(descent[t] for t in shown),
        adam=tuple(adam[t] for t in shown),
        amsgrad=tuple(largest[t] for t in shown),
        gradient_descent_end=descent[-1],
        adam_end=adam[-1],
        amsgrad_end=largest[-1],
        adam_long_memory_end=walk("Adam", 0.999, amsgrad=False)[-1],
    )


def draw_walks(facts: Facts) -> MatplotlibFigure:
    """The weight over the updates."""
    figure = new_figure(width=5.8, height=3.6)
    axes = figure.subplots()
    for values, colour, style, words, place in (
        (facts.adam, "adam", "-", "Adam", (150, 0.83)),
        (facts.gradient_descent, "plain", "-", "gradient descent", (500, -0.82)),
        (facts.amsgrad, "ink", "--", "AMSGrad", (60, -0.7)),
    ):
        axes.semilogx(facts.shown[1:], values[1:], color=LIGHT[colour], linestyle=style)
        axes.text(*place, words, color=LIGHT[colour])
    axes.set_ylim(-1.1, 1.1)
    axes.set_xlabel("update t")
    axes.set_ylabel("weight (best −1, worst +1)")
    return figure


EXPERIMENT = Experiment(
    question="Can Adam walk to the worst point of a convex problem?",
    measure=measure,
    claims=(
        Claim(
            id="adam_ends_at_the_worst",
            sentence=lambda f: (
                f"After {f.steps:,} updates Adam with $\\beta_1 = 0$, $\\beta_2 = {f.beta2:.1f}$ "
                f"stands at {f.adam_end:+.3f}, gradient descent at {f.gradient_descent_end:+.3f}; "
                "the best point is -1."
            ),
            check=lambda f: f.adam_end > 0.9 and f.gradient_descent_end < -0.9,
            without={"beta2": 0.999},
        ),
        Claim(
            id="a_memory_that_keeps_the_largest",
            sentence=lambda f: (
                "AMSGrad (`amsgrad=True` in both libraries) divides by the largest mean of squares "
                f"so far, and ends at {f.amsgrad_end:+.3f}. So does, here, Adam with the usual "
                f"$\\beta_2 = 0.999$: {f.adam_long_memory_end:+.3f}."
            ),
            check=lambda f: f.amsgrad_end < -0.9 and f.adam_long_memory_end < -0.9,
            without={"amsgrad": False},
        ),
    ),
    figures=(
        Figure(
            name="walks",
            title=lambda f: "One large gradient against two small ones: Adam follows the two",
            caption=lambda f: (
                f"Every third gradient is {f.slope:g}, the two others -1: together they say go "
                "down. Adam divides each by what it remembers, forgets the large one at once, and "
                "makes the three steps almost equally long: two to one for the wrong direction."
            ),
            alt=lambda f: (
                f"A weight over {f.steps:,} updates, starting at 0. Adam climbs to "
                f"{f.adam_end:+.2f}, the worst point; gradient descent falls to "
                f"{f.gradient_descent_end:+.2f} and AMSGrad to {f.amsgrad_end:+.2f}, the best."
            ),
            draw=draw_walks,
        ),
    ),
)
