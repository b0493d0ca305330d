"""The group lasso as a Keras regularizer: all weights that leave an input."""

import math
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="regularization_by_example")
class GroupLasso(keras.regularizers.Regularizer):
    """One penalty for each row of a kernel.

        penalty = strength * sum_g sqrt(k) * ||w_g||,  k weights in each group

    Use it as ``Dense(..., kernel_regularizer=GroupLasso(0.01))``.

    Args:
        strength: In units of the loss per weight, finite, at least 0.

    Raises:
        ValueError: If ``strength`` is out of its range, or what it is called with
            is no matrix.

    Source:
        Yuan and Lin (2006), "Model Selection and Estimation in Regression with
        Grouped Variables", section 2.
    """

    def __init__(self, strength: float) -> None:
        if not 0 <= strength < math.inf:
            raise ValueError(
                f"strength must be a finite number >= 0, got {strength!r}"
            )
        self.strength = strength

    def __call__(self, x: Any) -> Any:
        """Return the penalty of ``x``, shape (inputs, outputs), as a scalar."""
        if len(x.shape) != 2:
            shape = tuple(x.shape)
            raise ValueError(f"x must have shape (inputs, outputs), got {shape}")
        squares = ops.sum(ops.square(x), axis=1)  # (inputs,)
        # The slope of sqrt is infinite at 0, so a zero group must not reach it.
        safe = ops.where(squares > 0, squares, 1.0)
        norms = ops.where(squares > 0, ops.sqrt(safe), 0.0)
        return self.strength * math.sqrt(x.shape[1]) * ops.sum(norms)

    def get_config(self) -> dict[str, float]:
        """Return what ``__init__`` needs to rebuild a saved model."""
        return {"strength": self.strength}
