"""Adam with L2 and AdamW on digits, tuned over the same grid, compared on unseen images."""

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import torch
from matplotlib.figure import Figure as MatplotlibFigure
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from torch import Tensor
from torch.nn import functional as F

from experiments.charts import one_of, slider
from experiments.drawing import CSS, LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure

Array = NDArray[np.float64]

SEEDS = 5
TRAIN, VALIDATION = 100, 500
HIDDEN = 32
STEPS = 300
LRS = (0.003, 0.01, 0.03)
DECAYS = (0.0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.1, 0.3, 1.0, 3.0, 10.0)
METHODS = ("l2", "adamw")


@dataclass(frozen=True)
class Arm:
    """One method at its best learning rate and weight_decay; test values over seeds."""

    lr: float
    weight_decay: float
    loss: float
    loss_spread: float
    accuracy: float
    accuracy_spread: float
    norm: float


@dataclass(frozen=True)
class Facts:
    """Cross-entropy without penalty; chosen on validation images, reported on test images."""

    seeds: int
    train: int
    validation: int
    test: int
    steps: int
    settings: int
    lrs: tuple[float, ...]
    decays: tuple[float, ...]
    plain: Arm
    l2: Arm
    adamw: Arm
    l2_curves: tuple[tuple[float, ...], ...]
    """Mean validation loss: one row for each learning rate, one column for each decay."""
    adamw_curves: tuple[tuple[float, ...], ...]
    l2_best: tuple[float, ...]
    """The best weight_decay at each learning rate."""
    adamw_best: tuple[float, ...]
    ratio: float
    """AdamW's best weight_decay over that of L2."""
    difference: float
    """Test loss of AdamW minus that of L2, mean over seeds."""
    difference_spread: float
    adamw_wins: int
    """Seeds in which AdamW has the smaller test loss."""
    improved_by_l2: int
    improved_by_adamw: int
    adamw_with_number_of_l2: float
    """Validation loss of AdamW with the weight_decay that is best for L2, at AdamW's lr."""
    adamw_without: float
    """The same without any decay."""
    l2_with_number_of_adamw: float


