"""Weight decay as a step of its own, before the step of any optimizer."""

from collections.abc import Iterable

import keras


def decay_weights(
    weights: Iterable[keras.Variable], lr: float, weight_decay: float
) -> None:
    r"""Shrink every weight by the same fraction, in place.

    .. math::
        w \leftarrow (1 - \mathrm{lr} \cdot \mathrm{weight\_decay}) \, w

    Call it after the gradients were computed and before ``optimizer.apply``. It is
    what every Keras optimizer does with its own ``weight_decay``.

    Args:
        weights: Variables of any shape, such as a layer's ``kernel``; not its bias.
        lr: The learning rate of this step, at least 0.
        weight_decay: Times lr the fraction that is taken away; at least 0.

    Raises:
        ValueError: If ``lr`` or ``weight_decay`` is negative, or their product is
            above 1, which would turn weights around.
        TypeError: If ``weights`` is one variable instead of several.

    Source:
        Loshchilov and Hutter, "Decoupled Weight Decay Regularization",
        arXiv:1711.05101, equation 1; the factor lr is that of the libraries.
    """
    if isinstance(weights, keras.Variable):  # it can be iterated over, row by row
        raise TypeError(
            f"weights must be a list of variables, got {weights.path!r}"
        )
    if not (lr >= 0 and weight_decay >= 0 and lr * weight_decay <= 1):
        raise ValueError(
            "lr and weight_decay must be >= 0 and their product <= 1, "
            f"got {lr!r} and {weight_decay!r}"
        )
    for w in weights:
        w.assign(w * (1 - lr * weight_decay))
