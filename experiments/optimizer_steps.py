"""How long the steps of six update rules are when all gradients are alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from matplotlib.figure import Figure as MatplotlibFigure
from numpy.typing import NDArray

from experiments.drawing import LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.numpy.adagrad import Adagrad
from snippets.numpy.custom_adam import CustomAdam
from snippets.numpy.gradient_descent import GradientDescent
from snippets.numpy.momentum import Momentum
from snippets.numpy.nesterov import Nesterov
from snippets.numpy.rmsprop import RMSprop

Floats = tuple[float, ...]
STEPS = 10_000
SHOWN = tuple(sorted({round(10 ** (k / 12)) for k in range(49)}))
ALPHA = 0.99
KERAS_RHO = 0.9


class Rule(Protocol):
    """What all six have in common."""

    def step(
        self, params: Sequence[NDArray[np.float64]], grads: Sequence[NDArray[np.float64]]
    ) -> None:
        """Move the parameters in place."""


@dataclass(frozen=True)
class Facts:
    """Lengths of steps in units of lr, for a constant gradient of 1 unless said otherwise."""

    updates: tuple[int, ...]
    gradient_descent: Floats
    momentum: Floats
    nesterov: Floats
    adagrad: Floats
    rmsprop: Floats
    adam: Floats
    adagrad_at_10: float
    adagrad_at_100: float
    adagrad_at_1000: float
    adagrad_at_10000: float
    momentum_last: float
    rmsprop_alpha: float
    rmsprop_first: float
    rmsprop_first_keras: float
    rmsprop_last: float
    adam_first: float
    factor: float
    first_plain: float
    first_scaled: Floats
    """First steps of gradient descent, Adagrad, RMSprop and Adam for ``factor`` times the loss."""
    often: int
    often_left: float
    """What is left of Adagrad's lr after that many gradients of 1."""
    rare: int
    rare_size: float
    rare_left: float


def lengths(rule: Rule, gradients: Floats) -> Floats:
    """The lengths of all steps of one weight."""
    w, found = np.zeros(1), []
    for g in gradients:
        before = float(w[0])
        rule.step([w], [np.array([g])])
        found.append(abs(float(w[0]) - before))
    return tuple(found)


def measure(
    forget: float = 1.0, corrected: bool = False, factor: float = 1000.0, rare_size: float = 10.0
) -> Facts:
    """Give each rule the same gradients and look at its steps.

    Args:
        forget: What Adagrad keeps of its sum at each update; below 1 it is RMSprop.
        corrected: Whether RMSprop's mean is corrected for its start at zero.
        factor: What the loss is multiplied by.
        rare_size: Size of the gradients that come ten times less often.
    """

    def adagrad(gradients: Floats) -> Floats:
        if forget < 1:
            return lengths(RMSprop(1.0, forget, 0.0), gradients)
        return lengths(Adagrad(1.0), gradients)

    def rmsprop(alpha: float, gradients: Floats) -> Floats:
        rule = CustomAdam(1.0, (0.0, alpha)) if corrected else RMSprop(1.0, alpha)
        return lengths(rule, gradients)

    ones = (1.0,) * STEPS
    rules: dict[str, Callable[[Floats], Floats]] = {
        "gradient_descent": lambda g: lengths(GradientDescent(1.0), g),
        "momentum": lambda g: lengths(Momentum(1.0), g),
        "nesterov": lambda g: lengths(Nesterov(1.0), g),
        "adagrad": adagrad,
        "rmsprop": lambda g: rmsprop(ALPHA, g),
        "adam": lambda g: lengths(CustomAdam(1.0), g),
    }
    found = {name: rule(ones) for name, rule in rules.items()}
    scaled = ("gradient_descent", "adagrad", "rmsprop", "adam")
    # The rate that is left is the length of the last step over the size of its gradient.
    often, rare = adagrad((1.0,) * 100), adagrad((rare_size,) * 10)
    return Facts(
        updates=SHOWN,
        **{name: tuple(values[t - 1] for t in SHOWN) for name, values in found.items()},
        adagrad_at_10=found["adagrad"][9],
        adagrad_at_100=found["adagrad"][99],
        adagrad_at_1000=found["adagrad"][999],
        adagrad_at_10000=found["adagrad"][9999],
        momentum_last=found["momentum"][-1],
        rmsprop_alpha=ALPHA,
        rmsprop_first=found["rmsprop"][0],
        rmsprop_first_keras=rmsprop(KERAS_RHO, (1.0,))[0],
        rmsprop_last=found["rmsprop"][-1],
        adam_first=found["adam"][0],
        factor=factor,
        first_plain=found["gradient_descent"][0],
        first_scaled=tuple(rules[name]((factor,))[0] for name in scaled),
        often=100,
        often_left=often[-1],
        rare=10,
        rare_size=rare_size,
        rare_left=rare[-1] / rare_size,
    )


