"""Dropout, weight decay and early stopping, alone and together, on few digits."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.datasets import load_digits
from torch import Tensor, nn, vmap
from torch.func import functional_call, stack_module_state

from experiments.drawing import LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.pytorch import regularized_network
from snippets.pytorch.dropout_network import make_network

RATES = (0.0, 0.25, 0.5)
DECAYS = (0.0, 0.5, 1.5, 4.5)
SEEDS = 8
ROWS, VALIDATION = 100, 300
HIDDEN, LR, EPOCHS, EVERY = 64, 0.01, 120, 4


@dataclass(frozen=True)
class Way:
    """Means and standard deviations over the seeds, on test rows; loss in nats."""

    loss: float
    spread: float
    accuracy: float
    accuracy_spread: float


@dataclass(frozen=True)
class Gain:
    """How much lower the test loss of one way is than another's, seed by seed."""

    loss: float
    spread: float
    seeds: int
    """In which it is lower."""
    accuracy: float
    """In percentage points."""
    accuracy_spread: float


@dataclass(frozen=True)
class Facts:
    """Each way at the strength that validates best, chosen for each seed anew."""

    seeds: int
    rows: int
    validation_rows: int
    test_rows: int
    hidden: int
    epochs: int
    none: Way
    dropout: Way
    decay: Way
    both: Way
    none_stopped: Way
    dropout_stopped: Way
    decay_stopped: Way
    both_stopped: Way
    normalized: Way
    """The network of the snippet: batch norm and all of the others, its default strengths."""
    over_dropout: Gain
    over_decay: Gain
    stopped_over_dropout: Gain
    stopped_over_decay: Gain
    stopping: Gain
    """What early stopping adds to both."""
    stopping_none: Gain
    """What it adds to neither."""
    normalized_over_both: Gain
    rate_alone: float
    """Of the lowest mean validation loss, without early stopping, and so the next."""
    decay_alone: float
    together: float
    """Mean test loss with these two strengths at once."""
    only_decay: float
    """With this decay and no dropout."""


@cache
def digits() -> tuple[Tensor, Tensor]:
    """Images with pixels from 0 to 1, and their classes."""
    data, target = load_digits(return_X_y=True)
    return torch.tensor(data / 16, dtype=torch.float32), torch.tensor(target)


