"""A network with three sigmoid layers; autograd writes the backward pass."""

import math

import torch
from torch import Tensor, nn


def make_network(
    inputs: int, hidden1: int, hidden2: int, outputs: int
) -> nn.Sequential:
    r"""Return three linear layers, each followed by a sigmoid.

    .. math::
        a_k = \sigma(a_{k-1} W_k^\top + b_k), \qquad a_0 = x

    Args:
        inputs: Number of features.
        hidden1: Units of the first layer.
        hidden2: Units of the second layer.
        outputs: Units of the last layer.

    Returns:
        A model from (n, inputs) to (n, outputs): samples are rows here.

    Raises:
        ValueError: If a number is below 1.
    """
    if min(sizes := (inputs, hidden1, hidden2, outputs)) < 1:
        raise ValueError(
            f"inputs, hidden1, hidden2 and outputs must be at least 1, got {sizes}"
        )
    return nn.Sequential(
        nn.Linear(inputs, hidden1),  # its weight has shape (hidden1, inputs)
        nn.Sigmoid(),
        nn.Linear(hidden1, hidden2),
        nn.Sigmoid(),
        nn.Linear(hidden2, outputs),
        nn.Sigmoid(),
    )


def train_step(
    network: nn.Module, x: Tensor, y: Tensor, lr: float
) -> tuple[float, tuple[Tensor, ...]]:
    r"""Run forward, backward and one update.

    .. math::
        J = \frac{1}{2n} \sum_{i=1}^{n} \lVert a_3^{(i)} - y^{(i)} \rVert^2,
        \qquad W_{new} = W_{old} - \mathrm{lr} \cdot \partial J / \partial W

    Args:
        network: From (n, inputs) to (n, outputs); changed in place.
        x: Shape (n, inputs).
        y: The targets, shape (n, outputs).
        lr: The learning rate, above 0.

    Returns:
        The cost before the update, and the gradients in the order of
        ``network.parameters()``.

    Raises:
        ValueError: If ``lr`` is not a finite number above 0, or ``y`` not of the
            prediction's shape.

    Source:
        Rumelhart, Hinton and Williams (1986), equations 1 to 8.
    """
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    prediction = network(x)  # forward; autograd keeps what backward will need
    if y.shape != prediction.shape:  # they would broadcast
        expected, got = tuple(prediction.shape), tuple(y.shape)
        raise ValueError(f"y must have shape {expected}, got {got}")
    cost = (prediction - y).square().sum() / (2 * len(y))
    parameters = list(network.parameters())
    gradients = torch.autograd.grad(cost, parameters)  # every gradient first ...
    with torch.no_grad():
        for p, gradient in zip(parameters, gradients, strict=True):
            p.sub_(lr * gradient)  # ... then every update
    return cost.item(), gradients
