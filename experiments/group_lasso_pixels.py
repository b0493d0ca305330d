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

from experiments.drawing import CSS, LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.pytorch.group_lasso import group_lasso_penalty
from snippets.pytorch.group_threshold import group_threshold
from snippets.pytorch.soft_threshold import soft_threshold

STRENGTHS = (0.001, 0.002, 0.004, 0.008, 0.016)
LABELS = tuple(f"{s:g}" for s in STRENGTHS)
SPLITS = 5
ROWS = 500
LR = 0.5
STEPS = 400
CHOSEN = 2
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
    group: Path
    l1: Path
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


def path(penalty: str) -> Path:
    """Train with each strength on each split."""
    zeros, removed, accuracies, maps, first = [], [], [], [], []
    for strength in STRENGTHS:
        fits = [fit(penalty, strength, split) for split in range(SPLITS)]
        zeros.append(sum(float((w == 0).double().mean()) for w, _ in fits) / SPLITS)
        removed.append(sum(int((w == 0).all(0).sum()) for w, _ in fits) / SPLITS)
        accuracies.append(tuple(a for _, a in fits))
        maps.append(tuple(float(v) for v in fits[0][0].norm(dim=0)))
        first.append(int((fits[0][0] == 0).all(0).sum()))
    return Path(
        zeros=tuple(zeros),
        removed=tuple(removed),
        accuracy=tuple(sum(row) / SPLITS for row in accuracies),
        maps=tuple(maps),
        removed_first=tuple(first),
        accuracies=tuple(accuracies),
    )


def measure(penalty: str = "group", in_the_loss: bool = True) -> Facts:
    """Train a linear classifier of digits on 5 splits, with group lasso and with L1.

    Args:
        penalty: What stands for the group lasso; "l1" takes the groups away.
        in_the_loss: Whether the last comparison has the penalty in the loss; False gives it the
            threshold of groups instead.
    """
    group, l1 = path(penalty), path("l1")
    zeros, removed = group.zeros[CHOSEN], group.removed[CHOSEN]
    indices = range(len(STRENGTHS))
    same_zeros = min(indices, key=lambda k: abs(l1.zeros[k] - zeros))
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
        ("Group lasso", facts.group, facts.chosen, "ink"),
        ("L1", facts.l1, facts.same_zeros, "l1"),
    )
    for ax, (name, way, k, colour) in zip(axes, shown, strict=True):
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
        ax.set_title(f"{name}, λ = {LABELS[k]}\n{way.removed_first[k]} pixels removed", fontsize=11)
    axes[0].set_ylabel("row of the image")
    return figure


def chart_pixels(facts: Facts) -> alt.TopLevelMixin:
    """The same maps at the strength of a slider, one above the other."""
    ways = (("Group lasso", facts.group, CSS["ink"]), ("L1", facts.l1, CSS["l1"]))
    strength = alt.param(
        name="strength",
        value=facts.chosen,
        bind=alt.binding_range(
            min=0, max=len(STRENGTHS) - 1, step=1, name="Strength (0 is 0.001, 4 is 0.016): "
        ),
    )

    def panel(name: str, way: Path, colour: str) -> Any:
        cells = [
            {
                "k": k,
                "row": pixel // 8 + 1,
                "column": pixel % 8 + 1,
                "norm": round(norm, 3),
                "strong": 0.0 if norm == 0 else round(0.15 + 0.85 * norm / max(norms), 3),
                "mark": "×" if norm == 0 else "",
            }
            for k, norms in enumerate(way.maps)
            for pixel, norm in enumerate(norms)
        ]
        lines = [
            {
                "k": k,
                "top": f"{name}, λ = {LABELS[k]}",
                "middle": f"{way.removed_first[k]} of {facts.pixels} pixels removed",
                "bottom": f"accuracy {way.accuracies[k][0]:.1%}",
            }
            for k in range(len(STRENGTHS))
        ]
        base = alt.Chart(alt.InlineData(values=cells)).transform_filter("datum.k == strength")
        x = alt.X(
            "column:O", title="column of the image", axis=alt.Axis(labelAngle=0, values=[1, 8])
        )
        y = alt.Y("row:O", title="row of the image", axis=alt.Axis(values=[1, 8]))
        tip = [alt.Tooltip("row:O"), alt.Tooltip("column:O"), alt.Tooltip("norm:Q", format=".3f")]
        opacity = alt.Opacity("strong:Q", scale=alt.Scale(domain=[0, 1], range=[0, 1]), legend=None)
        cell = base.mark_rect(color=colour, stroke=None).encode(
            x=x, y=y, opacity=opacity, tooltip=tip
        )
        mark = base.mark_text(fontSize=14, color=CSS["muted"]).encode(x=x, y=y, text="mark:N")
        text = alt.Chart(alt.InlineData(values=lines)).transform_filter("datum.k == strength")

        def line(field: str, height: int) -> Any:
            style = text.mark_text(align="left", fontSize=13, color=CSS["ink"])
            return style.encode(x=alt.value(0), y=alt.value(height), text=f"{field}:N")

        texts = (line("top", -46), line("middle", -29), line("bottom", -12))
        return alt.layer(cell, mark, *texts).properties(width=210, height=190)

    panels = [panel(*way) for way in ways]
    return alt.concat(*panels, columns=2, spacing=20).add_params(strength)


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
            title=lambda _: "As many zeros, but the group lasso's free whole pixels",
            caption=lambda f: (
                f"Norm of each pixel's {f.outputs} weights in a linear classifier of digits; × "
                f"marks a pixel whose weights are all exactly zero, so that nobody needs to "
                f"measure it. At $\\lambda = {f.chosen_strength:g}$ the group lasso has as many "
                f"zero weights as L1 at {f.strengths[f.same_zeros]:g}. {f.blank} pixels are blank "
                f"in every image. First of {f.splits} splits."
            ),
            alt=lambda f: (
                f"Two maps of the 64 pixels of an image. With the group lasso at strength "
                f"{f.chosen_strength:g}, {f.group.removed_first[f.chosen]} pixels are removed, "
                f"{sum(n == 0 for i, n in enumerate(f.group.maps[f.chosen]) if i % 8 in (0, 7))} "
                f"of them in the outermost two columns. With L1 at {f.strengths[f.same_zeros]:g}, "
                f"{f.l1.removed_first[f.same_zeros]}."
            ),
            draw=draw_pixels,
            chart=chart_pixels,
        ),
    ),
)
