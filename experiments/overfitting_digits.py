"""A network that learns its training images by heart, and what it knows of new ones."""

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import torch
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.datasets import load_digits
from torch import Tensor, nn

from experiments.charts import one_of, slider
from experiments.drawing import CSS, LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.pytorch.learning_curves import learning_curves

SIZES = (20, 50, 100, 200, 400, 1000)
FEW = SIZES.index(100)
UNSEEN = 400
SEEDS = 5
HIDDEN = 64
LR = 0.02
EPOCHS = 120
SHOWN = (1, 2, 4, 6, 8, 10, 13, 16, 20, 25, 30, 36, 43, 50, 60, 70, 80, 90, 100, 120)


@dataclass(frozen=True)
class Facts:
    """Cross-entropy in nats per image; means over seeds and their standard deviation.

    Index k of everything belongs to ``sizes[k]`` training images.
    """

    sizes: tuple[int, ...]
    unseen: int
    seeds: int
    hidden: int
    parameters: int
    epochs: int
    few: int
    """The number of images that most of the page is about."""
    train_loss: tuple[float, ...]
    validation_loss: tuple[float, ...]
    train_accuracy: tuple[float, ...]
    train_accuracy_spread: tuple[float, ...]
    validation_accuracy: tuple[float, ...]
    validation_accuracy_spread: tuple[float, ...]
    gap: tuple[float, ...]
    """Training accuracy minus validation accuracy."""
    shown: tuple[int, ...]
    train_curves: tuple[tuple[float, ...], ...]
    validation_curves: tuple[tuple[float, ...], ...]
    turn_epoch: int
    """Where the mean validation loss of ``few`` images is smallest."""
    turn_loss: float
    turn_train_loss: float
    end_loss: float
    end_train_loss: float
    seeds_turned: int
    """Seeds whose validation loss ends at least 5 % above its minimum."""
    few_train_accuracy: float
    few_train_accuracy_lowest: float
    few_validation_accuracy: float
    few_validation_spread: float
    shuffled_train_accuracy: float
    shuffled_train_accuracy_lowest: float
    shuffled_validation_accuracy: float
    shuffled_validation_loss: float
    guessing_loss: float


