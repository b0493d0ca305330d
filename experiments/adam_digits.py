"""The network that the Adam experiments train: digits, one hidden layer, mini-batches."""

from dataclasses import dataclass
from functools import cache

import torch
from sklearn.datasets import load_digits
from torch import Tensor
from torch.nn import functional as F

from snippets.pytorch.custom_adam import CustomAdam

HIDDEN = 32
BATCH = 64
NO_CORRECTION = 1e6
"""A step count at which 1 - beta^t is 1: an optimizer that begins there corrects nothing."""


@cache
def digits() -> tuple[Tensor, Tensor]:
    """All 1,797 images, shape (n, 64), scaled to [0, 1], and their labels."""
    x, y = load_digits(return_X_y=True)
    return torch.tensor(x / 16, dtype=torch.float64), torch.tensor(y)


@dataclass(frozen=True)
class Run:
    """What one training left: loss on all images, weights that are NaN, gradients on the way."""

    loss: float
    not_numbers: int
    gradients: tuple[tuple[Tensor, ...], ...]


def train(
    seed: int,
    *,
    lr: float,
    steps: int,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    eps_hat: float | None = None,
    first_step: float = 0.0,
    factor: float = 1.0,
    record: bool = False,
) -> Run:
    """Train on factor * cross-entropy; report the cross-entropy.

    Args:
        seed: Decides the start and the batches.
        lr: The learning rate.
        steps: Number of mini-batches.
        betas: Adam's two decays.
        eps: Adam's epsilon, where the paper has it.
        eps_hat: If given, Keras's epsilon: before the correction.
        first_step: Where the step count starts.
        factor: What the loss is multiplied by.
        record: Whether to keep the gradients of all steps.
    """
    x, y = digits()
    generator = torch.Generator().manual_seed(seed)

    def normal(rows: int, columns: int, variance: float) -> Tensor:
        draw = torch.randn(rows, columns, generator=generator, dtype=x.dtype)
        draw *= variance**0.5
        return draw.requires_grad_()

    def zeros(columns: int) -> Tensor:
        return torch.zeros(columns, dtype=x.dtype, requires_grad=True)

    w1, b1 = normal(64, HIDDEN, 2 / 64), zeros(HIDDEN)
    w2, b2 = normal(HIDDEN, 10, 1 / HIDDEN), zeros(10)
    params = [w1, b1, w2, b2]

    def loss(rows: Tensor | slice) -> Tensor:
        return F.cross_entropy((x[rows] @ w1 + b1).relu() @ w2 + b2, y[rows])

    optimizer = CustomAdam(params, lr=lr, betas=betas, eps=eps)
    for p in params:
        zero = {"exp_avg": torch.zeros_like(p), "exp_avg_sq": torch.zeros_like(p)}
        optimizer.state[p] = {"step": torch.tensor(first_step), **zero}
    gradients = []
    for t in range(1, steps + 1):
        rows = torch.randint(len(x), (BATCH,), generator=generator)
        optimizer.zero_grad()
        (factor * loss(rows)).backward()
        if eps_hat is not None:
            optimizer.param_groups[0]["eps"] = eps_hat / (1 - betas[1] ** t) ** 0.5
        if record:
            gradients.append(tuple(p.grad.clone() for p in params if p.grad is not None))
        optimizer.step()
    with torch.no_grad():
        not_numbers = sum(int(p.isnan().sum()) for p in params)
        return Run(loss(slice(None)).item(), not_numbers, tuple(gradients))
