"""Group lasso and L1 on the pixels of digits: scattered zeros, or whole inputs removed."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import altair as alt
import torch
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.patches import Rectangle
from sklearn.datasets import load_digits
from torch import Tensor

from experiments.charts import one_of, slider
from experiments.drawing import CSS, LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.pytorch.group_lasso import group_lasso_penalty
from snippets.pytorch.group_threshold import group_threshold
from snippets.pytorch.soft_threshold import soft_threshold

STRENGTHS = (0.002, 0.004, 0.008, 0.016)
L1_STRENGTHS = (0.0005, 0.001, *STRENGTHS)
SPLITS = 5
ROWS = 500
LR = 0.5
STEPS = 400
CHOSEN = 1
"""Index of the group lasso's strength that the claims look at."""


@dataclass(frozen=True)
class Path:
    """One value for each strength; means over the splits."""

    zeros: tuple[float, ...]
    """Share of the weights that are exactly zero."""
    removed: tuple[float, ...]
    """Pixels all of whose weights are exactly zero."""
    accuracy: tuple[float, ...]
    """On new images."""
    maps: tuple[tuple[float, ...], ...]
    """Norm of each pixel's weights in the first split, one row for each strength."""
    removed_first: tuple[int, ...]
    """Removed pixels in the first split."""
    zeros_first: tuple[float, ...]
    """Share of zero weights in the first split."""
    accuracies: tuple[tuple[float, ...], ...]
    """One row for each strength, one column for each split."""


@dataclass(frozen=True)
class Facts:
    """A linear classifier with group lasso, and with L1."""

    rows: int
    unseen: int
    splits: int
    pixels: int
    outputs: int
    blank: int
    """Pixels that are the same in every image."""
    strengths: tuple[float, ...]
    l1_strengths: tuple[float, ...]
    group: Path
    l1: Path
    partners: tuple[int, ...]
    """For each of the group lasso's strengths, L1's with the nearest share of zeros."""
    chosen: int
    chosen_strength: float
    same_zeros: int
    """Index of L1's strength with the nearest share of zeros to the chosen one's."""
    same_removed: int
    """Index of L1's strength with the nearest number of pixels removed."""
    group_zeros: float
    group_removed: float
    group_accuracy: float
    l1_zeros: float
    l1_removed: float
    l1_accuracy: float
    same_removed_pixels: float
    same_removed_accuracy: float
    better: int
    """Splits in which the group lasso is more accurate, with as many pixels removed."""
    loss_removed: int
    """Pixels removed in all splits together by the penalty in the loss."""
    loss_smallest: float


@cache
def digits() -> tuple[Tensor, Tensor]:
    """Pixels from 0 to 1, and one-hot labels."""
    images, labels = load_digits(return_X_y=True)
    return torch.tensor(images / 16), torch.nn.functional.one_hot(torch.tensor(labels)).double()


@cache
def fit(
    penalty: str, strength: float, split: int, in_the_loss: bool = False
) -> tuple[Tensor, float]:
    """The weights, shape (10, 64), after training, and the accuracy on new images."""
    images, labels = digits()
    generator = torch.Generator().manual_seed(split)
    order = torch.randperm(len(images), generator=generator)
    seen, unseen = order[:ROWS], order[ROWS:]
    weight = 0.1 * torch.randn(10, 64, generator=generator, dtype=torch.float64)
    bias = torch.zeros(10, dtype=torch.float64)
    x, y = images[seen], labels[seen]
    threshold = group_threshold if penalty == "group" else soft_threshold
    for _ in range(STEPS):
        errors = (torch.softmax(x @ weight.T + bias, 1) - y) / ROWS  # slope of cross-entropy
        slope = errors.T @ x
        if in_the_loss:
            weight.requires_grad_()
            (more,) = torch.autograd.grad(group_lasso_penalty(weight, strength), weight)
            weight = weight.detach() - LR * (slope + more)
        else:
            weight = threshold(weight - LR * slope, LR * strength)
        bias = bias - LR * errors.sum(0)
    right = (images[unseen] @ weight.T + bias).argmax(1) == labels[unseen].argmax(1)
    return weight, float(right.double().mean())


