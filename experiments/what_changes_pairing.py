"""What it costs when the last activation and the loss do not belong together."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.datasets import load_digits
from torch import Tensor
from torch.nn import functional

from experiments.drawing import LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure

SEEDS = 5
ROWS = 300
HIDDEN = 32
CLASSES = 10
LR = 0.01
STEPS = 200
SHOWN = (0, 5, 10, 20, 30, 45, 60, 80, 100, 150, 200)
EARLY = 30
WRONG = 20.0
PAIRS = (
    "softmax and cross-entropy",
    "softmax twice",
    "softmax and squared error",
    "sigmoid and cross-entropy",
    "sigmoid and squared error",
)


@dataclass(frozen=True)
class Pair:
    """How training with one pair of activation and loss went; means over seeds."""

    name: str
    accuracy: float
    """On images not trained on, at the end."""
    spread: float
    worst: float
    early: float
    """After ``Facts.early`` steps."""
    early_spread: float
    printed: float
    """The last training loss, as a program would print it."""
    printed_lowest: float
    """Over seeds."""
    curve: tuple[float, ...]
    """Accuracy at the steps of ``Facts.shown``."""
    low: tuple[float, ...]
    """Over seeds."""
    high: tuple[float, ...]


@dataclass(frozen=True)
class Facts:
    """Five pairs, from the usual start and from one that is sure and wrong."""

    rows: int
    unseen: int
    seeds: int
    hidden: int
    lr: float
    steps: int
    shown: tuple[int, ...]
    early: int
    wrong: float
    floor: float
    """The smallest value that cross-entropy takes on probabilities: log(e + 9) - 1."""
    right: Pair
    twice: Pair
    softmax_squared: Pair
    sigmoid_right: Pair
    sigmoid_squared: Pair
    sure_right: Pair
    """From here on: the last layer's initial weights times ``wrong``."""
    sure_twice: Pair
    sure_softmax_squared: Pair
    sure_sigmoid_right: Pair
    sure_sigmoid_squared: Pair
    twice_slower: int
    """Seeds with which softmax twice is below the right pair after ``early`` steps."""
    squared_lost: int
    """Seeds with which squared error after sigmoids ends lower, from the sure start."""


def loss_of(pair: str, z: Tensor, labels: Tensor) -> Tensor:
    """The mean loss of each network: z is (seeds, n, classes), labels (seeds, n)."""
    wanted = functional.one_hot(labels, CLASSES).float()
    if pair == "softmax and cross-entropy":
        return torch.logsumexp(z, 2).sub((z * wanted).sum(2)).mean(1)
    if pair == "softmax twice":
        return loss_of("softmax and cross-entropy", z.softmax(2), labels)
    if pair == "softmax and squared error":
        return (z.softmax(2) - wanted).square().mean((1, 2))
    if pair == "sigmoid and cross-entropy":
        return (functional.softplus(z) - z * wanted).mean((1, 2))
    return (z.sigmoid() - wanted).square().mean((1, 2))


