"""Batch normalization from scratch: forward in both modes, and backward."""

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class BatchNorm:
    r"""Normalizes each feature by the batch, and in inference by running averages.

    .. math::
        y = \gamma \frac{x - \mu}{\sqrt{\sigma^2 + \mathrm{eps}}} + \beta

    Args:
        features: Number of columns, at least 1, each normalized by itself.
        momentum: Weight of the *new* batch in the running averages, as in PyTorch,
            in (0, 1]; Keras's momentum is one minus this. Default 0.1.
        eps: Added to the variance, in its unit, at least 0. Default 1e-5.
        unbiased: Whether the running variance divides by B - 1, as in PyTorch, or
            by B, as in Keras. Default True.

    Raises:
        ValueError: If an argument is outside its range.

    Source:
        Ioffe and Szegedy (2015), arXiv:1502.03167, algorithms 1 and 2.
    """

    def __init__(
        self,
        features: int,
        momentum: float = 0.1,
        eps: float = 1e-5,
        *,
        unbiased: bool = True,
    ) -> None:
        if features < 1:
            raise ValueError(f"features must be at least 1, got {features!r}")
        if not 0 < momentum <= 1:
            raise ValueError(f"momentum must be in (0, 1], got {momentum!r}")
        if not 0 <= eps < math.inf:
            raise ValueError(f"eps must be a finite number >= 0, got {eps!r}")
        self.momentum, self.eps, self.unbiased = momentum, eps, unbiased
        self.gamma, self.beta = np.ones(features), np.zeros(features)
        self.running_mean, self.running_var = np.zeros(features), np.ones(features)
        self.x_hat: Array | None = None

    def forward(self, x: Array, *, training: bool) -> Array:
        """Normalize the columns of ``x``.

        Args:
            x: Values, shape (B, features).
            training: Whether to use the batch's statistics and to update the
                running averages.

        Returns:
            An array of the same shape.

        Raises:
            ValueError: If ``x`` has another shape, or a single row to train with.
        """
        if x.ndim != 2 or x.shape[1] != len(self.gamma):  # it might broadcast
            shape = f"(n, {len(self.gamma)})"
            raise ValueError(f"x must have shape {shape}, got {x.shape}")
        if not training:
            scale = self.gamma / np.sqrt(self.running_var + self.eps)
            return scale * (x - self.running_mean) + self.beta
        rows = len(x)
        if rows < 2:
            raise ValueError(f"training needs at least 2 rows, got {rows}")
        mean, var = x.mean(0), x.var(0)  # var divides by B
        new_var = var * rows / (rows - 1) if self.unbiased else var
        self.running_mean += self.momentum * (mean - self.running_mean)
        self.running_var += self.momentum * (new_var - self.running_var)
        self.std = np.sqrt(var + self.eps)
        self.x_hat = (x - mean) / self.std
        y: Array = self.gamma * self.x_hat + self.beta
        return y

    def backward(self, gradient: Array) -> tuple[Array, Array, Array]:
        """Return the gradients by the last training ``x``, by gamma and by beta.

        Args:
            gradient: dL/dy, shape (B, features).

        Returns:
            dL/dx of the same shape, dL/dgamma and dL/dbeta of shape (features,).

        Raises:
            RuntimeError: If there was no ``forward`` in training.
            ValueError: If ``gradient`` is not of the shape of ``x``.
        """
        if self.x_hat is None:
            raise RuntimeError("call forward(x, training=True) before backward")
        if gradient.shape != self.x_hat.shape:
            shapes = f"{self.x_hat.shape}, got {gradient.shape}"
            raise ValueError(f"gradient must have shape {shapes}")
        d_gamma, d_beta = (gradient * self.x_hat).sum(0), gradient.sum(0)
        # every row moves the mean and the variance, too: two parts are taken out
        centred = gradient - d_beta / len(gradient)
        d_x = (
            self.gamma / self.std * (centred - self.x_hat * d_gamma / len(gradient))
        )
        return d_x, d_gamma, d_beta