def train_grid(method: str, scale: float) -> Array:
    """Train a network for each learning rate, weight_decay and seed, many side by side.

    Returns:
        Validation loss, test loss, test accuracy and norm of the weights, in the last axis;
        before it the learning rates, the decays and the seeds.
    """
    data, target = load_digits(return_X_y=True)
    images, labels = torch.tensor(data / 16, dtype=torch.float32), torch.tensor(target)
    start: list[list[Tensor]] = [[], []]
    orders = []
    for seed in range(SEEDS):
        generator = torch.Generator().manual_seed(seed)
        orders.append(torch.randperm(len(images), generator=generator))
        for arrays, rows, columns in zip(start, (64, HIDDEN), (HIDDEN, 10), strict=True):
            arrays.append(torch.randn(rows, columns, generator=generator) / rows**0.5)
    sizes = [TRAIN, VALIDATION, len(images) - TRAIN - VALIDATION]
    seen, held, unseen = torch.stack(orders).split(sizes, 1)  # (seeds, rows) each
    decays = [scale * decay for decay in DECAYS] if scale else [0.0]
    delta = torch.tensor(decays).reshape(-1, 1, 1, 1)

    grid = np.empty((len(LRS), len(decays), SEEDS, 4))
    for i, lr in enumerate(LRS):
        # All networks of one learning rate at once: shape (decays, seeds, rows, columns).
        weights = [torch.stack(a).repeat(len(decays), 1, 1, 1).requires_grad_() for a in start]
        biases = [torch.zeros(len(decays), SEEDS, 1, n, requires_grad=True) for n in (HIDDEN, 10)]
        optimizer = torch.optim.Adam([*weights, *biases], lr=lr)

        def losses(
            rows: Tensor,
            weights: list[Tensor] = weights,
            biases: list[Tensor] = biases,
        ) -> tuple[Tensor, Tensor]:
            hidden = (images[rows] @ weights[0] + biases[0]).relu()
            scores = hidden @ weights[1] + biases[1]  # (decays, seeds, rows, 10)
            y = labels[rows].expand(scores.shape[:-1])
            each = F.cross_entropy(scores.flatten(0, 2), y.flatten(), reduction="none")
            right = (scores.detach().argmax(-1) == y).double()
            return each.reshape(y.shape).mean(2), right.mean(2)

        for _ in range(STEPS):
            optimizer.zero_grad()
            losses(seen)[0].sum().backward()
            with torch.no_grad():
                for w in weights:
                    if method == "adamw":
                        w.mul_(1 - lr * delta)
                    elif w.grad is not None:
                        w.grad.add_(delta * w)
            optimizer.step()
        with torch.no_grad():
            test, accuracy = losses(unseen)
            norm = sum((w.square().sum((2, 3)) for w in weights), torch.zeros(())).sqrt()
            found = [losses(held)[0], test, accuracy, norm]
        grid[i] = torch.stack([f.double() for f in found], -1).numpy()
    return np.repeat(grid, len(DECAYS) // len(decays), axis=1)


def measure(scale: float = 1.0) -> Facts:
    """Train 100 images with every setting, choose on 500 others, report on the rest.

    Args:
        scale: Multiplies every weight_decay; 0 takes decay and L2 away.
    """
    torch.set_num_threads(1)
    grids = {method: train_grid(method, scale) for method in METHODS}

    def floats(values: Array) -> tuple[float, ...]:
        return tuple(float(v) for v in values)

    def best(grid: Array) -> tuple[int, int]:
        place = np.unravel_index(int(grid[..., 0].mean(2).argmin()), grid.shape[:2])
        return int(place[0]), int(place[1])

    def arm(grid: Array, i: int, k: int) -> Arm:
        mean, spread = grid[i, k].mean(0), grid[i, k].std(0, ddof=1)
        return Arm(
            lr=LRS[i],
            weight_decay=DECAYS[k],
            loss=float(mean[1]),
            loss_spread=float(spread[1]),
            accuracy=float(mean[2]),
            accuracy_spread=float(spread[2]),
            norm=float(mean[3]),
        )

    l2, adamw = grids["l2"], grids["adamw"]
    at_l2, at_adamw = best(l2), best(adamw)
    at_plain = (best(l2[:, :1])[0], 0)
    test_plain, test_l2, test_adamw = l2[at_plain], l2[at_l2], adamw[at_adamw]
    difference = test_adamw[:, 1] - test_l2[:, 1]
    weakest = max(DECAYS[at_l2[1]], DECAYS[1])
    return Facts(
        seeds=SEEDS,
        train=TRAIN,
        validation=VALIDATION,
        test=1797 - TRAIN - VALIDATION,
        steps=STEPS,
        settings=len(LRS) * len(DECAYS),
        lrs=LRS,
        decays=DECAYS,
        plain=arm(l2, *at_plain),
        l2=arm(l2, *at_l2),
        adamw=arm(adamw, *at_adamw),
        l2_curves=tuple(floats(row) for row in l2[..., 0].mean(2)),
        adamw_curves=tuple(floats(row) for row in adamw[..., 0].mean(2)),
        l2_best=tuple(DECAYS[k] for k in l2[..., 0].mean(2).argmin(1)),
        adamw_best=tuple(DECAYS[k] for k in adamw[..., 0].mean(2).argmin(1)),
        ratio=DECAYS[at_adamw[1]] / weakest,
        difference=float(difference.mean()),
        difference_spread=float(difference.std(ddof=1)),
        adamw_wins=int((difference < 0).sum()),
        improved_by_l2=int((test_l2[:, 1] < test_plain[:, 1]).sum()),
        improved_by_adamw=int((test_adamw[:, 1] < test_plain[:, 1]).sum()),
        adamw_with_number_of_l2=float(adamw[at_adamw[0], at_l2[1], :, 0].mean()),
        adamw_without=float(adamw[at_adamw[0], 0, :, 0].mean()),
        l2_with_number_of_adamw=float(l2[at_l2[0], at_adamw[1], :, 0].mean()),
    )


def draw(facts: Facts) -> MatplotlibFigure:
    """Validation loss over weight_decay at the middle learning rate."""
    figure = new_figure(width=5.8, height=4.0)
    axes = figure.subplots()
    middle = len(facts.lrs) // 2
    top = 0.8
    for curves, colour, name in (
        (facts.l2_curves, LIGHT["l2"], "Adam + L2"),
        (facts.adamw_curves, LIGHT["adamw"], "AdamW"),
    ):
        losses = curves[middle][1:]
        axes.plot(facts.decays[1:], losses, color=colour, marker="o", markersize=4)
        best = int(np.argmin(losses))
        place = facts.decays[1 + best], losses[best] - 0.03
        axes.text(*place, name, color=colour, ha="center", va="top")
    none = facts.l2_curves[middle][0]
    axes.axhline(none, color=LIGHT["plain"], linewidth=1.2, linestyle=":")
    axes.text(facts.decays[1], none + 0.012, "no decay", color=LIGHT["plain"], va="bottom")
    axes.set_xscale("log")
    axes.set_ylim(0.25, top)
    axes.set_xlabel("weight_decay")
    axes.set_ylabel("validation loss (nats per image)")
    return figure


def chart(facts: Facts) -> alt.TopLevelMixin:
    """The same at the learning rate of a slider."""
    lines = [
        {"i": i, "c": c, "loss": round(loss, 4), "kind": kind}
        for kind, curves in (("l2", facts.l2_curves), ("adamw", facts.adamw_curves))
        for i, row in enumerate(curves)
        for c, loss in zip(facts.decays[1:], row[1:], strict=True)
    ]

    def lowest(name: str, row: tuple[float, ...]) -> str:
        k = int(np.argmin(row))
        return f"{name}: best {row[k]:.3f}, at {facts.decays[k]:.1g}"

    texts = [
        {
            "i": i,
            "top": f"lr = {lr:g}, no decay: {l2[0]:.3f}",
            "l2": lowest("Adam + L2", l2),
            "adamw": lowest("AdamW", adamw),
            "none": l2[0],
        }
        for i, (lr, l2, adamw) in enumerate(
            zip(facts.lrs, facts.l2_curves, facts.adamw_curves, strict=True)
        )
    ]
    rate = slider(
        "rate",
        "Learning rate",
        low=0,
        high=len(facts.lrs) - 1,
        step=1,
        value=len(facts.lrs) // 2,
        shown=one_of([f"{lr:g}" for lr in facts.lrs], "rate"),
    )
    chosen = "datum.i == rate"
    y = alt.Y(
        "loss:Q",
        title="validation loss (nats per image)",
        scale=alt.Scale(domain=[0.3, 0.8], nice=False),
        axis=alt.Axis(values=[0.3, 0.4, 0.5, 0.6, 0.7, 0.8], titlePadding=12),
    )
    line = (
        alt.Chart(alt.InlineData(values=lines))
        .transform_filter(chosen)
        .mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=30), clip=True)
        .encode(
            x=alt.X(
                "c:Q",
                title="weight_decay",
                scale=alt.Scale(type="log", domain=[facts.decays[1], facts.decays[-1]], nice=False),
                axis=alt.Axis(values=[1e-4, 1e-2, 1], format="~g"),
            ),
            y=y,
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(domain=["l2", "adamw"], range=[CSS["l2"], CSS["adamw"]]),
                legend=None,  # the colored lines of text name the curves
            ),
        )
    )
    text = alt.Chart(alt.InlineData(values=texts)).transform_filter(chosen)
    rule = text.mark_rule(color=CSS["plain"], strokeDash=[2, 3]).encode(y=alt.Y("none:Q"))

    def words(field: str, y: int, colour: str) -> Any:
        mark = text.mark_text(align="left", baseline="top", fontSize=14, color=CSS[colour])
        return mark.encode(x=alt.value(0), y=alt.value(y), text=f"{field}:N")

    rows = words("top", -66, "ink"), words("l2", -46, "l2"), words("adamw", -26, "adamw")
    layers = alt.layer(line, rule, *rows)
    return layers.add_params(*rate).properties(width="container", height=260)


