"""Momentum in NumPy: gradients add up in a velocity that fades."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Momentum:
    r"""Gradient descent with momentum, Polyak's heavy ball.

    .. math::
        b_t &= \mu b_{t-1} + g_t \\
        w_t &= w_{t-1} - \mathrm{lr} \cdot b_t

    Args:
        lr: Learning rate: unit of the weight squared over unit of the loss; at
            least 0. Default 1e-3.
        momentum: mu, the share of the velocity that is kept; in [0, 1).
            Default 0.9.

    Raises:
        ValueError: If an argument is outside its range.

    Source:
        Polyak (1964), doi:10.1016/0041-5553(64)90137-5; Sutskever et al. (2013),
        "On the importance of initialization and momentum in deep learning",
        equations 1 and 2, whose velocity is -lr times this one.
    """

    def __init__(self, lr: float = 1e-3, momentum: float = 0.9) -> None:
        if not 0.0 <= lr < math.inf:
            raise ValueError(f"lr must be a finite number >= 0, got {lr!r}")
        if not 0.0 <= momentum < 1.0:
            raise ValueError(f"momentum must be in [0, 1), got {momentum!r}")
        self.lr, self.momentum = lr, momentum
        self.velocity: list[Array] = []

    def step(self, params: Sequence[Array], grads: Sequence[Array]) -> None:
        """Move every parameter by one step, in place.

        Args:
            params: The weights, float arrays; the same ones at every step.
            grads: The gradient of the loss at ``params``, in the same shapes.

        Raises:
            ValueError: If an array is not of floats, there are none, or shapes
                differ between params, grads and the steps before.
        """
        alone = isinstance(params, np.ndarray) or not params
        # a number such as w[0] would stay where it is
        if alone or not all(isinstance(p, np.ndarray) for p in params):
            raise ValueError(f"params must be a list of arrays, got {params!r}")
        shapes = [a.shape for a in self.velocity or params]
        for name, arrays in (("params", params), ("grads", grads)):
            if (got := [a.shape for a in arrays]) != shapes:
                raise ValueError(f"{name} must have the shapes {shapes}, got {got}")
            if kinds := {a.dtype.name for a in arrays if a.dtype.kind != "f"}:
                raise ValueError(f"{name} must be float arrays, got {kinds}")
        if not self.velocity:
            self.velocity = [np.zeros_like(p) for p in params]

        for p, g, b in zip(params, grads, self.velocity, strict=True):
            b[...] = self.momentum * b + g
            p -= self.lr * b