def path(penalty: str, strengths: tuple[float, ...]) -> Path:
    """Train with each strength on each split."""
    zeros, removed, accuracies, maps, first, shares = [], [], [], [], [], []
    for strength in strengths:
        fits = [fit(penalty, strength, split) for split in range(SPLITS)]
        zeros.append(sum(float((w == 0).double().mean()) for w, _ in fits) / SPLITS)
        removed.append(sum(int((w == 0).all(0).sum()) for w, _ in fits) / SPLITS)
        accuracies.append(tuple(a for _, a in fits))
        maps.append(tuple(float(v) for v in fits[0][0].norm(dim=0)))
        first.append(int((fits[0][0] == 0).all(0).sum()))
        shares.append(float((fits[0][0] == 0).double().mean()))
    return Path(
        zeros=tuple(zeros),
        removed=tuple(removed),
        accuracy=tuple(sum(row) / SPLITS for row in accuracies),
        maps=tuple(maps),
        removed_first=tuple(first),
        zeros_first=tuple(shares),
        accuracies=tuple(accuracies),
    )


def measure(penalty: str = "group", in_the_loss: bool = True) -> Facts:
    """Train a linear classifier of digits on 5 splits, with group lasso and with L1.

    Args:
        penalty: What stands for the group lasso; "l1" takes the groups away.
        in_the_loss: Whether the last comparison has the penalty in the loss; False gives it the
            threshold of groups instead.
    """
    group, l1 = path(penalty, STRENGTHS), path("l1", L1_STRENGTHS)
    zeros, removed = group.zeros[CHOSEN], group.removed[CHOSEN]
    indices = range(len(L1_STRENGTHS))
    partners = tuple(min(indices, key=lambda k: abs(l1.zeros[k] - z)) for z in group.zeros)
    same_zeros = partners[CHOSEN]
    same_removed = min(indices, key=lambda k: abs(l1.removed[k] - removed))
    pairs = zip(group.accuracies[CHOSEN], l1.accuracies[same_removed], strict=True)
    loss = [fit("group", STRENGTHS[CHOSEN], k, in_the_loss)[0].norm(dim=0) for k in range(SPLITS)]
    images, labels = digits()
    return Facts(
        rows=ROWS,
        unseen=len(images) - ROWS,
        splits=SPLITS,
        pixels=images.shape[1],
        outputs=labels.shape[1],
        blank=int((images.std(0) == 0).sum()),
        strengths=STRENGTHS,
        l1_strengths=L1_STRENGTHS,
        partners=partners,
        group=group,
        l1=l1,
        chosen=CHOSEN,
        chosen_strength=STRENGTHS[CHOSEN],
        same_zeros=same_zeros,
        same_removed=same_removed,
        group_zeros=zeros,
        group_removed=removed,
        group_accuracy=group.accuracy[CHOSEN],
        l1_zeros=l1.zeros[same_zeros],
        l1_removed=l1.removed[same_zeros],
        l1_accuracy=l1.accuracy[same_zeros],
        same_removed_pixels=l1.removed[same_removed],
        same_removed_accuracy=l1.accuracy[same_removed],
        better=sum(ours > theirs for ours, theirs in pairs),
        loss_removed=sum(int((norms == 0).sum()) for norms in loss),
        loss_smallest=min(float(norms.min()) for norms in loss),
    )