def train_once(
    images: Tensor, labels: Tensor, size: int, seed: int, hidden: int, distinct: int, shuffle: bool
) -> tuple[tuple[list[float], list[float]], tuple[float, float]]:
    """Both learning curves, then the accuracy on training and on unseen images."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        order = torch.randperm(len(images))
        model = nn.Sequential(nn.Linear(64, hidden), nn.ReLU(), nn.Linear(hidden, 10))
        answers = torch.randperm(size)
    # With fewer distinct images than rows, the rows are copies of them.
    seen, unseen = order[torch.arange(size) % distinct], order[-UNSEEN:]
    seen_labels = labels[seen][answers] if shuffle else labels[seen]
    training, validation = (images[seen], seen_labels), (images[unseen], labels[unseen])
    curves = learning_curves(model, training, validation, lr=LR, epochs=EPOCHS)
    with torch.no_grad():
        right = [
            (model(x).argmax(1) == y).double().mean().item() for x, y in (training, validation)
        ]
    return curves, (right[0], right[1])


def measure(hidden: int = HIDDEN, copies: bool = False) -> Facts:
    """Train on 20 to 1,000 of the digits, five seeds each; validate on 400 others.

    Args:
        hidden: Number of hidden units.
        copies: Whether the larger training sets are copies of the smallest one.
    """
    torch.set_num_threads(1)
    data, target = load_digits(return_X_y=True)
    images = torch.tensor(data / 16, dtype=torch.float32)
    labels = torch.tensor(target)
    curves = np.empty((len(SIZES), SEEDS, 2, EPOCHS))
    accuracy = np.empty((len(SIZES), SEEDS, 2))
    shuffled_loss, shuffled = np.empty(SEEDS), np.empty((SEEDS, 2))
    for seed in range(SEEDS):
        for k, size in enumerate(SIZES):
            distinct = SIZES[0] if copies else size
            curves[k, seed], accuracy[k, seed] = train_once(
                images, labels, size, seed, hidden, distinct, shuffle=False
            )
        (_, validation), shuffled[seed] = train_once(
            images, labels, SIZES[FEW], seed, hidden, SIZES[FEW], shuffle=True
        )
        shuffled_loss[seed] = validation[-1]

    def floats(values: np.ndarray) -> tuple[float, ...]:
        return tuple(float(v) for v in values)

    means = curves.mean(1)  # (sizes, training or validation, epochs)
    right, spread = accuracy.mean(1), accuracy.std(1, ddof=1)
    few = curves[FEW, :, 1]  # (seeds, epochs)
    turn = int(means[FEW, 1].argmin())
    shown = [epoch - 1 for epoch in SHOWN]
    return Facts(
        sizes=SIZES,
        unseen=UNSEEN,
        seeds=SEEDS,
        hidden=hidden,
        parameters=64 * hidden + hidden + 10 * hidden + 10,
        epochs=EPOCHS,
        few=SIZES[FEW],
        train_loss=floats(means[:, 0, -1]),
        validation_loss=floats(means[:, 1, -1]),
        train_accuracy=floats(right[:, 0]),
        train_accuracy_spread=floats(spread[:, 0]),
        validation_accuracy=floats(right[:, 1]),
        validation_accuracy_spread=floats(spread[:, 1]),
        gap=floats(right[:, 0] - right[:, 1]),
        shown=SHOWN,
        train_curves=tuple(floats(row[0, shown]) for row in means),
        validation_curves=tuple(floats(row[1, shown]) for row in means),
        turn_epoch=turn + 1,
        turn_loss=float(means[FEW, 1, turn]),
        turn_train_loss=float(means[FEW, 0, turn]),
        end_loss=float(means[FEW, 1, -1]),
        end_train_loss=float(means[FEW, 0, -1]),
        seeds_turned=int((few[:, -1] > 1.05 * few.min(1)).sum()),
        few_train_accuracy=float(right[FEW, 0]),
        few_train_accuracy_lowest=float(accuracy[FEW, :, 0].min()),
        few_validation_accuracy=float(right[FEW, 1]),
        few_validation_spread=float(spread[FEW, 1]),
        shuffled_train_accuracy=float(shuffled[:, 0].mean()),
        shuffled_train_accuracy_lowest=float(shuffled[:, 0].min()),
        shuffled_validation_accuracy=float(shuffled[:, 1].mean()),
        shuffled_validation_loss=float(shuffled_loss.mean()),
        guessing_loss=float(np.log(10)),
    )


def draw_curves(facts: Facts) -> MatplotlibFigure:
    """Training and validation loss over the epochs, for few images and for many."""
    figure = new_figure(width=5.8, height=4.0)
    axes = figure.subplots()
    last = len(facts.sizes) - 1
    for k, colour in ((FEW, "ink"), (last, "plain")):
        axes.plot(facts.shown, facts.validation_curves[k], color=LIGHT[colour])
        axes.plot(facts.shown, facts.train_curves[k], color=LIGHT[colour], linestyle="--")
    end = facts.epochs
    many = facts.validation_curves[last][-1]
    axes.text(end, facts.end_loss + 0.07, f"{facts.few} images", color=LIGHT["ink"], ha="right")
    axes.text(end, many + 0.06, f"{facts.sizes[-1]:,} images", color=LIGHT["plain"], ha="right")
    axes.plot(facts.turn_epoch, facts.turn_loss, "o", color=LIGHT["ink"], markersize=8)
    axes.annotate(
        f"smallest, epoch {facts.turn_epoch}",
        (facts.turn_epoch, facts.turn_loss),
        xytext=(6, 26),
        textcoords="offset points",
        color=LIGHT["ink"],
        arrowprops={"arrowstyle": "-", "color": LIGHT["muted"]},
    )
    place: Any = {"color": LIGHT["muted"], "transform": axes.transAxes, "ha": "right"}
    axes.text(0.98, 0.92, "solid: validation, dashed: training", **place)
    axes.set_ylim(0, 2.3)
    axes.set_xlim(0, end)
    axes.set_xlabel("epoch")
    axes.set_ylabel("cross-entropy (nats per image)")
    return figure


def chart_curves(facts: Facts) -> alt.TopLevelMixin:
    """The same for the number of images of a slider."""
    kinds = (("validation", facts.validation_curves), ("training", facts.train_curves))
    lines = [
        {"k": k, "t": t, "loss": round(v, 4), "kind": kind}
        for kind, curves in kinds
        for k, row in enumerate(curves)
        for t, v in zip(facts.shown, row, strict=True)
    ]
    texts = [
        {
            "k": k,
            "top": f"{size:,} training images",
            "solid": f"solid: validation loss {facts.validation_loss[k]:.2f}",
            "dashed": f"dashed: training loss {facts.train_loss[k]:.4f}",
            "accuracy": f"accuracy {facts.validation_accuracy[k]:.0%} "
            f"(training {facts.train_accuracy[k]:.0%})",
        }
        for k, size in enumerate(facts.sizes)
    ]
    highest = max(v for curve in facts.validation_curves for v in curve)
    size = slider(
        "size",
        "Training images",
        low=0,
        high=len(facts.sizes) - 1,
        step=1,
        value=FEW,
        shown=one_of([f"{size:,}" for size in facts.sizes], "size"),
    )
    chosen = "datum.k == size"
    line = (
        alt.Chart(alt.InlineData(values=lines))
        .transform_filter(chosen)
        .mark_line(strokeWidth=2.5, color=CSS["plain"], clip=True)
        .encode(
            x=alt.X(
                "t:Q",
                title="epoch",
                scale=alt.Scale(domain=[0, facts.epochs], nice=False),
                axis=alt.Axis(tickCount=5),
            ),
            y=alt.Y(
                "loss:Q",
                title="cross-entropy (nats per image)",
                scale=alt.Scale(domain=[0, round(1.45 * highest, 1)], nice=False),
                axis=alt.Axis(values=[0, 0.5, 1, 1.5, 2, 2.5], titlePadding=12),
            ),
            strokeDash=alt.StrokeDash(
                "kind:N",
                scale=alt.Scale(domain=["validation", "training"], range=[[1, 0], [6, 4]]),
                legend=None,  # the lines of text name the curves
            ),
        )
    )
    text = alt.Chart(alt.InlineData(values=texts)).transform_filter(chosen)

    def row(field: str, y: int) -> Any:
        mark = text.mark_text(align="right", baseline="top", fontSize=14, color=CSS["ink"])
        return mark.encode(x=alt.value("width"), y=alt.value(y), text=f"{field}:N")

    rows = ("top", "solid", "dashed", "accuracy")
    layers = alt.layer(line, *(row(field, 2 + 20 * k) for k, field in enumerate(rows)))
    return layers.add_params(*size).properties(width="container", height=320)


def draw_sizes(facts: Facts) -> MatplotlibFigure:
    """Accuracy on both sets over the number of training images."""
    figure = new_figure(width=4.8, height=3.6)
    axes = figure.subplots()
    sizes = np.array(facts.sizes)
    for mean, spread, style in (
        (facts.validation_accuracy, facts.validation_accuracy_spread, "-"),
        (facts.train_accuracy, facts.train_accuracy_spread, "--"),
    ):
        low, high = (100 * (np.array(mean) + s * np.array(spread)) for s in (-1, 1))
        axes.fill_between(sizes, low, high, color=LIGHT["plain"], alpha=0.25, linewidth=0)
        axes.plot(
            sizes, 100 * np.array(mean), color=LIGHT["plain"], linestyle=style, marker="o", ms=5
        )
    for k in (0, len(sizes) - 1):
        axes.plot(
            [sizes[k]] * 2,
            [100 * facts.validation_accuracy[k], 100 * facts.train_accuracy[k]],
            color=LIGHT["muted"],
            linestyle=":",
            linewidth=1.4,
        )
        axes.annotate(
            f"gap {100 * facts.gap[k]:.0f} points",
            (sizes[k], 100 * facts.validation_accuracy[k]),
            xytext=((6, 92) if k == 0 else (4, -30)),
            textcoords="offset points",
            ha="left" if k == 0 else "right",
            va="center",
        )
    axes.text(sizes[2], 101.5, "training images", color=LIGHT["plain"], va="bottom")
    axes.text(
        sizes[2] * 1.1,
        100 * facts.validation_accuracy[2] - 2,
        "new images",
        color=LIGHT["plain"],
        va="top",
    )
    axes.set_xscale("log")
    axes.set_xticks(sizes, [f"{s:,}" for s in sizes])
    axes.minorticks_off()
    axes.set_ylim(60, 108)
    axes.set_yticks([60, 70, 80, 90, 100])
    axes.set_xlabel("training images (logarithmic)")
    axes.set_ylabel("accuracy (%)")
    return figure


EXPERIMENT = Experiment(
    question="What does a network know after it has learned its training images by heart?",
    measure=measure,
    claims=(
        Claim(
            id="learns_by_heart",
            sentence=lambda f: (
                f"A network with {f.parameters:,} parameters gets {f.few_train_accuracy:.0%} of "
                f"its {f.few} training images right, with each of {f.seeds} seeds, and "
                f"{f.few_validation_accuracy:.1%} ± {f.few_validation_spread:.1%} of {f.unseen} "
                f"new ones."
            ),
            check=lambda f: f.few_train_accuracy_lowest == 1.0 and f.few_validation_accuracy < 0.95,
            without={"hidden": 2},
        ),
        Claim(
            id="learns_nonsense",
            sentence=lambda f: (
                f"It learns nonsense as well: with the labels of the {f.few} images shuffled, it "
                f"still gets {f.shuffled_train_accuracy:.0%} of them right, with each seed. On "
                f"new images it is then right in {f.shuffled_validation_accuracy:.0%} of the "
                f"cases, and its loss, {f.shuffled_validation_loss:.1f}, is far above the "
                f"{f.guessing_loss:.1f} of guessing."
            ),
            check=lambda f: (
                f.shuffled_train_accuracy_lowest == 1.0
                and f.shuffled_validation_accuracy < 0.25
                and f.shuffled_validation_loss > 1.5 * f.guessing_loss
            ),
            without={"hidden": 2},
        ),
        Claim(
            id="validation_loss_turns",
            sentence=lambda f: (
                f"With {f.few} images the validation loss falls to {f.turn_loss:.2f} at epoch "
                f"{f.turn_epoch}, then climbs to {f.end_loss:.2f} (it climbs by at least 5 % with "
                f"{f.seeds_turned} of {f.seeds} seeds). The training loss goes on falling, from "
                f"{f.turn_train_loss:.3f} to {f.end_train_loss:.4f}."
            ),
            check=lambda f: (
                f.seeds_turned == f.seeds
                and f.end_loss > 1.05 * f.turn_loss
                and f.end_train_loss < 0.2 * f.turn_train_loss
            ),
            without={"hidden": 2},
        ),
        Claim(
            id="more_images_close_the_gap",
            sentence=lambda f: (
                f"More images close the gap: from {100 * f.gap[0]:.0f} points of accuracy at "
                f"{f.sizes[0]} images to {100 * f.gap[-1]:.0f} at {f.sizes[-1]:,}. They have to "
                f"be *different* images: copies of the first {f.sizes[0]} do not close it."
            ),
            check=lambda f: f.gap[-1] < 0.3 * f.gap[0] and min(f.train_accuracy) > 0.995,
            without={"copies": True},
        ),
    ),
    figures=(
        Figure(
            name="learning_curves",
            title=lambda f: "The training loss keeps falling; the loss on new images turns round",
            caption=lambda f: (
                f"A network with {f.hidden} hidden units learns handwritten digits (mean of "
                f"{f.seeds} seeds). On {f.few} images the training loss ends at "
                f"{f.end_train_loss:.4f}, while the loss on new images was smallest at epoch "
                f"{f.turn_epoch}. With {f.sizes[-1]:,} images the two curves stay together."
            ),
            alt=lambda f: (
                f"Cross-entropy over {f.epochs} epochs. With {f.few} training images the training "
                f"loss falls to {f.end_train_loss:.4f}; the validation loss falls to "
                f"{f.turn_loss:.2f} at epoch {f.turn_epoch} and rises to {f.end_loss:.2f}. With "
                f"{f.sizes[-1]:,} images the validation loss ends at "
                f"{f.validation_loss[-1]:.2f}, the training loss at {f.train_loss[-1]:.4f}."
            ),
            draw=draw_curves,
            chart=chart_curves,
        ),
        Figure(
            name="sizes",
            title=lambda f: "The training images never look difficult; only new ones tell",
            caption=lambda f: (
                f"Accuracy after {f.epochs} epochs, mean and standard deviation of {f.seeds} "
                f"seeds. The training accuracy is {f.train_accuracy[0]:.0%} with {f.sizes[0]} "
                f"images and {f.train_accuracy[-1]:.0%} with {f.sizes[-1]:,}: it cannot tell you "
                f"whether you have enough data."
            ),
            alt=lambda f: (
                "Accuracy over the number of training images. "
                + "; ".join(
                    f"{n} images: training {t:.0%}, new {v:.0%}"
                    for n, t, v in zip(
                        f.sizes, f.train_accuracy, f.validation_accuracy, strict=True
                    )
                )
                + "."
            ),
            draw=draw_sizes,
        ),
    ),
)
