"""Dropout from scratch: draw a mask and multiply by it."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def dropout_mask(
    shape: tuple[int, ...], p: float, rng: np.random.Generator
) -> FloatArray:
    r"""Draw one factor for every value: mostly zeros and scaled ones.

    .. math::
        m_i = \begin{cases} 0 & \text{with probability } p \\
            1 / (1 - p) & \text{otherwise} \end{cases}

    Args:
        shape: Shape of the values; each of them gets a factor of its own.
        p: The share to drop, in [0, 1).
        rng: Where the randomness comes from.

    Returns:
        The mask; the mean of each factor over many draws is 1.

    Raises:
        ValueError: If ``p`` is outside its range.
    """
    if not 0 <= p < 1:
        raise ValueError(f"p must be in [0, 1), got {p!r}")
    keep = rng.random(shape) >= p
    return keep / (1 - p)


class Dropout:
    r"""A layer that drops values in training and does nothing afterwards.

    .. math::
        y = m \odot x \text{ in training}, \qquad y = x \text{ otherwise}

    Args:
        p: The share of values to drop, in [0, 1). Default 0.5.
        seed: Seed of the masks. Default 0.

    Raises:
        ValueError: If ``p`` is outside its range.

    Source:
        Srivastava et al. (2014), "Dropout: A Simple Way to Prevent Neural
        Networks from Overfitting", section 4; the scaling is in section 10.
    """

    def __init__(self, p: float = 0.5, seed: int = 0) -> None:
        if not 0 <= p < 1:
            raise ValueError(f"p must be in [0, 1), got {p!r}")
        self.p = p
        self.rng = np.random.default_rng(seed)
        self.mask: FloatArray | None = None

    def forward(self, x: FloatArray, *, training: bool) -> FloatArray:
        """Return the values with a new mask on them, or as they are.

        Args:
            x: Values of any shape.
            training: Whether to drop.

        Returns:
            An array of the same shape.
        """
        if not training:
            self.mask = np.ones_like(x)
            return x
        self.mask = dropout_mask(x.shape, self.p, self.rng)
        return x * self.mask

    def backward(self, gradient: FloatArray) -> FloatArray:
        """Return the gradient of the loss with respect to the last ``x``.

            dL/dx = m * dL/dy

        Args:
            gradient: dL/dy, in the shape of the last ``x``.

        Returns:
            An array of the same shape: a dropped value gets the gradient 0.

        Raises:
            RuntimeError: If there was no ``forward``.
            ValueError: If the shape is another one.
        """
        if self.mask is None:
            raise RuntimeError("call forward(x, training=...) before backward")
        if gradient.shape != self.mask.shape:
            shape, wrong = self.mask.shape, gradient.shape
            raise ValueError(f"gradient must have shape {shape}, got {wrong}")
        return gradient * self.mask
