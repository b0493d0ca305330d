"""Max-norm, dropout and a learning rate that is too high for the weights to stay small."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.datasets import load_digits
from torch import Tensor, nn

from experiments.drawing import LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.pytorch.max_norm import max_norm

SEEDS = 5
ROWS, HIDDEN = 200, 64
LIMIT = 2.0
LOW, HIGH = 0.125, 1.0
STEPS = 300
SHOWN = tuple(range(0, STEPS + 1, 10))


@dataclass(frozen=True)
class Run:
    """Means over the seeds."""

    loss: float
    """Cross-entropy on new images."""
    spread: float
    accuracy: float
    norm: float
    """The longest norm of a unit's incoming weights, at the end."""
    norms: tuple[float, ...]
    """The same at the steps shown."""


@dataclass(frozen=True)
class Facts:
    """With and without max-norm, at a low and a high learning rate."""

    seeds: int
    rows: int
    unseen: int
    hidden: int
    limit: float
    low: float
    high: float
    steps: int
    shown: tuple[int, ...]
    low_free: Run
    low_bound: Run
    high_free: Run
    high_bound: Run
    better: int
    """Seeds in which max-norm makes the loss smaller at the high rate."""


@cache
def digits() -> tuple[Tensor, Tensor]:
    """Pixels from 0 to 1, and labels."""
    images, labels = load_digits(return_X_y=True)
    return torch.tensor(images / 16, dtype=torch.float32), torch.tensor(labels)


@cache
def train(lr: float, limit: float | None, seed: int) -> tuple[float, float, tuple[float, ...]]:
    """Loss and accuracy on new images, and the longest norm at the steps shown."""
    images, labels = digits()
    norms = []
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        order = torch.randperm(len(images))
        layers = nn.Linear(64, HIDDEN), nn.Linear(HIDDEN, 10)
        model = nn.Sequential(layers[0], nn.ReLU(), nn.Dropout(0.5), layers[1])
        seen, unseen = order[:ROWS], order[ROWS:]
        optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
        for step in range(STEPS + 1):
            if step in SHOWN:
                longest = [layer.weight.detach().norm(dim=1).max() for layer in layers]
                norms.append(float(max(longest)))
            if step == STEPS:
                break
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images[seen]), labels[seen]).backward()
            optimizer.step()
            if limit is not None:
                with torch.no_grad():
                    for layer in layers:
                        layer.weight.copy_(max_norm(layer.weight, limit))
    model.eval()
    with torch.no_grad():
        logits = model(images[unseen])
        loss = nn.functional.cross_entropy(logits, labels[unseen])
    right = (logits.argmax(1) == labels[unseen]).double().mean()
    return float(loss), float(right), tuple(norms)


def run(lr: float, limit: float | None) -> Run:
    """Means over the seeds."""
    runs = [train(lr, limit, seed) for seed in range(SEEDS)]
    losses, accuracies = np.array([r[:2] for r in runs]).T
    norms = np.array([r[2] for r in runs]).mean(0)
    return Run(
        loss=float(losses.mean()),
        spread=float(losses.std(ddof=1)),
        accuracy=float(accuracies.mean()),
        norm=float(norms[-1]),
        norms=tuple(float(v) for v in norms),
    )


def measure(bound: bool = True) -> Facts:
    """Train a network with dropout on 200 digits at two learning rates, with 5 seeds.

    Args:
        bound: Whether there is a limit; False takes it away.
    """
    limit = LIMIT if bound else None
    pairs = [(train(HIGH, limit, s)[0], train(HIGH, None, s)[0]) for s in range(SEEDS)]
    return Facts(
        seeds=SEEDS,
        rows=ROWS,
        unseen=len(digits()[0]) - ROWS,
        hidden=HIDDEN,
        limit=LIMIT,
        low=LOW,
        high=HIGH,
        steps=STEPS,
        shown=SHOWN,
        low_free=run(LOW, None),
        low_bound=run(LOW, limit),
        high_free=run(HIGH, None),
        high_bound=run(HIGH, limit),
        better=sum(ours < theirs for ours, theirs in pairs),
    )


