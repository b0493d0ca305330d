"""The smoothness penalty as a Keras regularizer: similar rows for neighbors."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="regularization_by_example")
class SmoothnessPenalty(keras.regularizers.Regularizer):
    """The sum of squared differences between neighbors.

        penalty = strength * sum_(i, j) ||w_i - w_j||^2

    Use it as ``Dense(..., kernel_regularizer=SmoothnessPenalty(pairs, 0.1))``.

    Args:
        pairs: Which positions along the first axis are neighbors; each pair once.
        strength: In units of the loss per squared value, finite, at least 0.

    Raises:
        ValueError: If ``strength`` or a position in ``pairs`` is out of range.

    Source:
        Belkin, Niyogi and Sindhwani (2006), "Manifold Regularization", section 2.2.
    """

    def __init__(self, pairs: Sequence[tuple[int, int]], strength: float) -> None:
        if not 0 <= strength < math.inf:
            raise ValueError(
                f"strength must be a finite number >= 0, got {strength!r}"
            )
        self.pairs, self.strength = [(i, j) for i, j in pairs], strength

    def __call__(self, x: Any) -> Any:
        """Return the penalty of ``x``, shape (n,) or (n, outputs), as a scalar."""
        for pair in self.pairs:
            if not all(0 <= i < x.shape[0] for i in pair):
                raise ValueError(
                    f"pairs must be in [0, {x.shape[0]}), got {pair!r}"
                )
        # as int32, or no pairs at all would count as floats
        left = ops.convert_to_tensor([i for i, _ in self.pairs], "int32")
        right = ops.convert_to_tensor([j for _, j in self.pairs], "int32")
        gaps = ops.take(x, left, axis=0) - ops.take(x, right, axis=0)
        return self.strength * ops.sum(ops.square(gaps))

    def get_config(self) -> dict[str, Any]:
        """Return what ``__init__`` needs to rebuild a saved model."""
        return {"pairs": self.pairs, "strength": self.strength}
