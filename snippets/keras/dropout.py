"""Dropout from scratch as a Keras layer."""

from typing import Any

import keras
from keras import ops


def dropout_mask(x: Any, p: float, seed: keras.random.SeedGenerator) -> Any:
    r"""Draw one factor for every value of ``x``.

    .. math::
        m_i = \begin{cases} 0 & \text{with probability } p \\
            1 / (1 - p) & \text{otherwise} \end{cases}

    Args:
        x: Values of any shape; each of them gets a factor of its own.
        p: The share to drop, in [0, 1).
        seed: Where the randomness comes from.

    Returns:
        A tensor like ``x`` in shape and dtype; the mean of each factor is 1.

    Raises:
        ValueError: If ``p`` is outside its range, or ``x`` not floating point.
    """
    if not 0 <= p < 1:
        raise ValueError(f"p must be in [0, 1), got {p!r}")
    if "float" not in str(x.dtype):
        raise ValueError(f"x must be floating point, got {x.dtype}")
    keep = keras.random.uniform(ops.shape(x), seed=seed) >= p
    return ops.cast(keep, x.dtype) * (1 / (1 - p))


@keras.saving.register_keras_serializable(package="regularization_by_example")
class Dropout(keras.layers.Layer):
    r"""A layer that drops values if it is called with ``training=True``.

    .. math::
        y = m \odot x \text{ in training}, \qquad y = x \text{ otherwise}

    Args:
        p: The share of values to drop, in [0, 1). Default 0.5.
        seed: Seed of the masks; by default another one each time.
        **kwargs: What every Keras layer takes.

    Raises:
        ValueError: If ``p`` is outside its range.

    Source:
        Srivastava et al. (2014), "Dropout: A Simple Way to Prevent Neural
        Networks from Overfitting", section 4; the scaling is in section 10.
    """

    def __init__(
        self, p: float = 0.5, seed: int | None = None, **kwargs: Any
    ) -> None:
        if not 0 <= p < 1:
            raise ValueError(f"p must be in [0, 1), got {p!r}")
        super().__init__(**kwargs)
        self.p, self.seed = p, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, x: Any, training: bool = False) -> Any:
        """Return the values with a new mask on them, or as they are.

        Args:
            x: Values of any shape.
            training: Whether to drop; ``fit`` passes True. Default False.

        Returns:
            A tensor of the same shape.
        """
        if not training:
            return x
        return x * dropout_mask(x, self.p, self.seed_generator)

    def get_config(self) -> dict[str, Any]:
        """Return what makes the same layer anew."""
        return {**super().get_config(), "p": self.p, "seed": self.seed}
