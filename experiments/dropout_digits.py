"""A network that memorizes a small training set, at several dropout rates, in both modes."""

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
from snippets.pytorch.dropout_network import make_network, train

RATES = (0.0, 0.25, 0.5, 0.75, 0.9)
SEEDS = 5
ROWS = 200
HIDDEN = 128
UNSEEN = 600
EPOCHS = 150
CALLS = 20
SHOWN = (1, 2, 4, 6, 8, 10, 13, 16, 20, 25, 30, 40, 50, 65, 80, 100, 125, 150)


@dataclass(frozen=True)
class Facts:
    """Index k of everything belongs to ``rates[k]``; index 0 is no dropout.

    Losses are cross-entropy in nats; means over seeds, spreads are standard deviations.
    """

    rates: tuple[float, ...]
    seeds: int
    rows: int
    unseen: int
    hidden: int
    epochs: int
    calls: int
    train_loss: tuple[float, ...]
    """As printed while training: with dropout, of the last update."""
    train_loss_eval: tuple[float, ...]
    """Of the same rows after training, without dropout."""
    validation_loss: tuple[float, ...]
    validation_spread: tuple[float, ...]
    accuracy: tuple[float, ...]
    accuracy_spread: tuple[float, ...]
    forgotten_accuracy: tuple[float, ...]
    """Of a model left in training mode, mean over the calls."""
    forgotten_spread: tuple[float, ...]
    forgotten_loss: tuple[float, ...]
    forgotten_cost: tuple[float, ...]
    """Accuracy with ``eval()`` minus accuracy without, in percentage points."""
    forgotten_worse: tuple[int, ...]
    """Number of seeds in which forgetting costs accuracy."""
    changed: tuple[float, ...]
    """Share of images that get another class when the model is called again."""
    shown: tuple[int, ...]
    train_curves: tuple[tuple[float, ...], ...]
    validation_curves: tuple[tuple[float, ...], ...]
    best: int
    seeds_improved: int


@cache
def digits() -> tuple[Tensor, Tensor]:
    """Images with pixels from 0 to 1, and their classes."""
    data, target = load_digits(return_X_y=True)
    return torch.tensor(data / 16, dtype=torch.float32), torch.tensor(target)


@cache
def train_once(p: float, seed: int) -> dict[str, Any]:
    """Train one network and ask it in both modes."""
    images, labels = digits()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        order = torch.randperm(len(images))
        seen, unseen = order[:ROWS], order[ROWS : ROWS + UNSEEN]
        x, y = images[unseen], labels[unseen]
        model = make_network(64, 10, hidden=HIDDEN, p=p)
        history = train(model, images[seen], labels[seen], (x, y), epochs=EPOCHS)
        with torch.no_grad():
            train_eval = nn.functional.cross_entropy(model(images[seen]), labels[seen]).item()
            accuracy = (model(x).argmax(1) == y).double().mean().item()
            model.train()  # what a reader has who forgets eval()
            answers = torch.stack([model(x) for _ in range(CALLS)])
    classes = answers.argmax(2)
    return {
        "train": [history["loss"][t - 1] for t in SHOWN],
        "validation": [history["val_loss"][t - 1] for t in SHOWN],
        "train_eval": train_eval,
        "accuracy": accuracy,
        "forgotten": (classes == y).double().mean().item(),
        "forgotten_loss": nn.functional.cross_entropy(
            answers.flatten(0, 1), y.repeat(CALLS)
        ).item(),
        "changed": (classes[1:] != classes[:-1]).double().mean().item(),
    }


def measure(scale: float = 1.0) -> Facts:
    """Train on 200 of the 1,797 digits at each rate and seed, validate on 600 others.

    Args:
        scale: Multiplies every rate; 0 takes dropout away.
    """
    runs = [[train_once(scale * p, seed) for seed in range(SEEDS)] for p in RATES]

    def table(name: str) -> np.ndarray:
        return np.array([[run[name] for run in row] for row in runs])

    def floats(values: np.ndarray) -> tuple[float, ...]:
        return tuple(float(v) for v in values)

    train_curves, validation_curves = table("train"), table("validation")
    final = validation_curves[:, :, -1]
    accuracy, forgotten = table("accuracy"), table("forgotten")
    best = int(final.mean(1).argmin())
    return Facts(
        rates=RATES,
        seeds=SEEDS,
        rows=ROWS,
        unseen=UNSEEN,
        hidden=HIDDEN,
        epochs=EPOCHS,
        calls=CALLS,
        train_loss=floats(train_curves[:, :, -1].mean(1)),
        train_loss_eval=floats(table("train_eval").mean(1)),
        validation_loss=floats(final.mean(1)),
        validation_spread=floats(final.std(1, ddof=1)),
        accuracy=floats(accuracy.mean(1)),
        accuracy_spread=floats(accuracy.std(1, ddof=1)),
        forgotten_accuracy=floats(forgotten.mean(1)),
        forgotten_spread=floats(forgotten.std(1, ddof=1)),
        forgotten_loss=floats(table("forgotten_loss").mean(1)),
        forgotten_cost=floats(100 * (accuracy - forgotten).mean(1)),
        forgotten_worse=tuple(int(v) for v in (forgotten < accuracy).sum(1)),
        changed=floats(table("changed").mean(1)),
        shown=SHOWN,
        train_curves=tuple(floats(row) for row in train_curves.mean(1)),
        validation_curves=tuple(floats(row) for row in validation_curves.mean(1)),
        best=best,
        seeds_improved=int((final[best] < final[0]).sum()),
    )


