"""How much a network depends on particular units, trained with dropout and without."""

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import torch
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.datasets import load_digits
from torch import Tensor, nn

from experiments.charts import slider
from experiments.drawing import CSS, LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.pytorch.dropout_network import make_network, train

P = 0.5
SEEDS = 5
ROWS = 200
UNSEEN = 600
HIDDEN = 128
EPOCHS = 150
SHARES = tuple(round(0.1 * k, 1) for k in range(10))
REPEATS = 5


@dataclass(frozen=True)
class Facts:
    """Index 0 of pairs is the network without dropout, index 1 the one with it."""

    p: float
    seeds: int
    rows: int
    unseen: int
    hidden: int
    repeats: int
    shares: tuple[float, ...]
    """Of the units of the first hidden layer, removed at random after training."""
    accuracy: tuple[tuple[float, ...], ...]
    accuracy_spread: tuple[tuple[float, ...], ...]
    half: int
    """Index of the share one half."""
    half_better: int
    """Number of seeds in which dropout keeps more accuracy without half of the units."""
    correlation: tuple[float, ...]
    """Mean absolute correlation between two units over unseen images."""
    correlation_lower: int
    changed_by_one: tuple[float, ...]
    """Share of answers that the most influential single unit changes when removed."""
    changed_lower: int


def depends(model: nn.Sequential, x: Tensor, y: Tensor) -> tuple[list[float], float, float]:
    """Accuracies without units, correlation of units, answers changed by one unit."""
    hidden, rest = model[:2](x), model[3:]  # activations; what makes answers of them
    accuracies = []
    for share in SHARES:
        removed = round(share * HIDDEN)
        total = 0.0
        for repeat in range(REPEATS):
            order = torch.randperm(HIDDEN, generator=torch.Generator().manual_seed(repeat))
            keep = torch.ones(HIDDEN)
            keep[order[:removed]] = 0
            scaled = hidden * keep * (HIDDEN / (HIDDEN - removed))
            total += (rest(scaled).argmax(1) == y).double().mean().item()
        accuracies.append(total / REPEATS)

    active = hidden[:, hidden.std(0) > 0].double().numpy()
    table = np.abs(np.corrcoef(active.T))
    correlation = float(table[np.triu_indices(len(table), 1)].mean())

    answers = rest(hidden).argmax(1)
    changed = 0.0
    for unit in range(HIDDEN):
        without = hidden.clone()
        without[:, unit] = 0
        changed = max(changed, (rest(without).argmax(1) != answers).double().mean().item())
    return accuracies, correlation, changed


def measure(p: float = P) -> Facts:
    """Train each network on 200 of the 1,797 digits, then take units away.

    Args:
        p: The rate of the network with dropout; 0 takes dropout away.
    """
    data, target = load_digits(return_X_y=True)
    images, labels = torch.tensor(data / 16, dtype=torch.float32), torch.tensor(target)
    accuracy = np.empty((2, SEEDS, len(SHARES)))
    correlation, changed = np.empty((2, SEEDS)), np.empty((2, SEEDS))
    for seed in range(SEEDS):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            order = torch.randperm(len(images))
            seen, unseen = order[:ROWS], order[ROWS : ROWS + UNSEEN]
            few = images[seen[:1]], labels[seen[:1]]  # nothing is chosen by validation here
            for k, rate in enumerate((0.0, p)):
                torch.manual_seed(100 + seed)  # both start from the same weights
                model = make_network(64, 10, hidden=HIDDEN, p=rate)
                train(model, images[seen], labels[seen], few, epochs=EPOCHS)
                with torch.no_grad():
                    found = depends(model, images[unseen], labels[unseen])
                accuracy[k, seed], correlation[k, seed], changed[k, seed] = found

    def rows(values: np.ndarray) -> tuple[tuple[float, ...], ...]:
        return tuple(tuple(float(v) for v in row) for row in values)

    half = SHARES.index(0.5)
    return Facts(
        p=p,
        seeds=SEEDS,
        rows=ROWS,
        unseen=UNSEEN,
        hidden=HIDDEN,
        repeats=REPEATS,
        shares=SHARES,
        accuracy=rows(accuracy.mean(1)),
        accuracy_spread=rows(accuracy.std(1, ddof=1)),
        half=half,
        half_better=int((accuracy[1, :, half] > accuracy[0, :, half]).sum()),
        correlation=tuple(float(v) for v in correlation.mean(1)),
        correlation_lower=int((correlation[1] < correlation[0]).sum()),
        changed_by_one=tuple(float(v) for v in changed.mean(1)),
        changed_lower=int((changed[1] < changed[0]).sum()),
    )


def draw(facts: Facts) -> MatplotlibFigure:
    """Accuracy over the share of removed units."""
    figure = new_figure(width=5.8, height=3.6)
    axes = figure.subplots()
    for k, colour, name, offset in (
        (0, "plain", "trained without dropout", -16),
        (1, "dropout", f"trained with p = {facts.p:g}", 16),
    ):
        axes.errorbar(
            facts.shares,
            facts.accuracy[k],
            yerr=facts.accuracy_spread[k],
            color=LIGHT[colour],
            marker="o",
            capsize=3,
        )
        at = 4 if k == 0 else 6
        axes.annotate(
            name,
            (facts.shares[at], facts.accuracy[k][at]),
            xytext=(-8, offset),
            textcoords="offset points",
            color=LIGHT[colour],
            ha="right" if k == 0 else "center",
            va="center",
        )
    axes.set_ylim(0, 1.08)
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.set_xlabel("units removed from the first hidden layer")
    axes.set_ylabel("accuracy on unseen images")
    return figure


