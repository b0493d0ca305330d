"""What stopping early brings a network on digits, with right and with partly wrong labels."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.datasets import load_digits
from torch import Tensor, nn

from experiments.drawing import LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.pytorch.early_stopping import EarlyStopping

SEEDS = 6
ROWS, VALIDATION, BATCH = 100, 200, 20
HIDDEN, LR, EPOCHS = 64, 0.01, 120
WRONG = 0.2
PATIENCE = 10
PATIENCES = (1, 3, 5, 10, 20, 40)
FEW = 50


@dataclass(frozen=True)
class Condition:
    """Means over the seeds, ± standard deviations; losses are cross-entropy in nats."""

    train: tuple[float, ...]
    """After each epoch, on the (partly wrong) labels learned from."""
    validation: tuple[float, ...]
    """On labels of the same kind."""
    test: tuple[float, ...]
    """On right labels, as all that follows."""
    full_loss: float
    full_spread: float
    full_accuracy: float
    full_accuracy_spread: float
    best_loss: float
    """Best epoch restored."""
    best_spread: float
    best_accuracy: float
    best_accuracy_spread: float
    last_loss: float
    """At the epoch that stopped it."""
    last_accuracy: float
    last_train: float
    best_train: float
    stopped: float
    """Epoch that stopped it, counted from 1."""
    best: float
    """Epoch restored, counted from 1."""
    loss_better: int
    """Seeds in which the restored weights have a lower test loss than the end."""
    accuracy_better: int
    last_validation_worse: int
    """Seeds in which the last weights have a higher validation loss than the best."""
    by_patience: tuple[float, ...]
    """Test loss of the restored weights."""
    by_patience_stopped: tuple[float, ...]
    on_training_stopped: float
    """Epoch that stops a watch of the training loss, from 1; the last one if none does."""
    on_training_loss: float


@dataclass(frozen=True)
class Facts:
    """Two conditions, the same networks."""

    seeds: int
    rows: int
    validation_rows: int
    test_rows: int
    hidden: int
    epochs: int
    patience: int
    wrong: float
    patiences: tuple[int, ...]
    few: int
    right: Condition
    noisy: Condition
    peeked: float
    """Accuracy on ``few`` rows, at the epoch that is best on them; right labels."""
    honest: float
    """Of the same weights on all the other test rows."""


@cache
def digits() -> tuple[Tensor, Tensor]:
    """Images with pixels from 0 to 1, and their classes."""
    data, target = load_digits(return_X_y=True)
    return torch.tensor(data / 16, dtype=torch.float32), torch.tensor(target)


@cache
def curves(seed: int, wrong: float, epochs: int) -> dict[str, np.ndarray]:
    """Losses and hits after each epoch."""
    images, labels = digits()
    torch.manual_seed(seed)
    order = torch.randperm(len(images))
    seen, validation = order[:ROWS], order[ROWS : ROWS + VALIDATION]
    test = order[ROWS + VALIDATION :]
    swapped = torch.rand(len(labels)) < wrong
    given = torch.where(swapped, torch.randint(0, 10, labels.shape), labels)
    model = nn.Sequential(nn.Linear(64, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=LR)
    x, y = images[seen], given[seen]
    losses, hits = [], []
    for _ in range(epochs):
        for batch in torch.randperm(ROWS).split(BATCH):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
        with torch.no_grad():
            logits = model(images)
            losses.append(
                [
                    nn.functional.cross_entropy(logits[rows], truth[rows]).item()
                    for rows, truth in ((seen, given), (validation, given), (test, labels))
                ]
            )
            hits.append((logits[test].argmax(1) == labels[test]).numpy())
    train, held_out, unseen = np.array(losses).T
    return {"train": train, "validation": held_out, "test": unseen, "hits": np.array(hits)}


def stop(losses: np.ndarray, patience: int) -> tuple[int, int]:
    """Epoch that stops, and the best one; the last and the best if none stops."""
    watch, nothing = EarlyStopping(patience), nn.Module()
    for loss in losses:
        if watch.update(float(loss), nothing):
            break
    return watch.epoch, watch.best_epoch


def condition(runs: list[dict[str, np.ndarray]]) -> Condition:
    """Apply the stopping rule to the recorded losses."""
    stops = np.array([stop(r["validation"], PATIENCE) for r in runs])
    test = np.array([r["test"] for r in runs])
    accuracy = np.array([r["hits"].mean(1) for r in runs])
    train = np.array([r["train"] for r in runs])
    validation = np.array([r["validation"] for r in runs])
    all_of = np.arange(len(runs))
    last, best = stops.T
    patient = [np.array([stop(v, p) for v in validation]).T for p in PATIENCES]
    watched = np.array([stop(t, PATIENCE) for t in train]).T

    def mean(values: np.ndarray) -> float:
        return float(values.mean())

    def spread(values: np.ndarray) -> float:
        return float(values.std(ddof=1))

    def curve(values: np.ndarray) -> tuple[float, ...]:
        return tuple(float(v) for v in values.mean(0))

    return Condition(
        train=curve(train),
        validation=curve(validation),
        test=curve(test),
        full_loss=mean(test[:, -1]),
        full_spread=spread(test[:, -1]),
        full_accuracy=mean(accuracy[:, -1]),
        full_accuracy_spread=spread(accuracy[:, -1]),
        best_loss=mean(test[all_of, best]),
        best_spread=spread(test[all_of, best]),
        best_accuracy=mean(accuracy[all_of, best]),
        best_accuracy_spread=spread(accuracy[all_of, best]),
        last_loss=mean(test[all_of, last]),
        last_accuracy=mean(accuracy[all_of, last]),
        last_train=mean(train[all_of, last]),
        best_train=mean(train[all_of, best]),
        stopped=mean(last + 1),
        best=mean(best + 1),
        loss_better=int((test[all_of, best] < test[:, -1]).sum()),
        accuracy_better=int((accuracy[all_of, best] > accuracy[:, -1]).sum()),
        last_validation_worse=int((validation[all_of, last] > validation[all_of, best]).sum()),
        by_patience=tuple(mean(test[all_of, b]) for _, b in patient),
        by_patience_stopped=tuple(mean(s + 1) for s, _ in patient),
        on_training_stopped=mean(watched[0] + 1),
        on_training_loss=mean(test[all_of, watched[1]]),
    )


def measure(wrong: float = WRONG, epochs: int = EPOCHS, few: int = FEW) -> Facts:
    """Train to the end 6 times with right and 6 times with partly wrong labels.

    Args:
        wrong: Share of the labels to learn from and to validate with that are drawn anew.
        epochs: How long; a few are too few to overfit.
        few: Test rows in the example that chooses the epoch on them.
    """
    torch.set_num_threads(1)
    right = [curves(seed, 0.0, epochs) for seed in range(SEEDS)]
    noisy = [curves(seed, wrong, epochs) for seed in range(SEEDS)]
    peeked, honest = [], []
    for run in right:
        seen, others = run["hits"][:, :few].mean(1), run["hits"][:, few:].mean(1)
        peeked.append(seen.max())
        honest.append(others[seen.argmax()])
    return Facts(
        seeds=SEEDS,
        rows=ROWS,
        validation_rows=VALIDATION,
        test_rows=right[0]["hits"].shape[1],
        hidden=HIDDEN,
        epochs=epochs,
        patience=PATIENCE,
        wrong=wrong,
        patiences=PATIENCES,
        few=few,
        right=condition(right),
        noisy=condition(noisy),
        peeked=float(np.mean(peeked)),
        honest=float(np.mean(honest)),
    )


def draw_curves(facts: Facts) -> MatplotlibFigure:
    """Training and validation loss, with the epoch that is restored."""
    figure = new_figure(width=5.8, height=4.0)
    axes = figure.subplots()
    epochs = range(1, facts.epochs + 1)
    for c, colour, name in (
        (facts.noisy, "plain", f"{facts.wrong:.0%} of the labels drawn anew"),
        (facts.right, "ink", "right labels"),
    ):
        axes.plot(epochs, c.validation, color=LIGHT[colour])
        axes.plot(epochs, c.train, color=LIGHT[colour], linestyle="--")
        k = int(np.argmin(c.validation))
        axes.plot(k + 1, c.validation[k], "o", color=LIGHT[colour], markersize=8)
        axes.annotate(
            name,
            (facts.epochs, c.validation[-1]),
            xytext=(-2, 9),
            textcoords="offset points",
            ha="right",
            color=LIGHT[colour],
        )
    axes.text(
        0.99,
        0.98,
        "solid: validation, dashed: training",
        transform=axes.transAxes,
        ha="right",
        va="top",
        color=LIGHT["muted"],
    )
    axes.set_ylim(0, max(facts.noisy.validation[5:]) * 1.2)
    axes.set_xlim(0, facts.epochs)
    axes.set_xlabel("epoch")
    axes.set_ylabel("cross-entropy (nats per image)")
    return figure


EXPERIMENT = Experiment(
    question="What does early stopping bring a network on few digits?",
    measure=measure,
    claims=(
        Claim(
            id="loss_falls",
            sentence=lambda f: (
                f"With right labels, stopping (patience {f.patience}, best weights restored) ends "
                f"at a test loss of {f.right.best_loss:.2f} ± {f.right.best_spread:.2f} instead of "
                f"{f.right.full_loss:.2f} ± {f.right.full_spread:.2f} (lower with "
                f"{f.right.loss_better} of {f.seeds} seeds), after {f.right.stopped:.0f} epochs "
                f"instead of {f.epochs}."
            ),
            check=lambda f: (
                f.right.loss_better == f.seeds and f.right.best_loss < 0.92 * f.right.full_loss
            ),
            without={"epochs": 5},
        ),
        Claim(
            id="accuracy_does_not_rise",
            sentence=lambda f: (
                f"The accuracy does not rise: {f.right.best_accuracy:.1%} ± "
                f"{f.right.best_accuracy_spread:.1%} with stopping, {f.right.full_accuracy:.1%} ± "
                f"{f.right.full_accuracy_spread:.1%} without (higher with "
                f"{f.right.accuracy_better} of {f.seeds} seeds). What grows late is the "
                f"confidence in wrong answers, not their number."
            ),
            check=lambda f: (
                f.right.best_accuracy < f.right.full_accuracy + 0.01
                and f.right.accuracy_better <= f.seeds / 2
                and f.right.best_loss < 0.92 * f.right.full_loss
            ),
            without={"epochs": 5},
        ),
        Claim(
            id="wrong_labels",
            sentence=lambda f: (
                f"With {f.wrong:.0%} of the labels drawn anew, those to validate with "
                f"included, stopping saves accuracy, too: "
                f"{f.noisy.best_accuracy:.1%} ± {f.noisy.best_accuracy_spread:.1%} instead of "
                f"{f.noisy.full_accuracy:.1%} ± {f.noisy.full_accuracy_spread:.1%} (higher with "
                f"{f.noisy.accuracy_better} of {f.seeds} seeds), and the test loss is "
                f"{f.noisy.best_loss:.2f} instead of {f.noisy.full_loss:.2f}."
            ),
            check=lambda f: (
                f.noisy.accuracy_better == f.seeds
                and f.noisy.best_accuracy > f.noisy.full_accuracy + 0.04
            ),
            without={"wrong": 0.0},
        ),
        Claim(
            id="training_loss_never_stops",
            sentence=lambda f: (
                f"Watching the training loss stops after {f.noisy.on_training_stopped:.0f} of "
                f"{f.epochs} epochs: it goes on falling while the labels are learned by heart."
            ),
            check=lambda f: (
                f.noisy.on_training_stopped > 0.9 * f.epochs
                and f.noisy.on_training_loss > 1.2 * f.noisy.best_loss
            ),
            without={"epochs": 5},
        ),
        Claim(
            id="patience_one_is_early",
            sentence=lambda f: (
                f"Patience {f.patiences[0]} stops after {f.right.by_patience_stopped[0]:.0f} "
                f"epochs on average, with a test loss of {f.right.by_patience[0]:.3f}; patience "
                f"{f.patiences[2]} after {f.right.by_patience_stopped[2]:.0f} with "
                f"{f.right.by_patience[2]:.3f}; patience {f.patiences[4]} after "
                f"{f.right.by_patience_stopped[4]:.0f} with {f.right.by_patience[4]:.3f}. Beyond a "
                f"few epochs, patience costs time and brings nothing here."
            ),
            check=lambda f: (
                f.right.by_patience[0] > 1.03 * f.right.by_patience[2]
                and abs(f.right.by_patience[4] / f.right.by_patience[2] - 1) < 0.02
            ),
            without={"epochs": 5},
        ),
        Claim(
            id="peeking",
            sentence=lambda f: (
                f"Choosing the epoch on {f.few} test rows shows an accuracy of {f.peeked:.1%} on "
                f"them; on all other test rows the same weights have {f.honest:.1%}."
            ),
            check=lambda f: f.peeked > f.honest + 0.01,
            without={"few": 1000},
        ),
    ),
    figures=(
        Figure(
            name="curves",
            title=lambda f: "The training loss falls on; the validation loss turns back",
            caption=lambda f: (
                f"{f.rows} images of digits, mean of {f.seeds} seeds; dots mark the lowest "
                f"validation loss. Wrong labels, here also among those to "
                f"validate with, make it turn earlier, and going on costs more."
            ),
            alt=lambda f: (
                f"Training and validation loss over {f.epochs} epochs. With right labels the "
                f"validation loss falls to {min(f.right.validation):.2f} and ends at "
                f"{f.right.validation[-1]:.2f}; with {f.wrong:.0%} drawn anew it falls to "
                f"{min(f.noisy.validation):.2f} and ends at {f.noisy.validation[-1]:.2f}. The "
                f"training losses end at {f.right.train[-1]:.3f} and {f.noisy.train[-1]:.3f}."
            ),
            draw=draw_curves,
        ),
    ),
)
