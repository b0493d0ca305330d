"""A training that stops and goes on ends where both frameworks end without a stop."""

from pathlib import Path

import keras
import numpy as np
import torch
from torch import nn

from snippets.keras import checkpoint as of_keras
from snippets.pytorch import checkpoint as of_torch

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(32, 4)).astype("float32"), RNG.normal(size=(32, 1)).astype("float32")
START = [RNG.normal(size=(4, 1)).astype("float32"), np.zeros(1, "float32")]
STEPS, STOP = 12, 5
LR, MU = 0.03125, 0.875


def by_torch(path: Path | None) -> list[np.ndarray]:
    """Weights after the last step, stopped once where there is a path."""

    def fresh() -> tuple[nn.Linear, torch.optim.Optimizer]:
        model = nn.Linear(4, 1)
        return model, torch.optim.SGD(model.parameters(), lr=LR, momentum=MU)

    model, optimizer = fresh()
    with torch.no_grad():
        for parameter, array in zip(model.parameters(), START, strict=True):
            parameter.copy_(torch.from_numpy(array.T))
    for step in range(STEPS):
        if path and step == STOP:
            of_torch.save_checkpoint(path, step, model=model, optimizer=optimizer)
            model, optimizer = fresh()
            assert of_torch.load_checkpoint(path, model=model, optimizer=optimizer) == STOP
        optimizer.zero_grad()
        nn.functional.mse_loss(model(torch.from_numpy(X)), torch.from_numpy(Y)).backward()
        optimizer.step()
    return [p.detach().numpy().T for p in model.parameters()]


def by_keras(path: Path | None) -> list[np.ndarray]:
    """The same with ``fit``."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.set_weights(START)
    model.compile(keras.optimizers.SGD(LR, momentum=MU), "mse")
    done = 0
    if path:
        model.fit(X, Y, batch_size=32, epochs=STOP, verbose=0)
        of_keras.save_checkpoint(path, model)
        model = of_keras.load_checkpoint(path)
        done = STOP
        assert int(model.optimizer.iterations) == STOP
    model.fit(X, Y, batch_size=32, epochs=STEPS, initial_epoch=done, verbose=0)
    return list(model.get_weights())


def test_both_go_on_where_they_stopped(tmp_path: Path) -> None:
    whole = by_torch(None)
    for stopped in (by_torch(tmp_path / "run.pt"), by_keras(tmp_path / "run.keras")):
        for ours, theirs in zip(stopped, whole, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    assert np.abs(whole[0] - START[0]).max() > 0.1