def draw_pixels(facts: Facts) -> MatplotlibFigure:
    """Two maps of the 64 pixels; a cross where all weights are zero."""
    figure = new_figure(width=5.8, height=3.5)
    axes = figure.subplots(1, 2)
    shown = (
        ("Group lasso", facts.group, facts.chosen, "ink", facts.strengths),
        ("L1", facts.l1, facts.same_zeros, "l1", facts.l1_strengths),
    )
    for ax, (name, way, k, colour, strengths) in zip(axes, shown, strict=True):
        largest = max(way.maps[k])
        for pixel, norm in enumerate(way.maps[k]):
            y, x = divmod(pixel, 8)
            corner = (x - 0.44, y - 0.44)
            if norm == 0:
                ax.plot(x, y, "x", color=LIGHT["muted"], markersize=6, markeredgewidth=1.2)
            else:
                share = 0.15 + 0.85 * norm / largest
                ax.add_patch(Rectangle(corner, 0.88, 0.88, color=LIGHT[colour], alpha=share))
        ax.set_xlim(-0.6, 7.6)
        ax.set_ylim(7.6, -0.6)
        ax.set_aspect("equal")
        ax.grid(visible=False)
        ax.set_xticks([0, 7], ["1", "8"])
        ax.set_yticks([0, 7], ["1", "8"])
        ax.set_xlabel("column of the image")
        title = f"{name}, λ = {strengths[k]:g}\n{way.removed_first[k]} pixels removed"
        ax.set_title(title, fontsize=11)
    axes[0].set_ylabel("row of the image")
    return figure


def chart_pixels(facts: Facts) -> alt.TopLevelMixin:
    """The same maps side by side, with as many zeros, at the strength of a slider."""
    ways = (
        ("Group lasso", facts.group, range(len(STRENGTHS)), STRENGTHS, CSS["ink"], 1),
        ("L1", facts.l1, facts.partners, L1_STRENGTHS, CSS["l1"], 10),
    )
    strength = slider(
        "strength",
        "Strength of group lasso, λ",
        low=0,
        high=len(STRENGTHS) - 1,
        step=1,
        value=facts.chosen,
        shown=one_of([f"{s:g}" for s in STRENGTHS], "strength"),
    )
    x = alt.X(
        "place:O",
        title="columns of the image",
        scale=alt.Scale(domain=list(range(1, 18)), paddingInner=0.06),
        axis=alt.Axis(labels=False, ticks=False, domain=False, grid=False),
    )
    y = alt.Y(
        "row:O",
        title="rows of the image",
        scale=alt.Scale(domain=list(range(-4, 9)), paddingInner=0.06),
        axis=alt.Axis(values=[1, 8], ticks=False, domain=False, grid=False, titlePadding=12),
    )
    opacity = alt.Opacity("strong:Q", scale=alt.Scale(domain=[0, 1], range=[0, 1]), legend=None)
    tip = [alt.Tooltip("row:O"), alt.Tooltip("column:O"), alt.Tooltip("norm:Q", format=".3f")]
    layers: list[Any] = []
    for name, way, indices, strengths, colour, start in ways:
        cells, lines = [], []
        for position, k in enumerate(indices):
            norms = way.maps[k]
            for pixel, norm in enumerate(norms):
                cell = {
                    "k": position,
                    "row": pixel // 8 + 1,
                    "column": pixel % 8 + 1,
                    "place": pixel % 8 + start,
                    "norm": round(norm, 3),
                    "strong": 0.0 if norm == 0 else round(0.15 + 0.85 * norm / max(norms), 3),
                    "mark": "×" if norm == 0 else "",
                }
                cells.append(cell)
            texts = (
                name,
                f"λ = {strengths[k]:g}",
                f"{way.zeros_first[k]:.0%} zeros",
                f"{way.removed_first[k]} pixels removed",
                f"accuracy {way.accuracies[k][0]:.1%}",
            )
            for r, text in enumerate(texts):
                lines.append({"k": position, "row": r - 4, "place": start, "text": text})
        base = alt.Chart(alt.InlineData(values=cells)).transform_filter("datum.k == strength")
        layers.append(base.mark_rect(color=colour).encode(x=x, y=y, opacity=opacity, tooltip=tip))
        layers.append(
            base.mark_text(fontSize=14, color=CSS["muted"]).encode(x=x, y=y, text="mark:N")
        )
        layers.append(
            alt.Chart(alt.InlineData(values=lines))
            .transform_filter("datum.k == strength")
            .mark_text(align="left", fontSize=12, color=CSS["ink"])
            .encode(x=alt.X("place:O", bandPosition=0), y=y, text="text:N")
        )
    return alt.layer(*layers).add_params(*strength).properties(width="container", height=320)


