"""The soft threshold of whole groups as a Keras constraint."""

import math
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="regularization_by_example")
class GroupThreshold(keras.constraints.Constraint):
    """Shorten every row by ``threshold * sqrt(k)``, and stop at zero.

        w_g <- w_g * max(1 - threshold * sqrt(k) / ||w_g||, 0)

    Use it as ``Dense(..., kernel_constraint=GroupThreshold(lr * strength))`` with
    ``SGD(lr)``: Keras applies the constraint after each update.

    Args:
        threshold: Finite, at least 0.

    Raises:
        ValueError: If ``threshold`` is out of its range, or what it is called with
            is no matrix.

    Source:
        Parikh and Boyd (2014), "Proximal Algorithms", section 6.5.4.
    """

    def __init__(self, threshold: float) -> None:
        if not 0 <= threshold < math.inf:
            raise ValueError(
                f"threshold must be a finite number >= 0, got {threshold!r}"
            )
        self.threshold = threshold

    def __call__(self, w: Any) -> Any:
        """Return the new weights of ``w``, shape (inputs, outputs)."""
        w = ops.convert_to_tensor(w)
        if len(w.shape) != 2:
            shape = tuple(w.shape)
            raise ValueError(f"w must have shape (inputs, outputs), got {shape}")
        norms = ops.sqrt(ops.sum(ops.square(w), axis=1, keepdims=True))
        left = ops.maximum(norms - self.threshold * math.sqrt(w.shape[1]), 0)
        return w * (left / ops.where(norms > 0, norms, 1.0))

    def get_config(self) -> dict[str, float]:
        """Return what ``__init__`` needs to rebuild a saved model."""
        return {"threshold": self.threshold}
