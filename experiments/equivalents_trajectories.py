"""The same training written for PyTorch and for Keras: which spellings stay together."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import keras
import numpy as np
import torch
from matplotlib.figure import Figure as MatplotlibFigure
from torch import nn

from experiments.drawing import LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from experiments.trajectories import HIDDEN, INPUTS, Array, distances, keras_path, torch_path
from snippets.keras.soft_threshold import SoftThreshold
from snippets.numpy.equivalent_epsilon import torch_epsilon
from snippets.numpy.equivalents import torch_weight_decay
from snippets.pytorch.l1_penalty import l1_penalty
from snippets.pytorch.soft_threshold import soft_threshold

STEPS = 500
# Exact in float32, to which Keras on TensorFlow rounds options even for float64 weights.
LR, ADAPTIVE_LR, MOMENTUM, STRENGTH = 2.0**-5, 2.0**-8, 0.875, 2.0**-7
BETAS, EPSILON = (0.875, 1 - 2.0**-10), 2.0**-20
DEFAULT_EPS = (1e-8, 1e-7)
"""Of Adam in PyTorch and in Keras."""
SMALL = 2.0**-20
USUAL = 0.01
FLOOR = 1e-17  # where an exact zero is drawn on a logarithmic axis
SHOWN = tuple(sorted({round(v) for v in np.geomspace(1, STEPS, 28)} | {100}))


@dataclass(frozen=True)
class Pair:
    """How far two spellings are apart, as a share of the way that the parameters go."""

    at_100: float
    at_500: float
    most: float
    """Over all steps."""
    shown: tuple[float, ...]


@dataclass(frozen=True)
class Facts:
    """One pair for each line of the page's tables, PyTorch's spelling and Keras's."""

    steps: int
    inputs: int
    hidden: int
    parameters: int
    lr: float
    usual: float
    small: float
    shown: tuple[int, ...]
    # the same algorithm
    l2: Pair
    momentum_l2: Pair
    adam_l2: Pair
    adamw: Pair
    l1: Pair
    threshold: Pair
    agree: float
    """The largest of these six, over all steps."""
    # a mistake
    factor: Pair
    biases: Pair
    momentum_decay: Pair
    adam_decay: Pair
    adamw_for_l2: Pair
    least_mistake: float
    """The smallest of these five after the last step."""
    # other steps by design
    threshold_for_l1: Pair
    epsilon: Pair
    defaults: Pair
    defaults_small: Pair
    adagrad: Pair
    rmsprop: Pair
    schedule: Pair
    rounded: Pair
    float32: Pair


def compare(one: Array, other: Array) -> Pair:
    """Both paths, after each step."""
    apart = distances(one, other)
    return Pair(
        at_100=float(apart[99]),
        at_500=float(apart[-1]),
        most=float(apart.max()),
        shown=tuple(float(apart[t - 1]) for t in SHOWN),
    )


def weights(model: nn.Module) -> list[nn.Parameter]:
    """What Keras calls kernels."""
    return [p for p in model.parameters() if p.ndim >= 2]


def groups(model: nn.Module, decay: float, everywhere: bool) -> list[dict[str, Any]]:
    """Decay for weights, and for biases only if ``everywhere``."""
    biases = [p for p in model.parameters() if p.ndim < 2]
    return [
        {"params": weights(model), "weight_decay": decay},
        {"params": biases, "weight_decay": decay if everywhere else 0.0},
    ]


def remembered(run: Callable[..., Array]) -> Callable[..., Array]:
    """A cache to which an option of 0 is no option: paths without a penalty are one path."""
    stored = cache(run)
    return lambda *rule, **options: stored(*rule, **{k: v for k, v in options.items() if v})


