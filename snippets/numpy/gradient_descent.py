"""Gradient descent in NumPy: a step against the gradient."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class GradientDescent:
    r"""Plain gradient descent: no memory of earlier gradients.

    .. math::
        w_t = w_{t-1} - \mathrm{lr} \cdot g_t

    Args:
        lr: Learning rate: unit of the weight squared over unit of the loss; at
            least 0. Default 1e-3.

    Raises:
        ValueError: If ``lr`` is outside its range.

    Source:
        Cauchy (1847); with gradients of mini-batches: Robbins and Monro (1951),
        doi:10.1214/aoms/1177729586.
    """

    def __init__(self, lr: float = 1e-3) -> None:
        if not 0.0 <= lr < math.inf:
            raise ValueError(f"lr must be a finite number >= 0, got {lr!r}")
        self.lr = lr

    def step(self, params: Sequence[Array], grads: Sequence[Array]) -> None:
        """Move every parameter by one step, in place.

        Args:
            params: The weights, float arrays; the same ones at every step.
            grads: The gradient of the loss at ``params``, in the same shapes.

        Raises:
            ValueError: If an array is not of floats, there are none, or shapes
                differ between params and grads.
        """
        alone = isinstance(params, np.ndarray) or not params
        # a number such as w[0] would stay where it is
        if alone or not all(isinstance(p, np.ndarray) for p in params):
            raise ValueError(f"params must be a list of arrays, got {params!r}")
        shapes = [p.shape for p in params]
        if (got := [g.shape for g in grads]) != shapes:
            raise ValueError(f"grads must have the shapes {shapes}, got {got}")
        for name, arrays in (("params", params), ("grads", grads)):
            if kinds := {a.dtype.name for a in arrays if a.dtype.kind != "f"}:
                raise ValueError(f"{name} must be float arrays, got {kinds}")
        for p, g in zip(params, grads, strict=True):
            p -= self.lr * g
