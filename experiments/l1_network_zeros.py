"""Zeros in a network trained with L1, by the penalty in the loss and by a soft threshold."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

from experiments.experiment import Claim, Experiment
from snippets.pytorch.l1_network import make_network, train
from snippets.pytorch.soft_threshold import soft_threshold

STRENGTH = 0.001
SEEDS = 5
ROWS = 400
ADAM_LR, ADAM_STEPS = 0.005, 300
SGD_LR, SGD_STEPS = 0.5, 500
SMALL = 0.01


@dataclass(frozen=True)
class Training:
    """One way of training: over the seeds, all weights together, accuracies as mean and spread."""

    zeros: int
    zero_share: float
    small_share: float
    """Weights below ``Facts.small`` without sign, the zeros among them."""
    accuracy: float
    accuracy_spread: float
    cut_accuracy: float
    """Mean accuracy after setting the small weights to 0."""


@dataclass(frozen=True)
class Facts:
    """A network for digits, trained in three ways."""

    l1: float
    seeds: int
    rows: int
    validation_rows: int
    small: float
    weights: int
    """Of all seeds together, biases not counted."""
    plain: Training
    in_the_loss: Training
    thresholded: Training


def weights_of(model: nn.Module) -> list[nn.Parameter]:
    """What the penalty counts."""
    return [p for p in model.parameters() if p.ndim >= 2]


def train_proximal(model: nn.Module, features: Tensor, labels: Tensor, l1: float) -> None:
    """SGD on the cross-entropy alone, and a soft threshold after each step."""
    optimizer = torch.optim.SGD(model.parameters(), lr=SGD_LR)
    for _ in range(SGD_STEPS):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(features), labels).backward()
        optimizer.step()
        with torch.no_grad():
            for p in weights_of(model):
                p.copy_(soft_threshold(p, SGD_LR * l1))


@cache
def digits_data() -> tuple[Tensor, Tensor]:
    """Images with pixels from 0 to 1 and their digits, in random order."""
    images, digits = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(digits))
    return torch.tensor(images[order] / 16, dtype=torch.float32), torch.tensor(digits[order])


@cache
def trained(way: str, l1: float) -> Training:
    """Train from each seed with "adam" or with "soft threshold", and judge."""
    features, labels = digits_data()
    models = []
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        model = make_network(64, 10)
        if way == "adam":
            train(model, features[:ROWS], labels[:ROWS], l1=l1, lr=ADAM_LR, epochs=ADAM_STEPS)
        else:
            train_proximal(model, features[:ROWS], labels[:ROWS], l1)
        models.append(model)
    arrays = [torch.cat([p.detach().flatten() for p in weights_of(m)]) for m in models]
    weights = torch.stack(arrays).abs()

    @torch.no_grad()
    def accuracy(model: nn.Sequential) -> float:
        right = model(features[ROWS:]).argmax(1) == labels[ROWS:]
        return float(right.double().mean())

    before = np.array([accuracy(m) for m in models])
    with torch.no_grad():
        for p in (p for m in models for p in weights_of(m)):
            p[p.abs() < SMALL] = 0
    return Training(
        zeros=int((weights == 0).sum()),
        zero_share=float((weights == 0).double().mean()),
        small_share=float((weights < SMALL).double().mean()),
        accuracy=float(before.mean()),
        accuracy_spread=float(before.std(ddof=1)),
        cut_accuracy=float(np.mean([accuracy(m) for m in models])),
    )


def measure(l1: float = STRENGTH, threshold: bool = True) -> Facts:
    """Train on 400 images of digits from five seeds, validate on the others.

    Args:
        l1: The strength.
        threshold: Whether the proximal way applies its soft threshold.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so small that a second one costs more than it brings
    plain = trained("adam", 0.0)
    in_the_loss = trained("adam", l1)
    thresholded = trained("soft threshold", l1 if threshold else 0.0)
    torch.set_num_threads(threads)
    return Facts(
        l1=l1,
        seeds=SEEDS,
        rows=ROWS,
        validation_rows=len(digits_data()[1]) - ROWS,
        small=SMALL,
        weights=SEEDS * sum(p.numel() for p in weights_of(make_network(64, 10))),
        plain=plain,
        in_the_loss=in_the_loss,
        thresholded=thresholded,
    )


EXPERIMENT = Experiment(
    question="How many weights of a network become exactly zero with L1?",
    measure=measure,
    claims=(
        Claim(
            id="small_but_not_zero",
            sentence=lambda f: (
                f"With the penalty in the loss and Adam, {f.in_the_loss.zeros} of {f.weights:,} "
                f"weights are exactly zero, though {f.in_the_loss.small_share:.0%} are below "
                f"{f.small:g} (without penalty: {f.plain.small_share:.0%})."
            ),
            check=lambda f: (
                f.in_the_loss.zeros == 0 and f.in_the_loss.small_share > 5 * f.plain.small_share
            ),
            without={"l1": 0.0},
        ),
        Claim(
            id="threshold_makes_zeros",
            sentence=lambda f: (
                f"With SGD and a soft threshold, {f.thresholded.zero_share:.0%} are exactly zero, "
                f"and the accuracy on {f.validation_rows:,} new images is "
                f"{f.thresholded.accuracy:.1%}, against {f.plain.accuracy:.1%} for Adam without "
                f"a penalty."
            ),
            check=lambda f: (
                f.thresholded.zero_share > 0.5 and f.thresholded.accuracy > f.plain.accuracy - 0.02
            ),
            without={"threshold": False},
        ),
        Claim(
            id="small_ones_can_be_cut",
            sentence=lambda f: (
                f"You can also cut afterwards: setting the weights below {f.small:g} of the "
                f"network trained with Adam and L1 to zero changes its accuracy from "
                f"{f.in_the_loss.accuracy:.1%} to {f.in_the_loss.cut_accuracy:.1%}, and "
                f"{f.in_the_loss.small_share:.0%} of its weights are gone."
            ),
            check=lambda f: (
                abs(f.in_the_loss.cut_accuracy - f.in_the_loss.accuracy) < 0.005
                and f.in_the_loss.small_share > 0.4
            ),
            without={"l1": 0.0},
        ),
    ),
)
