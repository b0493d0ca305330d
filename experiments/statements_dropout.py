"""Sentences about the modes of a model, the scale of dropout, and dropped units."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional

from experiments.experiment import Claim, Experiment

VALUES = 10_000
UNITS = 200
SEEDS, ROWS, STEPS = 5, 400, 200
RATES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
OPTIMIZERS: dict[str, Callable[[list[Tensor]], torch.optim.Optimizer]] = {
    "plain": lambda p: torch.optim.SGD(p, lr=0.1),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "decay": lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.01),
    "adam": lambda p: torch.optim.Adam(p, lr=0.1),
}


@dataclass(frozen=True)
class Facts:
    """Shares of values that are zero, and counts of units that move."""

    rate: float
    module_in_eval: float
    function_in_eval: float
    module_in_no_grad: float
    eval_records: bool
    """Whether an output computed after ``eval()`` can be differentiated."""
    eval_moved: float
    """Share of the weights that an optimizer step moves in evaluation mode."""
    rates: int
    scale_error: float
    """Largest difference of a kept 1 from 1 / (1 - rate) in float32, over all rates."""
    scaled: bool
    """Whether a kept 1 is larger than 1 at every rate."""
    eval_change: float
    """Largest difference that dropout makes in evaluation mode."""
    seeds: int
    hidden_loss: float
    hidden_spread: float
    outputs_loss: float
    outputs_spread: float
    """Training loss of a network that drops hidden units, or its outputs, at the end; in nats."""
    dropped: int
    """Units that one row drops in the second of two steps and keeps in the first."""
    plain: int
    momentum: int
    decay: int
    adam: int
    """How many of these a step moves all the same, with each optimizer."""


def still_moved(make: Callable[[list[Tensor]], torch.optim.Optimizer]) -> tuple[int, int]:
    """Units dropped in step 2 and not in step 1, and how many of them step 2 moves."""
    torch.manual_seed(0)
    first, second = nn.Linear(20, UNITS), nn.Linear(UNITS, 1)
    optimizer = make([*first.parameters(), *second.parameters()])
    kept, before = [], torch.empty(0)
    for _ in range(2):
        row = torch.randn(1, 20)
        hidden = torch.tanh(first(row))
        mask = functional.dropout(torch.ones_like(hidden))
        kept.append(mask[0] > 0)
        before = first.weight.detach().clone()
        optimizer.zero_grad(set_to_none=False)
        (second(hidden * mask) - 1).square().sum().backward()
        optimizer.step()
    chosen = kept[0] & ~kept[1]
    moved = (first.weight.detach() != before).any(1)
    return int(chosen.sum()), int((chosen & moved).sum())


def last_losses(rate: float, outputs: bool) -> np.ndarray:
    """Training loss of the last tenth of the steps, one for each seed.

    Args:
        rate: Of dropout.
        outputs: Drop after the last layer, not after the hidden one.
    """
    data, target = load_digits(return_X_y=True)
    images, labels = torch.tensor(data / 16, dtype=torch.float32), torch.tensor(target)
    found = []
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        rows = torch.randperm(len(images))[:ROWS]
        drop = nn.Dropout(rate)
        model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
        model.insert(len(model) if outputs else 2, drop)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        losses = []
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(images[rows]), labels[rows])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        found.append(np.mean(losses[-STEPS // 10 :]))
    return np.array(found)


def measure(
    rate: float = 0.5, training: bool = False, frozen: bool = False, remember: bool = True
) -> Facts:
    """Drop ones, look at what is left, and take a few steps.

    Args:
        rate: Of the dropout whose shares are counted; 0 drops nothing.
        training: Leave the model in training mode where it should be in evaluation mode.
        frozen: Set ``requires_grad`` to False before the step in evaluation mode.
        remember: Use the optimizers that keep a memory or decay; else plain SGD for all.
    """
    torch.manual_seed(0)
    ones = torch.ones(VALUES)
    layer = nn.Dropout(rate)
    with torch.no_grad():
        in_no_grad = layer(ones)
    layer.train(training)
    in_eval = layer(ones)
    function = functional.dropout(ones, rate)

    model = nn.Sequential(nn.Linear(20, 50), nn.Tanh(), nn.Dropout(0.5), nn.Linear(50, 1)).eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.requires_grad_(not frozen)
    loss = (model(torch.randn(32, 20)) - 1).square().mean()
    before = [p.detach().clone() for p in model.parameters()]
    if loss.requires_grad:
        loss.backward()
    optimizer.step()
    moved = [
        (old != new.detach()).flatten() for old, new in zip(before, model.parameters(), strict=True)
    ]

    errors, scaled = [], []
    for p in RATES:
        out = functional.dropout(ones, rate * p / 0.5)
        kept = out[out > 0]
        errors.append((kept - 1 / torch.tensor(1 - rate * p / 0.5)).abs().max().item())
        scaled.append(bool((kept > 1).all()))

    counts = {
        name: still_moved(make if remember else OPTIMIZERS["plain"])
        for name, make in OPTIMIZERS.items()
    }
    hidden, outputs = last_losses(rate, outputs=False), last_losses(rate, outputs=True)
    return Facts(
        rate=rate,
        module_in_eval=(in_eval == 0).float().mean().item(),
        function_in_eval=(function == 0).float().mean().item(),
        module_in_no_grad=(in_no_grad == 0).float().mean().item(),
        eval_records=loss.requires_grad,
        eval_moved=torch.cat(moved).float().mean().item(),
        rates=len(RATES),
        scale_error=max(errors),
        scaled=all(scaled),
        eval_change=(in_eval - ones).abs().max().item(),
        seeds=SEEDS,
        hidden_loss=float(hidden.mean()),
        hidden_spread=float(hidden.std(ddof=1)),
        outputs_loss=float(outputs.mean()),
        outputs_spread=float(outputs.std(ddof=1)),
        dropped=counts["plain"][0],
        **{name: count for name, (_, count) in counts.items()},
    )


EXPERIMENT = Experiment(
    question="What do the modes of a model switch, and what does a dropped unit do?",
    measure=measure,
    claims=(
        Claim(
            id="function_ignores_eval",
            sentence=lambda f: (
                f"After `eval()` the layer `nn.Dropout({f.rate:g})` drops {f.module_in_eval:.0%}, "
                f"the function `F.dropout(x, {f.rate:g})` still {f.function_in_eval:.0%}."
            ),
            check=lambda f: f.module_in_eval == 0 and f.function_in_eval > 0.4,
            without={"rate": 0.0},
        ),
        Claim(
            id="no_grad_does_not_stop_it",
            sentence=lambda f: (
                f"Under `no_grad()` alone, the layer drops {f.module_in_no_grad:.0%} of the values."
            ),
            check=lambda f: f.module_in_no_grad > 0.4,
            without={"rate": 0.0},
        ),
        Claim(
            id="eval_does_not_freeze",
            sentence=lambda f: (
                "`eval()` freezes nothing: a step taken in evaluation mode moves "
                f"{f.eval_moved:.0%} of the weights."
            ),
            check=lambda f: f.eval_records and f.eval_moved > 0.9,
            without={"frozen": True},
        ),
        Claim(
            id="kept_values_grow",
            sentence=lambda f: (
                f"A kept 1 becomes $1 / (1 - p)$: at {f.rates} rates the largest difference, in "
                f"float32, is {f.scale_error:.1g}."
            ),
            check=lambda f: f.scaled and f.scale_error < 2e-6,
            without={"rate": 0.0},
        ),
        Claim(
            id="identity_in_evaluation",
            sentence=lambda f: (
                "In evaluation mode dropout changes no value: the largest difference is "
                f"{f.eval_change:g}. Nothing is left to scale."
            ),
            check=lambda f: f.eval_change == 0,
            without={"training": True},
        ),
        Claim(
            id="dropped_answers",
            sentence=lambda f: (
                f"A network for digits with `nn.Dropout({f.rate:g})` after its hidden layer gets "
                f"its training loss down to {f.hidden_loss:.2f} ± {f.hidden_spread:.2f}; after the "
                f"last layer, where it replaces answers by 0, to {f.outputs_loss:.2f} ± "
                f"{f.outputs_spread:.2f} ({f.seeds} seeds). PyTorch does not object."
            ),
            check=lambda f: f.outputs_loss > 5 * f.hidden_loss,
            without={"rate": 0.0},
        ),
        Claim(
            id="dropped_and_moved",
            sentence=lambda f: (
                f"Even with a batch of one row: of {f.dropped} units that it drops and the row "
                f"before has kept, plain SGD moves {f.plain}; with weight decay {f.decay} move, "
                f"with momentum {f.momentum}, with Adam {f.adam}."
            ),
            check=lambda f: f.plain == 0 and min(f.decay, f.momentum, f.adam) > 0.9 * f.dropped,
            without={"remember": False},
        ),
    ),
)
