"""Decay and SGD in NumPy, PyTorch and Keras: the same steps, and what each library's option is."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch

from snippets.keras.weight_decay import decay_weights as keras_decay
from snippets.numpy.weight_decay import decay_weights as numpy_decay
from snippets.pytorch.weight_decay import decay_weights as torch_decay

# Exact in float32, to which Keras on TensorFlow rounds hyperparameters.
LR, DECAY = 2.0**-6, 2.0**-3
STEPS = 200
RNG = np.random.default_rng(0)
START = RNG.normal(size=(3, 2))
GRADIENTS = RNG.normal(size=(STEPS, 3, 2))
MOMENTA = pytest.mark.parametrize("momentum", [0.0, 0.875])


def with_numpy(momentum: float, l2: float = 0.0, decay: float = 0.0) -> np.ndarray:
    w, velocity = START.copy(), np.zeros_like(START)
    for g in GRADIENTS:
        velocity = momentum * velocity + g + l2 * w
        numpy_decay([w], LR, decay)
        w -= LR * velocity
    return w


def with_torch(momentum: float, decay: float = 0.0, **options: float) -> np.ndarray:
    w = torch.tensor(START, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=LR, momentum=momentum, **options)
    for g in GRADIENTS:
        w.grad = torch.tensor(g)
        torch_decay([w], LR, decay)
        optimizer.step()
    return w.detach().numpy()


def with_keras(decay: float = 0.0, **options: float) -> np.ndarray:
    w = keras.Variable(START, dtype="float64")
    optimizer = keras.optimizers.SGD(LR, **options)
    for g in GRADIENTS:
        keras_decay([w], LR, decay)
        optimizer.apply([tf.constant(g)], [w])
    return w.numpy()


@MOMENTA
def test_the_same_steps_in_all_three(momentum: float) -> None:
    expected = with_numpy(momentum, decay=DECAY)
    np.testing.assert_allclose(with_torch(momentum, decay=DECAY), expected, rtol=1e-11)
    np.testing.assert_allclose(with_keras(decay=DECAY, momentum=momentum), expected, rtol=1e-11)
    assert abs(expected - with_numpy(momentum)).max() > 0.1


@pytest.mark.parametrize("nesterov", [False, True])
@MOMENTA
def test_keras_sgd_does_the_same_by_itself(momentum: float, nesterov: bool) -> None:
    options = {"momentum": momentum, "nesterov": nesterov}
    by_itself = with_keras(weight_decay=DECAY, **options)
    np.testing.assert_allclose(by_itself, with_keras(decay=DECAY, **options), rtol=1e-11)


@MOMENTA
def test_pytorch_sgd_does_l2(momentum: float) -> None:
    by_itself = with_torch(momentum, weight_decay=DECAY)
    np.testing.assert_allclose(by_itself, with_numpy(momentum, l2=DECAY), rtol=1e-11)
    apart = abs(by_itself - with_numpy(momentum, decay=DECAY)).max()
    assert apart < 1e-13 if momentum == 0 else apart > 0.1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_before_adam_it_makes_adamw_bit_for_bit(dtype: torch.dtype) -> None:
    ours = torch.tensor(START, dtype=dtype, requires_grad=True)
    theirs = torch.tensor(START, dtype=dtype, requires_grad=True)
    adam = torch.optim.Adam([ours], lr=LR)
    adamw = torch.optim.AdamW([theirs], lr=LR, weight_decay=DECAY)
    for g in GRADIENTS:
        ours.grad, theirs.grad = torch.tensor(g, dtype=dtype), torch.tensor(g, dtype=dtype)
        torch_decay([ours], LR, DECAY)
        adam.step()
        adamw.step()
    assert torch.equal(ours, theirs)
    assert abs(ours.detach().numpy() - START).max() > 0.1
