"""RMSprop in NumPy: divide by the root of a running mean of squares."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class RMSprop:
    r"""RMSprop, every operation for each weight by itself.

    .. math::
        v_t &= \alpha v_{t-1} + (1 - \alpha)\, g_t^2 \\
        w_t &= w_{t-1} - \mathrm{lr} \cdot \frac{g_t}{\sqrt{v_t} + \epsilon}

    Args:
        lr: Learning rate, about the length of a later step of one weight; at
            least 0. Default 1e-2.
        alpha: Decay of the mean of squares; in [0, 1). Default 0.99.
        eps: Keeps the division finite; in the unit of the gradient, at least 0.
            Default 1e-8.

    Raises:
        ValueError: If an argument is outside its range.

    Source:
        Tieleman and Hinton (2012), "Neural Networks for Machine Learning",
        lecture 6e, which decays with 0.9.
    """

    def __init__(
        self, lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8
    ) -> None:
        if not 0.0 <= lr < math.inf:
            raise ValueError(f"lr must be a finite number >= 0, got {lr!r}")
        if not 0.0 <= alpha < 1.0:
            raise ValueError(f"alpha must be in [0, 1), got {alpha!r}")
        if not 0.0 <= eps < math.inf:
            raise ValueError(f"eps must be a finite number >= 0, got {eps!r}")
        self.lr, self.alpha, self.eps = lr, alpha, eps
        self.mean_sq: list[Array] = []

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
        shapes = [a.shape for a in self.mean_sq or params]
        for name, arrays in (("params", params), ("grads", grads)):
            if (got := [a.shape for a in arrays]) != shapes:
                raise ValueError(f"{name} must have the shapes {shapes}, got {got}")
            if kinds := {a.dtype.name for a in arrays if a.dtype.kind != "f"}:
                raise ValueError(f"{name} must be float arrays, got {kinds}")
        if not self.mean_sq:
            self.mean_sq = [np.zeros_like(p) for p in params]

        for p, g, v in zip(params, grads, self.mean_sq, strict=True):
            v[...] = self.alpha * v + (1 - self.alpha) * g**2
            p -= self.lr * g / (np.sqrt(v) + self.eps)  # v starts at 0, uncorrected
