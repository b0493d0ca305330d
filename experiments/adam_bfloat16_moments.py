"""What Adam's means lose in bfloat16, and what stochastic rounding gives back."""

import math
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, partial
from statistics import fmean, stdev
from typing import Any
from unittest.mock import patch

import torch
from matplotlib.figure import Figure as MatplotlibFigure
from torch import Tensor
from torch.nn import functional as F

from experiments.adam_digits import HIDDEN, digits
from experiments.drawing import LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.pytorch import compiled_adam, low_memory_adam
from snippets.pytorch.compiled_adam import CompiledAdam
from snippets.pytorch.custom_adam import CustomAdam
from snippets.pytorch.custom_adamw import CustomAdamW
from snippets.pytorch.custom_amsgrad import CustomAMSGrad
from snippets.pytorch.low_memory_adam import LowMemoryAdam
from snippets.pytorch.master_weights import MasterWeights
from snippets.pytorch.multi_tensor_adam import MultiTensorAdam

SEEDS, STEPS, BATCH, ROWS = 5, 1000, 64, 1000
LR, BETAS = 0.003, (0.9, 0.999)
LOUD, QUIET = 50, 2000
"""Gradients of 1, then gradients of a tenth: how many of each."""
KINDS = ("float32", "nearest", "stochastic")


@dataclass(frozen=True)
class Training:
    """Means and standard deviations over the seeds."""

    loss: float
    loss_spread: float
    accuracy: float
    accuracy_spread: float


@dataclass(frozen=True)
class Facts:
    """One optimizer, its means kept in three ways."""

    seeds: int
    steps: int
    rows: int
    held_out: int
    lr: float
    float32: Training
    nearest: Training
    stochastic: Training
    loss_ratio: float
    """Loss with nearest rounding over loss with float32."""
    stochastic_ratio: float
    """Loss with stochastic rounding over loss with float32."""
    worse: int
    """Seeds in which rounding to the nearest has the higher loss of the two."""
    loud: int
    quiet: int
    beta2: float
    curves: dict[str, tuple[float, ...]]
    """The mean of squares after each step, averaged over many weights; gradients of 1, then 0.1."""
    left: dict[str, float]
    """The last point of each curve."""
    state_bytes: dict[str, dict[str, float]]
    """Bytes of state for one weight, by optimizer and dtype of the weight."""
    all_bytes: dict[str, dict[str, float]]
    """The same with the weight and its gradient."""


class StochasticAdam(LowMemoryAdam):
    """The snippet, uncompiled: the same numbers, and no compiler needed here."""

    rounding = staticmethod(low_memory_adam.round_stochastically)

    def step(self, closure: Any = None) -> Any:
        """One step with the rounding of this class."""
        with patch.multiple(
            low_memory_adam,
            compiled_update=lambda: low_memory_adam.update,
            round_stochastically=self.rounding,
        ):
            return super().step(closure)


class NearestAdam(StochasticAdam):
    """The same optimizer, rounding to the nearest."""

    rounding = staticmethod(lambda x, noise: x.bfloat16().float())


OPTIMIZERS: dict[str, Any] = {
    "float32": CustomAdam,
    "nearest": NearestAdam,
    "stochastic": StochasticAdam,
}


