"""The group lasso in PyTorch: one penalty for all weights that leave an input."""

import math

import torch
from torch import Tensor


def group_lasso_penalty(weight: Tensor, strength: float) -> Tensor:
    """Return the penalty of a layer's weight, whose columns are the groups.

        penalty = strength * sum_g sqrt(k) * ||w_g||,  k weights in each group

    Args:
        weight: Shape (outputs, inputs), as in ``nn.Linear``; column g holds what
            leaves input g.
        strength: In units of the loss per weight, finite, at least 0.

    Returns:
        A scalar tensor to add to the mean loss; the slope of a zero group is 0.

    Raises:
        ValueError: If ``strength`` is out of its range, or ``weight`` no matrix.

    Source:
        Yuan and Lin (2006), "Model Selection and Estimation in Regression with
        Grouped Variables", section 2.
    """
    if not 0 <= strength < math.inf:
        raise ValueError(f"strength must be a finite number >= 0, got {strength!r}")
    if weight.ndim != 2:
        shape = tuple(weight.shape)
        raise ValueError(f"weight must have shape (outputs, inputs), got {shape}")
    # A root of a sum of squares would have the slope nan at a zero group.
    norms: Tensor = torch.linalg.vector_norm(weight, dim=0)  # (inputs,)
    # the sum; norms.sum() is wrong in PyTorch 2.13 if a weight is sharded by rows
    total: Tensor = torch.linalg.vector_norm(norms, 1)
    return strength * math.sqrt(weight.shape[0]) * total
