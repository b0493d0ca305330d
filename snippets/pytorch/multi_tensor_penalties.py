"""L1 and L2 of all weights in a few calls, however many tensors there are."""

import math

import torch
from torch import Tensor, nn


def multi_tensor_l1(model: nn.Module, l1: float) -> Tensor:
    """Return what ``sum(p.abs().sum() for p in weights)`` returns, times l1.

        penalty = l1 * sum_j |w_j|

    Weights are the parameters with two dimensions or more, as for ``l1_penalty``.

    Args:
        model: Any module with at least one weight matrix.
        l1: The strength, in units of the loss per weight; at least 0.

    Returns:
        A scalar tensor; its gradient is l1 * sign(w_j), and 0 where w_j is 0.

    Raises:
        ValueError: If ``l1`` is negative, infinite or not a number, or the model
            has no weights.

    Source:
        Tibshirani (1996), "Regression Shrinkage and Selection via the Lasso",
        section 2.1.
    """
    weights = _weights(model, l1=l1)
    # one call for the norms of all tensors; a 1-norm is the sum of |w|
    return l1 * torch.stack(torch._foreach_norm(weights, 1)).sum()


def multi_tensor_l2(model: nn.Module, l2: float) -> Tensor:
    """Return what ``sum(p.square().sum() for p in weights)`` returns, times l2.

        penalty = l2 * sum_j w_j^2

    Args:
        model: Any module with at least one weight matrix.
        l2: The strength, in units of the loss per squared weight; at least 0.

    Returns:
        A scalar tensor; its gradient is 2 * l2 * w_j.

    Raises:
        ValueError: If ``l2`` is negative, infinite or not a number, or the model
            has no weights.
    """
    weights = _weights(model, l2=l2)
    # the square of a 2-norm is the sum of w^2; a tensor of zeros has the slope 0
    return l2 * torch.stack(torch._foreach_norm(weights, 2)).square().sum()


def _weights(model: nn.Module, **strength: float) -> list[Tensor]:
    ((name, value),) = strength.items()
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} must be a finite number >= 0, got {value!r}")
    weights: list[Tensor] = [p for p in model.parameters() if p.ndim >= 2]
    if not weights:
        raise ValueError(f"model needs a parameter with ndim >= 2, got {model!r}")
    return weights