def draw_curves(facts: Facts) -> MatplotlibFigure:
    """Learning curves without dropout and at two rates."""
    figure = new_figure(width=5.8, height=4.0)
    axes = figure.subplots()
    for k, colour in ((0, "plain"), (2, "dropout")):
        axes.plot(facts.shown, facts.validation_curves[k], color=LIGHT[colour])
        axes.plot(facts.shown, facts.train_curves[k], color=LIGHT[colour], linestyle="--")
        axes.annotate(
            "no dropout" if k == 0 else f"p = {facts.rates[k]}",
            (facts.shown[-1], facts.validation_curves[k][-1]),
            xytext=(-2, 10 if k == 0 else -12),
            textcoords="offset points",
            color=LIGHT[colour],
            ha="right",
            va="center",
        )
    axes.set_ylim(0, 1.5)
    axes.set_xlim(0, facts.epochs)
    axes.set_xlabel("epoch")
    axes.set_ylabel("cross-entropy (nats per image)")
    axes.text(
        0.99,
        0.95,
        "solid: validation, dropout off\ndashed: training, dropout on",
        color=LIGHT["muted"],
        transform=axes.transAxes,
        ha="right",
        va="top",
    )
    return figure


def chart_curves(facts: Facts) -> alt.TopLevelMixin:
    """Learning curves at the rate of a slider."""
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
            "top": f"p = {rate}",
            "solid": f"solid: validation loss {facts.validation_loss[k]:.3f}",
            "dashed": f"dashed: training loss {facts.train_loss[k]:.4f}",
            "accuracy": f"validation accuracy {facts.accuracy[k]:.1%}",
        }
        for k, rate in enumerate(facts.rates)
    ]
    rate = slider(
        "rate",
        "Rate p",
        low=0,
        high=len(facts.rates) - 1,
        step=1,
        value=0,
        shown=one_of([str(p) for p in facts.rates], "rate"),
    )
    chosen = "datum.k == rate"
    line = (
        alt.Chart(alt.InlineData(values=lines))
        .transform_filter(chosen)
        .mark_line(strokeWidth=2.5, color=CSS["dropout"], clip=True)
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
    return layers.add_params(*rate).properties(width="container", height=320)


def draw_forgotten(facts: Facts) -> MatplotlibFigure:
    """Accuracy with and without eval(), over the rate."""
    figure = new_figure(width=5.8, height=3.6)
    axes = figure.subplots()
    for values, spread, colour, name, offset in (
        (facts.accuracy, facts.accuracy_spread, "ink", "with eval()", 12),
        (facts.forgotten_accuracy, facts.forgotten_spread, "dropout", "eval() forgotten", -14),
    ):
        axes.errorbar(facts.rates, values, yerr=spread, color=LIGHT[colour], marker="o", capsize=3)
        axes.annotate(
            name,
            (facts.rates[2], values[2]),
            xytext=(-4, offset),
            textcoords="offset points",
            color=LIGHT[colour],
            ha="right",
            va="center",
        )
    axes.set_ylim(0, 1.05)
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.set_xlabel("dropout rate p (share of units dropped)")
    axes.set_ylabel("validation accuracy")
    return figure


EXPERIMENT = Experiment(
    question="Does dropout help a network that memorizes, and what does a forgotten eval() cost?",
    measure=measure,
    claims=(
        Claim(
            id="validation_loss_falls",
            sentence=lambda f: (
                f"Trained on {f.rows} images, the network ends at a validation loss of "
                f"{f.validation_loss[0]:.2f} without dropout and of "
                f"{f.validation_loss[f.best]:.2f} with $p = {f.rates[f.best]}$ (lower with "
                f"{f.seeds_improved} of {f.seeds} seeds). The accuracy moves "
                f"little: {f.accuracy[0]:.1%} ± {f.accuracy_spread[0]:.1%} and "
                f"{f.accuracy[f.best]:.1%} ± {f.accuracy_spread[f.best]:.1%}."
            ),
            check=lambda f: (
                f.seeds_improved == f.seeds
                and f.validation_loss[f.best] < 0.85 * f.validation_loss[0]
            ),
            without={"scale": 0.0},
        ),
        Claim(
            id="printed_loss_is_not_comparable",
            sentence=lambda f: (
                f"The training loss printed at the end, with $p = {f.rates[2]}$, is "
                f"{f.train_loss[2]:.4f}; for the same rows in evaluation mode it is "
                f"{f.train_loss_eval[2]:.4f}. Two modes are two losses: a training loss with "
                f"dropout says little about the gap to the validation loss."
            ),
            check=lambda f: f.train_loss[2] > 10 * f.train_loss_eval[2],
            without={"scale": 0.0},
        ),
        Claim(
            id="too_much_is_worse",
            sentence=lambda f: (
                f"Too much is worse than none: with $p = {f.rates[-1]}$ the validation accuracy is "
                f"{f.accuracy[-1]:.0%}, against {f.accuracy[0]:.0%} without dropout."
            ),
            check=lambda f: f.accuracy[-1] < f.accuracy[0] - 0.1,
            without={"scale": 0.0},
        ),
        Claim(
            id="forgotten_eval_costs_accuracy",
            sentence=lambda f: (
                f"Forgetting `eval()` costs {f.forgotten_cost[2]:.1f} percentage points of "
                f"accuracy at $p = {f.rates[2]}$ ({f.accuracy[2]:.1%} becomes "
                f"{f.forgotten_accuracy[2]:.1%}, worse with {f.forgotten_worse[2]} of {f.seeds} "
                f"seeds) and {f.forgotten_cost[3]:.0f} at $p = {f.rates[3]}$."
            ),
            check=lambda f: (
                f.forgotten_cost[2] > 2
                and f.forgotten_cost[3] > 10
                and f.forgotten_worse[2] == f.forgotten_worse[3] == f.seeds
            ),
            without={"scale": 0.0},
        ),
        Claim(
            id="forgotten_eval_is_random",
            sentence=lambda f: (
                f"And the answers are random: asked twice about the same image, the model at "
                f"$p = {f.rates[2]}$ names another digit in {f.changed[2]:.0%} of the cases."
            ),
            check=lambda f: f.changed[2] > 0.05,
            without={"scale": 0.0},
        ),
    ),
    figures=(
        Figure(
            name="learning_curves",
            title=lambda f: "Dropout makes training harder and the validation loss lower",
            caption=lambda f: (
                f"A network with two hidden layers of {f.hidden} units on {f.rows} images of "
                f"digits, mean of {f.seeds} seeds. With $p = {f.rates[2]}$ the validation loss "
                f"ends at {f.validation_loss[2]:.2f} instead of {f.validation_loss[0]:.2f}."
            ),
            alt=lambda f: (
                f"Training and validation loss over {f.epochs} epochs. Without dropout the "
                f"training loss ends at {f.train_loss[0]:.4f} and the validation loss at "
                f"{f.validation_loss[0]:.2f}; with p {f.rates[2]} at {f.train_loss[2]:.4f} and "
                f"{f.validation_loss[2]:.2f}; with p {f.rates[-1]} at {f.train_loss[-1]:.2f} and "
                f"{f.validation_loss[-1]:.2f}."
            ),
            draw=draw_curves,
            chart=chart_curves,
        ),
        Figure(
            name="forgotten_eval",
            title=lambda f: "The higher the rate, the more a forgotten `eval()` costs",
            caption=lambda f: (
                f"The same trained networks, asked about {f.unseen:,} unseen images in evaluation "
                f"mode and in training mode ({f.calls} calls). Mean and standard deviation of "
                f"{f.seeds} seeds. Nothing warns you: the answers have the right shape, "
                f"and at $p = {f.rates[2]}$ {f.forgotten_accuracy[2]:.0%} of them are right."
            ),
            alt=lambda f: (
                "Validation accuracy over the dropout rate. With eval and with eval forgotten: "
                + "; ".join(
                    f"p {rate}: {right:.1%} and {wrong:.1%}"
                    for rate, right, wrong in zip(
                        f.rates, f.accuracy, f.forgotten_accuracy, strict=True
                    )
                )
                + "."
            ),
            draw=draw_forgotten,
        ),
    ),
)
