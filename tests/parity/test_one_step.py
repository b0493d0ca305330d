"""One step, or two, that a person can check by hand, in every library (500 steps: test_matrix).

All start from the weight 1, see the gradient 1/2 in each step and have the learning rate 1/4.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch

from snippets.keras.custom_adam import CustomAdam as KerasAdam
from snippets.keras.custom_adamw import CustomAdamW as KerasAdamW
from snippets.keras.l1_penalty import L1Penalty
from snippets.keras.l2_penalty import L2Penalty
from snippets.keras.soft_threshold import SoftThreshold
from snippets.keras.weight_decay import decay_weights as keras_decay
from snippets.numpy.adagrad import Adagrad
from snippets.numpy.custom_adam import CustomAdam
from snippets.numpy.custom_adamw import CustomAdamW
from snippets.numpy.elastic_net import elastic_net_step
from snippets.numpy.gradient_descent import GradientDescent
from snippets.numpy.l1_penalty import l1_subgradient
from snippets.numpy.l2_penalty import l2_gradient
from snippets.numpy.momentum import Momentum
from snippets.numpy.nesterov import Nesterov
from snippets.numpy.rmsprop import RMSprop
from snippets.numpy.soft_threshold import soft_threshold
from snippets.numpy.weight_decay import decay_weights
from snippets.pytorch.custom_adam import CustomAdam as TorchAdam
from snippets.pytorch.custom_adamw import CustomAdamW as TorchAdamW
from snippets.pytorch.l1_penalty import l1_penalty
from snippets.pytorch.l2_penalty import l2_penalty
from snippets.pytorch.soft_threshold import soft_threshold as torch_soft_threshold
from snippets.pytorch.weight_decay import decay_weights as torch_decay

LR, G, STRENGTH = 0.25, 0.5, 0.25


def by_numpy(
    make: Callable[[], Any], *, steps: int, slope: Any = None, before: Any = None, after: Any = None
) -> float:
    optimizer, w = make(), np.array([[1.0]])
    for _ in range(steps):
        g = np.array([[G]]) + (slope([w])[0] if slope else 0.0)
        if before:
            before([w], LR, STRENGTH)
        optimizer.step([w], [g])
        if after:
            w[...] = after(w)
    return float(w[0, 0])


def by_torch(
    make: Callable[..., Any],
    *,
    steps: int,
    penalty: Any = None,
    before: Any = None,
    after: Any = None,
    **options: Any,
) -> float:
    model = torch.nn.Linear(1, 1, bias=False, dtype=torch.float64)
    with torch.no_grad():
        model.weight.fill_(1.0)
    optimizer = make(model.parameters(), lr=LR, **options)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = G * model.weight.sum()
        (loss + penalty(model) if penalty else loss).backward()
        if before:
            before(model.parameters(), LR, STRENGTH)
        optimizer.step()
        if after:
            with torch.no_grad():
                model.weight.copy_(after(model.weight))
    return model.weight.item()


def by_keras(
    make: Callable[..., Any],
    *,
    steps: int,
    slope: Any = None,
    before: Any = None,
    after: Any = None,
    **options: Any,
) -> float:
    w = keras.Variable([[1.0]], dtype="float64")
    w.constraint = after
    optimizer = make(LR, **options)
    for _ in range(steps):
        g = keras.ops.convert_to_tensor([[G]], dtype="float64")
        if slope:
            with tf.GradientTape() as tape:
                value = slope(w.value)
            g = g + tape.gradient(value, w.value)
        if before:
            before([w], LR, STRENGTH)
        optimizer.apply([g], [w])
    return float(keras.ops.convert_to_numpy(w.value)[0, 0])


@dataclass(frozen=True)
class Example:
    """What each library makes of the weight, and how to work it out."""

    expected: float
    numpy: dict[str, Any]
    torch: list[dict[str, Any]]
    keras: list[dict[str, Any]]
    steps: int = field(default=1)


own, layers = torch.optim, keras.optimizers
BETAS = (0.5, 0.75)  # exact in float32, to which Keras rounds them
KERAS_BETAS = {"beta_1": 0.5, "beta_2": 0.75, "epsilon": 0.0}
TORCH_BETAS: dict[str, Any] = {"betas": BETAS, "eps": 0.0}

EXAMPLES = {
    "SGD: 1 - 1/4 * 1/2": Example(
        0.875,
        {"make": lambda: GradientDescent(LR)},
        [{"make": own.SGD}],
        [{"make": layers.SGD}],
    ),
    "L2 of 1/4, its slope is 2 * 1/4 * 1: 1 - 1/4 * (1/2 + 1/2)": Example(
        0.75,
        {"make": lambda: GradientDescent(LR), "slope": lambda w: l2_gradient(w, STRENGTH)},
        [
            {"make": own.SGD, "penalty": lambda model: l2_penalty(model, STRENGTH)},
            {"make": own.SGD, "weight_decay": 2 * STRENGTH},
        ],
        [
            {"make": layers.SGD, "slope": L2Penalty(STRENGTH)},
            {"make": layers.SGD, "slope": keras.regularizers.l2(STRENGTH)},
        ],
    ),
    "decay of 1/4: 1 * (1 - 1/4 * 1/4) - 1/4 * 1/2": Example(
        0.8125,
        {"make": lambda: GradientDescent(LR), "before": decay_weights},
        [
            {"make": own.SGD, "before": torch_decay},
            {"make": own.SGD, "weight_decay": STRENGTH},
        ],
        [
            {"make": layers.SGD, "before": keras_decay},
            {"make": layers.SGD, "weight_decay": STRENGTH},
        ],
    ),
    "L1 of 1/4, its slope is 1/4: 1 - 1/4 * (1/2 + 1/4)": Example(
        0.8125,
        {"make": lambda: GradientDescent(LR), "slope": lambda w: l1_subgradient(w, STRENGTH)},
        [{"make": own.SGD, "penalty": lambda model: l1_penalty(model, STRENGTH)}],
        [
            {"make": layers.SGD, "slope": L1Penalty(STRENGTH)},
            {"make": layers.SGD, "slope": keras.regularizers.l1(STRENGTH)},
        ],
    ),
    "soft threshold of 1/16 after the step: 7/8 - 1/16": Example(
        0.8125,
        {"make": lambda: GradientDescent(LR), "after": lambda w: soft_threshold(w, LR * STRENGTH)},
        [{"make": own.SGD, "after": lambda w: torch_soft_threshold(w, LR * STRENGTH)}],
        [{"make": layers.SGD, "after": SoftThreshold(LR * STRENGTH)}],
    ),
    "elastic net step: (7/8 - 1/16) / (1 + 2 * 1/4 * 1/4)": Example(
        0.8125 / 1.125,
        {
            "make": lambda: GradientDescent(LR),
            "after": lambda w: elastic_net_step(w, STRENGTH, STRENGTH, lr=LR),
        },
        [{"make": own.SGD, "after": lambda w: torch_soft_threshold(w, LR * STRENGTH) / 1.125}],
        [{"make": layers.SGD, "after": lambda w: SoftThreshold(LR * STRENGTH)(w) / 1.125}],
    ),
    "momentum of 1/2, two steps: 1 - 1/4 * 1/2 - 1/4 * (1/2 * 1/2 + 1/2)": Example(
        0.6875,
        {"make": lambda: Momentum(LR, 0.5)},
        [{"make": own.SGD, "momentum": 0.5}],
        [{"make": layers.SGD, "momentum": 0.5}],
        steps=2,
    ),
    "Nesterov of 1/2, two steps: 1 - 1/4 * (1/2 + 1/4) - 1/4 * (1/2 + 3/8)": Example(
        0.59375,
        {"make": lambda: Nesterov(LR, 0.5)},
        [{"make": own.SGD, "momentum": 0.5, "nesterov": True}],
        [{"make": layers.SGD, "momentum": 0.5, "nesterov": True}],
        steps=2,
    ),
    "Adagrad, two steps: 1 - 1/4 - 1/4 * 1/2 / sqrt(1/4 + 1/4)": Example(
        0.75 - 0.125 / 0.5**0.5,
        {"make": lambda: Adagrad(LR, eps=0.0)},
        [{"make": own.Adagrad, "eps": 0.0}],
        [{"make": layers.Adagrad, "initial_accumulator_value": 0.0, "epsilon": 0.0}],
        steps=2,
    ),
    "RMSprop that keeps 3/4: 1 - 1/4 * 1/2 / sqrt(1/4 * 1/4)": Example(
        0.5,
        {"make": lambda: RMSprop(LR, 0.75, eps=0.0)},
        [{"make": own.RMSprop, "alpha": 0.75, "eps": 0.0}],
        [{"make": layers.RMSprop, "rho": 0.75, "epsilon": 0.0}],
    ),
    "Adam, whose first step is the learning rate: 1 - 1/4": Example(
        0.75,
        {"make": lambda: CustomAdam(LR, BETAS, 0.0)},
        [{"make": own.Adam, **TORCH_BETAS}, {"make": TorchAdam, **TORCH_BETAS}],
        [{"make": layers.Adam, **KERAS_BETAS}, {"make": KerasAdam, **KERAS_BETAS}],
    ),
    "Adam with L2, which cancels in the first step: 1 - 1/4": Example(
        0.75,
        {"make": lambda: CustomAdam(LR, BETAS, 0.0, weight_decay=2 * STRENGTH)},
        [
            {"make": own.Adam, **TORCH_BETAS, "weight_decay": 2 * STRENGTH},
            {"make": TorchAdam, **TORCH_BETAS, "weight_decay": 2 * STRENGTH},
        ],
        [{"make": layers.Adam, **KERAS_BETAS, "slope": L2Penalty(STRENGTH)}],
    ),
    "AdamW: 1 * (1 - 1/4 * 1/4) - 1/4": Example(
        0.6875,
        {"make": lambda: CustomAdamW(LR, BETAS, 0.0, weight_decay=STRENGTH)},
        [
            {"make": own.AdamW, **TORCH_BETAS, "weight_decay": STRENGTH},
            {"make": TorchAdamW, **TORCH_BETAS, "weight_decay": STRENGTH},
        ],
        [
            {"make": layers.AdamW, **KERAS_BETAS, "weight_decay": STRENGTH},
            {"make": layers.Adam, **KERAS_BETAS, "weight_decay": STRENGTH},
            {"make": KerasAdamW, **KERAS_BETAS, "weight_decay": STRENGTH},
        ],
    ),
}


@pytest.mark.parametrize("example", EXAMPLES)
def test_is_what_the_hand_finds(example: str) -> None:
    wanted = EXAMPLES[example]
    found = {"numpy": by_numpy(steps=wanted.steps, **wanted.numpy)}
    found |= {
        f"torch {k}": by_torch(steps=wanted.steps, **way) for k, way in enumerate(wanted.torch)
    }
    found |= {
        f"keras {k}": by_keras(steps=wanted.steps, **way) for k, way in enumerate(wanted.keras)
    }
    assert found == pytest.approx(dict.fromkeys(found, wanted.expected), rel=1e-12)
