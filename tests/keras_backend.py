"""What tests of Keras need and Keras does not have, for both of its backends.

Keras computes with TensorFlow, or with PyTorch where ``KERAS_BACKEND=torch`` says so.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

BACKEND = keras.backend.backend()


def gradients(loss: Callable[[], Any], variables: list[keras.Variable]) -> list[Any]:
    """The gradients of what ``loss`` computes, as tensors of the backend."""
    if BACKEND == "torch":
        import torch

        return list(torch.autograd.grad(loss(), [v.value for v in variables]))
    import tensorflow as tf

    with tf.GradientTape() as tape:
        value = loss()
    return tape.gradient(value, [v.value for v in variables])


def array(tensor: Any) -> np.ndarray:
    """A tensor or variable as an array, detached from its graph."""
    if BACKEND == "tensorflow":
        return np.asarray(tensor.numpy())  # convert_to_numpy warns of variables there
    return np.asarray(keras.ops.convert_to_numpy(tensor))
