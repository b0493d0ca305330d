"""A strength of L2 for each layer, declared by the layers."""

from collections.abc import Sequence

import keras


def make_network(
    sizes: Sequence[int], strengths: Sequence[float]
) -> keras.Sequential:
    """Return a network with ReLU between its layers and an L2 strength for each.

        penalty = sum over layers l of  strengths[l] * sum of w^2 over kernel l

    Args:
        sizes: Number of inputs, of units in each hidden layer, and of outputs; each
            at least 1.
        strengths: One for each layer: finite, at least 0.

    Returns:
        A model from (n, sizes[0]) to (n, sizes[-1]).

    Raises:
        ValueError: If there are fewer than two sizes, one is below 1, there is not
            one strength for each layer, or (from Keras) one is negative, infinite
            or not a number.

    Source:
        Krogh and Hertz (1991), "A Simple Weight Decay Can Improve Generalization",
        section 1, with a strength for each layer.
    """
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"sizes must be two or more, each >= 1, got {sizes!r}")
    layers = len(sizes) - 1
    if len(strengths) != layers:
        raise ValueError(
            f"strengths must be {layers} numbers, got {len(strengths)}"
        )
    model = keras.Sequential([keras.Input((sizes[0],))])
    for k, (units, l2) in enumerate(zip(sizes[1:], strengths, strict=True)):
        penalty = keras.regularizers.l2(l2)
        activation = "relu" if k < layers - 1 else None
        model.add(keras.layers.Dense(units, activation, kernel_regularizer=penalty))
    return model
