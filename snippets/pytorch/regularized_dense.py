"""One setting for many layers: a linear layer that declares its L2 penalty."""

import functools
import math

import torch
from torch import Tensor, nn


class RegularizedDense(nn.Linear):
    """A linear layer with He's start that knows its L2 penalty, as in Keras.

        penalty = l2 * sum of w^2 over the weight, without the bias

    Args:
        inputs: Number of inputs.
        outputs: Number of outputs.
        l2: The strength, in units of the loss per squared weight; at least 0.
            Default 0.01.

    Raises:
        ValueError: If ``l2`` is negative, infinite or not a number, or another
            number below 1.

    Source:
        He et al., "Delving Deep into Rectifiers", section 2.2: the start.
    """

    def __init__(self, inputs: int, outputs: int, *, l2: float = 0.01) -> None:
        if not 0 <= l2 < math.inf:
            raise ValueError(f"l2 must be a finite number >= 0, got {l2!r}")
        if min(inputs, outputs) < 1:
            sizes = f"{inputs} and {outputs}"
            raise ValueError(f"inputs and outputs must be at least 1, got {sizes}")
        super().__init__(inputs, outputs)
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")
        nn.init.zeros_(self.bias)
        self.l2 = l2

    def penalty(self) -> Tensor:
        """Return the penalty of this layer, a scalar with a gradient."""
        return self.l2 * self.weight.square().sum()


def penalty(model: nn.Module) -> Tensor:
    """Add up what all layers of a model declare; add it to the loss.

    Args:
        model: Any module; layers of other kinds add nothing.

    Returns:
        The penalty, a scalar: what ``sum(model.losses)`` is in Keras.
    """
    layers = [m for m in model.modules() if isinstance(m, RegularizedDense)]
    return sum((m.penalty() for m in layers), torch.zeros(()))


def make_network(
    inputs: int, classes: int, *, hidden: int = 32, l2: float = 0.01
) -> nn.Sequential:
    """Return a network with two hidden layers; every layer has the same penalty.

    Args:
        inputs: Number of features.
        classes: Number of classes.
        hidden: Number of units in each hidden layer. Default 32.
        l2: The strength, finite, at least 0. Default 0.01.

    Returns:
        A model from (n, inputs) to logits (n, classes).

    Raises:
        ValueError: If ``l2`` is out of its range, or a number below 1.
    """
    if min(sizes := (inputs, classes, hidden)) < 1:
        raise ValueError(
            f"inputs, classes and hidden must be at least 1, got {sizes}"
        )
    Dense = functools.partial(RegularizedDense, l2=l2)
    return nn.Sequential(
        Dense(inputs, hidden),
        nn.ReLU(),
        Dense(hidden, hidden),
        nn.ReLU(),
        Dense(hidden, classes),
    )
