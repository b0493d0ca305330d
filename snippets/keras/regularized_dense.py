"""One setting for many layers: ``functools.partial`` of a dense layer."""

import functools

import keras


def make_network(
    inputs: int, classes: int, *, hidden: int = 32, l2: float = 0.01
) -> keras.Sequential:
    """Return a network with two hidden layers; every layer has the same penalty.

    The three layers share one regularizer object. It holds no state, so each layer
    still adds a loss of its own to ``model.losses``:

        l2 * sum of w^2 over the kernel of that layer

    Args:
        inputs: Number of features.
        classes: Number of classes.
        hidden: Number of units in each hidden layer. Default 32.
        l2: The strength, finite, at least 0. Default 0.01.

    Returns:
        A model from (n, inputs) to logits (n, classes).

    Raises:
        ValueError: If ``inputs`` is below 1, or (from Keras) another argument is
            outside its range.

    Source:
        He et al., "Delving Deep into Rectifiers", section 2.2: "he_normal".
    """
    if inputs < 1:
        raise ValueError(f"inputs must be at least 1, got {inputs!r}")
    RegularizedDense = functools.partial(
        keras.layers.Dense,
        activation="relu",
        kernel_initializer="he_normal",  # by name: each layer draws its own numbers
        kernel_regularizer=keras.regularizers.l2(l2),
    )
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            RegularizedDense(hidden),
            RegularizedDense(hidden),
            RegularizedDense(classes, activation=None),  # the later argument wins
        ]
    )