def draw_lengths(facts: Facts) -> MatplotlibFigure:
    """Step length over the update, both logarithmic."""
    figure = new_figure(width=5.8, height=4.0)
    axes = figure.subplots()
    for values, colour, style, words, place in (
        (facts.rmsprop, "dropout", "--", "RMSprop", (1.1, 12.5)),
        (facts.momentum, "l2", "-", "momentum, Nesterov", (220, 12.5)),
        (facts.nesterov, "elastic_net", ":", "", (1, 1)),
        (facts.gradient_descent, "plain", "-", "", (1, 1)),
        (facts.adam, "adam", "--", "gradient descent, Adam", (220, 1.25)),
        (facts.adagrad, "l1", "-", "Adagrad", (220, 0.085)),
    ):
        axes.loglog(facts.updates, values, color=LIGHT[colour], linestyle=style)
        if words:
            axes.text(place[0], place[1], words, color=LIGHT[colour])
    axes.set_ylim(0.006, 25)
    axes.set_xlabel("update t")
    axes.set_ylabel("step, in units of lr")
    return figure


EXPERIMENT = Experiment(
    question="How long are the steps of six update rules when every gradient is the same?",
    measure=measure,
    claims=(
        Claim(
            id="adagrad_fades_with_the_root",
            sentence=lambda f: (
                "With a constant gradient, Adagrad's step at update 1, 10, 100, 1,000 and 10,000 "
                f"is {f.adagrad[0]:.3g}, {f.adagrad_at_10:.3g}, {f.adagrad_at_100:.3g}, "
                f"{f.adagrad_at_1000:.3g} and {f.adagrad_at_10000:.3g} times lr: one over the root "
                "of t, because the *root* of the sum of squares stands below the fraction line."
            ),
            check=lambda f: all(
                abs(step * t**0.5 - 1) < 1e-6 for t, step in zip(f.updates, f.adagrad, strict=True)
            ),
            without={"forget": 0.99},
        ),
        Claim(
            id="size_not_frequency",
            sentence=lambda f: (
                f"After {f.often} gradients of 1, Adagrad has {f.often_left:.3f} of its learning "
                f"rate left; after {f.rare} gradients of {f.rare_size:g}, {f.rare_left:.3f}. What "
                "counts is the sum of squares, not how often a weight was updated."
            ),
            check=lambda f: f.rare_left < 0.5 * f.often_left,
            without={"rare_size": 1.0},
        ),
        Claim(
            id="rmsprop_begins_too_long",
            sentence=lambda f: (
                f"RMSprop's mean starts at 0 and is not corrected, so its first step is "
                f"{f.rmsprop_first:.2f} times lr with PyTorch's $\\alpha = {f.rmsprop_alpha}$, and "
                f"{f.rmsprop_first_keras:.2f} times with Keras's "
                f"{KERAS_RHO}; later steps are {f.rmsprop_last:.2f} times lr. Adam's first is "
                f"{f.adam_first:.2f}."
            ),
            check=lambda f: (
                f.rmsprop_first > 5 * f.adam_first
                and f.rmsprop_first_keras > 2 * f.adam_first
                and abs(f.rmsprop_last - 1) < 0.01
            ),
            without={"corrected": True},
        ),
        Claim(
            id="unit_of_the_loss",
            sentence=lambda f: (
                f"Multiply the loss by {f.factor:,.0f}, and gradient descent's first step becomes "
                f"{f.first_scaled[0]:,.0f} times lr; Adagrad's, RMSprop's and Adam's stay "
                f"{f.first_scaled[1]:.2f}, {f.first_scaled[2]:.2f} and {f.first_scaled[3]:.2f}."
            ),
            check=lambda f: (
                f.first_scaled[0] > 100 * f.first_plain
                and all(
                    abs(scaled / plain[0] - 1) < 1e-6
                    for scaled, plain in zip(
                        f.first_scaled[1:], (f.adagrad, f.rmsprop, f.adam), strict=True
                    )
                )
            ),
            without={"factor": 1.0},
        ),
    ),
    figures=(
        Figure(
            name="lengths",
            title=lambda f: "The same lr means six different step lengths",
            caption=lambda f: (
                "Steps of one weight whose gradient is always 1. Momentum ends at "
                f"{f.momentum_last:.0f} times lr. RMSprop begins {f.rmsprop_first:.0f} times too "
                "long. Adagrad never stops braking."
            ),
            alt=lambda f: (
                "Step length in units of lr over the update, both logarithmic. Gradient descent "
                f"and Adam stay at 1. Momentum rises from 1 to {f.momentum_last:.1f}. RMSprop "
                f"falls from {f.rmsprop_first:.1f} to {f.rmsprop_last:.2f}. Adagrad falls from "
                f"{f.adagrad[0]:.1f} to {f.adagrad_at_10000:.3f} at update 10,000."
            ),
            draw=draw_lengths,
        ),
    ),
)
