"""How large a gradient is left at the first layer, for depths, activations and weights."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import altair as alt
import numpy as np
import torch
from matplotlib.figure import Figure as MatplotlibFigure
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from experiments.charts import one_of, slider
from experiments.drawing import CSS, LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.numpy.activations import Kind, activate, slope
from snippets.numpy.losses import cross_entropy

Array = NDArray[np.float64]

DEPTHS = (2, 3, 4, 6, 8, 10, 15, 20, 25, 30)
SCALES = (0.5, 0.7, 1.0, 1.4, 2.0)
KINDS: tuple[Kind, ...] = ("sigmoid", "tanh", "relu")
LABELS = ("sigmoid", "tanh", "ReLU")
SEEDS = 5
WIDTH = 64
IMAGES = 60
DEEP = 10
NARROW = 32
ROWS = 500
LR = 0.1
STEPS = 100


@dataclass(frozen=True)
class Line:
    """One activation, at one scale of the initial weights."""

    label: str
    gradient: tuple[float, ...]
    """Norm of the first layer's gradient at each depth, geometric mean over seeds."""
    smallest: tuple[float, ...]
    """Over seeds."""
    largest: tuple[float, ...]
    shrinks: float
    """The gradient at the greatest depth, in units of that at the smallest."""
    per_layer: float
    """The same, per added layer: the factor that is multiplied again and again."""


@dataclass(frozen=True)
class Trained:
    """Validation accuracy after training."""

    accuracy: float
    spread: float
    best: float
    """Over seeds."""
    worst: float


@dataclass(frozen=True)
class Facts:
    """Gradients before the first step, and what training makes of them."""

    depths: tuple[int, ...]
    shallowest: int
    deepest: int
    scales: tuple[float, ...]
    seeds: int
    width: int
    images: int
    half: tuple[Line, ...]
    """One line for each activation; weights half as large as usual."""
    usual: tuple[Line, ...]
    double: tuple[Line, ...]
    lines: tuple[tuple[Line, ...], ...]
    """One row for each of ``scales``."""
    deep: int
    narrow: int
    rows: int
    unseen: int
    steps: int
    lr: float
    chance: float
    deep_nets: tuple[Trained, ...]
    """One for each activation."""
    shallow_net: Trained
    """Two layers, with the first activation."""


def variance(kind: Kind) -> float:
    """Of the initial weights, times the number of inputs: Glorot's, and He's for ReLU."""
    return 2.0 if kind == "relu" else 1.0


def first_gradient(kind: Kind, weights: list[Array], x: Array, labels: NDArray[np.int_]) -> Array:
    """Norm of dL/dW of the first layer, for each of the stacked networks."""
    h = np.broadcast_to(x, (len(weights[0]), *x.shape))
    outputs = []
    for w in weights[:-1]:
        h = activate(h @ w, kind)  # (seeds, n, units)
        outputs.append(h)
    error = np.stack([cross_entropy(z, labels)[1] for z in h @ weights[-1]])
    for w, a in zip(reversed(weights[1:]), reversed(outputs), strict=True):
        error = (error @ w.swapaxes(1, 2)) * slope(a, kind)
    return np.asarray(np.linalg.norm(x.T @ error, axis=(1, 2)))


def measure_lines(kinds: tuple[Kind, ...], scale: float, x: Array, labels: Any) -> list[Line]:
    """The gradient at every depth, for each activation."""
    drawn = []
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        hidden = rng.normal(size=(DEPTHS[-1] - 1, WIDTH, WIDTH)) / WIDTH**0.5
        drawn.append((hidden, rng.normal(size=(WIDTH, 10)) / WIDTH**0.5))
    out = np.stack([last for _, last in drawn])
    lines = []
    for kind, label in zip(kinds, LABELS, strict=True):
        factor = scale * variance(kind) ** 0.5
        hidden = [factor * np.stack([h[k] for h, _ in drawn]) for k in range(DEPTHS[-1] - 1)]
        norms = np.array(
            [first_gradient(kind, [*hidden[: depth - 1], out], x, labels) for depth in DEPTHS]
        )
        mean = np.exp(np.log(norms).mean(1))
        shrinks = float(mean[-1] / mean[0])
        lines.append(
            Line(
                label=label,
                gradient=tuple(map(float, mean)),
                smallest=tuple(map(float, norms.min(1))),
                largest=tuple(map(float, norms.max(1))),
                shrinks=shrinks,
                per_layer=shrinks ** (1 / (DEPTHS[-1] - DEPTHS[0])),
            )
        )
    return lines


