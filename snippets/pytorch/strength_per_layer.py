"""A strength of L2 for each layer, in the optimizer's parameter groups."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from torch import nn


def make_network(sizes: Sequence[int]) -> nn.Sequential:
    """Return a network with ReLU between its linear layers.

    Args:
        sizes: Number of inputs, of units in each hidden layer, and of outputs; each
            at least 1.

    Returns:
        A model from (n, sizes[0]) to (n, sizes[-1]).

    Raises:
        ValueError: If there are fewer than two sizes, or one is below 1.
    """
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"sizes must be two or more, each >= 1, got {sizes!r}")
    layers = [[nn.Linear(*pair), nn.ReLU()] for pair in pairwise(sizes)]
    return nn.Sequential(*[m for pair in layers for m in pair][:-1])


def strength_groups(
    model: nn.Module, strengths: Sequence[float]
) -> list[dict[str, Any]]:
    """Make groups for ``SGD`` or ``Adam``: a strength for each linear layer.

        penalty = sum over layers l of  strengths[l] * sum of w^2 over weight l

    Args:
        model: Its linear layers are taken in the order of ``model.modules()``; it
            must have no parameters elsewhere.
        strengths: One for each linear layer: finite, at least 0.

    Returns:
        A group for each weight, with ``weight_decay = 2 * strength``, then one for
        all biases, with 0.

    Raises:
        ValueError: If there is not one strength for each layer, if one is negative,
            infinite or not a number, or if a parameter is in no linear layer.

    Source:
        Loshchilov and Hutter, "Decoupled Weight Decay Regularization", section 2:
        weight decay stands for half the sum of squares, hence the factor 2.
    """
    layers = [m for m in model.modules() if isinstance(m, nn.Linear)]
    if len(strengths) != len(layers):
        raise ValueError(
            f"strengths must be {len(layers)} numbers, got {len(strengths)}"
        )
    for l2 in strengths:
        if not 0 <= l2 < math.inf:
            raise ValueError(f"strengths must be finite and >= 0, got {l2!r}")
    groups: list[dict[str, Any]] = [
        {"params": [layer.weight], "weight_decay": 2 * l2}
        for layer, l2 in zip(layers, strengths, strict=True)
    ]
    biases = [layer.bias for layer in layers if layer.bias is not None]
    taken = {id(p) for p in biases} | {id(layer.weight) for layer in layers}
    for name, p in model.named_parameters():
        if id(p) not in taken:  # or the optimizer would never train it
            raise ValueError(f"parameters must be in linear layers, got {name}")
    return [*groups, {"params": biases, "weight_decay": 0.0}]