def draw_norms(facts: Facts) -> MatplotlibFigure:
    """The longest norm over the steps."""
    figure = new_figure(width=5.8, height=3.4)
    axes = figure.subplots()
    for way, colour, style, name, above in (
        (facts.high_free, "plain", "-", f"no limit, rate {facts.high:g}", 0.15),
        (facts.low_free, "plain", "--", f"no limit, rate {facts.low:g}", 0.15),
        (facts.high_bound, "ink", "-", f"limit {facts.limit:g}, rate {facts.high:g}", -0.15),
    ):
        axes.plot(facts.shown, way.norms, color=LIGHT[colour], linestyle=style)
        axes.text(
            facts.steps,
            way.norms[-1] + above,
            name,
            color=LIGHT[colour],
            ha="right",
            va="bottom" if above > 0 else "top",
        )
    axes.set_xlim(0, facts.steps)
    axes.set_ylim(0, facts.high_free.norm * 1.15)
    axes.set_xlabel("step")
    axes.set_ylabel("longest incoming norm")
    return figure


EXPERIMENT = Experiment(
    question="What does max-norm do at a low and at a high learning rate?",
    measure=measure,
    claims=(
        Claim(
            id="holds_the_loss_at_a_high_rate",
            sentence=lambda f: (
                f"At a learning rate of {f.high:g}, the loss on new images falls from "
                f"{f.high_free.loss:.2f} ± {f.high_free.spread:.2f} to {f.high_bound.loss:.2f} ± "
                f"{f.high_bound.spread:.2f}, lower with {f.better} of {f.seeds} seeds. No unit is "
                f"longer than {f.high_bound.norm:.2f}, where one reached {f.high_free.norm:.1f}."
            ),
            check=lambda f: (
                f.high_bound.loss < 0.8 * f.high_free.loss
                and f.better == f.seeds
                and f.high_bound.norm < f.limit + 1e-5
                and f.high_free.norm > 2 * f.limit
            ),
            without={"bound": False},
        ),
        Claim(
            id="rate_matters_less",
            sentence=lambda f: (
                f"Between the rates {f.low:g} and {f.high:g} the loss moves by "
                f"{abs(f.high_free.loss - f.low_free.loss):.2f} without the limit, and by "
                f"{abs(f.high_bound.loss - f.low_bound.loss):.3f} with it."
            ),
            check=lambda f: (
                f.high_free.loss - f.low_free.loss > 0.1
                and abs(f.high_bound.loss - f.low_bound.loss) < 0.02
            ),
            without={"bound": False},
        ),
        Claim(
            id="rescues_no_more",
            sentence=lambda f: (
                f"It is no better than a good rate without limit: accuracy "
                f"{f.high_bound.accuracy:.1%} at {f.high:g} with max-norm, "
                f"{f.low_free.accuracy:.1%} at {f.low:g} without."
            ),
            check=lambda f: abs(f.high_bound.accuracy - f.low_free.accuracy) < 0.01,
            without={"bound": False},
        ),
    ),
    figures=(
        Figure(
            name="norms",
            title=lambda _: "The limit stops the growth that a high learning rate brings",
            caption=lambda f: (
                f"The longest norm of a unit's incoming weights in a network with {f.hidden} "
                f"hidden units and dropout, on {f.rows} images of digits; mean of {f.seeds} seeds."
            ),
            alt=lambda f: (
                f"Longest incoming norm over {f.steps} steps. At rate {f.high:g} it grows to "
                f"{f.high_free.norm:.1f} without limit and stays at {f.high_bound.norm:.1f} with "
                f"one; at rate {f.low:g} it ends at {f.low_free.norm:.1f}."
            ),
            draw=draw_norms,
        ),
    ),
)
