"""The L2 penalty as a Keras regularizer, to hand to a layer."""

import math
from typing import Any

import keras


@keras.saving.register_keras_serializable(package="regularization_by_example")
class L2Penalty(keras.regularizers.Regularizer):
    """``l2`` times the sum of the squares of one weight array.

        penalty = l2 * sum_j w_j^2

    Use it as ``Dense(..., kernel_regularizer=L2Penalty(0.01))``; the layer puts its
    value into ``model.losses``, and ``fit`` adds that to the loss.

    Args:
        l2: The strength, in units of the loss per squared weight; at least 0.

    Raises:
        ValueError: If ``l2`` is negative, infinite or not a number.

    Source:
        Krogh and Hertz (1991), "A Simple Weight Decay Can Improve Generalization",
        section 1, which writes l2 / 2 where we write l2.
    """

    def __init__(self, l2: float) -> None:
        if not 0 <= l2 < math.inf:
            raise ValueError(f"l2 must be a finite number >= 0, got {l2!r}")
        self.l2 = l2

    def __call__(self, x: Any) -> Any:
        """Return the penalty of ``x``, of any shape, as a scalar of its dtype."""
        return self.l2 * keras.ops.sum(keras.ops.square(x))

    def get_config(self) -> dict[str, float]:
        """Return what ``__init__`` needs to rebuild a saved model."""
        return {"l2": self.l2}
