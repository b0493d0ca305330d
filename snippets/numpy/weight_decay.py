"""Weight decay as a step of its own, before the step of any optimizer."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def decay_weights(
    weights: Sequence[FloatArray], lr: float, weight_decay: float
) -> None:
    r"""Shrink every weight by the same fraction, in place.

    .. math::
        w \leftarrow (1 - \mathrm{lr} \cdot \mathrm{weight\_decay}) \, w

    Call it once for each step, after the gradients were computed and before they
    are used. No gradient knows of it: the decay is *decoupled* from the loss.

    Args:
        weights: Arrays of any shape; leave biases out.
        lr: The learning rate of this step, at least 0.
        weight_decay: Times lr the fraction that is taken away; at least 0.

    Raises:
        ValueError: If ``lr`` or ``weight_decay`` is negative, or their product is
            above 1, which would turn weights around.
        TypeError: If ``weights`` is one array instead of a list of arrays, or has a
            number such as ``w[0]`` in it.

    Source:
        Loshchilov and Hutter, "Decoupled Weight Decay Regularization",
        arXiv:1711.05101, equation 1; the factor lr is that of the libraries.
    """
    if isinstance(weights, np.ndarray):  # iterating would silently take its rows
        shape = weights.shape
        raise TypeError(f"weights must be a list of arrays, got an array {shape}")
    for w in weights:
        if not isinstance(w, np.ndarray):  # a number would stay as it is
            raise TypeError(f"weights must be arrays, got {w!r}")
    if not (lr >= 0 and weight_decay >= 0 and lr * weight_decay <= 1):
        raise ValueError(
            "lr and weight_decay must be >= 0 and their product <= 1, "
            f"got {lr!r} and {weight_decay!r}"
        )
    for w in weights:
        w *= 1 - lr * weight_decay
