"""A network that memorizes a small training set, with and without L2."""

from dataclasses import dataclass
from functools import cache
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
from snippets.pytorch.decay_groups import decay_groups

STRENGTHS = (0.0, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
LABELS = ("0", "0.00001", "0.0001", "0.001", "0.01", "0.1")
SEEDS = 5
ROWS = 100
HIDDEN = 64
LR = 0.01
STEPS = 300
SHOWN = (0, 2, 4, 6, 8, 10, 13, 16, 20, 25, 30, 40, 50, 65, 80, 100, 130, 160, 200, 250, 300)


@dataclass(frozen=True)
class Facts:
    """Cross-entropy without the penalty, after training; means over seeds and their spread.

    Index k of everything belongs to the strength ``strengths[k]``; index 0 is no penalty.
    """

    rows: int
    unseen: int
    seeds: int
    steps: int
    strengths: tuple[float, ...]
    labels: tuple[str, ...]
    train_loss: tuple[float, ...]
    train_spread: tuple[float, ...]
    validation_loss: tuple[float, ...]
    validation_spread: tuple[float, ...]
    accuracy: tuple[float, ...]
    accuracy_spread: tuple[float, ...]
    norm: tuple[float, ...]
    shown: tuple[int, ...]
    train_curves: tuple[tuple[float, ...], ...]
    """One row for each strength, one column for each of the steps in ``shown``."""
    validation_curves: tuple[tuple[float, ...], ...]
    best: int
    best_label: str
    seeds_improved: int


@cache
def digits() -> tuple[Tensor, Tensor]:
    """Images with pixels from 0 to 1, and their classes."""
    data, target = load_digits(return_X_y=True)
    return torch.tensor(data / 16, dtype=torch.float32), torch.tensor(target)


@cache
def train_once(l2: float, seed: int) -> tuple[list[tuple[float, float]], float, float]:
    """Curves of training and validation loss, then the accuracy and the norm of the weights."""
    images, labels = digits()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        order = torch.randperm(len(images))
        model = nn.Sequential(nn.Linear(64, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 10))
    seen, unseen = order[:ROWS], order[ROWS:]
    optimizer = torch.optim.Adam(decay_groups(model, l2), lr=LR)
    curves = []
    for step in range(STEPS + 1):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images[seen]), labels[seen])
        if step in SHOWN:
            with torch.no_grad():
                logits = model(images[unseen])
                validation = nn.functional.cross_entropy(logits, labels[unseen])
            curves.append((loss.item(), validation.item()))
        if step < STEPS:
            loss.backward()
            optimizer.step()
    accuracy = (logits.argmax(1) == labels[unseen]).double().mean().item()
    norm = sum(p.detach().square().sum().item() for p in model.parameters() if p.ndim >= 2) ** 0.5
    return curves, accuracy, norm


def measure(scale: float = 1.0) -> Facts:
    """Train on 100 of the 1,797 digits with each strength and seed, validate on the others.

    Args:
        scale: Multiplies every strength; 0 takes the penalty away.
    """
    curves = np.empty((len(STRENGTHS), SEEDS, len(SHOWN), 2))
    accuracy = np.empty((len(STRENGTHS), SEEDS))
    norm = np.empty((len(STRENGTHS), SEEDS))
    for k, l2 in enumerate(STRENGTHS):
        for seed in range(SEEDS):
            curves[k, seed], accuracy[k, seed], norm[k, seed] = train_once(scale * l2, seed)

    def floats(values: np.ndarray) -> tuple[float, ...]:
        return tuple(float(v) for v in values)

    final = curves[:, :, -1]  # (strengths, seeds, training or validation)
    mean, spread = final.mean(1), final.std(1, ddof=1)
    best = int(mean[:, 1].argmin())
    return Facts(
        rows=ROWS,
        unseen=len(digits()[0]) - ROWS,
        seeds=SEEDS,
        steps=STEPS,
        strengths=STRENGTHS,
        labels=LABELS,
        train_loss=floats(mean[:, 0]),
        train_spread=floats(spread[:, 0]),
        validation_loss=floats(mean[:, 1]),
        validation_spread=floats(spread[:, 1]),
        accuracy=floats(accuracy.mean(1)),
        accuracy_spread=floats(accuracy.std(1, ddof=1)),
        norm=floats(norm.mean(1)),
        shown=SHOWN,
        train_curves=tuple(floats(row) for row in curves.mean(1)[:, :, 0]),
        validation_curves=tuple(floats(row) for row in curves.mean(1)[:, :, 1]),
        best=best,
        best_label=LABELS[best],
        seeds_improved=int((final[best, :, 1] < final[0, :, 1]).sum()),
    )


def draw(facts: Facts) -> MatplotlibFigure:
    """Learning curves without penalty, with the best strength and with too much."""
    figure = new_figure(width=5.8, height=4.0)
    axes = figure.subplots()
    chosen = (
        (0, "plain", "no penalty", 12),
        (facts.best, "l2", f"λ = {facts.best_label}", -14),
        (len(facts.strengths) - 1, "ink", f"λ = {facts.labels[-1]}", 12),
    )
    for k, colour, name, offset in chosen:
        axes.plot(facts.shown, facts.validation_curves[k], color=LIGHT[colour])
        axes.plot(facts.shown, facts.train_curves[k], color=LIGHT[colour], linestyle="--")
        axes.annotate(
            name,
            (facts.shown[-1], facts.validation_curves[k][-1]),
            xytext=(-2, offset),
            textcoords="offset points",
            color=LIGHT[colour],
            ha="right",
            va="center",
        )
    axes.set_ylim(0, 2.5)
    axes.set_xlim(0, facts.steps)
    axes.set_xlabel("step")
    axes.set_ylabel("cross-entropy (nats per image)")
    axes.text(
        0.42,
        0.56,
        "solid: validation, dashed: training",
        color=LIGHT["muted"],
        transform=axes.transAxes,
    )
    return figure