EXPERIMENT = Experiment(
    question="Does AdamW generalize better than Adam with L2 on a small data set?",
    measure=measure,
    claims=(
        Claim(
            id="another_number",
            sentence=lambda f: (
                f"The same number means different strengths: the best `weight_decay` is "
                f"{f.l2.weight_decay:.1g} for Adam with L2 and {f.adamw.weight_decay:.1g} for "
                f"AdamW, {f.ratio:,.0f} times as large."
            ),
            check=lambda f: f.ratio > 30,
            without={"scale": 0.0},
        ),
        Claim(
            id="swapped_numbers",
            sentence=lambda f: (
                f"Give AdamW the number that is best for L2, and it does nothing: validation loss "
                f"{f.adamw_with_number_of_l2:.3f}, without decay {f.adamw_without:.3f}. Give L2 "
                f"the number that is best for AdamW, and it learns nothing: "
                f"{f.l2_with_number_of_adamw:.2f}, where guessing has {np.log(10):.2f}."
            ),
            check=lambda f: (
                abs(f.adamw_with_number_of_l2 - f.adamw_without) < 0.01
                and f.l2_with_number_of_adamw > 1.0
            ),
            without={"scale": 0.0},
        ),
        Claim(
            id="both_help",
            sentence=lambda f: (
                f"At the largest learning rate, {f.lrs[-1]:g}, the validation loss without decay "
                f"is {f.l2_curves[-1][0]:.3f}; the best L2 lowers it to {min(f.l2_curves[-1]):.3f} "
                f"and the best decay to {min(f.adamw_curves[-1]):.3f}."
            ),
            check=lambda f: (
                max(min(f.l2_curves[-1]), min(f.adamw_curves[-1])) < 0.85 * f.l2_curves[-1][0]
            ),
            without={"scale": 0.0},
        ),
        Claim(
            id="not_better_here",
            sentence=lambda f: (
                f"AdamW did **not** generalize better here. Each at its best of {f.settings} "
                f"settings, the test loss is {f.l2.loss:.3f} with L2 and {f.adamw.loss:.3f} with "
                f"AdamW; the difference is {f.difference:.3f} ± {f.difference_spread:.3f}, and "
                f"AdamW is lower with {f.adamw_wins} of {f.seeds} seeds."
            ),
            check=lambda f: f.difference > 0.005 and f.adamw_wins <= f.seeds / 6,
            without={"scale": 0.0},
        ),
    ),
    figures=(
        Figure(
            name="tuning",
            title=lambda f: "The same weight_decay is a different strength in Adam and in AdamW",
            caption=lambda f: (
                f"A network with {HIDDEN} hidden units on {f.train} images of digits, "
                f"{f.steps} steps, mean validation loss of {f.seeds} seeds. Each curve has its own "
                f"valley, the lowest of all near {f.l2.weight_decay:.1g} for L2 (at lr "
                f"{f.l2.lr:g}) and near {f.adamw.weight_decay:.1g} for AdamW (at lr "
                f"{f.adamw.lr:g}). A number tuned for one is worthless for the other."
            ),
            alt=lambda f: (
                "Validation loss over weight_decay, logarithmic. Lowest values: "
                + "; ".join(
                    f"at lr {lr:g} Adam with L2 {min(a):.3f} at {x:.1g}, "
                    f"AdamW {min(b):.3f} at {y:.1g}, without decay {a[0]:.3f}"
                    for lr, a, b, x, y in zip(
                        f.lrs, f.l2_curves, f.adamw_curves, f.l2_best, f.adamw_best, strict=True
                    )
                )
                + "."
            ),
            draw=draw,
            chart=chart,
        ),
    ),
)
