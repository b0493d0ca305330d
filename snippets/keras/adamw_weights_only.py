"""AdamW that decays weights alone: not biases, not normalization."""

import math

import keras


def make_adamw(
    model: keras.Model, *, lr: float = 0.001, weight_decay: float = 0.01
) -> keras.optimizers.AdamW:
    """Return an AdamW that decays the variables with two dimensions or more.

        w <- w - lr * weight_decay * w    if w has two dimensions or more

    Kernels have them; biases and the gamma and beta of a normalization have one.

    Args:
        model: A built model, so that its variables exist.
        lr: The learning rate, above 0. Default 0.001.
        weight_decay: Finite, at least 0; no L2. Default 0.01.

    Returns:
        The optimizer, for ``model.compile``.

    Raises:
        ValueError: If ``lr`` is not above 0, ``weight_decay`` is negative, or
            ``model`` is not built.

    Source:
        Loshchilov and Hutter, arXiv:1711.05101, Algorithm 2, line 12.
    """
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    if not 0 <= weight_decay < math.inf:
        raise ValueError(f"weight_decay must be finite, >= 0, got {weight_decay!r}")
    if not model.built:  # it would have no variables to leave out
        raise ValueError("model must be built, got one without variables")
    others = [v for v in model.trainable_variables if len(v.shape) < 2]
    optimizer = keras.optimizers.AdamW(lr, weight_decay=weight_decay)
    optimizer.exclude_from_weight_decay(var_list=others)  # before the first step
    return optimizer
