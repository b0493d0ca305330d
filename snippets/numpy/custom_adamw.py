"""AdamW from scratch in NumPy: Adam, with one line that shrinks the weights."""

import math
from collections.abc import Sequence
from numbers import Real

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class CustomAdamW:
    r"""Adam with decoupled weight decay; the decay first, as in PyTorch and Keras.

    .. math::
        w_t = (1 - \mathrm{lr} \cdot \mathrm{weight\_decay}) \, w_{t-1}
            - \mathrm{lr} \cdot \frac{m_t / (1 - \beta_1^t)}
            {\sqrt{v_t / (1 - \beta_2^t)} + \epsilon}

    Args:
        lr: Learning rate, about the length of one step of one weight; at least 0.
            Default 1e-3.
        betas: Decay of the means of the gradient and of its square; each in [0, 1).
            Default (0.9, 0.999).
        eps: Keeps the division finite; in the unit of the gradient, at least 0.
            Default 1e-8.
        weight_decay: Times lr the fraction that a weight loses at each step; at
            least 0. Default 0.01.

    Raises:
        ValueError: If an argument is outside its range.

    Source:
        Loshchilov and Hutter, arXiv:1711.05101, Algorithm 2; there the decay is not
        multiplied by the learning rate, in the libraries it is.
    """

    def __init__(
        self,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        for name, value in (
            ("lr", lr),
            ("eps", eps),
            ("weight_decay", weight_decay),
        ):
            if not 0.0 <= value < math.inf:
                raise ValueError(
                    f"{name} must be a finite number >= 0, got {value!r}"
                )
        two = isinstance(betas, tuple | list) and len(betas) == 2
        real = two and all(isinstance(beta, Real) for beta in betas)
        if not (real and all(0.0 <= beta < 1.0 for beta in betas)):
            raise ValueError(f"betas must be two numbers in [0, 1), got {betas!r}")
        self.lr, self.betas, self.eps = lr, betas, eps
        self.weight_decay = weight_decay
        self.t = 0
        self.exp_avg: list[Array] = []
        self.exp_avg_sq: list[Array] = []

    def step(self, params: Sequence[Array], grads: Sequence[Array]) -> None:
        """Move every parameter by one step, in place.

        Args:
            params: The weights, float arrays of any shape; the same at each step.
            grads: The gradient of the loss at ``params``, in the same shapes.

        Raises:
            ValueError: If an array is not of floats, there are none, or shapes
                differ between params, grads and the steps before.
        """
        alone = isinstance(params, np.ndarray) or not params
        # a number such as w[0] would stay where it is
        if alone or not all(isinstance(p, np.ndarray) for p in params):
            raise ValueError(f"params must be a list of arrays, got {params!r}")
        shapes = [a.shape for a in self.exp_avg or params]
        for name, arrays in (("params", params), ("grads", grads)):
            if [a.shape for a in arrays] != shapes:
                got = [a.shape for a in arrays]
                raise ValueError(f"{name} must have the shapes {shapes}, got {got}")
            if kinds := {a.dtype.name for a in arrays if a.dtype.kind != "f"}:
                raise ValueError(f"{name} must be float arrays, got {kinds}")
        if self.t == 0:
            self.exp_avg = [np.zeros_like(p) for p in params]
            self.exp_avg_sq = [np.zeros_like(p) for p in params]

        self.t += 1
        beta1, beta2 = self.betas
        for p, g, m, v in zip(
            params, grads, self.exp_avg, self.exp_avg_sq, strict=True
        ):
            p *= 1 - self.lr * self.weight_decay  # the W: g knows nothing of it
            m[...] = beta1 * m + (1 - beta1) * g  # m_t: mean of gradients
            v[...] = beta2 * v + (1 - beta2) * g**2  # v_t: mean of their squares
            m_hat = m / (1 - beta1**self.t)  # undo the start at zero
            v_hat = v / (1 - beta2**self.t)
            p -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
