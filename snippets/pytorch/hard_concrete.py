"""Hard concrete gates in PyTorch: a layer that learns which inputs to close."""

import math

import torch
from torch import Tensor, nn

BETA, GAMMA, ZETA = 2 / 3, -0.1, 1.1  # temperature, and the ends of the stretch


def sample_gates(log_alpha: Tensor, noise: Tensor) -> Tensor:
    """Return gates for one training step.

        s = sigmoid((log(u) - log(1 - u) + log_alpha) / beta)
        z = min(1, max(0, s * (zeta - gamma) + gamma))

    Args:
        log_alpha: What is learned: high keeps a gate open. Any shape.
        noise: u, uniform between 0 and 1, both excluded; the same shape.

    Returns:
        The gates z, in [0, 1].

    Raises:
        ValueError: If ``noise`` is not between 0 and 1.
    """
    if not ((noise > 0) & (noise < 1)).all():
        raise ValueError(f"noise must be in (0, 1), got {noise!r}")
    s = torch.sigmoid((torch.logit(noise) + log_alpha) / BETA)
    return (s * (ZETA - GAMMA) + GAMMA).clamp(0, 1)


class HardConcrete(nn.Module):
    """Multiply each input with its gate.

    Add ``strength * gates.expected_l0()`` to the mean loss.

    Args:
        inputs: How many, at least 1.
        log_alpha: Where all gates start, finite. Default 2, which is nearly open.

    Raises:
        ValueError: If ``inputs`` is below 1, or ``log_alpha`` not finite.

    Source:
        Louizos, Welling and Kingma (2018), "Learning Sparse Neural Networks
        through L0 Regularization", equations 10 to 13.
    """

    def __init__(self, inputs: int, log_alpha: float = 2.0) -> None:
        if inputs < 1:
            raise ValueError(f"inputs must be at least 1, got {inputs!r}")
        if not math.isfinite(log_alpha):
            raise ValueError(f"log_alpha must be finite, got {log_alpha!r}")
        super().__init__()
        self.log_alpha = nn.Parameter(torch.full((inputs,), float(log_alpha)))

    def gates(self) -> Tensor:
        """Return random gates after ``train()``, fixed ones after ``eval()``."""
        if self.training:
            noise = torch.rand_like(self.log_alpha).clamp(1e-6, 1 - 1e-6)
            return sample_gates(self.log_alpha, noise)
        return (self.log_alpha.sigmoid() * (ZETA - GAMMA) + GAMMA).clamp(0, 1)

    def expected_l0(self) -> Tensor:
        """Return how many gates are not zero, on average over the noise."""
        return (self.log_alpha - BETA * math.log(-GAMMA / ZETA)).sigmoid().sum()

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x``, shape (n, inputs), times the gates."""
        return x * self.gates()
