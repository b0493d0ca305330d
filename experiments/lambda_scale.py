"""Networks on three data sets, from no L2 to far too much: errors, boundaries, and the scale."""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import altair as alt
import numpy as np
import torch
from contourpy import contour_generator
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.datasets import load_breast_cancer, load_digits, make_moons
from sklearn.linear_model import LogisticRegression
from torch import Tensor
from torch.nn.functional import log_softmax

from experiments.charts import one_of, slider
from experiments.drawing import CSS, LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure

SEEDS = 5
EXPONENTS = tuple(round(-5 + 0.5 * k, 1) for k in range(13))  # l2 from 0.00001 to 10
STRENGTHS = (0.0, *(10**e for e in EXPONENTS))
LABELS = ("0", *(np.format_float_positional(float(f"{10**e:.1g}"), trim="-") for e in EXPONENTS))
LR = 0.01
SHOWN = 2
"""The seed whose boundary is drawn."""
GRID = (np.linspace(-1.9, 2.9, 57), np.linspace(-1.45, 1.95, 41))
"""Where the boundary on the moons is looked for, in both directions."""


@dataclass(frozen=True)
class Problem:
    """Means over seeds; index k belongs to the strength ``strengths[k]``, index 0 is none."""

    rows: int
    unseen: int
    train_loss: tuple[float, ...]
    """Cross-entropy without the penalty."""
    validation_loss: tuple[float, ...]
    validation_spread: tuple[float, ...]
    train_accuracy: tuple[float, ...]
    accuracy: tuple[float, ...]
    """On validation rows."""
    accuracy_spread: tuple[float, ...]
    share: tuple[float, ...]
    """Of the penalty in the loss before the first step."""
    guess: float
    """Accuracy of the most frequent class, on validation rows."""
    best: int
    """Index of the strength with the smallest validation loss."""
    label: str
    """That strength."""
    seeds_improved: int
    """Seeds in which it has a smaller validation loss than no penalty."""
    reported_best: int
    """Index of the strength with the smallest validation loss *with* the penalty in it."""
    reported_label: str


@dataclass(frozen=True)
class Facts:
    """What each strength did on each data set."""

    seeds: int
    strengths: tuple[float, ...]
    labels: tuple[str, ...]
    moons: Problem
    digits: Problem
    cancer: Problem
    glorot_share: float
    """Of the penalty in the first loss on the digits, at their best strength, if the same network
    starts as Keras starts it."""
    linear_accuracy: float
    linear_spread: float
    """Of softmax regression on the digits at the largest strength, ten images of each class."""
    linear_surest: float
    """The largest probability that it gives to any class of any image."""
    points: tuple[tuple[float, float, int], ...]
    """The training points of the moons with one seed, and their class."""
    regions: tuple[tuple[tuple[tuple[tuple[float, float], ...], ...], ...], ...]
    """Where the network says class 1: for each strength polygons, each an edge and its holes."""
    boundaries: tuple[tuple[tuple[tuple[float, float], ...], ...], ...]
    """For each strength, the lines where that network is undecided."""
    seed_train: tuple[float, ...]
    """Accuracy of that network on the points."""
    seed_accuracy: tuple[float, ...]
    """Its accuracy on new points."""


@dataclass(frozen=True)
class Data:
    """Rows for each seed: (seeds, rows, features) and (seeds, rows)."""

    seen: Tensor
    seen_labels: Tensor
    unseen: Tensor
    unseen_labels: Tensor


def moons() -> Data:
    """60 noisy points to learn from, 1,000 to validate with, drawn anew for each seed."""
    seen = [make_moons(60, noise=0.3, random_state=seed) for seed in range(SEEDS)]
    unseen = [make_moons(1000, noise=0.3, random_state=100 + seed) for seed in range(SEEDS)]
    return stack([(*a, *b) for a, b in zip(seen, unseen, strict=True)])


