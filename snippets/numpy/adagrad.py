"""Adagrad in NumPy: divide by the root of the sum of all squared gradients."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Adagrad:
    r"""Adagrad, every operation for each weight by itself.

    .. math::
        s_t &= s_{t-1} + g_t^2 \\
        w_t &= w_{t-1} - \mathrm{lr} \cdot \frac{g_t}{\sqrt{s_t} + \epsilon}

    Args:
        lr: Learning rate, the length of the first step of each weight; at least 0.
            Default 1e-2.
        eps: Keeps the division finite; in the unit of the gradient, at least 0.
            Default 1e-10.

    Raises:
        ValueError: If an argument is outside its range.

    Source:
        Duchi, Hazan and Singer (2011), "Adaptive Subgradient Methods for Online
        Learning and Stochastic Optimization", JMLR 12, the diagonal version.
    """

    def __init__(self, lr: float = 1e-2, eps: float = 1e-10) -> None:
        if not 0.0 <= lr < math.inf:
            raise ValueError(f"lr must be a finite number >= 0, got {lr!r}")
        if not 0.0 <= eps < math.inf:
            raise ValueError(f"eps must be a finite number >= 0, got {eps!r}")
        self.lr, self.eps = lr, eps
        self.sum_sq: list[Array] = []

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
        shapes = [a.shape for a in self.sum_sq or params]
        for name, arrays in (("params", params), ("grads", grads)):
            if (got := [a.shape for a in arrays]) != shapes:
                raise ValueError(f"{name} must have the shapes {shapes}, got {got}")
            if kinds := {a.dtype.name for a in arrays if a.dtype.kind != "f"}:
                raise ValueError(f"{name} must be float arrays, got {kinds}")
        if not self.sum_sq:
            self.sum_sq = [np.zeros_like(p) for p in params]

        for p, g, s in zip(params, grads, self.sum_sq, strict=True):
            s += g**2  # only ever grows
            p -= self.lr * g / (np.sqrt(s) + self.eps)