def chart(facts: Facts) -> alt.TopLevelMixin:
    """The same, with the two accuracies at the share of a slider."""
    names = ("trained without dropout", f"trained with p = {facts.p:g}")
    lines = [
        {"share": share, "accuracy": round(row[i], 4), "name": name, "i": i}
        for name, row in zip(names, facts.accuracy, strict=True)
        for i, share in enumerate(facts.shares)
    ]
    texts = [
        {
            "i": i,
            "top": f"{share:.0%} of {facts.hidden} units removed",
            "plain": f"{names[0]}: {facts.accuracy[0][i]:.1%}",
            "dropout": f"{names[1]}: {facts.accuracy[1][i]:.1%}",
        }
        for i, share in enumerate(facts.shares)
    ]
    removed = slider(
        "removed",
        "Units removed",
        low=0,
        high=len(facts.shares) - 1,
        step=1,
        value=5,
        shown="format(removed / 10, '.0%')",
    )
    data = alt.Chart(alt.InlineData(values=lines))
    colour = alt.Color(
        "name:N",
        legend=None,  # the lines of text name the curves
        scale=alt.Scale(domain=list(names), range=[CSS["plain"], CSS["dropout"]]),
    )
    x = alt.X(
        "share:Q",
        title="share of first-layer units removed",
        scale=alt.Scale(domain=[0, 0.93], nice=False),
        axis=alt.Axis(format=".0%", tickCount=5),
    )
    y = alt.Y(
        "accuracy:Q",
        title="accuracy on unseen images",
        scale=alt.Scale(domain=[0, 1.4], nice=False),
        axis=alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1], titlePadding=12),
    )
    line = data.mark_line(strokeWidth=2.5).encode(x=x, y=y, color=colour)
    point = (
        data.transform_filter("datum.i == removed")
        .mark_point(filled=True, size=110, opacity=1)
        .encode(x=x, y=y, color=colour)
    )
    text = alt.Chart(alt.InlineData(values=texts)).transform_filter("datum.i == removed")

    def row(field: str, y: int, colour: str) -> Any:
        mark = text.mark_text(align="left", baseline="top", fontSize=13, color=CSS[colour])
        return mark.encode(x=alt.value(6), y=alt.value(y), text=f"{field}:N")

    layers = alt.layer(
        line, point, row("top", 4, "ink"), row("dropout", 24, "dropout"), row("plain", 44, "plain")
    )
    return layers.add_params(*removed).properties(width="container", height=320)


EXPERIMENT = Experiment(
    question="Do units depend less on each other after training with dropout?",
    measure=measure,
    claims=(
        Claim(
            id="survives_removal",
            sentence=lambda f: (
                f"After half of the first hidden layer is removed, the network trained without "
                f"dropout falls from {f.accuracy[0][0]:.1%} to {f.accuracy[0][f.half]:.1%}, one "
                f"trained with $p = {f.p:g}$ from {f.accuracy[1][0]:.1%} to "
                f"{f.accuracy[1][f.half]:.1%} (better with {f.half_better} of {f.seeds} seeds)."
            ),
            check=lambda f: (
                f.half_better == f.seeds
                and f.accuracy[1][f.half] > f.accuracy[0][f.half] + 0.05
                and f.accuracy[1][0] - f.accuracy[1][f.half] < 0.05
            ),
            without={"p": 0.0},
        ),
        Claim(
            id="single_units_matter_less",
            sentence=lambda f: (
                f"The one unit that matters most changes {f.changed_by_one[0]:.1%} of the answers "
                f"when it is removed, and only {f.changed_by_one[1]:.1%} after training with "
                f"dropout (less with {f.changed_lower} of {f.seeds} seeds)."
            ),
            check=lambda f: (
                f.changed_lower == f.seeds and f.changed_by_one[1] < 0.7 * f.changed_by_one[0]
            ),
            without={"p": 0.0},
        ),
        Claim(
            id="less_correlated",
            sentence=lambda f: (
                f"Two units of that layer are less correlated: mean absolute correlation over "
                f"unseen images {f.correlation[1]:.2f} instead of {f.correlation[0]:.2f} (lower "
                f"with {f.correlation_lower} of {f.seeds} seeds)."
            ),
            check=lambda f: (
                f.correlation_lower == f.seeds and f.correlation[1] < 0.9 * f.correlation[0]
            ),
            without={"p": 0.0},
        ),
    ),
    figures=(
        Figure(
            name="removed",
            title=lambda f: "Trained with dropout, a network can lose half of its units",
            caption=lambda f: (
                f"Units of the first hidden layer are removed at random after training, the rest "
                f"scaled up. Mean over {f.seeds} seeds and {f.repeats} choices of units each. "
                f"Without half of them: {f.accuracy[1][f.half]:.1%} with dropout in training, "
                f"{f.accuracy[0][f.half]:.1%} without."
            ),
            alt=lambda f: (
                "Accuracy on unseen images over the share of units removed, trained without "
                "dropout and with: "
                + "; ".join(
                    f"{share:.0%} removed, {without:.1%} and {dropped:.1%}"
                    for share, without, dropped in zip(f.shares, *f.accuracy, strict=True)
                )
                + "."
            ),
            draw=draw,
            chart=chart,
        ),
    ),
)