def split(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Rows to learn from, to choose with, to judge with."""
    order = torch.randperm(len(digits()[0]), generator=torch.Generator().manual_seed(seed))
    return order[:ROWS], order[ROWS : ROWS + VALIDATION], order[ROWS + VALIDATION :]


@cache
def train_all(p: float, decays: tuple[float, ...]) -> np.ndarray:
    """Validation loss, test loss and test accuracy at every fourth epoch.

    All decays and seeds train at once: every tensor holds one network for each, and AdamW's decay
    is written out, because it differs between them.

    Returns:
        Shape (decays, seeds, checkpoints, 3).
    """
    images, labels = digits()
    splits = [split(seed) for seed in range(SEEDS)] * len(decays)
    seen, validation, test = (torch.stack(rows) for rows in zip(*splits, strict=True))
    torch.manual_seed(0)
    models = [make_network(64, 10, hidden=HIDDEN, p=p) for _ in range(SEEDS)] * len(decays)
    weights, _ = stack_module_state(models)
    decay = torch.tensor(decays).repeat_interleave(SEEDS)[:, None, None]
    model = models[0]

    def answer(weights: dict[str, Tensor], x: Tensor) -> Any:
        return functional_call(model, weights, x)

    trained = vmap(answer, randomness="different")
    judged = vmap(answer, in_dims=(0, None))

    def losses(logits: Tensor, truth: Tensor) -> Tensor:
        each = nn.functional.cross_entropy(logits.transpose(1, 2), truth, reduction="none")
        return each.mean(1)

    optimizer = torch.optim.Adam(weights.values(), lr=LR)
    x, y = images[seen], labels[seen]
    run = torch.arange(len(models))[:, None]
    found = []
    for epoch in range(1, EPOCHS + 1):
        model.train()
        optimizer.zero_grad()
        losses(trained(weights, x), y).sum().backward()
        with torch.no_grad():
            for name, w in weights.items():
                if name.endswith("weight"):
                    w *= 1 - LR * decay
        optimizer.step()
        if epoch % EVERY == 0:
            model.eval()
            with torch.no_grad():
                logits = judged(weights, images)
            by_rows = [losses(logits[run, rows], labels[rows]) for rows in (validation, test)]
            hits = (logits[run, test].argmax(2) == labels[test]).double().mean(1)
            found.append(torch.stack([*by_rows, hits], 1))
    shape = len(decays), SEEDS, len(found), 3
    return torch.stack(found, 1).double().numpy().reshape(shape)


@cache
def train_normalized(seed: int) -> tuple[float, float]:
    """Test loss and accuracy of the snippet's network."""
    images, labels = digits()
    seen, validation, test = ((images[rows], labels[rows]) for rows in split(seed))
    torch.manual_seed(seed)
    model = regularized_network.make_network(64, 10, hidden=HIDDEN)
    regularized_network.train(model, seen, validation, lr=LR)
    with torch.no_grad():
        logits = model(test[0])
    hits = (logits.argmax(1) == test[1]).double().mean().item()
    return nn.functional.cross_entropy(logits, test[1]).item(), hits


def way(found: np.ndarray) -> Way:
    """Means and spreads of losses and accuracies, one row for each seed."""
    mean, spread = found.mean(0), found.std(0, ddof=1)
    return Way(float(mean[0]), float(spread[0]), float(mean[1]), float(spread[1]))


def gain(new: np.ndarray, old: np.ndarray) -> Gain:
    """Of one way over another, on the same seeds."""
    lower, higher = old[:, 0] - new[:, 0], 100 * (new[:, 1] - old[:, 1])
    return Gain(
        loss=float(lower.mean()),
        spread=float(lower.std(ddof=1)),
        seeds=int((lower > 0).sum()),
        accuracy=float(higher.mean()),
        accuracy_spread=float(higher.std(ddof=1)),
    )


def measure(scale: float = 1.0, decayed: float = 1.0) -> Facts:
    """Train on 100 digits with each rate, decay and seed; choose on 300, judge on the others.

    Args:
        scale: Multiplies every rate of dropout; 0 takes it away.
        decayed: Multiplies every weight decay; 0 takes it away.
    """
    torch.set_num_threads(1)
    decays = tuple(decayed * d for d in DECAYS)
    # (rates, decays, seeds, checkpoints, 3)
    runs = np.array([train_all(scale * p, decays) for p in RATES])

    def chosen(rates: slice, decays: slice, stop: bool) -> np.ndarray:
        candidates = runs[rates, decays, :, slice(None) if stop else slice(-1, None)]
        flat = candidates.transpose(2, 0, 1, 3, 4).reshape(SEEDS, -1, 3)
        best = flat[:, :, 0].argmin(1)  # by validation loss, for each seed
        picked: np.ndarray = flat[np.arange(SEEDS), best, 1:]
        return picked

    off, on = slice(0, 1), slice(0, None)
    ways = {
        name + ("_stopped" if stop else ""): chosen(rates, decays, stop)
        for stop in (False, True)
        for name, rates, decays in (
            ("none", off, off),
            ("dropout", on, off),
            ("decay", off, on),
            ("both", on, on),
        )
    }
    normalized = np.array([train_normalized(seed) for seed in range(SEEDS)])
    held, tested = (runs[:, :, :, -1, k].mean(2) for k in (0, 1))
    rate, decay = int(held[:, 0].argmin()), int(held[0].argmin())
    return Facts(
        seeds=SEEDS,
        rows=ROWS,
        validation_rows=VALIDATION,
        test_rows=len(split(0)[2]),
        hidden=HIDDEN,
        epochs=EPOCHS,
        **{name: way(found) for name, found in ways.items()},
        normalized=way(normalized),
        over_dropout=gain(ways["both"], ways["dropout"]),
        over_decay=gain(ways["both"], ways["decay"]),
        stopped_over_dropout=gain(ways["both_stopped"], ways["dropout_stopped"]),
        stopped_over_decay=gain(ways["both_stopped"], ways["decay_stopped"]),
        stopping=gain(ways["both_stopped"], ways["both"]),
        stopping_none=gain(ways["none_stopped"], ways["none"]),
        normalized_over_both=gain(normalized, ways["both_stopped"]),
        rate_alone=RATES[rate],
        decay_alone=DECAYS[decay],
        together=float(tested[rate, decay]),
        only_decay=float(tested[0, decay]),
    )


def draw_ways(facts: Facts) -> MatplotlibFigure:
    """Test loss of each way, with and without early stopping."""
    figure = new_figure(width=5.8, height=3.4)
    axes = figure.subplots()
    rows = (
        ("neither", facts.none, facts.none_stopped, "plain"),
        ("dropout", facts.dropout, facts.dropout_stopped, "dropout"),
        ("weight decay", facts.decay, facts.decay_stopped, "adamw"),
        ("both", facts.both, facts.both_stopped, "ink"),
    )
    for y, (_, end, stopped, colour) in enumerate(rows):
        for way, marker, shift in ((end, "o", -0.12), (stopped, "s", 0.12)):
            axes.errorbar(
                way.loss,
                y + shift,
                xerr=way.spread,
                color=LIGHT[colour],
                marker=marker,
                markersize=7,
                markerfacecolor=LIGHT[colour] if marker == "o" else "none",
                capsize=3,
            )
    axes.set_yticks(range(len(rows)), [name for name, *_ in rows])
    axes.tick_params(axis="y", labelsize=11)
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.text(
        0.99,
        0.4,
        "dot: after the last epoch\nopen square: stopped early",
        transform=axes.transAxes,
        ha="right",
        color=LIGHT["muted"],
    )
    axes.set_xlabel("test loss (nats per image)")
    return figure


EXPERIMENT = Experiment(
    question="Are dropout and weight decay together better than the better of the two?",
    measure=measure,
    claims=(
        Claim(
            id="gains_do_not_add",
            sentence=lambda f: (
                f"The gains do not add up: dropout alone lowers the test loss by "
                f"{f.none.loss - f.dropout.loss:.2f}, weight decay alone by "
                f"{f.none.loss - f.decay.loss:.2f}, both by {f.none.loss - f.both.loss:.2f}."
            ),
            check=lambda f: (
                f.none.loss - f.both.loss < 0.75 * (2 * f.none.loss - f.dropout.loss - f.decay.loss)
            ),
            without={"scale": 0.0},
        ),
        Claim(
            id="both_or_the_better_one",
            sentence=lambda f: (
                f"Both end at {f.both.loss:.3f}. That is below dropout alone with "
                f"{f.over_dropout.seeds} of {f.seeds} seeds, and below weight decay alone with "
                f"{f.over_decay.seeds}: a difference of {f.over_decay.loss:.3f} ± "
                f"{f.over_decay.spread:.3f} (standard deviation over seeds), small next to the "
                f"{f.none.loss - f.decay.loss:.2f} that decay brought. The accuracy changes by "
                f"{f.over_decay.accuracy:+.1f} ± "
                f"{f.over_decay.accuracy_spread:.1f} percentage points."
            ),
            check=lambda f: (
                f.over_dropout.seeds >= 0.8 * f.seeds
                and abs(f.over_decay.loss) < 0.2 * (f.none.loss - f.decay.loss)
                and abs(f.over_decay.accuracy) < f.over_decay.accuracy_spread
            ),
            without={"scale": 0.0},
        ),
        Claim(
            id="best_alone_is_too_much_together",
            sentence=lambda f: (
                f"The strengths that are best alone, $p = {f.rate_alone:g}$ and weight decay "
                f"{f.decay_alone:g}, are too much at once: a mean test loss of {f.together:.3f}, "
                f"against {f.only_decay:.3f} with this decay and no dropout."
            ),
            check=lambda f: f.together > 1.05 * f.only_decay,
            without={"scale": 0.0},
        ),
        Claim(
            id="stopping_is_for_the_unregularized",
            sentence=lambda f: (
                f"Early stopping lowers the loss by {f.stopping_none.loss:.2f} ± "
                f"{f.stopping_none.spread:.2f} where nothing else regularizes (and the accuracy by "
                f"{-f.stopping_none.accuracy:.1f} points); on top of both it adds "
                f"{f.stopping.loss:.3f} ± {f.stopping.spread:.3f}."
            ),
            check=lambda f: (
                f.stopping_none.seeds == f.seeds
                and f.stopping_none.loss > 5 * abs(f.stopping.loss)
                and f.stopping_none.accuracy < 0
            ),
            without={"scale": 0.0, "decayed": 0.0},
        ),
    ),
    figures=(
        Figure(
            name="ways",
            title=lambda f: "One of them does most of the work",
            caption=lambda f: (
                f"Test loss after training on {f.rows} digits, mean and standard deviation of "
                f"{f.seeds} seeds. Strengths and stopping epoch are chosen on "
                f"{f.validation_rows} validation rows, for each seed anew; the loss is measured on "
                f"{f.test_rows:,} others."
            ),
            alt=lambda f: (
                f"Test loss after the last epoch and stopped early. Neither: {f.none.loss:.2f} and "
                f"{f.none_stopped.loss:.2f}. Dropout: {f.dropout.loss:.2f} and "
                f"{f.dropout_stopped.loss:.2f}. Weight decay: {f.decay.loss:.2f} and "
                f"{f.decay_stopped.loss:.2f}. Both: {f.both.loss:.2f} and "
                f"{f.both_stopped.loss:.2f}."
            ),
            draw=draw_ways,
        ),
    ),
)