@cache
def train(kind: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mini-batches of digits, all seeds at once: the loss on them and the accuracy on the others.

    Every tensor holds one network for each seed; Adam does not mix numbers, so they stay apart.
    """
    x, y = digits()
    generators = [torch.Generator().manual_seed(seed) for seed in range(SEEDS)]
    orders = torch.stack([torch.randperm(len(y), generator=g) for g in generators])
    x, y = x[orders].float(), y[orders]

    def normal(rows: int, columns: int, variance: float) -> Tensor:
        drawn = [torch.randn(rows, columns, generator=g) for g in generators]
        return torch.stack(drawn) * math.sqrt(variance)

    params = [
        *(normal(64, HIDDEN, 2 / 64), torch.zeros(SEEDS, 1, HIDDEN)),
        *(normal(HIDDEN, 10, 1 / HIDDEN), torch.zeros(SEEDS, 1, 10)),
    ]
    for p in params:
        p.requires_grad_()

    def logits(rows: Tensor) -> Tensor:
        return torch.baddbmm(params[3], torch.baddbmm(params[1], rows, params[0]).relu(), params[2])

    def losses(rows: Tensor, labels: Tensor) -> Tensor:
        answers = logits(rows).transpose(1, 2)
        return F.cross_entropy(answers, labels, reduction="none").mean(1)

    optimizer = OPTIMIZERS[kind](params, lr=LR, betas=BETAS)
    seed = torch.arange(SEEDS)[:, None]
    for _ in range(STEPS):
        rows = torch.stack([torch.randint(ROWS, (BATCH,), generator=g) for g in generators])
        optimizer.zero_grad()
        losses(x[seed, rows], y[seed, rows]).sum().backward()
        optimizer.step()
    with torch.no_grad():
        loss = losses(x[:, :ROWS], y[:, :ROWS])
        right = (logits(x[:, ROWS:]).argmax(2) == y[:, ROWS:]).double().mean(1)
    return tuple(loss.tolist()), tuple((100 * right).tolist())


def training(kind: str) -> Training:
    """Over all seeds."""
    losses, accuracies = train(kind)
    return Training(fmean(losses), stdev(losses), fmean(accuracies), stdev(accuracies))


@cache
def curve(kind: str, beta2: float) -> tuple[float, ...]:
    """The mean of squares when gradients shrink to a tenth."""
    w = torch.zeros(256, requires_grad=True)
    # the noise follows from the gradient: equal weights would round alike
    each = torch.linspace(1 - 1e-4, 1 + 1e-4, len(w))
    optimizer = OPTIMIZERS[kind]([w], lr=LR, betas=(BETAS[0], beta2))
    found = []
    for t in range(LOUD + QUIET):
        w.grad = each * (1.0 if t < LOUD else 0.1)
        optimizer.step()
        found.append(optimizer.state[w]["exp_avg_sq"].double().mean().item())
    return tuple(found)


def state_bytes(make: Any, dtype: torch.dtype) -> float:
    """Bytes of state for one weight of a large parameter, the step count aside."""
    w = torch.zeros(1000, dtype=dtype, requires_grad=True)
    w.grad = torch.ones_like(w)
    optimizer = make([w])
    optimizer.step()
    weights: list[Tensor] = [w]
    kept: list[Tensor] = []
    if isinstance(optimizer, MasterWeights):
        weights, kept, optimizer = optimizer.weights, [*optimizer.weights], optimizer.optimizer
    for weight in weights:
        kept += [s for key, s in optimizer.state[weight].items() if key != "step"]
    return float(sum(s.nbytes for s in kept) / w.numel())


DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float64": torch.float64}
STATEFUL: dict[str, Any] = {
    "sgd": partial(torch.optim.SGD, lr=0.1),
    "momentum": partial(torch.optim.SGD, lr=0.1, momentum=0.9),
    "adagrad": torch.optim.Adagrad,
    "rmsprop": torch.optim.RMSprop,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "amsgrad": partial(torch.optim.Adam, amsgrad=True),
    "custom": CustomAdam,
    "multi_tensor": MultiTensorAdam,
    "compiled": CompiledAdam,
    "custom_adamw": CustomAdamW,
    "custom_amsgrad": CustomAMSGrad,
    "low_memory": LowMemoryAdam,
}


def all_state_bytes(small: bool) -> dict[str, dict[str, float]]:
    """Every optimizer with weights of every dtype."""
    found = {}
    makers = STATEFUL if small else {**STATEFUL, "low_memory": CustomAdam}
    uncompiled = (
        patch.object(module, "compiled_update", lambda module=module: module.update)
        for module in (compiled_adam, low_memory_adam)
    )
    with ExitStack() as stack:
        for replaced in uncompiled:
            stack.enter_context(replaced)
        for name, make in makers.items():
            found[name] = {key: state_bytes(make, dtype) for key, dtype in DTYPES.items()}
    masters = partial(MasterWeights, make=torch.optim.Adam)
    found["master_weights"] = {"bfloat16": state_bytes(masters, torch.bfloat16)}
    return found


def measure(beta2: float = BETAS[1], noise: bool = True, small: bool = True) -> Facts:
    """Train with the means in float32, and in bfloat16 with two kinds of rounding.

    Args:
        beta2: Decay of the mean of squares where gradients shrink; training has 0.999.
        noise: Whether the stochastic one is stochastic; if not, it rounds to the nearest.
        small: Whether the low-memory optimizer is the one whose bytes are counted.
    """
    torch.set_num_threads(1)
    ways = {kind: "nearest" if kind == "stochastic" and not noise else kind for kind in KINDS}
    found = {kind: training(way) for kind, way in ways.items()}
    curves = {kind: curve(way, beta2) for kind, way in ways.items()}
    kept = all_state_bytes(small)
    return Facts(
        seeds=SEEDS,
        steps=STEPS,
        rows=ROWS,
        held_out=len(digits()[1]) - ROWS,
        lr=LR,
        float32=found["float32"],
        nearest=found["nearest"],
        stochastic=found["stochastic"],
        loss_ratio=found["nearest"].loss / found["float32"].loss,
        stochastic_ratio=found["stochastic"].loss / found["float32"].loss,
        worse=sum(
            nearest > stochastic
            for nearest, stochastic in zip(
                train(ways["nearest"])[0], train(ways["stochastic"])[0], strict=True
            )
        ),
        loud=LOUD,
        quiet=QUIET,
        beta2=beta2,
        curves=curves,
        left={kind: values[-1] for kind, values in curves.items()},
        state_bytes=kept,
        all_bytes={
            name: {key: 2 * DTYPES[key].itemsize + n for key, n in sizes.items()}
            for name, sizes in kept.items()
        },
    )


COLOURS = {"float32": "ink", "nearest": "plain", "stochastic": "adam"}
LINES = {"float32": "-", "nearest": "--", "stochastic": ":"}
NAMES = {
    "float32": "float32",
    "nearest": "bfloat16, to the nearest",
    "stochastic": "bfloat16, stochastic",
}


def draw_falling(facts: Facts) -> MatplotlibFigure:
    """The mean of squares over the steps, three ways to keep it."""
    figure = new_figure(width=6.2, height=3.8)
    axes = figure.subplots()
    for kind in KINDS:
        axes.plot(
            range(1, facts.loud + facts.quiet + 1),
            facts.curves[kind],
            color=LIGHT[COLOURS[kind]],
            linestyle=LINES[kind],
            linewidth=3.4 if kind == "stochastic" else 2.0,
            label=NAMES[kind],
        )
    axes.set_ylim(0, 1.35 * max(facts.curves["nearest"]))
    axes.set_xlabel("updates")
    axes.set_ylabel("v, mean of squared gradients")
    axes.legend(loc="upper right", fontsize=11)
    return figure


EXPERIMENT = Experiment(
    question="What does Adam lose when its two means are kept in bfloat16?",
    measure=measure,
    claims=(
        Claim(
            id="nearest_cannot_fall",
            sentence=lambda f: (
                f"After {f.loud} gradients of 1, {f.quiet} gradients of 0.1 bring $v$ down to "
                f"{f.left['float32']:.4f} in float32. In bfloat16 it stays at "
                f"{f.left['nearest']:.4f} when rounded to the nearest, and falls to "
                f"{f.left['stochastic']:.4f}, the mean of 256 weights, when rounded "
                "stochastically."
            ),
            check=lambda f: (
                f.left["nearest"] == max(f.curves["nearest"])
                and f.left["nearest"] > 2 * f.left["float32"]
                and abs(f.left["stochastic"] / f.left["float32"] - 1) < 0.03
            ),
            without={"beta2": 0.9},
        ),
        Claim(
            id="noise_is_free",
            sentence=lambda f: (
                f"The training loss rises by {f.loss_ratio - 1:.0%} with rounding to the nearest, "
                f"in {f.worse} of {f.seeds} seeds, and by {abs(f.stochastic_ratio - 1):.1%} with "
                "stochastic rounding."
            ),
            check=lambda f: (
                f.worse == f.seeds and f.loss_ratio > 1.04 and abs(f.stochastic_ratio - 1) < 0.01
            ),
            without={"noise": False},
        ),
        Claim(
            id="half_the_state",
            sentence=lambda f: (
                f"`LowMemoryAdam` keeps {f.state_bytes['low_memory']['float32']:.0f} bytes for "
                f"each float32 weight, `torch.optim.Adam` {f.state_bytes['adam']['float32']:.0f}."
            ),
            check=lambda f: (
                2 * f.state_bytes["low_memory"]["float32"] == f.state_bytes["adam"]["float32"]
            ),
            without={"small": False},
        ),
    ),
    figures=(
        Figure(
            name="falling",
            title=lambda _: "Rounded to the nearest, the mean of squares cannot fall",
            caption=lambda f: (
                f"{f.loud} gradients of 1, then {f.quiet} of 0.1. At $\\beta_2 = {f.beta2}$ a step "
                "down is less than half the distance to the next number of bfloat16, so rounding "
                "to the nearest undoes it."
            ),
            alt=lambda f: (
                f"The mean of squares rises to {max(f.curves['float32']):.3f} in {f.loud} updates. "
                f"In the next {f.quiet} it falls to {f.left['float32']:.3f} in float32 and to "
                f"{f.left['stochastic']:.3f} in bfloat16 with stochastic rounding; rounded to the "
                f"nearest it stays at {f.left['nearest']:.3f}."
            ),
            draw=draw_falling,
        ),
    ),
)