def real(features: np.ndarray, labels: np.ndarray, *, standardize: bool) -> Data:
    """100 rows to learn from, drawn anew for each seed; all others validate."""
    parts: list[tuple[np.ndarray, ...]] = []
    for seed in range(SEEDS):
        order = np.random.default_rng(seed).permutation(len(features))
        seen, unseen = order[:100], order[100:]
        mean, scale = 0.0, 16.0  # of the digits' pixels
        if standardize:
            mean, scale = features[seen].mean(0), features[seen].std(0)
        scaled = (features - mean) / scale
        parts.append((scaled[seen], labels[seen], scaled[unseen], labels[unseen]))
    return stack(parts)


def stack(parts: list[tuple[np.ndarray, ...]]) -> Data:
    """The parts of all seeds as tensors."""
    x, y, unseen, unseen_y = (np.stack(part) for part in zip(*parts, strict=True))
    return Data(
        torch.tensor(x, dtype=torch.float32),
        torch.tensor(y),
        torch.tensor(unseen, dtype=torch.float32),
        torch.tensor(unseen_y),
    )


class Networks:
    """One network for each strength and seed, trained side by side: no entry meets another's.

    Every strength starts from the same weights, drawn as PyTorch draws them.
    """

    def __init__(self, sizes: tuple[int, ...], strengths: int) -> None:
        self.layers: list[tuple[Tensor, Tensor]] = []
        generator = torch.Generator().manual_seed(0)
        for inputs, outputs in pairwise(sizes):
            drawn = torch.rand(SEEDS, inputs + 1, outputs, generator=generator)
            start = ((2 * drawn - 1) / inputs**0.5).repeat(strengths, 1, 1)
            self.layers.append(
                (start[:, :-1].clone().requires_grad_(), start[:, -1:].clone().requires_grad_())
            )

    def logits(self, features: Tensor) -> Tensor:
        """(networks, rows, classes) from (networks, rows, inputs)."""
        hidden = features
        for k, (weights, biases) in enumerate(self.layers):
            hidden = torch.baddbmm(biases, hidden.relu() if k else hidden, weights)
        return hidden

    def penalty(self) -> Tensor:
        """Sum of the squared weights of each network."""
        total: Tensor = sum(
            (weights.square().sum((1, 2)) for weights, _ in self.layers), torch.zeros(1)
        )
        return total


