"""What the different defaults of PyTorch and Keras do to the steps of the same rule."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import Any

import keras
import torch
from matplotlib.figure import Figure as MatplotlibFigure

from experiments.drawing import LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure

Floats = tuple[float, ...]
UPDATES = 50
SIZES = tuple(float(f"{10 ** (k / 2):.3g}") for k in range(-16, 1))
LR = 2.0**-7
RULES = ("Adagrad", "RMSprop", "Adam")
MATCHED: dict[str, tuple[dict[str, float], dict[str, float]]] = {
    "Adagrad": (
        {"initial_accumulator_value": 0.1 + 1e-7, "eps": 0.0},
        {"initial_accumulator_value": 0.1, "epsilon": 1e-7},
    ),
    "RMSprop": ({"alpha": 0.875, "eps": 0.0}, {"rho": 0.875, "epsilon": 0.0}),
    "Adam": ({"eps": 0.0}, {"epsilon": 0.0}),
}
"""Options with which both libraries take the same steps."""


@dataclass(frozen=True)
class Facts:
    """Distances in units of lr, after ``updates`` equal gradients; one for each size."""

    updates: int
    sizes: Floats
    adagrad_torch: Floats
    adagrad_keras: Floats
    rmsprop_torch: Floats
    rmsprop_keras: Floats
    adam_torch: Floats
    adam_keras: Floats
    small: float
    adagrad_small: Floats
    """PyTorch, Keras, for gradients of ``small``."""
    rmsprop_small: Floats
    adam_small: Floats
    inside_acts_as: float
    """What Keras's epsilon of RMSprop, inside the root, amounts to outside it."""
    lr_halved: float
    """Relative difference of the weight with momentum, when lr is halved half-way."""
    lr_constant: float
    decay_momentum: float
    """PyTorch's way over Keras's with weight_decay and momentum, minus 1."""
    decay_plain: float
    torch_defaults: dict[str, dict[str, float]]
    keras_defaults: dict[str, dict[str, float]]


def torch_walk(
    make: Callable[[Any], torch.optim.Optimizer],
    sizes: Floats,
    start: float = 0.0,
    halve: bool = False,
) -> Floats:
    """How far PyTorch moves weights whose gradients are always ``sizes``."""
    w = torch.full((len(sizes),), start, dtype=torch.float64)
    optimizer = make([w])
    for t in range(UPDATES):
        if halve and t == UPDATES // 2:
            optimizer.param_groups[0]["lr"] /= 2
        w.grad = torch.tensor(sizes, dtype=torch.float64)
        optimizer.step()
    return tuple(start - end for end in w.tolist())


def keras_walk(optimizer: Any, sizes: Floats, start: float = 0.0, halve: bool = False) -> Floats:
    """How far Keras moves weights whose gradients are always ``sizes``."""
    w = keras.Variable([start] * len(sizes), dtype="float64")
    gradient = keras.ops.convert_to_tensor(sizes, dtype="float64")
    for t in range(UPDATES):
        if halve and t == UPDATES // 2:
            optimizer.learning_rate = float(optimizer.learning_rate) / 2
        optimizer.apply([gradient], [w])
    return tuple(start - float(end) for end in w.numpy())


def measure(matched: bool = False, halve: bool = True, momentum: float = 0.875) -> Facts:
    """Give the same gradients to both libraries.

    Args:
        matched: Whether the options that make them equal replace the defaults.
        halve: Whether lr is halved half-way in the comparison of momentum.
        momentum: Momentum in the comparison of weight_decay.
    """
    walks: dict[str, tuple[Floats, Floats]] = {}
    for rule in RULES:
        ours, theirs = MATCHED[rule] if matched else ({}, {})

        def make(
            p: Any, rule: str = rule, options: dict[str, float] = ours
        ) -> torch.optim.Optimizer:
            optimizer: torch.optim.Optimizer = getattr(torch.optim, rule)(p, lr=LR, **options)
            return optimizer

        in_keras = getattr(keras.optimizers, rule)
        walks[rule] = (
            tuple(far / LR for far in torch_walk(make, SIZES)),
            tuple(far / LR for far in keras_walk(in_keras(LR, **theirs), SIZES)),
        )

    def sgd(changes: bool) -> float:
        (ours,) = torch_walk(
            lambda p: torch.optim.SGD(p, lr=LR, momentum=0.875), (1.0,), halve=changes
        )
        (theirs,) = keras_walk(keras.optimizers.SGD(LR, momentum=0.875), (1.0,), halve=changes)
        return abs(ours - theirs) / abs(theirs)

    def decay(mu: float) -> float:
        options: dict[str, Any] = {"momentum": mu, "weight_decay": 0.5}
        (ours,) = torch_walk(lambda p: torch.optim.SGD(p, lr=LR, **options), (0.0,), start=1.0)
        (theirs,) = keras_walk(keras.optimizers.SGD(LR, **options), (0.0,), start=1.0)
        return ours / theirs - 1

    at = SIZES.index(1e-5)
    return Facts(
        updates=UPDATES,
        sizes=SIZES,
        adagrad_torch=walks["Adagrad"][0],
        adagrad_keras=walks["Adagrad"][1],
        rmsprop_torch=walks["RMSprop"][0],
        rmsprop_keras=walks["RMSprop"][1],
        adam_torch=walks["Adam"][0],
        adam_keras=walks["Adam"][1],
        small=SIZES[at],
        adagrad_small=(walks["Adagrad"][0][at], walks["Adagrad"][1][at]),
        rmsprop_small=(walks["RMSprop"][0][at], walks["RMSprop"][1][at]),
        adam_small=(walks["Adam"][0][at], walks["Adam"][1][at]),
        inside_acts_as=float(defaults(keras.optimizers.RMSprop)["epsilon"]) ** 0.5,
        lr_halved=sgd(halve),
        lr_constant=sgd(False),
        decay_momentum=decay(momentum),
        decay_plain=decay(0.0),
        torch_defaults={
            name: defaults(getattr(torch.optim, name))
            for name in ("SGD", "Adagrad", "RMSprop", "Adam", "AdamW")
        },
        keras_defaults={
            name: defaults(getattr(keras.optimizers, name))
            for name in ("SGD", "Adagrad", "RMSprop", "Adam", "AdamW")
        },
    )


