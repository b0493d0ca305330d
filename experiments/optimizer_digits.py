"""Six update rules train the same classifier: what tuning the learning rate is worth."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure as MatplotlibFigure
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from experiments.drawing import LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.numpy.adagrad import Adagrad
from snippets.numpy.custom_adam import CustomAdam
from snippets.numpy.gradient_descent import GradientDescent
from snippets.numpy.momentum import Momentum
from snippets.numpy.nesterov import Nesterov
from snippets.numpy.rmsprop import RMSprop

Array = NDArray[np.float64]
Floats = tuple[float, ...]
RULES: dict[str, Callable[[float], Any]] = {
    "gradient descent": GradientDescent,
    "momentum": Momentum,
    "Nesterov": Nesterov,
    "Adagrad": Adagrad,
    "RMSprop": RMSprop,
    "Adam": CustomAdam,
}
STYLES = {
    "gradient descent": ("plain", "-"),
    "momentum": ("l2", "--"),
    "Nesterov": ("elastic_net", ":"),
    "Adagrad": ("l1", "-."),
    "RMSprop": ("dropout", "--"),
    "Adam": ("adam", "-"),
}
ADAPTIVE = ("Adagrad", "RMSprop", "Adam")
GRID = (0.001, 0.01, 0.1, 0.5, 1.0, 3.0)
ROWS, STEPS, SEEDS = 400, 200, 10
CHOOSING, JUDGING = range(1), range(1, SEEDS + 1)


@dataclass(frozen=True)
class Choice:
    """One rule with one way to choose its lr; means and standard deviations over the splits."""

    lr: float
    loss: float
    loss_spread: float
    accuracy: float
    accuracy_spread: float
    accuracies: Floats
    """One for each split."""


@dataclass(frozen=True)
class Facts:
    """Rules in the order of ``rules``."""

    rules: tuple[str, ...]
    grid: Floats
    rows: int
    held_out: int
    steps: int
    seeds: int
    by_lr: tuple[Floats, ...]
    """Training loss on the split that chose, one row for each rule, one column for each lr."""
    by_loss: tuple[Choice, ...]
    """With the lr of the lowest training loss."""
    by_accuracy: tuple[Choice, ...]
    """With the lr of the highest accuracy on held-out images."""
    loss_ratio: float
    """Largest mean training loss over the smallest, chosen by loss."""
    ahead: int
    """Splits in which gradient descent has a higher accuracy than ``ADAPTIVE``, chosen by loss."""
    accuracy_range_by_loss: float
    accuracy_range: float
    """Best minus worst mean accuracy, in percentage points; chosen by accuracy."""
    lowest_lr: float
    highest_lr: float
    adam_at_lowest: float
    adam_at_best: float


@cache
def splits(seeds: range) -> tuple[Array, NDArray[np.int64], Array, NDArray[np.int64]]:
    """Training images and labels, then those held out; the first axis is the split."""
    x, y = load_digits(return_X_y=True)
    orders = np.array([np.random.default_rng(seed).permutation(len(y)) for seed in seeds])
    x, y = x[orders] / 16, y[orders]
    return x[:, :ROWS], y[:, :ROWS], x[:, ROWS:], y[:, ROWS:]


@cache
def train(rule: str, lr: float, seeds: range, steps: int) -> tuple[Array, Array]:
    """Softmax regression from zero with full batches: training loss, accuracy held out."""
    x, y, x_new, y_new = splits(seeds)
    weights, bias = np.zeros((len(seeds), 64, 10)), np.zeros((len(seeds), 1, 10))
    optimizer = RULES[rule](lr)

    def probabilities(inputs: Array) -> Array:
        logits = inputs @ weights + bias
        logits -= logits.max(2, keepdims=True)
        exponentials = np.exp(logits)
        return np.asarray(exponentials / exponentials.sum(2, keepdims=True))

    truth = np.eye(10)[y]
    for _ in range(steps):
        error = (probabilities(x) - truth) / ROWS
        optimizer.step([weights, bias], [x.mT @ error, error.sum(1, keepdims=True)])
    right = (probabilities(x) * truth).sum(2)
    hits = probabilities(x_new).argmax(2) == y_new
    return -np.log(np.maximum(right, 1e-300)).mean(1), hits.mean(1)


def measure(all_plain: bool = False, steps: int = STEPS, one_rate: bool = False) -> Facts:
    """Choose each rule's lr on one split, by each criterion; report it on ten others.

    Args:
        all_plain: Whether gradient descent stands in for every rule.
        steps: Number of updates.
        one_rate: Whether 0.1 is the only learning rate tried.
    """
    grid = (0.1,) * len(GRID) if one_rate else GRID
    by_lr, by_loss, by_accuracy = [], [], []
    for name in RULES:
        rule = "gradient descent" if all_plain else name
        tried = np.array([train(rule, lr, CHOOSING, steps) for lr in grid])[:, :, 0]
        by_lr.append(tuple(float(loss) for loss in tried[:, 0]))
        by_loss.append(choice(rule, grid[int(tried[:, 0].argmin())], steps))
        by_accuracy.append(choice(rule, grid[int(tried[:, 1].argmax())], steps))
    losses = [chosen.loss for chosen in by_loss]
    rates = [chosen.lr for chosen in by_accuracy]
    names = ("gradient descent", *ADAPTIVE)
    plain, *others = (by_loss[list(RULES).index(name)].accuracies for name in names)
    return Facts(
        rules=tuple(RULES),
        grid=grid,
        rows=ROWS,
        held_out=splits(CHOOSING)[3].shape[1],
        steps=steps,
        seeds=SEEDS,
        by_lr=tuple(by_lr),
        by_loss=tuple(by_loss),
        by_accuracy=tuple(by_accuracy),
        loss_ratio=max(losses) / min(losses),
        ahead=int((np.array(plain) > np.max(others, axis=0)).sum()),
        accuracy_range_by_loss=points(by_loss),
        accuracy_range=points(by_accuracy),
        lowest_lr=min(rates),
        highest_lr=max(rates),
        adam_at_lowest=by_lr[-1][0],
        adam_at_best=min(by_lr[-1]),
    )


def choice(rule: str, lr: float, steps: int) -> Choice:
    """Train on the splits that had no say in the choice."""
    runs = np.array(train(rule, lr, JUDGING, steps))
    (loss, accuracy), spread = runs.mean(1), runs.std(1, ddof=1)
    each = tuple(float(a) for a in runs[1])
    return Choice(lr, float(loss), float(spread[0]), float(accuracy), float(spread[1]), each)


def points(choices: list[Choice]) -> float:
    """Best minus worst accuracy, in percentage points."""
    accuracies = [chosen.accuracy for chosen in choices]
    return 100 * (max(accuracies) - min(accuracies))


def draw_rates(facts: Facts) -> MatplotlibFigure:
    """Training loss over the learning rate, one line for each rule."""
    figure = new_figure(width=6.2, height=4.4)
    axes = figure.subplots()
    for name, losses in zip(facts.rules, facts.by_lr, strict=True):
        colour, dash = STYLES[name]
        axes.loglog(facts.grid, losses, color=LIGHT[colour], linestyle=dash, marker="o", label=name)
    axes.set_ylim(1e-6, 30)
    axes.set_xlabel("learning rate")
    axes.set_ylabel(f"training loss after {facts.steps} updates")
    axes.legend(loc="lower left", fontsize=11)
    return figure


def named(choices: tuple[Choice, ...], facts: Facts, rule: str) -> Choice:
    """The choice of one rule."""
    return choices[facts.rules.index(rule)]


EXPERIMENT = Experiment(
    question="Which of six update rules trains a classifier of digits best, and best at what?",
    measure=measure,
    claims=(
        Claim(
            id="loss_is_not_the_goal",
            sentence=lambda f: (
                "Chosen by training loss, each rule takes the largest learning rate of the grid, "
                f"{f.grid[-1]:g}, and the losses lie a factor of {f.loss_ratio:,.0f} apart. On new "
                "images gradient descent, with the highest loss, has "
                f"{named(f.by_loss, f, 'gradient descent').accuracy:.1%} ± "
                f"{named(f.by_loss, f, 'gradient descent').accuracy_spread:.1%} and is ahead of "
                f"{', '.join(ADAPTIVE[:-1])} and {ADAPTIVE[-1]} on {f.ahead} of {f.seeds} splits; "
                f"RMSprop has {named(f.by_loss, f, 'RMSprop').accuracy:.1%} ± "
                f"{named(f.by_loss, f, 'RMSprop').accuracy_spread:.1%}."
            ),
            check=lambda f: (
                f.loss_ratio > 1000
                and all(chosen.lr == f.grid[-1] for chosen in f.by_loss)
                and max(f.by_loss, key=lambda chosen: chosen.loss)
                == named(f.by_loss, f, "gradient descent")
                and f.ahead >= 0.9 * f.seeds
            ),
            without={"all_plain": True},
        ),
        Claim(
            id="tuned_they_are_alike",
            sentence=lambda f: (
                "Chosen by accuracy on images held out, the learning rates go from "
                f"{f.lowest_lr:g} to {f.highest_lr:g}, and the six accuracies, means of {f.seeds} "
                f"splits, lie within {f.accuracy_range:.1f} percentage points of each other."
            ),
            check=lambda f: f.accuracy_range < 1 and f.highest_lr >= 100 * f.lowest_lr,
            without={"steps": 3},
        ),
        Claim(
            id="adam_needs_tuning_too",
            sentence=lambda f: (
                f"Adam needs its learning rate chosen as well: its training loss after {f.steps} "
                f"updates is {f.adam_at_lowest:.2g} with {f.grid[0]:g} and {f.adam_at_best:.1g} "
                "with the best of the grid."
            ),
            check=lambda f: f.adam_at_lowest > 100 * f.adam_at_best,
            without={"one_rate": True},
        ),
    ),
    figures=(
        Figure(
            name="rates",
            title=lambda f: "Each rule has its own learning rate",
            caption=lambda f: (
                f"Softmax regression on {f.rows} digits, full batches, from zero. At one "
                "learning rate the rules look far apart. The adaptive ones reach with a small rate "
                "what gradient descent needs a large one for."
            ),
            alt=lambda f: (
                f"Training loss after {f.steps} updates over the learning rates "
                + ", ".join(f"{lr:g}" for lr in f.grid)
                + ". "
                + "; ".join(
                    f"{rule}: " + ", ".join(f"{loss:.2g}" for loss in losses)
                    for rule, losses in zip(f.rules, f.by_lr, strict=True)
                )
                + "."
            ),
            draw=draw_rates,
        ),
    ),
)
