"""Dropout from scratch in PyTorch, on a CPU bit for bit ``nn.Dropout``."""

import torch
from torch import Tensor, nn


def dropout_mask(x: Tensor, p: float) -> Tensor:
    r"""Draw one factor for every value of ``x``.

    .. math::
        m_i = \begin{cases} 0 & \text{with probability } p \\
            1 / (1 - p) & \text{otherwise} \end{cases}

    Args:
        x: Values of any shape; each of them gets a factor of its own.
        p: The share to drop, in [0, 1).

    Returns:
        A tensor like ``x`` in shape and dtype; the mean of each factor is 1.

    Raises:
        ValueError: If ``p`` is outside its range, or ``x`` not floating point.
    """
    if not 0 <= p < 1:
        raise ValueError(f"p must be in [0, 1), got {p!r}")
    if not x.is_floating_point():
        raise ValueError(f"x must be floating point, got {x.dtype}")
    return torch.empty_like(x).bernoulli_(1 - p).div_(1 - p)


class Dropout(nn.Module):
    r"""A layer that drops after ``train()`` and does not after ``eval()``.

    .. math::
        y = m \odot x \text{ in training}, \qquad y = x \text{ otherwise}

    Args:
        p: The share of values to drop, in [0, 1). Default 0.5.

    Raises:
        ValueError: If ``p`` is outside its range.

    Source:
        Srivastava et al. (2014), "Dropout: A Simple Way to Prevent Neural
        Networks from Overfitting", section 4; the scaling is in section 10.
    """

    def __init__(self, p: float = 0.5) -> None:
        if not 0 <= p < 1:
            raise ValueError(f"p must be in [0, 1), got {p!r}")
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Return the values with a new mask on them, or as they are.

        Args:
            x: Values of any shape.

        Returns:
            A tensor of the same shape.
        """
        if not self.training:  # set by model.train() and model.eval()
            return x
        return x * dropout_mask(x, self.p)