def train(kind: Kind, depth: int) -> Trained:
    """Gradient descent on the digits, all seeds at once: matrices are stacked."""
    data, target = load_digits(return_X_y=True)
    images = torch.tensor((data - data.mean()) / data.std(), dtype=torch.float32)
    labels = torch.tensor(target)
    sizes = [64, *[NARROW] * (depth - 1), 10]
    orders, drawn = [], []
    for seed in range(SEEDS):
        generator = torch.Generator().manual_seed(seed)
        orders.append(torch.randperm(len(labels), generator=generator))
        drawn.append(
            [
                torch.randn(i, o, generator=generator) * (variance(kind) / i) ** 0.5
                for i, o in pairwise(sizes)
            ]
        )
    weights = [torch.stack(layer).requires_grad_() for layer in zip(*drawn, strict=True)]
    biases = [torch.zeros(SEEDS, 1, o, requires_grad=True) for o in sizes[1:]]
    bend = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}[kind]

    def logits(x: torch.Tensor) -> torch.Tensor:
        for k, (w, b) in enumerate(zip(weights, biases, strict=True)):
            x = torch.baddbmm(b, x, w)  # (seeds, n, units)
            x = bend(x) if k < depth - 1 else x
        return x

    order = torch.stack(orders)
    seen, unseen = order[:, :ROWS], order[:, ROWS:]
    optimizer = torch.optim.SGD([*weights, *biases], lr=LR)
    for _ in range(STEPS):
        optimizer.zero_grad()
        losses = torch.nn.functional.cross_entropy(
            logits(images[seen]).flatten(0, 1), labels[seen].flatten(), reduction="sum"
        )
        (losses / ROWS).backward()  # the sum of every network's own mean
        optimizer.step()
    with torch.no_grad():
        right = logits(images[unseen]).argmax(2) == labels[unseen]
    accuracy = right.double().mean(1)
    return Trained(
        accuracy=accuracy.mean().item(),
        spread=accuracy.std().item(),
        best=accuracy.max().item(),
        worst=accuracy.min().item(),
    )


def measure(scales: tuple[float, ...] = SCALES, first: Kind = "sigmoid") -> Facts:
    """Send one batch of digits through fresh networks and back; then train some of them.

    Args:
        scales: Factors on the usual initial weights, the smallest first.
        first: What stands in the sigmoid's place.
    """
    torch.set_num_threads(1)
    kinds = (first, *KINDS[1:])
    data, target = load_digits(return_X_y=True)
    x = (data - data.mean()) / data.std()
    lines = [tuple(measure_lines(kinds, s, x[:IMAGES], target[:IMAGES])) for s in scales]
    counts = np.bincount(target)
    return Facts(
        depths=DEPTHS,
        shallowest=DEPTHS[0],
        deepest=DEPTHS[-1],
        scales=scales,
        seeds=SEEDS,
        width=WIDTH,
        images=IMAGES,
        half=lines[0],
        usual=lines[2],
        double=lines[4],
        lines=tuple(lines),
        deep=DEEP,
        narrow=NARROW,
        rows=ROWS,
        unseen=len(target) - ROWS,
        steps=STEPS,
        lr=LR,
        chance=float(counts.max() / len(target)),
        deep_nets=tuple(train(kind, DEEP) for kind in kinds),
        shallow_net=train(first, 2),
    )