def defaults(optimizer: Any) -> dict[str, float]:
    """The numbers among the defaults of an optimizer's options."""
    found = {name: p.default for name, p in signature(optimizer.__init__).parameters.items()}
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def draw_travel(facts: Facts) -> MatplotlibFigure:
    """Distance over the size of the gradient, one panel for each rule."""
    figure = new_figure(width=6.2, height=6.6)
    panels = figure.subplots(3, 1, sharex=True)
    for panel, ours, theirs, colour, rule in (
        (panels[0], facts.adagrad_torch, facts.adagrad_keras, "l1", "Adagrad"),
        (panels[1], facts.rmsprop_torch, facts.rmsprop_keras, "dropout", "RMSprop"),
        (panels[2], facts.adam_torch, facts.adam_keras, "adam", "Adam"),
    ):
        panel.semilogx(facts.sizes, ours, color=LIGHT[colour])
        panel.semilogx(facts.sizes, theirs, color=LIGHT[colour], linestyle="--")
        panel.set_title(f"{rule}: PyTorch —   Keras - -", color=LIGHT[colour])
        panel.set_ylim(bottom=0)
    panels[1].set_ylabel(f"distance after {facts.updates} updates, in units of lr")
    panels[2].set_xlabel("size of the gradient")
    return figure


EXPERIMENT = Experiment(
    question="How far apart are the same-named optimizers of PyTorch and Keras with defaults?",
    measure=measure,
    claims=(
        Claim(
            id="small_gradients",
            sentence=lambda f: (
                f"{f.updates} gradients of {f.small:.0e} move a weight, in units of lr: Adagrad "
                f"{f.adagrad_small[0]:.1f} in PyTorch, {f.adagrad_small[1]:.1g} in Keras; RMSprop "
                f"{f.rmsprop_small[0]:.1f} and {f.rmsprop_small[1]:.1f}; Adam "
                f"{f.adam_small[0]:.1f} and {f.adam_small[1]:.1f}."
            ),
            check=lambda f: (
                f.adagrad_small[0] > 100 * f.adagrad_small[1]
                and f.rmsprop_small[0] > 10 * f.rmsprop_small[1]
                and f.adam_small[0] > 1.02 * f.adam_small[1]
            ),
            without={"matched": True},
        ),
        Claim(
            id="momentum_when_lr_changes",
            sentence=lambda f: (
                "Halve lr half-way, and momentum in the two libraries travels distances that "
                f"differ by {f.lr_halved:.1%}; with a constant lr they are equal to rounding."
            ),
            check=lambda f: f.lr_halved > 0.01 and f.lr_constant < 1e-12,
            without={"halve": False},
        ),
        Claim(
            id="decay_with_momentum",
            sentence=lambda f: (
                "With `SGD(weight_decay=0.5, momentum=0.875)` and no gradient, "
                f"{f.updates} updates take {1 + f.decay_momentum:.1f} times as much off a weight "
                "in PyTorch as in Keras; without momentum, equally much."
            ),
            check=lambda f: f.decay_momentum > 0.1 and abs(f.decay_plain) < 1e-12,
            without={"momentum": 0.0},
        ),
    ),
    figures=(
        Figure(
            name="travel",
            title=lambda f: "With defaults, small gradients count for more in PyTorch",
            caption=lambda f: (
                f"One weight, {f.updates} equal gradients. Keras's Adagrad starts its sum at "
                f"{f.keras_defaults['Adagrad']['initial_accumulator_value']}, so gradients far "
                "below the root of that count as small; its RMSprop has epsilon inside the root, "
                "where it acts like its own root. RMSprop also differs for large gradients: the "
                f"decays are {f.torch_defaults['RMSprop']['alpha']} and "
                f"{f.keras_defaults['RMSprop']['rho']}."
            ),
            alt=lambda f: (
                f"Distance in units of lr over the size of the gradient, from {f.sizes[0]:.0e} to "
                f"1. For gradients of {f.small:.0e}, PyTorch and Keras: Adagrad "
                f"{f.adagrad_small[0]:.1f} and {f.adagrad_small[1]:.1g}, RMSprop "
                f"{f.rmsprop_small[0]:.1f} and {f.rmsprop_small[1]:.1f}, Adam "
                f"{f.adam_small[0]:.1f} and {f.adam_small[1]:.1f}. For gradients of 1: "
                f"{f.adagrad_torch[-1]:.1f} and {f.adagrad_keras[-1]:.1f}, "
                f"{f.rmsprop_torch[-1]:.1f} and {f.rmsprop_keras[-1]:.1f}, "
                f"{f.adam_torch[-1]:.1f} and {f.adam_keras[-1]:.1f}."
            ),
            draw=draw_travel,
        ),
    ),
)
