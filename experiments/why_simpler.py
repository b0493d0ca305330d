"""What L2 makes simpler: fewer free directions, smoother outputs; and which neurons it keeps."""

from dataclasses import dataclass

import numpy as np
import torch
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.datasets import load_diabetes, load_digits
from torch import Tensor, nn

from experiments.drawing import LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.numpy.effective_degrees_of_freedom import effective_degrees_of_freedom

SEEDS = 5
ROWS, UNSEEN = 100, 1000
HIDDEN = 64
STRENGTHS = (0.0, 1e-3, 1e-2)
LABELS = ("no penalty", "λ = 0.001", "λ = 0.01")
LR, STEPS = 0.02, 800
FREEDOM = (0.0, 0.01, 0.1, 1.0)


@dataclass(frozen=True)
class Facts:
    """Index k of everything belongs to ``strengths[k]``; means over the seeds."""

    seeds: int
    rows: int
    unseen: int
    hidden: int
    strengths: tuple[float, ...]
    labels: tuple[str, ...]
    freedom_strengths: tuple[float, ...]
    freedom: tuple[float, ...]
    """Effective degrees of freedom of ridge on the diabetes data."""
    slope: tuple[float, ...]
    """Root mean square derivative of a logit by a pixel, on unseen images."""
    slope_spread: tuple[float, ...]
    loss: tuple[float, ...]
    """On unseen images."""
    loss_spread: tuple[float, ...]
    unequal: tuple[float, ...]
    """Standard deviation of the neurons' contributions over their mean."""
    unequal_spread: tuple[float, ...]
    middle: tuple[float, ...]
    """What the neuron in the middle contributes, over the largest."""
    sorted: tuple[tuple[float, ...], ...]
    """Contributions from the largest on, over the largest."""


def measure(scale: float = 1.0) -> Facts:
    """Train on 100 digits with three strengths; count degrees of freedom on diabetes.

    Args:
        scale: Multiplies every strength; 0 takes the penalties away.
    """
    torch.set_num_threads(1)
    data, target = load_digits(return_X_y=True)
    images, labels = torch.tensor(data / 16, dtype=torch.float32), torch.tensor(target)
    count = len(STRENGTHS)
    generators = [torch.Generator().manual_seed(seed) for seed in range(SEEDS)]
    orders = [torch.randperm(len(images), generator=g) for g in generators]

    def each(parts: list[Tensor]) -> Tensor:
        return torch.stack(parts).repeat(count, *[1] * parts[0].ndim)

    first, last = (
        each([torch.randn(i, o, generator=g) * (2 / i) ** 0.5 for g in generators])
        for i, o in ((64, HIDDEN), (HIDDEN, 10))
    )
    biases = [torch.zeros(count * SEEDS, 1, o) for o in (HIDDEN, 10)]
    trained = [first, last, *biases]
    for p in trained:
        p.requires_grad_()
    strengths = scale * torch.tensor(STRENGTHS).repeat_interleave(SEEDS)
    seen = each([order[:ROWS] for order in orders])
    fresh = each([order[ROWS : ROWS + UNSEEN] for order in orders])

    def losses(rows: Tensor) -> Tensor:
        hidden = torch.relu(torch.baddbmm(biases[0], images[rows], first))
        logits = torch.baddbmm(biases[1], hidden, last).transpose(1, 2)
        return nn.functional.cross_entropy(logits, labels[rows], reduction="none").mean(1)

    optimizer = torch.optim.Adam(trained, lr=LR)
    for _ in range(STEPS):
        optimizer.zero_grad()
        squares = first.square().sum((1, 2)) + last.square().sum((1, 2))
        (losses(seen) + strengths * squares).sum().backward()
        optimizer.step()

    with torch.no_grad():
        loss = losses(fresh).double().numpy()
        inputs = torch.baddbmm(biases[0], images[fresh], first)  # (runs, rows, hidden)
        active = (inputs > 0).float()
        # d logit / d pixel is first @ diag(active) @ last: its squared norm, row by row.
        overlap = (first.transpose(1, 2) @ first) * (last @ last.transpose(1, 2))
        squared = ((active @ overlap) * active).sum(2)
        slope = (squared.mean(1) / (64 * 10)).sqrt().double().numpy()
        # What a neuron adds to the logits, apart from a constant.
        spread = torch.relu(inputs).std(1)
        contributions = (spread * last.square().sum(2).sqrt()).double().numpy()

    def by_strength(values: np.ndarray) -> np.ndarray:
        return values.reshape(count, SEEDS, *values.shape[1:])

    def means(values: np.ndarray) -> tuple[float, ...]:
        return tuple(float(v) for v in by_strength(values).mean(1))

    def spreads(values: np.ndarray) -> tuple[float, ...]:
        return tuple(float(v) for v in by_strength(values).std(1, ddof=1))

    largest = contributions.max(1, keepdims=True)
    unequal = contributions.std(1) / contributions.mean(1)
    ordered = by_strength(-np.sort(-contributions / largest, axis=1)).mean(1)
    x = load_diabetes().data
    x = (x - x.mean(0)) / x.std(0)
    return Facts(
        seeds=SEEDS,
        rows=ROWS,
        unseen=UNSEEN,
        hidden=HIDDEN,
        strengths=STRENGTHS,
        labels=LABELS,
        freedom_strengths=FREEDOM,
        freedom=tuple(effective_degrees_of_freedom(x, l2=scale * s) for s in FREEDOM),
        slope=means(slope),
        slope_spread=spreads(slope),
        loss=means(loss),
        loss_spread=spreads(loss),
        unequal=means(unequal),
        unequal_spread=spreads(unequal),
        middle=means(np.median(contributions / largest, axis=1)),
        sorted=tuple(tuple(float(v) for v in row) for row in ordered),
    )