STYLES = (("dropout", "-"), ("ink", "--"), ("l2", "-."))


def draw(facts: Facts) -> MatplotlibFigure:
    """The first layer's gradient over depth, at the usual weights."""
    figure = new_figure(width=5.8, height=4.0)
    axes = figure.subplots()
    for line, (colour, style), offset in zip(facts.usual, STYLES, (0, -9, 9), strict=True):
        axes.plot(facts.depths, line.gradient, color=LIGHT[colour], linestyle=style)
        axes.fill_between(
            facts.depths, line.smallest, line.largest, color=LIGHT[colour], alpha=0.15, linewidth=0
        )
        axes.annotate(
            line.label,
            (facts.depths[-1], line.gradient[-1]),
            xytext=(6, offset),
            textcoords="offset points",
            color=LIGHT[colour],
            va="center",
        )
    axes.set_yscale("log")
    axes.set_xlim(facts.depths[0], facts.depths[-1] + 6)
    axes.set_xticks([2, 5, 10, 15, 20, 25, 30])
    axes.set_xlabel("depth (layers)")
    axes.set_ylabel("gradient at the first layer (norm)")
    return figure


def chart(facts: Facts) -> alt.TopLevelMixin:
    """The same, with a slider for the size of the initial weights."""
    points = [
        {"k": k, "depth": d, "norm": float(f"{g:.3g}"), "label": line.label}
        for k, row in enumerate(facts.lines)
        for line in row
        for d, g in zip(facts.depths, line.gradient, strict=True)
    ]
    texts = [
        {
            "k": k,
            "top": f"weights times {scale:g}",
            **{
                f"row{i}": f"{line.label}: times {line.per_layer:.2f} per layer"
                for i, line in enumerate(row)
            },
        }
        for k, (scale, row) in enumerate(zip(facts.scales, facts.lines, strict=True))
    ]
    scale = slider(
        "scale",
        "Initial weights",
        low=0,
        high=len(facts.scales) - 1,
        step=1,
        value=2,
        shown=one_of([f"× {s:g}" for s in facts.scales], "scale"),
    )
    chosen = "datum.k == scale"
    colours = [CSS[colour] for colour, _ in STYLES]
    line = (
        alt.Chart(alt.InlineData(values=points))
        .transform_filter(chosen)
        .mark_line(strokeWidth=2.5, clip=True)
        .encode(
            x=alt.X(
                "depth:Q",
                title="depth (layers)",
                scale=alt.Scale(domain=[2, 30], nice=False),
                axis=alt.Axis(values=[2, 5, 10, 15, 20, 25, 30]),
            ),
            y=alt.Y(
                "norm:Q",
                title="gradient at the first layer (norm)",
                scale=alt.Scale(type="log", domain=[1e-27, 1e10]),
                axis=alt.Axis(
                    format=".0e",
                    values=[1e-25, 1e-20, 1e-15, 1e-10, 1e-5, 1, 1e5],
                    titlePadding=12,
                ),
            ),
            color=alt.Color("label:N", scale=alt.Scale(domain=list(LABELS), range=colours)),
            strokeDash=alt.StrokeDash(
                "label:N",
                scale=alt.Scale(domain=list(LABELS), range=[[1, 0], [7, 4], [9, 3, 2, 3]]),
            ),
        )
    )
    text = alt.Chart(alt.InlineData(values=texts)).transform_filter(chosen)

    def row(field: str, y: int, colour: str) -> Any:
        mark = text.mark_text(align="left", baseline="top", fontSize=13, color=colour)
        return mark.encode(x=alt.value(8), y=alt.value(y), text=f"{field}:N")

    rows = [row("top", 218, CSS["ink"])]
    rows += [row(f"row{i}", 238 + 20 * i, colour) for i, colour in enumerate(colours)]
    layers = alt.layer(line, *rows)
    return layers.add_params(*scale).properties(width="container", height=320)