def scores(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropy and accuracy of each network."""
    losses = -log_softmax(logits, -1).gather(2, labels[..., None])[..., 0].mean(1)
    return losses, (logits.argmax(2) == labels).double().mean(1)


def train(
    data: Data, strengths: np.ndarray, hidden: tuple[int, ...], steps: int
) -> tuple[np.ndarray, Networks]:
    """Losses and accuracies, each on training and validation rows; the penalty's first share; it.

    The array has the shape (6, strengths, seeds).
    """
    classes = int(data.seen_labels.max()) + 1
    count = len(strengths)
    networks = Networks((data.seen.shape[2], *hidden, classes), count)
    l2 = torch.tensor(strengths, dtype=torch.float32).repeat_interleave(SEEDS)
    features, labels = data.seen.repeat(count, 1, 1), data.seen_labels.repeat(count, 1)
    parameters = [p for layer in networks.layers for p in layer]
    optimizer = torch.optim.Adam(parameters, lr=LR)
    share = torch.empty(0)
    for step in range(steps):
        optimizer.zero_grad()
        losses, _ = scores(networks.logits(features), labels)
        penalty = l2 * networks.penalty()
        if step == 0:
            share = (penalty / (losses + penalty)).detach()
        (losses + penalty).sum().backward()
        optimizer.step()
    with torch.no_grad():
        seen = scores(networks.logits(features), labels)
        rows = data.unseen.repeat(count, 1, 1)
        unseen = scores(networks.logits(rows), data.unseen_labels.repeat(count, 1))
        penalty = l2 * networks.penalty()
    found = torch.stack([seen[0], unseen[0], seen[1], unseen[1], share, penalty])
    return found.view(6, count, SEEDS).numpy(), networks


def summary(data: Data, found: np.ndarray) -> Problem:
    """Means over the seeds."""
    mean, spread = found.mean(2), found.std(2, ddof=1)

    def floats(values: np.ndarray) -> tuple[float, ...]:
        return tuple(float(v) for v in values)

    best, reported = int(mean[1].argmin()), int((mean[1] + mean[5]).argmin())
    counts = torch.bincount(data.unseen_labels.flatten())
    return Problem(
        rows=data.seen.shape[1],
        unseen=data.unseen.shape[1],
        train_loss=floats(mean[0]),
        validation_loss=floats(mean[1]),
        validation_spread=floats(spread[1]),
        train_accuracy=floats(mean[2]),
        accuracy=floats(mean[3]),
        accuracy_spread=floats(spread[3]),
        share=floats(mean[4]),
        guess=float(counts.max() / counts.sum()),
        best=best,
        label=LABELS[best],
        seeds_improved=int((found[1, best] < found[1, 0]).sum()),
        reported_best=reported,
        reported_label=LABELS[reported],
    )


def boundary_lines(values: np.ndarray) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Where ``values`` on the grid cross zero; nothing where a network says the same everywhere."""
    lines = contour_generator(*GRID, values).lines(0.0)
    return tuple(
        tuple((round(float(x), 2), round(float(y), 2)) for x, y in np.asarray(line))
        for line in lines
    )


def region_rings(
    values: np.ndarray,
) -> tuple[tuple[tuple[tuple[float, float], ...], ...], ...]:
    """Where ``values`` on the grid are above zero: polygons, each an outer edge and its holes."""
    found: Any = contour_generator(*GRID, values, fill_type="OuterOffset").filled(0.0, np.inf)
    return tuple(
        tuple(
            tuple((round(float(x), 2), round(float(y), 2)) for x, y in polygon[start:end])
            for start, end in pairwise(ends)
        )
        for polygon, ends in zip(*found, strict=True)
    )


@cache
def linear(balanced: bool) -> tuple[np.ndarray, float]:
    """Accuracies of softmax regression at the largest strength, and its largest probability."""
    images, labels = load_digits(return_X_y=True)
    accuracies, surest = [], 0.0
    for seed in range(SEEDS):
        order = np.random.default_rng(seed).permutation(len(labels))
        seen = order[:100]
        if balanced:
            seen = np.concatenate([order[labels[order] == digit][:10] for digit in range(10)])
        unseen = np.setdiff1d(order, seen)
        model = LogisticRegression(C=1 / (2 * len(seen) * STRENGTHS[-1]), tol=1e-8)
        model.fit(images[seen] / 16, labels[seen])
        accuracies.append(model.score(images[unseen] / 16, labels[unseen]))
        surest = max(surest, float(model.predict_proba(images[unseen] / 16).max()))
    return np.array(accuracies), surest


def measure(scale: float = 1.0, balanced: bool = True) -> Facts:
    """Train with each strength and seed on the moons, the digits and the breast cancer data.

    Args:
        scale: Multiplies every strength; 0 takes the penalty away.
        balanced: Give the linear model as many images of each class; else a random 100.
    """
    # Where all strengths are 0, one training serves them all.
    strengths, place = np.unique(scale * np.array(STRENGTHS), return_inverse=True)
    problems = {}
    boundaries, regions, points, first = [], [], [], np.empty(0)
    for name, data, hidden, steps in (
        ("moons", moons(), (32, 32), 800),
        ("digits", real(*load_digits(return_X_y=True), standardize=False), (32,), 300),
        ("cancer", real(*load_breast_cancer(return_X_y=True), standardize=True), (32,), 300),
    ):
        found, networks = train(data, strengths, hidden, steps)
        found = found[:, place]
        problems[name] = summary(data, found)
        if name == "moons":
            first = found[2:4, :, SHOWN]
            across, up = np.meshgrid(*GRID)
            grid = torch.tensor(np.stack([across.ravel(), up.ravel()], 1), dtype=torch.float32)
            with torch.no_grad():
                logits = networks.logits(grid.expand(len(strengths) * SEEDS, -1, -1))
            sides = (logits[SHOWN::SEEDS, :, 1] - logits[SHOWN::SEEDS, :, 0]).numpy()[place]
            boundaries = [boundary_lines(side.reshape(across.shape)) for side in sides]
            regions = [region_rings(side.reshape(across.shape)) for side in sides]
            points = [
                (round(float(x), 2), round(float(y), 2), int(label))
                for (x, y), label in zip(data.seen[SHOWN], data.seen_labels[SHOWN], strict=True)
            ]
    accuracies, surest = linear(balanced)
    digits = problems["digits"]
    # Keras draws weights with the variance 2 / (inputs + outputs) and starts biases at 0.
    glorot = sum(a * b * 2 / (a + b) for a, b in ((64, 32), (32, 10)))
    penalty = scale * STRENGTHS[digits.best] * glorot
    return Facts(
        seeds=SEEDS,
        strengths=STRENGTHS,
        labels=LABELS,
        **problems,
        linear_accuracy=float(accuracies.mean()),
        linear_spread=float(accuracies.std(ddof=1)),
        linear_surest=surest,
        glorot_share=float(penalty / (penalty + np.log(10))),
        points=tuple(points),
        regions=tuple(regions),
        boundaries=tuple(boundaries),
        seed_train=tuple(float(v) for v in first[0]),
        seed_accuracy=tuple(float(v) for v in first[1]),
    )


def gap(problem: Problem, k: int) -> float:
    """Validation minus training loss at one strength."""
    return problem.validation_loss[k] - problem.train_loss[k]


def shown(facts: Facts) -> tuple[int, int, int]:
    """Strengths of the static picture: none, the best, and one that is too large."""
    return 0, facts.moons.best, facts.labels.index("0.1")


def draw_boundaries(facts: Facts) -> MatplotlibFigure:
    """The boundary without penalty, with the best strength and with too much."""
    figure = new_figure(width=6.2, height=3.0)
    panels = figure.subplots(1, 3, sharex=True, sharey=True)
    for axes, k in zip(panels, shown(facts), strict=True):
        for label, marker, colour in ((0, "o", "ink"), (1, "^", "plain")):
            chosen = [(x, y) for x, y, c in facts.points if c == label]
            axes.plot(*zip(*chosen, strict=True), marker, color=LIGHT[colour], markersize=3.5)
        for line in facts.boundaries[k]:
            axes.plot(*zip(*line, strict=True), color=LIGHT["l2"])
        axes.set_title(f"λ = {facts.labels[k]}\nnew points: {facts.seed_accuracy[k]:.0%}")
        axes.set_xlim(GRID[0][0], GRID[0][-1])
        axes.set_ylim(GRID[1][0], GRID[1][-1])
        axes.grid(visible=False)
    panels[0].set_ylabel("feature 2 (dimensionless)")
    panels[1].set_xlabel("feature 1 (dimensionless)")
    return figure


def chart_boundaries(facts: Facts) -> alt.TopLevelMixin:
    """The boundary at the strength of a slider."""
    points = [{"x": x, "y": y, "class": "AB"[c]} for x, y, c in facts.points]

    def listed(points: Any) -> dict[str, list[Any]]:
        return {"x": [p and p[0] for p in points], "y": [p and p[1] for p in points]}

    lines = [
        {"k": k, "l": n, **listed(line)}
        for k, boundary in enumerate(facts.boundaries)
        for n, line in enumerate(boundary)
    ]
    # A gap between an edge and its holes: one path, in which they run the other way round.
    fields = [
        {"k": k, "l": n, **listed([p for ring in polygon for p in (*ring, None)])}
        for k, region in enumerate(facts.regions)
        for n, polygon in enumerate(region)
    ]
    texts = [
        {
            "k": k,
            "top": f"λ = {label}" + ("" if facts.boundaries[k] else ": no line, one class"),
            "middle": f"right on training points: {facts.seed_train[k]:.0%}",
            "bottom": f"right on new points: {facts.seed_accuracy[k]:.0%}",
        }
        for k, label in enumerate(facts.labels)
    ]
    last = len(facts.labels) - 1
    strength = slider(
        "boundary_strength",
        "Strength λ",
        low=0,
        high=last,
        step=1,
        value=0,
        shown=one_of(list(facts.labels), "boundary_strength"),
    )
    chosen = "datum.k == boundary_strength"
    x = alt.X(
        "x:Q",
        title="feature 1 (dimensionless)",
        scale=alt.Scale(domain=[GRID[0][0], GRID[0][-1]], nice=False),
        axis=alt.Axis(grid=False, tickCount=5),
    )
    y = alt.Y(
        "y:Q",
        title="feature 2 (dimensionless)",
        scale=alt.Scale(domain=[GRID[1][0], GRID[1][-1] + 1.05], nice=False),
        axis=alt.Axis(grid=False, values=[-1, 0, 1, 2], titlePadding=12),
    )
    dots = (
        alt.Chart(alt.InlineData(values=points))
        .mark_point(filled=True, size=45, opacity=1)
        .encode(
            x=x,
            y=y,
            shape=alt.Shape(
                "class:N",
                scale=alt.Scale(domain=["A", "B"], range=["circle", "triangle-up"]),
                legend=None,
            ),
            color=alt.Color(
                "class:N",
                scale=alt.Scale(domain=["A", "B"], range=[CSS["ink"], CSS["plain"]]),
                legend=None,
            ),
        )
    )

    def drawn(values: list[dict[str, Any]], **mark: Any) -> Any:
        flat = alt.Chart(alt.InlineData(values=values)).transform_filter(chosen)
        flat = flat.transform_flatten(["x", "y"]).transform_window(o="row_number()")
        return flat.mark_line(clip=True, **mark).encode(x=x, y=y, detail="l:N", order="o:Q")

    field = drawn(fields, strokeWidth=0, fill=CSS["l2"], fillOpacity=0.15)
    line = drawn(lines, strokeWidth=2.5, color=CSS["l2"])
    text = alt.Chart(alt.InlineData(values=texts)).transform_filter(chosen)

    def row(field: str, y: int) -> Any:
        mark = text.mark_text(align="left", baseline="top", fontSize=14, color=CSS["ink"])
        return mark.encode(x=alt.value(6), y=alt.value(y), text=f"{field}:N")

    layers = alt.layer(field, line, dots, row("top", 4), row("middle", 23), row("bottom", 42))
    return layers.add_params(*strength).properties(
        width="container", height=340, usermeta={"play": "boundary_strength"}
    )


def draw_curves(facts: Facts) -> MatplotlibFigure:
    """Training and validation loss over the strength, on two real data sets."""
    figure = new_figure(width=6.2, height=3.6)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, name, problem in zip(
        panels, ("digits", "breast cancer"), (facts.digits, facts.cancer), strict=True
    ):
        strengths = facts.strengths[1:]
        mean = np.array(problem.validation_loss[1:])
        spread = np.array(problem.validation_spread[1:])
        axes.plot(strengths, problem.train_loss[1:], color=LIGHT["plain"], linestyle="--")
        axes.plot(strengths, mean, color=LIGHT["l2"])
        axes.fill_between(strengths, mean - spread, mean + spread, color=LIGHT["l2"], alpha=0.2)
        best = problem.best
        axes.plot(facts.strengths[best], problem.validation_loss[best], "o", color=LIGHT["l2"])
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_ylim(0.001, 4)
        axes.set_xlim(strengths[0], strengths[-1])
        axes.set_xticks([1e-4, 1e-2, 1], ["0.0001", "0.01", "1"])
        axes.minorticks_off()
        axes.set_title(name)
        axes.set_xlabel("strength λ (dimensionless)")
    panels[0].set_yticks([0.001, 0.01, 0.1, 1], ["0.001", "0.01", "0.1", "1"])
    panels[0].minorticks_off()
    panels[0].set_ylabel("cross-entropy (nats per row)")
    panels[0].text(1.5e-5, 0.62, "validation", color=LIGHT["l2"])
    panels[0].text(3e-3, 0.004, "training", color=LIGHT["plain"])
    return figure


EXPERIMENT = Experiment(
    question="What do strengths from 0 to 10 do to networks on different data?",
    measure=measure,
    claims=(
        Claim(
            id="best_is_inside",
            sentence=lambda f: (
                f"From no penalty to the best strength the validation loss falls "
                f"from {f.moons.validation_loss[0]:.2f} to "
                f"{f.moons.validation_loss[f.moons.best]:.2f} (moons), from "
                f"{f.digits.validation_loss[0]:.2f} to "
                f"{f.digits.validation_loss[f.digits.best]:.2f} (digits), from "
                f"{f.cancer.validation_loss[0]:.2f} to "
                f"{f.cancer.validation_loss[f.cancer.best]:.2f} (breast cancer), with each of "
                f"{f.seeds} seeds; stronger, it climbs to that of "
                f"guessing. The training loss is higher at the best strength than "
                "without penalty, on all three."
            ),
            check=lambda f: all(
                p.seeds_improved == f.seeds
                and p.validation_loss[p.best] < 0.9 * p.validation_loss[0]
                and p.validation_loss[p.best] < 0.5 * p.validation_loss[-1]
                and p.train_loss[p.best] > p.train_loss[0]
                for p in (f.moons, f.digits, f.cancer)
            ),
            without={"scale": 0.0},
        ),
        Claim(
            id="no_common_strength",
            sentence=lambda f: (
                f"The best strength is {f.moons.label} on the moons, {f.digits.label} on the "
                f"digits and {f.cancer.label} on the breast cancer data. At "
                f"{f.labels[9]} the network for digits is right about "
                f"{f.digits.accuracy[9]:.0%} of new images, the one for cancer about "
                f"{f.cancer.accuracy[9]:.0%} of new patients."
            ),
            check=lambda f: (
                f.strengths[f.cancer.best] > 5 * f.strengths[f.digits.best] > 0
                and f.digits.accuracy[9] < 0.5
                and f.cancer.accuracy[9] > 0.9
            ),
            without={"scale": 0.0},
        ),
        Claim(
            id="ten_is_guessing",
            sentence=lambda f: (
                f"From $\\lambda = {f.labels[11]}$ on, all three networks guess: their accuracy "
                f"is at most one point above that of always naming the most frequent class."
            ),
            check=lambda f: all(
                a <= p.guess + 0.01 for p in (f.moons, f.digits, f.cancer) for a in p.accuracy[11:]
            ),
            without={"scale": 0.0},
        ),
        Claim(
            id="linear_keeps_the_direction",
            sentence=lambda f: (
                f"Softmax regression, which has no hidden layer, is still right about "
                f"{f.linear_accuracy:.0%} ± {f.linear_spread:.0%} of new digits at "
                f"$\\lambda = {f.labels[-1]}$, from ten images of each: its weights are tiny, and "
                f"no class ever gets more than {f.linear_surest:.0%}, but the right one gets most."
            ),
            check=lambda f: f.linear_accuracy - 2 * f.linear_spread > 0.7 and f.linear_surest < 0.2,
            without={"balanced": False},
        ),
        Claim(
            id="no_fixed_share",
            sentence=lambda f: (
                f"Before the first step, the penalty of the best strength is "
                f"{f.digits.share[f.digits.best]:.1%} of the loss on the digits, "
                f"{f.moons.share[f.moons.best]:.0%} on the moons and "
                f"{f.cancer.share[f.cancer.best]:.0%} on the breast cancer data. Start the digits' "
                f"network as Keras does, and the same strength makes {f.glorot_share:.1%}."
            ),
            check=lambda f: (
                0 < f.digits.share[f.digits.best] < 0.01
                and f.cancer.share[f.cancer.best] > 0.1
                and f.glorot_share > 2 * f.digits.share[f.digits.best]
            ),
            without={"scale": 0.0},
        ),
        Claim(
            id="penalty_in_the_score_misleads",
            sentence=lambda f: (
                f"Leave the penalty in the validation loss, and the smallest is at "
                f"{f.moons.reported_label} instead of {f.moons.label} on the moons, at "
                f"{f.digits.reported_label} instead of {f.digits.label} on the digits, at "
                f"{f.cancer.reported_label} instead of {f.cancer.label} on the breast cancer data."
            ),
            check=lambda f: all(p.reported_best < p.best for p in (f.moons, f.digits, f.cancer)),
            without={"scale": 0.0},
        ),
        Claim(
            id="smallest_gap_is_no_goal",
            sentence=lambda f: (
                f"On the digits, the gap between validation and training loss is "
                f"{gap(f.digits, f.digits.best):.2f} at the best strength and "
                f"{gap(f.digits, -1):.2f} at "
                f"{f.labels[-1]}, where the network guesses."
            ),
            check=lambda f: (
                gap(f.digits, -1) < 0.5 * gap(f.digits, f.digits.best)
                and f.digits.accuracy[-1] <= f.digits.guess + 0.01
            ),
            without={"scale": 0.0},
        ),
    ),
    figures=(
        Figure(
            name="boundaries",
            title=lambda _: "Without L2 the network draws islands, with too much no line at all",
            caption=lambda f: (
                f"A network with two hidden layers on {f.moons.rows} noisy points of two classes: "
                f"on the line it is undecided, in the shaded part it says triangle. This is one "
                f"of {f.seeds} seeds; the mean accuracy on {f.moons.unseen:,} new points is "
                f"{f.moons.accuracy[0]:.1%} without penalty, "
                f"{f.moons.accuracy[f.moons.best]:.1%} with $\\lambda = {f.moons.label}$ and "
                f"{f.moons.accuracy[-1]:.0%} with $\\lambda = {f.labels[-1]}$."
            ),
            alt=lambda f: (
                f"Two classes of points, shaped like two half moons, and the network's boundary. "
                f"Without penalty it consists of {len(f.boundaries[0])} lines, training accuracy "
                f"{f.seed_train[0]:.0%}, on new points {f.seed_accuracy[0]:.0%}. With lambda "
                f"{f.moons.label}: {f.seed_train[f.moons.best]:.0%} and "
                f"{f.seed_accuracy[f.moons.best]:.0%}. With lambda {f.labels[9]}: "
                f"{f.seed_train[9]:.0%} and {f.seed_accuracy[9]:.0%}."
            ),
            draw=draw_boundaries,
            chart=chart_boundaries,
        ),
        Figure(
            name="curves",
            title=lambda _: "Training loss asks for no penalty; validation loss has a lowest point",
            caption=lambda f: (
                f"Networks with 32 hidden units on {f.digits.rows} rows, mean of {f.seeds} seeds; "
                f"the band is one standard deviation. The dots, the best strengths, are "
                f"{f.digits.label} and {f.cancer.label}."
            ),
            alt=lambda f: (
                f"Training and validation loss over the strength, from {f.labels[1]} to "
                f"{f.labels[-1]}. Digits: the validation loss goes from "
                f"{f.digits.validation_loss[1]:.2f} down to "
                f"{f.digits.validation_loss[f.digits.best]:.2f} at {f.digits.label}, then up to "
                f"{f.digits.validation_loss[-1]:.2f}; the training loss rises from "
                f"{f.digits.train_loss[1]:.3f} to {f.digits.train_loss[-1]:.2f}. Breast cancer: "
                f"{f.cancer.validation_loss[1]:.2f}, {f.cancer.validation_loss[f.cancer.best]:.2f} "
                f"at {f.cancer.label}, {f.cancer.validation_loss[-1]:.2f}."
            ),
            draw=draw_curves,
        ),
    ),
)