def draw_neurons(facts: Facts) -> MatplotlibFigure:
    """Contributions of the hidden neurons, from the largest on."""
    figure = new_figure(width=5.8, height=3.8)
    axes = figure.subplots()
    ranks = range(1, facts.hidden + 1)
    colours = (LIGHT["plain"], LIGHT["l2"], LIGHT["ink"])
    places = ((0.5, 0.03, "bottom"), (0.42, 0.03, "bottom"), (0.05, -0.34, "top"))
    for row, label, colour, (share, above, side) in zip(
        facts.sorted, facts.labels, colours, places, strict=True
    ):
        axes.plot(ranks, row, color=colour)
        k = int(share * facts.hidden)
        axes.text(ranks[k], row[k] + above, label, color=colour, va=side)
    axes.set_xlim(1, facts.hidden)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("hidden neurons, sorted (rank)")
    axes.set_ylabel("contribution, largest = 1")
    return figure


EXPERIMENT = Experiment(
    question="In which sense does L2 make a model simpler?",
    measure=measure,
    claims=(
        Claim(
            id="fewer_degrees_of_freedom",
            sentence=lambda f: (
                f"Ridge on the diabetes data keeps all {f.freedom[0]:.0f} weights away from zero, "
                f"but they move like "
                + ", ".join(
                    f"{df:.1f} ($\\lambda = {s:g}$)"
                    for df, s in zip(f.freedom[1:], f.freedom_strengths[1:], strict=True)
                )
                + " free ones."
            ),
            check=lambda f: (
                abs(f.freedom[0] - 10) < 1e-6
                and f.freedom[1] < 0.95 * f.freedom[0]
                and f.freedom[2] < 0.8 * f.freedom[0]
                and f.freedom[3] < 0.5 * f.freedom[0]
            ),
            without={"scale": 0.0},
        ),
        Claim(
            id="smoother",
            sentence=lambda f: (
                f"A ReLU network on {f.rows} digits: the typical slope of a logit along a pixel "
                f"falls from {f.slope[0]:.2f} ± {f.slope_spread[0]:.2f} to {f.slope[1]:.2f} ± "
                f"{f.slope_spread[1]:.2f} with $\\lambda = {f.strengths[1]:g}$ and "
                f"{f.slope[2]:.2f} ± {f.slope_spread[2]:.2f} with $\\lambda = {f.strengths[2]:g}$ "
                f"(mean ± standard deviation of {f.seeds} seeds)."
            ),
            check=lambda f: (
                f.slope[1] + f.slope_spread[1] < f.slope[0] - f.slope_spread[0]
                and f.slope[2] < 0.5 * f.slope[0]
            ),
            without={"scale": 0.0},
        ),
        Claim(
            id="smoothest_is_not_best",
            sentence=lambda f: (
                f"The smoothest is not the best: the loss on {f.unseen:,} unseen images is "
                f"{f.loss[0]:.2f} without a penalty, {f.loss[1]:.2f} with "
                f"$\\lambda = {f.strengths[1]:g}$ and {f.loss[2]:.2f} with "
                f"$\\lambda = {f.strengths[2]:g}$ (standard deviations "
                f"{f.loss_spread[0]:.2f}, {f.loss_spread[1]:.2f} and {f.loss_spread[2]:.2f})."
            ),
            check=lambda f: f.loss[1] < 0.95 * f.loss[0] and f.loss[2] > 1.1 * f.loss[1],
            without={"scale": 0.0},
        ),
        Claim(
            id="neurons_unequal",
            sentence=lambda f: (
                f"L2 makes neurons *less* equal: their contributions vary by "
                f"{f.unequal[0]:.0%} ± {f.unequal_spread[0]:.0%} of their mean without a penalty, "
                f"by {f.unequal[1]:.0%} ± {f.unequal_spread[1]:.0%} with "
                f"$\\lambda = {f.strengths[1]:g}$, by {f.unequal[2]:.0%} ± "
                f"{f.unequal_spread[2]:.0%} with $\\lambda = {f.strengths[2]:g}$. The neuron in "
                f"the middle contributes {f.middle[0]:.0%}, {f.middle[1]:.0%} and "
                f"{f.middle[2]:.0%} of the largest."
            ),
            check=lambda f: (
                f.unequal[1] > f.unequal[0] + f.unequal_spread[0]
                and f.unequal[2] > 1.5 * f.unequal[0]
                and f.middle[1] < 0.6 * f.middle[0]
                and f.middle[2] < 0.6 * f.middle[0]
            ),
            without={"scale": 0.0},
        ),
    ),
    figures=(
        Figure(
            name="neurons",
            title=lambda _: "L2 does not make neurons contribute equally: a few carry the network",
            caption=lambda f: (
                f"What each of {f.hidden} hidden neurons adds to the logits: the standard "
                f"deviation of its output over {f.unseen:,} unseen images, times the norm of "
                f"its outgoing weights. Mean of {f.seeds} seeds."
            ),
            alt=lambda f: (
                f"Contributions of {f.hidden} neurons, sorted, over the largest. The one in the "
                f"middle has {f.middle[0]:.2f} without a penalty, "
                f"{f.middle[1]:.2f} with lambda {f.strengths[1]:g} and "
                f"{f.middle[2]:.2f} with lambda {f.strengths[2]:g}."
            ),
            draw=draw_neurons,
        ),
    ),
)
