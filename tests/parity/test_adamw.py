"""Our AdamWs are the libraries' own, bit for bit (across libraries: test_matrix)."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from sklearn.datasets import load_digits

from snippets.keras import adamw_training as keras_training
from snippets.keras.custom_adamw import CustomAdamW as KerasAdamW
from snippets.numpy.custom_adamw import CustomAdamW as NumpyAdamW
from snippets.pytorch import adamw_training as torch_training
from snippets.pytorch.custom_adamw import CustomAdamW as TorchAdamW

SHAPES = ((4, 3), (3,))


def start() -> list[np.ndarray]:
    rng = np.random.default_rng(7)
    return [rng.normal(size=shape) for shape in SHAPES]


def gradients(steps: int) -> list[list[np.ndarray]]:
    """Noisy gradients of very different sizes."""
    rng = np.random.default_rng(8)
    return [
        [rng.normal(size=s) * 10.0 ** rng.integers(-3, 3) + 0.3 for s in SHAPES]
        for _ in range(steps)
    ]


def with_torch(
    make: type[torch.optim.Optimizer],
    grads: list[list[np.ndarray]],
    dtype: torch.dtype = torch.float64,
    **options: object,
) -> tuple[list[torch.Tensor], torch.optim.Optimizer]:
    params = [torch.tensor(p, dtype=dtype, requires_grad=True) for p in start()]
    optimizer = make(params, **options)
    for step in grads:
        for p, g in zip(params, step, strict=True):
            p.grad = torch.tensor(g, dtype=dtype)
        optimizer.step()
    return params, optimizer


def with_keras(
    make: type[keras.optimizers.Optimizer],
    grads: list[list[np.ndarray]],
    dtype: str = "float64",
    **options: object,
) -> list[np.ndarray]:
    params = [keras.Variable(p, dtype=dtype) for p in start()]
    optimizer = make(**options)
    for step in grads:
        optimizer.apply([tf.constant(g, dtype=dtype) for g in step], params)
    return [p.numpy() for p in params]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16], ids=str)
def test_ours_is_torchs_bit_for_bit(dtype: torch.dtype) -> None:
    grads = gradients(1000)
    options = {"lr": 0.01, "weight_decay": 0.1}
    ours, mine = with_torch(TorchAdamW, grads, dtype, **options)
    theirs, reference = with_torch(torch.optim.AdamW, grads, dtype, foreach=False, **options)
    for a, b in zip(ours, theirs, strict=True):
        assert torch.equal(a, b)
        assert a.isfinite().all()
        for key in ("step", "exp_avg", "exp_avg_sq"):
            assert torch.equal(mine.state[a][key], reference.state[b][key])
    coupled, _ = with_torch(torch.optim.Adam, grads, dtype, foreach=False, **options)
    assert not torch.equal(ours[0], coupled[0])


def test_defaults_are_the_librarys() -> None:
    p = [torch.ones(1, requires_grad=True)]
    ours = TorchAdamW(p).defaults
    theirs = torch.optim.AdamW(p).defaults
    assert ours == {name: theirs[name] for name in ours}
    assert NumpyAdamW().weight_decay == theirs["weight_decay"] == 0.01
    assert KerasAdamW().decay == keras.optimizers.AdamW().weight_decay == 0.004


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_ours_is_kerass_bit_for_bit(dtype: str) -> None:
    grads = gradients(200)
    options = {"learning_rate": 0.01, "weight_decay": 0.1}
    ours = with_keras(KerasAdamW, grads, dtype, **options)
    own = with_keras(keras.optimizers.AdamW, grads, dtype, **options)
    adam = with_keras(keras.optimizers.Adam, grads, dtype, **options)
    for a, b, c in zip(ours, own, adam, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(b, c)
    without = with_keras(keras.optimizers.Adam, grads, dtype, learning_rate=0.01)
    assert abs(ours[0] - without[0]).max() > 0.01


def test_both_libraries_train_the_same() -> None:
    x, y = load_digits(return_X_y=True)
    x, options = x / 16, {"weight_decay": 1.0, "steps": 60}
    features = torch.tensor(x, dtype=torch.float32)
    ours, layer = torch_training.train(features, torch.tensor(y), **options)
    theirs, model = keras_training.train(x, y, **options)
    np.testing.assert_allclose(ours, theirs, rtol=1e-3)
    kernel, bias = model.get_weights()
    lit = x.mean(0) > 0.05  # elsewhere gradients come near epsilon, which differs
    np.testing.assert_allclose(layer.weight.detach().numpy().T[lit], kernel[lit], atol=1e-3)
    np.testing.assert_allclose(layer.bias.detach().numpy(), bias, atol=1e-3)
    assert abs(kernel).max() > 0.05
