"""One small network, trained step by step in NumPy, PyTorch and Keras from the same start.

Used by ``equivalents_trajectories`` and by ``tests/parity/test_matrix.py``. A path holds all
parameters after each step, one row a step, in the layout of Keras.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_diabetes
from torch import nn

Array = NDArray[Any]

INPUTS, HIDDEN, ROWS, BATCH = 10, 16, 64, 16
SHAPES = ((INPUTS, HIDDEN), (HIDDEN,), (HIDDEN, 1), (1,))
KERNELS = (0, 2)


class NumpyOptimizer(Protocol):
    """What the NumPy snippets share."""

    def step(self, params: Sequence[Array], grads: Sequence[Array]) -> None:
        """Move every parameter by one step, in place."""


def data() -> tuple[Array, Array]:
    """Real rows, every number exact in float32 so that no framework rounds it."""
    features, targets = load_diabetes(return_X_y=True)
    features = features[:ROWS] / features.std(0)
    targets = (targets[:ROWS] - targets.mean()) / targets.std() + 0.5
    return features.astype("float32").astype(float), targets[:, None].astype("float32").astype(
        float
    )


def start() -> list[Array]:
    """Kernel and bias of both layers, exact in float32; one weight is exactly zero."""
    rng = np.random.default_rng(0)
    arrays = [(rng.normal(size=s) / 3).astype("float32").astype(float) for s in SHAPES]
    arrays[0][0, 0] = 0.0  # where frameworks must agree on the slope of |w|
    return arrays


def batch(step: int) -> slice:
    """The rows of a step, counted from 1: the same four batches over and over."""
    first = (step - 1) * BATCH % ROWS
    return slice(first, first + BATCH)


def numpy_path(
    optimizer: NumpyOptimizer,
    *,
    steps: int,
    slope: Callable[[list[Array]], Sequence[Array | float]] = lambda params: [0.0] * 4,
    before: Callable[[int, list[Array]], None] = lambda t, params: None,
    after: Callable[[list[Array]], None] = lambda params: None,
    dropout: Any = None,
    training: bool = False,
    scale: float = 1.0,
    dtype: str = "float64",
) -> Array:
    """Train with backpropagation written by hand.

    Args:
        optimizer: Has ``step(params, grads)``.
        steps: Number of updates.
        slope: What a penalty adds to the four gradients.
        before: Called with the step and the parameters, after the gradients were computed.
        after: Called with the parameters after the update.
        dropout: A layer with ``forward`` and ``backward`` behind the hidden units.
        training: Whether that layer drops.
        scale: Factor of the mean loss.
        dtype: Of all arithmetic.
    """
    features, targets = (a.astype(dtype) for a in data())
    params = [a.astype(dtype) for a in start()]
    path = []
    for t in range(1, steps + 1):
        w1, b1, w2, b2 = params
        x, y = features[batch(t)], targets[batch(t)]
        hidden = np.tanh(x @ w1 + b1)
        kept = hidden if dropout is None else dropout.forward(hidden, training=training)
        out_grad = 2 * scale / BATCH * (kept @ w2 + b2 - y)
        kept_grad = out_grad @ w2.T
        hidden_grad = kept_grad if dropout is None else dropout.backward(kept_grad)
        hidden_grad = hidden_grad * (1 - hidden**2)
        grads = [x.T @ hidden_grad, hidden_grad.sum(0), kept.T @ out_grad, out_grad.sum(0)]
        grads = [g + s for g, s in zip(grads, slope(params), strict=True)]
        before(t, params)
        optimizer.step(params, grads)
        after(params)
        path.append(np.concatenate([p.ravel() for p in params]))
    return np.array(path, dtype=float)


def torch_path(
    make_optimizer: Callable[[nn.Sequential], torch.optim.Optimizer],
    *,
    steps: int,
    penalty: Callable[[nn.Sequential], torch.Tensor | float] = lambda model: 0.0,
    before: Callable[[int, nn.Sequential, torch.optim.Optimizer], None] = lambda t, m, o: None,
    after: Callable[[nn.Sequential], None] = lambda model: None,
    dropout: nn.Module | None = None,
    training: bool = False,
    scale: float = 1.0,
    dtype: str = "float64",
) -> Array:
    """Train with autograd.

    Args:
        make_optimizer: Makes the optimizer of a model.
        steps: Number of updates.
        penalty: What to add to the mean loss.
        before: Called with step, model and optimizer after ``backward()``.
        after: Called with the model after the update.
        dropout: A module behind the hidden units.
        training: Whether the model is in training mode.
        scale: Factor of the mean loss.
        dtype: Of all arithmetic.
    """
    kind = getattr(torch, dtype)
    layers = [nn.Linear(INPUTS, HIDDEN), nn.Tanh(), dropout or nn.Identity(), nn.Linear(HIDDEN, 1)]
    model = nn.Sequential(*layers).to(kind).train(training)
    with torch.no_grad():
        for parameter, array in zip(model.parameters(), start(), strict=True):
            parameter.copy_(torch.from_numpy(array.T))
    optimizer = make_optimizer(model)
    features, targets = (torch.from_numpy(a).to(kind) for a in data())
    path = []
    for t in range(1, steps + 1):
        optimizer.zero_grad()
        loss = scale * nn.functional.mse_loss(model(features[batch(t)]), targets[batch(t)])
        (loss + penalty(model)).backward()
        before(t, model, optimizer)
        optimizer.step()
        with torch.no_grad():
            after(model)
        path.append(np.concatenate([p.detach().numpy().T.ravel() for p in model.parameters()]))
    return np.array(path, dtype=float)


def keras_path(
    optimizer: Any,
    *,
    steps: int,
    kernel: Any = None,
    bias: Any = None,
    constraint: Any = None,
    each: Callable[[int], None] = lambda t: None,
    before: Callable[[Any], None] = lambda model: None,
    losses: bool = True,
    dropout: Any = None,
    training: bool = False,
    scale: float = 1.0,
    dtype: str = "float64",
) -> Array:
    """Train with TensorFlow's tape, one compiled step.

    Args:
        optimizer: A Keras optimizer.
        steps: Number of updates.
        kernel: Regularizer of the kernels.
        bias: Regularizer of the biases.
        constraint: Of the kernels; Keras applies it after each update.
        each: Called with the step before it, outside the compiled function.
        losses: Whether the loop adds ``model.losses``, as ``fit`` does.
        before: Called with the model between gradients and update, inside of it.
        dropout: A layer behind the hidden units.
        training: What the model is called with.
        scale: Factor of the mean loss.
        dtype: Of all arithmetic.
    """
    own = {"kernel_regularizer": kernel, "bias_regularizer": bias, "kernel_constraint": constraint}
    middle = [dropout] if dropout is not None else []
    model = keras.Sequential(
        [
            keras.Input((INPUTS,), dtype=dtype),
            keras.layers.Dense(HIDDEN, "tanh", dtype=dtype, **own),
            *middle,
            keras.layers.Dense(1, dtype=dtype, **own),
        ]
    )
    model.set_weights(start())
    optimizer.build(model.trainable_variables)

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = scale * tf.reduce_mean(tf.square(model(x, training=training) - y))
            if losses:
                loss += sum(model.losses)
        gradients = tape.gradient(loss, model.trainable_variables)
        before(model)
        optimizer.apply(gradients, model.trainable_variables)
        return tf.concat([tf.reshape(v.value, [-1]) for v in model.trainable_variables], 0)

    features, targets = (a.astype(dtype) for a in data())
    batches = [
        (tf.constant(features[rows]), tf.constant(targets[rows]))
        for rows in map(batch, range(1, ROWS // BATCH + 1))
    ]
    path = []
    for t in range(1, steps + 1):
        each(t)
        path.append(step(*batches[(t - 1) % len(batches)]).numpy())
    return np.array(path, dtype=float)


def distances(one: Array, other: Array) -> Array:
    """Largest difference of any parameter after each step, as a share of the way gone.

    The way is the largest distance of any parameter of ``one`` from its start.
    """
    origin = np.concatenate([a.ravel() for a in start()])
    way = np.abs(one - origin).max()
    return np.asarray(np.abs(one - other).max(1) / way)
