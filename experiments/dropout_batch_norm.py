"""Dropout before batch norm: what the running variance learns, and what comes in evaluation."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.datasets import load_digits
from torch import Tensor, nn

from experiments.drawing import LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure

RATES = (0.0, 0.25, 0.5, 0.75)
SEEDS = 5
ROWS, HIDDEN, LR, EPOCHS = 200, 64, 0.01, 100


@dataclass(frozen=True)
class Facts:
    """Index k of every tuple belongs to ``rates[k]``; means over seeds.

    A ratio is the variance that comes in evaluation over the running variance, the median of the
    layer's units.
    """

    rates: tuple[float, ...]
    seeds: int
    rows: int
    hidden: int
    before: tuple[float, ...]
    """Ratio with dropout right before batch norm."""
    before_spread: tuple[float, ...]
    predicted: tuple[float, ...]
    """The same by formula, from mean and variance of the units in evaluation."""
    prediction_error: float
    """Largest relative difference of the two."""
    after: tuple[float, ...]
    """Ratio with dropout after batch norm and its ReLU."""
    before_accuracy: tuple[float, ...]
    before_accuracy_spread: tuple[float, ...]
    mended_accuracy: tuple[float, ...]
    """Of the same network, its running statistics measured anew without dropout."""
    mended_better: tuple[int, ...]
    """Seeds in which that raises the accuracy."""
    after_accuracy: tuple[float, ...]
    after_accuracy_spread: tuple[float, ...]


@cache
def digits() -> tuple[Tensor, Tensor]:
    """Images with pixels from 0 to 1, and their classes."""
    data, target = load_digits(return_X_y=True)
    return torch.tensor(data / 16, dtype=torch.float32), torch.tensor(target)


@cache
def train_once(p: float, seed: int, before: bool) -> tuple[float, float, float, float]:
    """Ratio, its prediction, accuracy, and accuracy with the statistics measured anew."""
    images, labels = digits()
    torch.manual_seed(seed)
    order = torch.randperm(len(images))
    seen, unseen = order[:ROWS], order[ROWS:]
    norm = nn.BatchNorm1d(HIDDEN)
    drop, active = nn.Dropout(p), nn.ReLU()
    middle: list[nn.Module] = [active, drop, norm] if before else [norm, active, drop]
    before_norm = nn.Sequential(nn.Linear(64, HIDDEN), *middle[: middle.index(norm)])
    model = nn.Sequential(
        before_norm,
        *middle[middle.index(norm) :],
        nn.Linear(HIDDEN, HIDDEN),
        nn.ReLU(),
        nn.Linear(HIDDEN, 10),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=LR)
    x, y = images[seen], labels[seen]
    for _ in range(EPOCHS):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()

    def accuracy() -> float:
        logits: Tensor = model.eval()(images[unseen])
        return (logits.argmax(1) == labels[unseen]).double().mean().item()

    with torch.no_grad():
        model.eval()
        units = before_norm(x)
        var, mean = torch.var_mean(units, 0)
        alive = var > 1e-6
        running = norm.running_var
        assert running is not None
        ratio = (var / running)[alive].median().item()
        predicted = (var * (1 - p) / (var + p * mean**2))[alive].median().item()
        as_trained = accuracy()
        norm.reset_running_stats()
        norm.momentum = None  # the plain average: of one batch, all rows
        norm.train()
        model(x)
        return ratio, predicted, as_trained, accuracy()


def measure(scale: float = 1.0) -> Facts:
    """Train 5 networks with each rate and place of dropout.

    Args:
        scale: Multiplies every rate; 0 takes dropout away.
    """
    torch.set_num_threads(1)
    table = np.array(
        [
            [[train_once(p * scale, seed, place) for seed in range(SEEDS)] for p in RATES]
            for place in (True, False)
        ]
    )
    mean, spread = table.mean(2), table.std(2, ddof=1)

    def floats(values: np.ndarray) -> tuple[float, ...]:
        return tuple(float(v) for v in values)

    return Facts(
        rates=RATES,
        seeds=SEEDS,
        rows=ROWS,
        hidden=HIDDEN,
        before=floats(mean[0, :, 0]),
        before_spread=floats(spread[0, :, 0]),
        predicted=floats(mean[0, :, 1]),
        prediction_error=float(np.abs(mean[0, :, 1] / mean[0, :, 0] - 1).max()),
        after=floats(mean[1, :, 0]),
        before_accuracy=floats(mean[0, :, 2]),
        before_accuracy_spread=floats(spread[0, :, 2]),
        mended_accuracy=floats(mean[0, :, 3]),
        mended_better=tuple(int(v) for v in (table[0, :, :, 3] > table[0, :, :, 2]).sum(1)),
        after_accuracy=floats(mean[1, :, 2]),
        after_accuracy_spread=floats(spread[1, :, 2]),
    )


def draw_shift(facts: Facts) -> MatplotlibFigure:
    """Variance ratio over the rate, dropout before and after batch norm."""
    figure = new_figure(width=5.8, height=3.6)
    axes = figure.subplots()
    axes.plot(facts.rates, facts.after, color=LIGHT["ink"], marker="o")
    axes.text(facts.rates[-1], facts.after[-1] + 0.05, "dropout after batch norm", ha="right")
    axes.plot(facts.rates, facts.predicted, color=LIGHT["muted"], linestyle="--")
    axes.errorbar(
        facts.rates,
        facts.before,
        yerr=facts.before_spread,
        color=LIGHT["dropout"],
        marker="o",
        linestyle="none",
        capsize=3,
    )
    axes.text(0.02, 0.2, "dropout right before it", color=LIGHT["dropout"])
    axes.text(0.02, 0.1, "dashed: the formula", color=LIGHT["muted"])
    axes.set_ylim(0, 1.25)
    axes.set_xlabel("dropout rate p (share of units dropped)")
    axes.set_ylabel("variance in evaluation / running")
    return figure


EXPERIMENT = Experiment(
    question="What does dropout before batch norm do to its running variance?",
    measure=measure,
    claims=(
        Claim(
            id="variance_shifts",
            sentence=lambda f: (
                f"With dropout of $p = {f.rates[2]}$ right before batch norm, a unit's variance in "
                f"evaluation is {f.before[2]:.2f} of the running variance that divides it; the "
                f"formula says {f.predicted[2]:.2f}. At $p = {f.rates[3]}$ it is "
                f"{f.before[3]:.2f}."
            ),
            check=lambda f: f.before[2] < 0.6 and f.before[3] < 0.3 and f.prediction_error < 0.1,
            without={"scale": 0.0},
        ),
        Claim(
            id="not_after",
            sentence=lambda f: (
                f"With dropout after batch norm the two agree at every rate, up to "
                f"{max(abs(r - 1) for r in f.after):.0%}."
            ),
            check=lambda f: max(abs(r - 1) for r in f.after) < 0.1 and f.before[2] < 0.6,
            without={"scale": 0.0},
        ),
        Claim(
            id="small_cost_here",
            sentence=lambda f: (
                f"In this small network the shift costs little: measuring the running statistics "
                f"anew without dropout raises the accuracy at $p = {f.rates[2]}$ from "
                f"{f.before_accuracy[2]:.1%} to {f.mended_accuracy[2]:.1%} (with "
                f"{f.mended_better[2]} of {f.seeds} seeds)."
            ),
            check=lambda f: (
                0 < f.mended_accuracy[2] - f.before_accuracy[2] < 0.02
                and f.mended_better[2] > f.seeds / 2
                and f.before[2] < 0.6
            ),
            without={"scale": 0.0},
        ),
    ),
    figures=(
        Figure(
            name="shift",
            title=lambda f: "Dropout before batch norm: it divides by a variance that never comes",
            caption=lambda f: (
                f"A layer of {f.hidden} units trained on {f.rows} digits, median over its units, "
                f"mean and standard deviation of {f.seeds} seeds. Dropout widens what batch norm "
                f"sees in training; in evaluation the width is gone, and the running variance is "
                f"too large."
            ),
            alt=lambda f: (
                "Variance in evaluation over running variance, by dropout rate. Dropout before "
                "batch norm: "
                + "; ".join(f"p {p}: {b:.2f}" for p, b in zip(f.rates, f.before, strict=True))
                + f". The formula is never further off than {f.prediction_error:.0%}. Dropout "
                f"after batch norm stays between {min(f.after):.2f} and {max(f.after):.2f}."
            ),
            draw=draw_shift,
        ),
    ),
)
