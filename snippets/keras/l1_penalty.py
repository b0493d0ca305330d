"""The L1 penalty as a Keras regularizer, to hand to a layer."""

import math
from typing import Any

import keras


@keras.saving.register_keras_serializable(package="regularization_by_example")
class L1Penalty(keras.regularizers.Regularizer):
    """``l1`` times the sum of the absolute values of one weight array.

        penalty = l1 * sum_j |w_j|

    Use it as ``Dense(..., kernel_regularizer=L1Penalty(0.01))``; the layer puts its
    value into ``model.losses``, and ``fit`` adds that to the loss.

    Args:
        l1: The strength, in units of the loss per weight; at least 0.

    Raises:
        ValueError: If ``l1`` is negative, infinite or not a number.

    Source:
        Tibshirani (1996), "Regression Shrinkage and Selection via the Lasso",
        section 2.1, which bounds the sum where we add it to the loss.
    """

    def __init__(self, l1: float) -> None:
        if not 0 <= l1 < math.inf:
            raise ValueError(f"l1 must be a finite number >= 0, got {l1!r}")
        self.l1 = l1

    def __call__(self, x: Any) -> Any:
        """Return the penalty of ``x``, of any shape, as a scalar of its dtype."""
        return self.l1 * keras.ops.sum(keras.ops.absolute(x))

    def get_config(self) -> dict[str, float]:
        """Return what ``__init__`` needs to rebuild a saved model."""
        return {"l1": self.l1}
