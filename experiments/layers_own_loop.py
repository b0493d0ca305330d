"""A Keras training loop of one's own, with the penalties and without."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import keras
import numpy as np
from sklearn.datasets import load_digits

from experiments.experiment import Claim, Experiment
from snippets.keras import gradient_tape, l2_network

SEEDS = 5
ROWS = 100
L2 = 0.001
LR, EPOCHS = 0.01, 300
COMPARED = 100
"""Steps after which weights are compared: later, Adam amplifies the last bit."""


@dataclass(frozen=True)
class Facts:
    """Means over the seeds; every training of one seed starts from the same weights."""

    seeds: int
    rows: int
    epochs: int
    compared: int
    l2: float
    apart: float
    """Largest difference of any weight between ``fit`` and the loop; for one seed."""
    apart_without: float
    """The same between ``fit`` and the loop that forgets them."""
    loss: float
    """Cross-entropy on new images, trained by the loop with the penalties."""
    loss_spread: float
    loss_without: float
    """The same by the loop that forgets them."""
    loss_without_spread: float
    seeds_worse: int


@cache
def start(seed: int) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Weights, then the images and digits in an order of their own."""
    images, digits = load_digits(return_X_y=True)
    keras.utils.set_random_seed(seed)
    order = np.random.default_rng(seed).permutation(len(digits))
    weights = l2_network.make_network(64, 10).get_weights()
    return weights, images[order].astype("float32") / 16, digits[order]


@cache
def trained(
    train: Callable[..., Any], seed: int, l2: float, epochs: int = EPOCHS
) -> tuple[np.ndarray, float]:
    """All weights, then the cross-entropy on the images that were not trained on."""
    weights, x, y = start(seed)
    model = l2_network.make_network(64, 10, l2=l2)
    model.set_weights(weights)
    train(model, x[:ROWS], y[:ROWS], lr=LR, epochs=epochs)
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    loss = float(cross_entropy(y[ROWS:], model(x[ROWS:])))
    return np.concatenate([w.ravel() for w in model.get_weights()]), loss


def measure(scale: float = 1.0) -> Facts:
    """Train on 100 of the 1,797 digits by ``fit``, by a loop, and by one that forgets.

    Args:
        scale: Multiplies the strength; 0 takes the penalty away.
    """
    apart = apart_without = 0.0
    losses = []
    for seed in range(SEEDS):
        _, loss = trained(gradient_tape.train, seed, scale * L2)
        # Layers that declare nothing leave the loop with the loss of the data alone.
        _, loss_without = trained(gradient_tape.train, seed, 0.0)
        if seed == 0:
            by_fit, _ = trained(l2_network.train, seed, scale * L2, COMPARED)
            by_loop, _ = trained(gradient_tape.train, seed, scale * L2, COMPARED)
            forgotten, _ = trained(gradient_tape.train, seed, 0.0, COMPARED)
            apart = float(np.abs(by_fit - by_loop).max())
            apart_without = float(np.abs(by_fit - forgotten).max())
        losses.append((loss, loss_without))
    mean, spread = np.mean(losses, 0), np.std(losses, 0, ddof=1)
    return Facts(
        seeds=SEEDS,
        rows=ROWS,
        epochs=EPOCHS,
        compared=COMPARED,
        l2=L2,
        apart=apart,
        apart_without=apart_without,
        loss=float(mean[0]),
        loss_spread=float(spread[0]),
        loss_without=float(mean[1]),
        loss_without_spread=float(spread[1]),
        seeds_worse=sum(without > loss for loss, without in losses),
    )


EXPERIMENT = Experiment(
    question="What does a loop of one's own cost that forgets the penalties?",
    measure=measure,
    claims=(
        Claim(
            id="fit_is_the_loop_with_losses",
            sentence=lambda f: (
                f"After {f.compared} steps of Adam, `fit` and the loop above have weights that "
                f"differ by at most {f.apart:.1g}. The loop without `sum(model.losses)` ends "
                f"{f.apart_without:.2f} away."
            ),
            check=lambda f: f.apart < 1e-4 and f.apart_without > 0.2,
            without={"scale": 0.0},
        ),
        Claim(
            id="forgetting_costs",
            sentence=lambda f: (
                f"It costs what the penalty was there for: after {f.epochs} steps the loss on new "
                f"images is {f.loss_without:.2f} ± {f.loss_without_spread:.2f} instead of "
                f"{f.loss:.2f} ± {f.loss_spread:.2f}, higher with {f.seeds_worse} of "
                f"{f.seeds} seeds ($\\lambda = {f.l2:g}$)."
            ),
            check=lambda f: f.seeds_worse == f.seeds and f.loss_without > 1.15 * f.loss,
            without={"scale": 0.0},
        ),
    ),
)