EXPERIMENT = Experiment(
    question="Which penalty removes whole inputs, and not weights here and there?",
    measure=measure,
    claims=(
        Claim(
            id="whole_pixels",
            sentence=lambda f: (
                f"With {f.group_zeros:.0%} of the weights at zero, the group lasso has removed "
                f"{f.group_removed:.0f} of {f.pixels} pixels. L1 has {f.l1_zeros:.0%} of them at "
                f"zero and has removed {f.l1_removed:.0f}."
            ),
            check=lambda f: (
                abs(f.group_zeros - f.l1_zeros) < 0.07 and f.group_removed > 2 * f.l1_removed
            ),
            without={"penalty": "l1"},
        ),
        Claim(
            id="costs_less_accuracy",
            sentence=lambda f: (
                f"To remove {f.same_removed_pixels:.0f} pixels, L1 needs a strength that leaves "
                f"{f.same_removed_accuracy:.1%} accuracy on new images. The group lasso, with "
                f"{f.group_removed:.0f} removed, has {f.group_accuracy:.1%}, and is better in "
                f"{f.better} of {f.splits} splits."
            ),
            check=lambda f: (
                abs(f.group_removed - f.same_removed_pixels) <= 3
                and f.group_accuracy > f.same_removed_accuracy + 0.005
                and f.better >= f.splits - 1
            ),
            without={"penalty": "l1"},
        ),
        Claim(
            id="price_of_groups",
            sentence=lambda f: (
                f"The price: at the same share of zero weights L1 is the more accurate one, "
                f"{f.l1_accuracy:.1%} against {f.group_accuracy:.1%}."
            ),
            check=lambda f: (
                abs(f.group_zeros - f.l1_zeros) < 0.07 and f.l1_accuracy > f.group_accuracy + 0.005
            ),
            without={"penalty": "l1"},
        ),
        Claim(
            id="needs_the_threshold",
            sentence=lambda f: (
                f"The same penalty in the loss, without the threshold, removes {f.loss_removed} "
                f"pixels in {f.splits} splits; the shortest group still has norm "
                f"{f.loss_smallest:.0e}."
            ),
            check=lambda f: f.loss_removed == 0 and f.loss_smallest > 0,
            without={"in_the_loss": False},
        ),
    ),
    figures=(
        Figure(
            name="pixels",
            title=lambda _: "With as many zeros, the group lasso frees whole pixels",
            caption=lambda f: (
                f"Norm of each pixel's {f.outputs} weights in a linear classifier of digits; × "
                f"marks a pixel whose weights are all exactly zero, so that nobody needs to "
                f"measure it. Each group lasso stands beside the L1 with the most similar share of "
                f"zero weights: $\\lambda = {f.chosen_strength:g}$ beside "
                f"{f.l1_strengths[f.same_zeros]:g}. {f.blank} pixels are blank "
                f"in every image. First of {f.splits} splits."
            ),
            alt=lambda f: (
                f"Two maps of the 64 pixels of an image. With the group lasso at strength "
                f"{f.chosen_strength:g}, {f.group.removed_first[f.chosen]} pixels are removed, "
                f"{sum(n == 0 for i, n in enumerate(f.group.maps[f.chosen]) if i % 8 in (0, 7))} "
                f"of them in the outermost two columns. With L1 at "
                f"{f.l1_strengths[f.same_zeros]:g}, {f.l1.removed_first[f.same_zeros]}."
            ),
            draw=draw_pixels,
            chart=chart_pixels,
        ),
    ),
)
