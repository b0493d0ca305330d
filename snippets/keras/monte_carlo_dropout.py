"""Monte Carlo dropout: go on dropping, and average the answers."""

from typing import Any

import keras
from keras import ops


def monte_carlo_dropout(
    model: keras.Sequential, features: Any, *, samples: int = 100
) -> tuple[Any, Any]:
    r"""Return mean and spread of the class probabilities over masks.

    .. math::
        \bar p(c \mid x) = \frac{1}{S} \sum_{s=1}^{S} \mathrm{softmax}(z_s)_c

    z_s are the logits with mask s. Each layer is called by itself, because
    ``model(features, training=True)`` would put batch normalization into
    training mode as well.

    Args:
        model: From features to logits, classes in the last dimension.
        features: What the model takes.
        samples: Number of masks S, at least 1. Default 100.

    Returns:
        Mean and standard deviation, both in the shape of the logits.

    Raises:
        TypeError: If ``model`` is not a ``keras.Sequential``.
        ValueError: If ``samples`` is below 1, or no layer is ``Dropout``.

    Source:
        Gal and Ghahramani (2016), "Dropout as a Bayesian Approximation",
        section 4.
    """
    if samples < 1:
        raise ValueError(f"samples must be at least 1, got {samples!r}")
    if not isinstance(model, keras.Sequential):
        raise TypeError(
            f"model must be a keras.Sequential, got {type(model).__name__}"
        )
    kind = keras.layers.Dropout
    drops = [isinstance(layer, kind) for layer in model.layers]
    if not any(drops):
        names = [layer.name for layer in model.layers]
        raise ValueError(f"model must contain a Dropout layer, got {names}")

    def answer() -> Any:
        x = features
        for layer, drop in zip(model.layers, drops, strict=True):
            x = layer(x, training=True) if drop else layer(x)
        return ops.softmax(x)

    probabilities = ops.stack([answer() for _ in range(samples)])
    return ops.mean(probabilities, axis=0), ops.std(probabilities, axis=0)
