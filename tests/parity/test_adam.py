"""Our Adams are the libraries' own, bit for bit (across libraries: test_matrix)."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from sklearn.datasets import load_digits

from snippets.keras import adam_training as keras_training
from snippets.keras.custom_adam import CustomAdam as KerasAdam
from snippets.pytorch import adam_training as torch_training
from snippets.pytorch.custom_adam import CustomAdam as TorchAdam

ROOT = Path(__file__).parents[2]
SHAPES = ((4, 3), (3,), ())


def start() -> list[np.ndarray]:
    rng = np.random.default_rng(7)
    return [rng.normal(size=shape) for shape in SHAPES]


def gradients(steps: int) -> list[list[np.ndarray]]:
    """Noisy gradients of very different sizes, with zeros among them."""
    rng = np.random.default_rng(8)
    found = []
    for _ in range(steps):
        grads = [np.asarray(rng.normal(size=s) * 10.0 ** rng.integers(-3, 3)) for s in SHAPES]
        grads[1][0] = 0.0
        found.append([g + 0.3 if g.ndim == 2 else g for g in grads])
    return found


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


def largest_difference(left: list[np.ndarray], right: list[np.ndarray]) -> float:
    return max(
        float(np.max(np.abs(np.ravel(a) - np.ravel(b)))) for a, b in zip(left, right, strict=True)
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16], ids=str)
@pytest.mark.parametrize("weight_decay", [0, 0.1])
def test_ours_is_torchs_bit_for_bit(dtype: torch.dtype, weight_decay: float) -> None:
    grads = gradients(1000)
    options = {"lr": 0.01, "weight_decay": weight_decay}
    ours, mine = with_torch(TorchAdam, grads, dtype, **options)
    theirs, reference = with_torch(torch.optim.Adam, grads, dtype, foreach=False, **options)
    for a, b in zip(ours, theirs, strict=True):
        assert torch.equal(a, b)
        assert a.isfinite().all()
        for key in ("step", "exp_avg", "exp_avg_sq"):
            assert torch.equal(mine.state[a][key], reference.state[b][key])
    assert mine.state[ours[0]]["step"] == 1000


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_ours_is_kerass_bit_for_bit(dtype: str) -> None:
    grads = gradients(300)
    ours = with_keras(KerasAdam, grads, dtype, learning_rate=0.01)
    theirs = with_keras(keras.optimizers.Adam, grads, dtype, learning_rate=0.01)
    assert largest_difference(ours, theirs) == 0
    assert largest_difference(ours, start()) > 0.1


def test_keras_adam_on_the_torch_backend(tmp_path: Path) -> None:
    code = """
import keras, numpy as np, torch
from snippets.keras.custom_adam import CustomAdam
assert keras.backend.backend() == "torch"
rng = np.random.default_rng(0)
w, r = rng.normal(size=(4, 3)), rng.normal(size=(300, 4, 3))
def run(optimizer):
    p = keras.Variable(w, dtype="float64")
    for g in r:
        with torch.no_grad():
            optimizer.apply([torch.tensor(g)], [p])
    return p.value.detach().cpu().numpy()
ours, theirs = run(CustomAdam(0.01)), run(keras.optimizers.Adam(0.01))
assert np.abs(ours - w).max() > 0.1
x, y = rng.normal(size=(16, 3)), rng.normal(size=(16, 1))
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
model.compile(CustomAdam(0.01), loss="mse")
losses = model.fit(x, y, epochs=20, verbose=0).history["loss"]
assert losses[-1] < losses[0]
print(np.abs(ours - theirs).max())
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={
            **os.environ,
            "KERAS_BACKEND": "torch",
            "PYTHONPATH": str(ROOT),
            "KERAS_HOME": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 1e-12


def test_both_libraries_train_the_same() -> None:
    """With default epsilons (1e-8 and 1e-7, differently placed) on gradients of ordinary size."""
    x, y = load_digits(return_X_y=True)
    x = x / 16
    ours = torch_training.train(torch.tensor(x, dtype=torch.float32), torch.tensor(y), steps=60)
    theirs = keras_training.train(x, y, steps=60)
    np.testing.assert_allclose(ours, theirs, rtol=1e-3)
    assert ours[-1] < 0.6 * ours[0]