def chart(facts: Facts) -> alt.TopLevelMixin:
    """Learning curves at the strength of a slider."""
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
            "top": f"λ = {facts.labels[k]}",
            "solid": f"solid: validation loss {facts.validation_loss[k]:.3f}",
            "dashed": f"dashed: training loss {facts.train_loss[k]:.4f}",
            "accuracy": f"validation accuracy {facts.accuracy[k]:.1%}",
        }
        for k in range(len(facts.strengths))
    ]
    strength = slider(
        "strength",
        "Strength λ",
        low=0,
        high=len(facts.strengths) - 1,
        step=1,
        value=0,
        shown=one_of(list(facts.labels), "strength"),
    )
    chosen = "datum.k == strength"
    line = (
        alt.Chart(alt.InlineData(values=lines))
        .transform_filter(chosen)
        .mark_line(strokeWidth=2.5, color=CSS["l2"])
        .encode(
            x=alt.X(
                "t:Q",
                title="step",
                scale=alt.Scale(domain=[0, facts.steps], nice=False),
                axis=alt.Axis(tickCount=5),
            ),
            y=alt.Y(
                "loss:Q",
                title="cross-entropy (nats per image)",
                scale=alt.Scale(domain=[0, 3.5], nice=False),
                axis=alt.Axis(values=[0, 0.5, 1, 1.5, 2, 2.5], titlePadding=12),
            ),
            strokeDash=alt.StrokeDash(
                "kind:N",
                title=None,
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
    layers = alt.layer(line, *(row(field, 4 + 20 * k) for k, field in enumerate(rows)))
    return layers.add_params(*strength).properties(width="container", height=320)


EXPERIMENT = Experiment(
    question="Does L2 help a network that has memorized a small training set?",
    measure=measure,
    claims=(
        Claim(
            id="validation_loss_falls",
            sentence=lambda f: (
                f"Without penalty, {f.rows} images are learned by heart: training loss "
                f"{f.train_loss[0]:.4f}, validation loss {f.validation_loss[0]:.2f}. With "
                f"$\\lambda = {f.best_label}$ the validation loss falls to "
                f"{f.validation_loss[f.best]:.2f} (lower with {f.seeds_improved} of {f.seeds} "
                f"seeds), and the training loss rises to {f.train_loss[f.best]:.3f}."
            ),
            check=lambda f: (
                f.seeds_improved == f.seeds
                and f.validation_loss[f.best] < 0.85 * f.validation_loss[0]
                and f.train_loss[f.best] > f.train_loss[0]
            ),
            without={"scale": 0.0},
        ),
        Claim(
            id="accuracy_moves_little",
            sentence=lambda f: (
                "The accuracy on new images moves less than the loss: "
                f"{f.accuracy[0]:.1%} ± {f.accuracy_spread[0]:.1%} without penalty, "
                f"{f.accuracy[f.best]:.1%} ± {f.accuracy_spread[f.best]:.1%} with "
                f"$\\lambda = {f.best_label}$."
            ),
            check=lambda f: (
                f.validation_loss[f.best] < 0.85 * f.validation_loss[0]
                and abs(f.accuracy[f.best] - f.accuracy[0]) < 0.03
            ),
            without={"scale": 0.0},
        ),
        Claim(
            id="a_default_may_not_fit",
            sentence=lambda f: (
                f"The best strength depends on the data: $\\lambda = {f.labels[4]}$, the default "
                f"of `keras.regularizers.l2`, ends at a validation loss of "
                f"{f.validation_loss[4]:.2f} here."
            ),
            check=lambda f: f.validation_loss[4] > 1.2 * f.validation_loss[f.best],
            without={"scale": 0.0},
        ),
        Claim(
            id="too_strong_is_worse",
            sentence=lambda f: (
                f"With $\\lambda = {f.labels[-1]}$ the network no longer learns: validation "
                f"accuracy {f.accuracy[-1]:.0%} instead of {f.accuracy[0]:.0%}."
            ),
            check=lambda f: f.accuracy[-1] < 0.5 * f.accuracy[0],
            without={"scale": 0.0},
        ),
    ),
    figures=(
        Figure(
            name="learning_curves",
            title=lambda f: (
                "Without L2 the validation loss climbs again; a little L2 holds it down"
            ),
            caption=lambda f: (
                f"A network with {HIDDEN} hidden units on {f.rows} images of digits, mean of "
                f"{f.seeds} seeds. What L2 mends here is the loss: the "
                f"accuracy moves only from {f.accuracy[0]:.1%} to {f.accuracy[f.best]:.1%}, with "
                f"a spread of {f.accuracy_spread[0]:.1%} between seeds."
            ),
            alt=lambda f: (
                f"Training and validation loss over {f.steps} steps. Without penalty the training "
                f"loss goes to {f.train_loss[0]:.4f} and the validation loss ends at "
                f"{f.validation_loss[0]:.2f}, after a minimum of "
                f"{min(f.validation_curves[0]):.2f}. With lambda {f.best_label} it ends at "
                f"{f.validation_loss[f.best]:.2f}; with lambda {f.labels[-1]} at "
                f"{f.validation_loss[-1]:.2f}."
            ),
            draw=draw,
            chart=chart,
        ),
    ),
)
