"""The soft threshold as a Keras constraint, which runs after every update."""

import math
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="regularization_by_example")
class SoftThreshold(keras.constraints.Constraint):
    """Move every weight towards zero by ``threshold``, and stop at zero.

        S(w_j, t) = sign(w_j) * max(|w_j| - t, 0)

    Use it as ``Dense(..., kernel_constraint=SoftThreshold(lr * l1))`` with
    ``SGD(lr)``: Keras applies the constraint after each update. Its own function is
    ``keras.ops.soft_shrink(weights, threshold)``.

    Args:
        threshold: The distance, in the unit of the weights, finite, at least 0.

    Raises:
        ValueError: If ``threshold`` is negative, infinite or not a number.

    Source:
        Daubechies, Defrise and De Mol (2004), "An Iterative Thresholding Algorithm
        for Linear Inverse Problems", section 2.
    """

    def __init__(self, threshold: float) -> None:
        if not 0 <= threshold < math.inf:
            raise ValueError(
                f"threshold must be a finite number >= 0, got {threshold!r}"
            )
        self.threshold = threshold

    def __call__(self, w: Any) -> Any:
        """Return the new weights, of the shape and dtype of ``w``."""
        return ops.sign(w) * ops.maximum(ops.absolute(w) - self.threshold, 0)

    def get_config(self) -> dict[str, float]:
        """Return what ``__init__`` needs to rebuild a saved model."""
        return {"threshold": self.threshold}
