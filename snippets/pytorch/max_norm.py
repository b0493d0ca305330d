"""Max-norm in PyTorch: no unit's incoming weights may be longer than a limit."""

import math

import torch
from torch import Tensor


def max_norm(weight: Tensor, limit: float) -> Tensor:
    """Shorten the rows that are too long, and leave the others alone.

        w_u <- w_u * min(1, limit / ||w_u||)

    After each ``optimizer.step()``, under ``torch.no_grad()``:
    ``weight.copy_(max_norm(weight, limit))``. PyTorch's own is
    ``torch.renorm(weight, p=2, dim=0, maxnorm=limit)``.

    Args:
        weight: Shape (units, inputs), as in ``nn.Linear``; row u holds what enters
            unit u.
        limit: The longest norm allowed, finite, above 0.

    Returns:
        A new tensor of the same shape and dtype.

    Raises:
        ValueError: If ``limit`` is out of its range, or ``weight`` no matrix.

    Source:
        Srivastava et al. (2014), "Dropout: A Simple Way to Prevent Neural
        Networks from Overfitting", section 5.1.
    """
    if not 0 < limit < math.inf:
        raise ValueError(f"limit must be a finite number > 0, got {limit!r}")
    if weight.ndim != 2:
        shape = tuple(weight.shape)
        raise ValueError(f"weight must have shape (units, inputs), got {shape}")
    norms: Tensor = torch.linalg.vector_norm(
        weight, dim=1, keepdim=True
    )  # (units, 1)
    return weight * (limit / norms.clamp(min=limit))