EXPERIMENT = Experiment(
    question="How large a gradient reaches the first layer, for each activation and depth?",
    measure=measure,
    claims=(
        Claim(
            id="sigmoid_vanishes",
            sentence=lambda f: (
                f"Each added sigmoid layer leaves {f.usual[0].per_layer:.2f} of the gradient that "
                f"reaches the first layer: {f.usual[0].gradient[0]:.1f} with {f.shallowest} "
                f"layers, {f.usual[0].gradient[-1]:.0e} with {f.deepest}. A tanh layer leaves "
                f"{f.usual[1].per_layer:.2f}, a ReLU layer {f.usual[2].per_layer:.2f} "
                f"(means over {f.seeds} draws of the weights)."
            ),
            check=lambda f: (
                f.usual[0].per_layer < 0.25
                and f.usual[0].largest[-1] < 1e-12
                and f.usual[1].per_layer > 0.9
                and 0.9 < f.usual[2].per_layer < 1.1
            ),
            without={"first": "tanh"},
        ),
        Claim(
            id="weights_are_factors_too",
            sentence=lambda f: (
                f"The weights are factors, too. With ReLU and {f.deepest} layers, weights half as "
                f"large leave {f.half[2].gradient[-1]:.0e} of gradient, twice as large "
                f"{f.double[2].gradient[-1]:.0e}; the usual ones {f.usual[2].gradient[-1]:.1f}."
            ),
            check=lambda f: (
                f.half[2].largest[-1] < 1e-6
                and f.double[2].smallest[-1] > 1e6
                and 0.1 < f.usual[2].gradient[-1] < 10
            ),
            without={"scales": (1.0,) * 5},
        ),
        Claim(
            id="deep_sigmoids_stay_at_chance",
            sentence=lambda f: (
                f"After {f.steps} steps of gradient descent on {f.rows} digits, {f.deep} layers "
                f"with sigmoids know {f.deep_nets[0].accuracy:.1%} ± "
                f"{f.deep_nets[0].spread:.1%} of the others, no better than guessing; with tanh "
                f"{f.deep_nets[1].accuracy:.0%} ± {f.deep_nets[1].spread:.0%}, with ReLU "
                f"{f.deep_nets[2].accuracy:.0%} ± {f.deep_nets[2].spread:.0%}. Two layers with a "
                f"sigmoid reach {f.shallow_net.accuracy:.0%} ± "
                f"{f.shallow_net.spread:.0%} ({f.seeds} seeds)."
            ),
            check=lambda f: (
                f.deep_nets[0].best < 0.15
                and f.deep_nets[1].worst > 0.8
                and f.shallow_net.worst > 0.6
            ),
            without={"first": "tanh"},
        ),
    ),
    figures=(
        Figure(
            name="gradient",
            title=lambda f: "The same chain rule; the activation decides what is left of it",
            caption=lambda f: (
                f"The norm of the first layer's gradient in networks that have not been trained "
                f"yet, {f.images} digits, {f.width} units a layer, mean of {f.seeds} draws of the "
                f"usual initial weights. All three go back by the same rule. From "
                f"{f.shallowest} to {f.deepest} layers the gradient shrinks to "
                f"{f.usual[0].shrinks:.0e} of itself with sigmoids, to "
                f"{f.usual[1].shrinks:.2f} with tanh and to {f.usual[2].shrinks:.2f} with ReLU."
            ),
            alt=lambda f: (
                f"Norm of the first layer's gradient against depth from {f.shallowest} to "
                f"{f.deepest} layers, on a logarithmic axis. Sigmoid falls in a straight line from "
                f"{f.usual[0].gradient[0]:.1f} to {f.usual[0].gradient[-1]:.0e}. tanh ends at "
                f"{f.usual[1].gradient[-1]:.2f}, ReLU at {f.usual[2].gradient[-1]:.2f}."
            ),
            draw=draw,
            chart=chart,
        ),
    ),
)
