"""Batch norm with the statistics of all rows, or of small groups, which are noisy."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.datasets import load_digits
from torch import Tensor, nn

from experiments.drawing import LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure

GROUPS = (200, 50, 10, 4)
SEEDS = 6
ROWS, HIDDEN, LR, EPOCHS = 200, 64, 0.01, 100
WRONG = 0.2


@dataclass(frozen=True)
class Result:
    """Mean and standard deviation over the seeds; losses in nats."""

    train: float
    """In training mode, at the last update."""
    loss: float
    """Test loss, in evaluation mode."""
    spread: float
    accuracy: float
    accuracy_spread: float


@dataclass(frozen=True)
class Facts:
    """Index k of ``right`` belongs to ``groups[k]``, the rows that share statistics."""

    rows: int
    seeds: int
    hidden: int
    epochs: int
    wrong: float
    groups: tuple[int, ...]
    plain: Result
    """Without batch norm."""
    right: tuple[Result, ...]
    better: int
    """Seeds in which batch norm without noise has a lower test loss than none."""
    noise_worse: int
    """Seeds in which the smallest groups have a higher test loss than all rows together."""
    wrong_plain: Result
    wrong_all: Result
    wrong_small: Result
    """With partly wrong labels: none, one group, the smallest groups."""
    wrong_loss_better: int
    """Seeds in which the smallest groups have the lower test loss, against one group."""
    wrong_accuracy_better: int


class GroupNorm1d(nn.Module):
    """Batch norm with the statistics of consecutive groups of rows."""

    def __init__(self, features: int, rows: int) -> None:
        super().__init__()
        self.rows, self.norm = rows, nn.BatchNorm1d(features)

    def forward(self, x: Tensor) -> Tensor:
        """Normalize each group by itself; in evaluation all by the running averages."""
        bn = self.norm
        if not self.training:
            normalized: Tensor = bn(x)
            return normalized
        groups = x.view(-1, self.rows, x.shape[1])
        var, mean = torch.var_mean(groups, 1, keepdim=True, correction=0)
        with torch.no_grad():
            factor = self.rows / (self.rows - 1)
            bn.running_mean.lerp_(mean.mean((0, 1)), 0.1)  # type: ignore[union-attr]
            bn.running_var.lerp_(var.mean((0, 1)) * factor, 0.1)  # type: ignore[union-attr]
        hat = ((groups - mean) * (var + bn.eps).rsqrt()).view(x.shape)
        return hat * bn.weight + bn.bias


@cache
def digits() -> tuple[Tensor, Tensor]:
    """Images with pixels from 0 to 1, and their classes."""
    data, target = load_digits(return_X_y=True)
    return torch.tensor(data / 16, dtype=torch.float32), torch.tensor(target)


@cache
def train_once(seed: int, rows: int, wrong: float) -> tuple[float, float, float]:
    """Train with groups of ``rows`` (0: no batch norm): training loss, test loss, accuracy."""
    images, labels = digits()
    torch.manual_seed(seed)
    order = torch.randperm(len(images))
    seen, unseen = order[:ROWS], order[ROWS:]
    swapped = torch.rand(len(labels)) < wrong
    given = torch.where(swapped, torch.randint(0, 10, labels.shape), labels)
    layers: list[nn.Module] = []
    for inputs in (64, HIDDEN):
        layers += [nn.Linear(inputs, HIDDEN)]
        layers += [GroupNorm1d(HIDDEN, rows)] if rows else []
        layers += [nn.ReLU()]
    model = nn.Sequential(*layers, nn.Linear(HIDDEN, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=LR)
    for _ in range(EPOCHS):
        shuffled = seen[torch.randperm(ROWS)]  # every step has all rows, in new groups
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images[shuffled]), given[shuffled])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        logits = model(images[unseen])
    test = nn.functional.cross_entropy(logits, labels[unseen]).item()
    return loss.item(), test, (logits.argmax(1) == labels[unseen]).double().mean().item()


def measure(noise: bool = True, normalized: bool = True) -> Facts:
    """Train 6 times with each size of groups; all steps have all 200 rows.

    Args:
        noise: Whether small groups are small; if not, all rows share their statistics.
        normalized: Whether there is batch norm.
    """
    torch.set_num_threads(1)

    def runs(rows: int, wrong: float) -> np.ndarray:
        size = (rows if noise else ROWS) if rows and normalized else 0
        return np.array([train_once(seed, size, wrong) for seed in range(SEEDS)])

    def result(found: np.ndarray) -> Result:
        mean, spread = found.mean(0), found.std(0, ddof=1)
        return Result(*(float(v) for v in (mean[0], mean[1], spread[1], mean[2], spread[2])))

    plain, right = runs(0, 0.0), [runs(g, 0.0) for g in GROUPS]
    wrong = [runs(g, WRONG) for g in (0, ROWS, GROUPS[-1])]
    return Facts(
        rows=ROWS,
        seeds=SEEDS,
        hidden=HIDDEN,
        epochs=EPOCHS,
        wrong=WRONG,
        groups=GROUPS,
        plain=result(plain),
        right=tuple(result(r) for r in right),
        better=int((right[0][:, 1] < plain[:, 1]).sum()),
        noise_worse=int((right[-1][:, 1] > right[0][:, 1]).sum()),
        wrong_plain=result(wrong[0]),
        wrong_all=result(wrong[1]),
        wrong_small=result(wrong[2]),
        wrong_loss_better=int((wrong[2][:, 1] < wrong[1][:, 1]).sum()),
        wrong_accuracy_better=int((wrong[2][:, 2] > wrong[1][:, 2]).sum()),
    )


def draw_groups(facts: Facts) -> MatplotlibFigure:
    """Test loss over the number of rows that share statistics."""
    figure = new_figure(width=5.8, height=3.6)
    axes = figure.subplots()
    axes.axhline(facts.plain.loss, color=LIGHT["plain"], linestyle="--")
    axes.text(
        facts.groups[-1],
        facts.plain.loss + 0.008,
        "no batch norm",
        color=LIGHT["plain"],
        va="bottom",
    )
    axes.errorbar(
        facts.groups,
        [r.loss for r in facts.right],
        yerr=[r.spread for r in facts.right],
        color=LIGHT["ink"],
        marker="o",
        capsize=3,
    )
    axes.text(facts.groups[0], facts.right[0].loss + 0.035, "batch norm", ha="right")
    axes.set_xscale("log")
    axes.set_xticks(facts.groups, [str(g) for g in facts.groups])
    axes.minorticks_off()
    axes.set_ylim(0, 1.15 * facts.plain.loss)
    axes.set_xlabel("rows that share mean and variance (more noise to the left)")
    axes.set_ylabel("test loss (nats per image)")
    return figure


EXPERIMENT = Experiment(
    question="Does the noise of batch statistics regularize?",
    measure=measure,
    claims=(
        Claim(
            id="helps_without_noise",
            sentence=lambda f: (
                f"Trained on {f.rows} images with the statistics of all of them, so without noise, "
                f"batch norm ends at a test loss of {f.right[0].loss:.2f} ± "
                f"{f.right[0].spread:.2f} instead of {f.plain.loss:.2f} ± {f.plain.spread:.2f} "
                f"(lower with {f.better} of {f.seeds} seeds), and an accuracy of "
                f"{f.right[0].accuracy:.1%} instead of {f.plain.accuracy:.1%}."
            ),
            check=lambda f: f.better == f.seeds and f.right[0].loss < 0.75 * f.plain.loss,
            without={"normalized": False},
        ),
        Claim(
            id="noise_hurts_here",
            sentence=lambda f: (
                f"Groups of {f.groups[-1]} rows raise the test loss to {f.right[-1].loss:.2f} ± "
                f"{f.right[-1].spread:.2f} (with {f.noise_worse} of {f.seeds} seeds) and lower the "
                f"accuracy to {f.right[-1].accuracy:.1%}."
            ),
            check=lambda f: (
                f.noise_worse == f.seeds
                and f.right[-1].accuracy < f.right[0].accuracy - 0.01
                and f.right[-1].loss < f.plain.loss
            ),
            without={"noise": False},
        ),
        Claim(
            id="noise_holds_training_back",
            sentence=lambda f: (
                f"The noise does what a regularizer does to training: the training loss ends at "
                f"{f.right[-1].train:.2f} instead of {f.right[0].train:.4f}."
            ),
            check=lambda f: f.right[-1].train > 20 * f.right[0].train,
            without={"noise": False},
        ),
        Claim(
            id="noise_and_wrong_labels",
            sentence=lambda f: (
                f"With {f.wrong:.0%} of the labels to learn from drawn anew, the noise lowers the "
                f"test loss, from {f.wrong_all.loss:.2f} ± {f.wrong_all.spread:.2f} to "
                f"{f.wrong_small.loss:.2f} ± {f.wrong_small.spread:.2f} (with "
                f"{f.wrong_loss_better} of {f.seeds} seeds). The accuracy stays: "
                f"{f.wrong_all.accuracy:.1%} and {f.wrong_small.accuracy:.1%}."
            ),
            check=lambda f: (
                f.wrong_loss_better == f.seeds
                and f.wrong_small.loss < 0.9 * f.wrong_all.loss
                and abs(f.wrong_small.accuracy - f.wrong_all.accuracy) < 0.02
            ),
            without={"noise": False},
        ),
    ),
    figures=(
        Figure(
            name="groups",
            title=lambda f: "Batch norm helps here, and its noise does not",
            caption=lambda f: (
                f"Every step has all {f.rows} images; only the number of rows that are normalized "
                f"together changes. Mean and standard deviation of {f.seeds} seeds. Small "
                f"groups have noisy statistics, and here a higher loss on unseen digits."
            ),
            alt=lambda f: (
                f"Test loss over the number of rows that share statistics. Without batch norm "
                f"{f.plain.loss:.2f}. With batch norm: "
                + "; ".join(
                    f"{g} rows {r.loss:.2f}" for g, r in zip(f.groups, f.right, strict=True)
                )
                + "."
            ),
            draw=draw_groups,
        ),
    ),
)
