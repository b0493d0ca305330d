"""The soft threshold of whole groups in PyTorch, for after ``step()``."""

import math

import torch
from torch import Tensor


def group_threshold(weight: Tensor, threshold: float) -> Tensor:
    """Shorten every column by ``threshold * sqrt(k)``, and stop at zero.

        w_g <- w_g * max(1 - threshold * sqrt(k) / ||w_g||, 0)

    Use it under ``torch.no_grad()``: ``weight.copy_(group_threshold(weight, t))``.

    Args:
        weight: Shape (outputs, inputs), as in ``nn.Linear``; column g holds the k
            weights of input g.
        threshold: Finite, at least 0; after a step with learning rate lr it is
            lr * strength.

    Returns:
        A new tensor of the same shape and dtype.

    Raises:
        ValueError: If ``threshold`` is out of its range, or ``weight`` no matrix.

    Source:
        Parikh and Boyd (2014), "Proximal Algorithms", section 6.5.4.
    """
    if not 0 <= threshold < math.inf:
        raise ValueError(
            f"threshold must be a finite number >= 0, got {threshold!r}"
        )
    if weight.ndim != 2:
        shape = tuple(weight.shape)
        raise ValueError(f"weight must have shape (outputs, inputs), got {shape}")
    norms: Tensor = torch.linalg.vector_norm(weight, dim=0)  # (inputs,)
    left = (norms - threshold * math.sqrt(weight.shape[0])).clamp(min=0)
    return weight * (left / torch.where(norms > 0, norms, 1.0))