def train(
    pair: str, scale: float, images: Tensor, labels: Tensor, adam: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy (seeds, shown) and last loss (seeds,): all seeds at once, matrices stacked."""
    orders, drawn = [], []
    for seed in range(SEEDS):
        generator = torch.Generator().manual_seed(seed)
        orders.append(torch.randperm(len(labels), generator=generator))
        first = torch.randn(64, HIDDEN, generator=generator) * (2 / 64) ** 0.5
        last = torch.randn(HIDDEN, CLASSES, generator=generator) / HIDDEN**0.5
        drawn.append((first, scale * last))
    w1, w2 = (torch.stack(layer).requires_grad_() for layer in zip(*drawn, strict=True))
    b1 = torch.zeros(SEEDS, 1, HIDDEN, requires_grad=True)
    b2 = torch.zeros(SEEDS, 1, CLASSES, requires_grad=True)

    def logits(x: Tensor) -> Tensor:
        return torch.baddbmm(b2, torch.relu(torch.baddbmm(b1, x, w1)), w2)

    order = torch.stack(orders)
    seen, unseen = order[:, :ROWS], order[:, ROWS:]
    x, y, new_x, new_y = images[seen], labels[seen], images[unseen], labels[unseen]
    parameters = [w1, b1, w2, b2]
    kind = torch.optim.Adam if adam else torch.optim.SGD
    optimizer: torch.optim.Optimizer = kind(parameters, lr=LR)
    accuracy = []
    for step in range(STEPS + 1):
        optimizer.zero_grad()
        losses = loss_of(pair, logits(x), y)
        if step in SHOWN:
            with torch.no_grad():
                accuracy.append((logits(new_x).argmax(2) == new_y).double().mean(1).numpy())
        if step < STEPS:
            losses.sum().backward()  # Adam works entry by entry: the seeds do not meet
            optimizer.step()
    return np.stack(accuracy, axis=1), losses.detach().double().numpy()


def measure(mistakes: bool = True, wrong: float = WRONG, adam: bool = True) -> Facts:
    """Train a small network on the digits with each pair, from both starts.

    Args:
        mistakes: Whether the wrong pairs are trained at all; else the right one in their place.
        wrong: Factor on the last layer's initial weights in the second start.
        adam: Whether Adam trains, which evens out the size of a loss; else gradient descent.
    """
    torch.set_num_threads(1)
    data, target = load_digits(return_X_y=True)
    images, labels = torch.tensor(data / 16, dtype=torch.float32), torch.tensor(target)
    pairs, early_of, end_of = {}, {}, {}
    for start, scale in (("usual", 1.0), ("sure", wrong)):
        for k, name in enumerate(PAIRS):
            used = name if mistakes else PAIRS[0 if k < 3 else 3]
            accuracy, printed = train(used, scale, images, labels, adam)
            end, early = accuracy[:, -1], accuracy[:, SHOWN.index(EARLY)]
            end_of[start, k], early_of[start, k] = end, early
            pairs[start, k] = Pair(
                name=name,
                accuracy=float(end.mean()),
                spread=float(end.std(ddof=1)),
                worst=float(end.min()),
                early=float(early.mean()),
                early_spread=float(early.std(ddof=1)),
                printed=float(printed.mean()),
                printed_lowest=float(printed.min()),
                curve=tuple(map(float, accuracy.mean(0))),
                low=tuple(map(float, accuracy.min(0))),
                high=tuple(map(float, accuracy.max(0))),
            )
    return Facts(
        rows=ROWS,
        unseen=len(labels) - ROWS,
        seeds=SEEDS,
        hidden=HIDDEN,
        lr=LR,
        steps=STEPS,
        shown=SHOWN,
        early=EARLY,
        wrong=wrong,
        floor=math.log(math.e + CLASSES - 1) - 1,
        right=pairs["usual", 0],
        twice=pairs["usual", 1],
        softmax_squared=pairs["usual", 2],
        sigmoid_right=pairs["usual", 3],
        sigmoid_squared=pairs["usual", 4],
        sure_right=pairs["sure", 0],
        sure_twice=pairs["sure", 1],
        sure_softmax_squared=pairs["sure", 2],
        sure_sigmoid_right=pairs["sure", 3],
        sure_sigmoid_squared=pairs["sure", 4],
        twice_slower=int((early_of["usual", 1] < early_of["usual", 0]).sum()),
        squared_lost=int((end_of["sure", 4] < end_of["sure", 3]).sum()),
    )


def draw(facts: Facts) -> MatplotlibFigure:
    """Accuracy over the steps, from the start that is sure and wrong."""
    figure = new_figure(width=5.8, height=4.6)
    axes = figure.subplots()
    for pair, colour, style in (
        (facts.sure_right, "ink", "-"),
        (facts.sure_sigmoid_right, "ink", "--"),
        (facts.sure_softmax_squared, "plain", "-"),
        (facts.sure_twice, "l1", "-"),
        (facts.sure_sigmoid_squared, "l1", "--"),
    ):
        axes.plot(facts.shown, pair.curve, color=LIGHT[colour], linestyle=style, label=pair.name)
    axes.set_ylim(0, 1)
    axes.set_xlim(0, facts.steps)
    axes.set_xlabel("step")
    axes.set_ylabel("validation accuracy (share)")
    figure.legend(loc="outside upper center", ncols=2, fontsize=11)
    return figure


EXPERIMENT = Experiment(
    question="What does a wrong pair of last activation and loss cost?",
    measure=measure,
    claims=(
        Claim(
            id="softmax_twice",
            sentence=lambda f: (
                f"Softmax before a cross-entropy that contains it: the printed loss cannot fall "
                f"below $\\log(e + 9) - 1 = {f.floor:.4f}$ with 10 classes, and ends at "
                f"{f.twice.printed:.2f}. After {f.early} steps the accuracy is "
                f"{f.twice.early:.0%} ± {f.twice.early_spread:.0%} instead of {f.right.early:.0%} "
                f"± {f.right.early_spread:.0%} (lower with {f.twice_slower} of {f.seeds} seeds); "
                f"after {f.steps}, {f.twice.accuracy:.0%} ± {f.twice.spread:.0%} instead of "
                f"{f.right.accuracy:.0%} ± {f.right.spread:.0%}."
            ),
            check=lambda f: (
                f.twice.printed_lowest > f.floor
                and f.twice_slower == f.seeds
                and f.twice.early < f.right.early - 0.05
            ),
            without={"mistakes": False},
        ),
        Claim(
            id="sure_and_wrong",
            sentence=lambda f: (
                f"Where sigmoids start out sure and wrong, the squared error has lost its slope. "
                f"With the last layer's weights {f.wrong:g} times as large, it ends at "
                f"{f.sure_sigmoid_squared.accuracy:.0%} ± {f.sure_sigmoid_squared.spread:.0%}, "
                f"binary cross-entropy at {f.sure_sigmoid_right.accuracy:.0%} ± "
                f"{f.sure_sigmoid_right.spread:.0%} (better with {f.squared_lost} of "
                f"{f.seeds} seeds)."
            ),
            check=lambda f: (
                f.squared_lost == f.seeds
                and f.sure_sigmoid_squared.accuracy < f.sure_sigmoid_right.accuracy - 0.15
            ),
            without={"wrong": 1.0},
        ),
        Claim(
            id="squared_error_can_do",
            sentence=lambda f: (
                f"From an ordinary start, and with Adam, which evens out how large a gradient "
                f"is, the squared error does as well: {f.softmax_squared.accuracy:.1%} ± "
                f"{f.softmax_squared.spread:.1%} after a softmax, {f.sigmoid_squared.accuracy:.1%} "
                f"± {f.sigmoid_squared.spread:.1%} after sigmoids, against "
                f"{f.right.accuracy:.1%} and {f.sigmoid_right.accuracy:.1%} with cross-entropy."
            ),
            check=lambda f: (
                abs(f.softmax_squared.accuracy - f.right.accuracy) < 0.02
                and abs(f.sigmoid_squared.accuracy - f.sigmoid_right.accuracy) < 0.02
            ),
            without={"adam": False},
        ),
    ),
    figures=(
        Figure(
            name="curves",
            title=lambda f: "Sure and wrong: some pairs find back, some do not",
            caption=lambda f: (
                f"Accuracy on {f.unseen:,} digits while {f.rows} others are learned; mean of "
                f"{f.seeds} seeds. The last layer starts {f.wrong:g} times too large, so that the "
                f"network is sure and mostly wrong. Cross-entropy's gradient is prediction minus "
                f"target, largest where the network is most wrong; the other three multiply it by "
                f"a slope that is nearly 0 there."
            ),
            alt=lambda f: (
                f"Validation accuracy over {f.steps} steps. The pairs end at: "
                + ", ".join(
                    f"{p.name} {p.accuracy:.0%}"
                    for p in (
                        f.sure_right,
                        f.sure_twice,
                        f.sure_softmax_squared,
                        f.sure_sigmoid_right,
                        f.sure_sigmoid_squared,
                    )
                )
                + "."
            ),
            draw=draw,
        ),
    ),
)