@remembered
def torch_sgd(
    *,
    decay: float = 0.0,
    everywhere: bool = False,
    momentum: float = 0.0,
    lr: float = LR,
    l1: float = 0.0,
    threshold: float = 0.0,
    halve: bool = False,
    dtype: str = "float64",
) -> Array:
    """PyTorch's SGD, with L1 in the loss or as a soft threshold after each step."""

    def before(t: int, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        if halve and t == STEPS // 2:
            for group in optimizer.param_groups:
                group["lr"] = lr / 2

    def after(model: nn.Module) -> None:
        for p in weights(model):
            p.copy_(soft_threshold(p, threshold))

    def penalty(model: nn.Module) -> torch.Tensor | float:
        return l1_penalty(model, l1) if l1 else 0.0

    return torch_path(
        lambda model: torch.optim.SGD(groups(model, decay, everywhere), lr=lr, momentum=momentum),
        steps=STEPS,
        before=before,
        after=after,
        penalty=penalty,
        dtype=dtype,
    )


@remembered
def torch_adaptive(
    rule: str,
    *,
    decay: float = 0.0,
    everywhere: bool = False,
    eps: float | None = None,
    mapped: bool = False,
    scale: float = 1.0,
) -> Array:
    """PyTorch's Adam and its like; mapped: ``eps`` is Keras's, and follows it step by step."""
    options: dict[str, Any] = {"betas": BETAS} if rule.startswith("Adam") else {}
    if eps is not None:
        options["eps"] = eps

    def before(t: int, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        if mapped and eps is not None:
            for group in optimizer.param_groups:
                group["eps"] = torch_epsilon(eps, BETAS[1], t)

    make: Callable[..., torch.optim.Optimizer] = getattr(torch.optim, rule)
    return torch_path(
        lambda model: make(groups(model, decay, everywhere), lr=ADAPTIVE_LR, **options),
        steps=STEPS,
        before=before,
        scale=scale,
    )


@remembered
def keras_sgd(
    *,
    decay: float = 0.0,
    momentum: float = 0.0,
    lr: float = LR,
    l1: float = 0.0,
    l2: float = 0.0,
    threshold: float = 0.0,
    halve: bool = False,
    dtype: str = "float64",
) -> Array:
    """Keras's SGD, with penalties that the layers declare or a constraint."""
    optimizer = keras.optimizers.SGD(lr, momentum=momentum, weight_decay=decay or None)

    def each(t: int) -> None:
        if halve and t == STEPS // 2:
            optimizer.learning_rate = lr / 2

    return keras_path(
        optimizer,
        steps=STEPS,
        kernel=keras.regularizers.l1_l2(l1=l1, l2=l2) if l1 or l2 else None,
        constraint=SoftThreshold(threshold) if threshold else None,
        each=each,
        dtype=dtype,
    )


@remembered
def keras_adaptive(
    rule: str,
    *,
    decay: float = 0.0,
    l2: float = 0.0,
    epsilon: float | None = None,
    scale: float = 1.0,
) -> Array:
    """Keras's Adam and its like."""
    options: dict[str, Any] = {}
    if rule == "Adam":
        options = {"beta_1": BETAS[0], "beta_2": BETAS[1]}
    if epsilon is not None:
        options["epsilon"] = epsilon
    optimizer = getattr(keras.optimizers, rule)(ADAPTIVE_LR, weight_decay=decay or None, **options)
    kernel = keras.regularizers.l2(l2) if l2 else None
    return keras_path(optimizer, steps=STEPS, kernel=kernel, scale=scale)


def measure(
    factor: float = 2.0,
    strength: float = STRENGTH,
    mapped: bool = True,
    usual: float = USUAL,
) -> Facts:
    """Train one network with each spelling.

    Args:
        factor: What PyTorch's ``weight_decay`` is for L2, times the strength.
        strength: Of L1 and L2; twice as much is the decay of the optimizers.
        mapped: Whether PyTorch's epsilon follows Keras's step by step, where it should.
        usual: lr and strength in the comparison with numbers that float32 rounds.
    """
    torch.set_num_threads(1)
    twice, both = factor * strength, torch_weight_decay(strength)
    with_l2 = keras_sgd(l2=strength)
    adam_l2 = keras_adaptive("Adam", l2=strength, epsilon=EPSILON)
    adamw = keras_adaptive("Adam", decay=both, epsilon=EPSILON)
    follows: dict[str, Any] = {"eps": EPSILON, "mapped": mapped}
    agree = {
        "l2": compare(torch_sgd(decay=twice), with_l2),
        "momentum_l2": compare(
            torch_sgd(decay=twice, momentum=MOMENTUM), keras_sgd(l2=strength, momentum=MOMENTUM)
        ),
        "adam_l2": compare(torch_adaptive("Adam", decay=twice, **follows), adam_l2),
        "adamw": compare(torch_adaptive("AdamW", decay=both, everywhere=True, **follows), adamw),
        "l1": compare(torch_sgd(l1=strength), keras_sgd(l1=strength)),
        "threshold": compare(
            torch_sgd(threshold=LR * strength), keras_sgd(threshold=LR * strength)
        ),
    }
    mistakes = {
        "factor": compare(torch_sgd(decay=strength), with_l2),
        "biases": compare(torch_sgd(decay=both, everywhere=True), with_l2),
        "momentum_decay": compare(
            torch_sgd(decay=both, everywhere=True, momentum=MOMENTUM),
            keras_sgd(decay=both, momentum=MOMENTUM),
        ),
        "adam_decay": compare(
            torch_adaptive("Adam", decay=both, everywhere=True, **follows), adamw
        ),
        "adamw_for_l2": compare(torch_adaptive("AdamW", decay=both, **follows), adam_l2),
    }
    others = {
        "threshold_for_l1": compare(torch_sgd(threshold=LR * strength), keras_sgd(l1=strength)),
        "epsilon": compare(
            torch_adaptive("Adam", eps=EPSILON), keras_adaptive("Adam", epsilon=EPSILON)
        ),
        "defaults": compare(
            torch_adaptive("Adam", eps=DEFAULT_EPS[0]),
            keras_adaptive("Adam", epsilon=DEFAULT_EPS[1]),
        ),
        "defaults_small": compare(
            torch_adaptive("Adam", eps=DEFAULT_EPS[0], scale=SMALL),
            keras_adaptive("Adam", epsilon=DEFAULT_EPS[1], scale=SMALL),
        ),
        "adagrad": compare(torch_adaptive("Adagrad"), keras_adaptive("Adagrad")),
        "rmsprop": compare(torch_adaptive("RMSprop"), keras_adaptive("RMSprop")),
        "schedule": compare(
            torch_sgd(momentum=MOMENTUM, halve=True), keras_sgd(momentum=MOMENTUM, halve=True)
        ),
        "rounded": compare(torch_sgd(decay=2 * usual, lr=usual), keras_sgd(l2=usual, lr=usual)),
        "float32": compare(
            torch_sgd(decay=2 * STRENGTH, dtype="float32"),
            keras_sgd(l2=STRENGTH, dtype="float32"),
        ),
    }
    return Facts(
        steps=STEPS,
        inputs=INPUTS,
        hidden=HIDDEN,
        parameters=with_l2.shape[1],
        lr=LR,
        usual=usual,
        small=SMALL,
        shown=SHOWN,
        agree=max(pair.most for pair in agree.values()),
        least_mistake=min(pair.at_500 for pair in mistakes.values()),
        **agree,
        **mistakes,
        **others,
    )


def draw(facts: Facts) -> MatplotlibFigure:
    """All pairs over the steps: three levels."""
    figure = new_figure(width=6.4, height=4.4)
    axes = figure.subplots()

    def line(pair: Pair, colour: str, style: str) -> None:
        heights = [max(apart, FLOOR) for apart in pair.shown]
        axes.plot(facts.shown, heights, color=LIGHT[colour], linestyle=style, linewidth=1.8)

    line(facts.l2, "l2", "-")
    line(facts.momentum_l2, "l2", "-")
    line(facts.l1, "l1", "-")
    line(facts.threshold, "l1", "-")
    line(facts.adam_l2, "adam", "-")
    line(facts.adamw, "adamw", "-")
    line(facts.factor, "l2", "--")
    line(facts.biases, "l2", "--")
    line(facts.momentum_decay, "l2", "--")
    line(facts.adam_decay, "adam", "--")
    line(facts.adamw_for_l2, "adamw", "--")
    line(facts.float32, "plain", ":")
    line(facts.rounded, "plain", ":")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(1, facts.steps)
    axes.set_ylim(FLOOR, 30)
    axes.set_xticks([1, 10, 100, facts.steps], ["1", "10", "100", str(facts.steps)])
    axes.minorticks_off()
    axes.set_xlabel("step")
    axes.set_ylabel("distance between the two libraries\n(share of the way gone)")
    end = 0.93 * facts.steps
    axes.text(end, 3, "a mistaken spelling", ha="right", color=LIGHT["ink"])
    axes.text(
        end, 8 * facts.float32.at_500, "the same, in float32", ha="right", color=LIGHT["plain"]
    )
    axes.text(
        end,
        facts.rounded.at_500 / 12,
        f"the same, with lr and λ {facts.usual:g}",
        ha="right",
        va="top",
        color=LIGHT["plain"],
    )
    axes.text(end, 10 * facts.agree, "the same algorithm", ha="right", color=LIGHT["ink"])
    return figure


EXPERIMENT = Experiment(
    question="Which spellings in PyTorch and Keras are the same training, and how far off is a "
    "mistaken one?",
    measure=measure,
    claims=(
        Claim(
            id="agree",
            sentence=lambda f: (
                "Six techniques, each with the mapped numbers, take the same steps in PyTorch "
                f"and Keras: over {f.steps} steps no parameter is further apart than "
                f"{f.agree:.0e} of the way gone."
            ),
            check=lambda f: f.agree < 1e-12,
            without={"factor": 1.0},
        ),
        Claim(
            id="mistakes",
            sentence=lambda f: (
                "Five mistaken spellings train another network: after "
                f"{f.steps} steps the nearest is {f.least_mistake:.0%} of the way off, and the "
                f"same `Adam(weight_decay=...)` in both libraries {f.adam_decay.at_500:.0%}."
            ),
            check=lambda f: f.least_mistake > 0.01 and f.adam_decay.at_500 > 0.1,
            without={"strength": 0.0},
        ),
        Claim(
            id="epsilon",
            sentence=lambda f: (
                "The same epsilon in both Adams is not the same Adam: "
                f"{f.epsilon.most:.0e} of the way apart. Mapped before each step, it stays "
                f"within {f.adamw.most:.0e}."
            ),
            check=lambda f: f.epsilon.most > 1e-6 and f.adamw.most < 1e-12,
            without={"mapped": False},
        ),
        Claim(
            id="rounding",
            sentence=lambda f: (
                f"With lr and λ of {f.usual:g} instead of powers of two, the right spelling is "
                f"still {f.rounded.most:.0e} apart in float64: Keras on TensorFlow rounds "
                "options to float32."
            ),
            check=lambda f: f.rounded.most > 1e-10,
            without={"usual": STRENGTH},
        ),
    ),
    figures=(
        Figure(
            name="distance",
            title=lambda f: "The right spelling agrees to the last digits; a mistake shows at once",
            caption=lambda f: (
                "One network, one start, one order of the data. Solid: six pairs that are the "
                "same algorithm. Dashed: five that only look like it. Dotted: what rounding to "
                "float32 does. Blue is L2, orange L1, green Adam with L2, ochre AdamW."
            ),
            alt=lambda f: (
                f"Distance between PyTorch and Keras over {f.steps} steps, both axes "
                f"logarithmic. Six right spellings stay below {f.agree:.0e}. Five mistaken ones "
                f"end between {f.least_mistake:.1g} and {f.adam_decay.at_500:.1g}. In float32 "
                f"the right spelling of L2 is {f.float32.at_500:.0e} apart, with options that "
                f"Keras rounds {f.rounded.at_500:.0e}."
            ),
            draw=draw,
        ),
    ),
)
