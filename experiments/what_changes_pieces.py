"""Every local piece of backpropagation beside autograd, and how far off the usual slips are."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from torch.nn import functional

from experiments.experiment import Claim, Experiment
from snippets.numpy.activations import Kind, activate, slope
from snippets.numpy.convolution import convolve, convolve_backward
from snippets.numpy.gradient_check import relative_error
from snippets.numpy.l2_penalty import l2_penalty
from snippets.numpy.losses import binary_cross_entropy, cross_entropy, mean_squared_error
from snippets.numpy.recurrent import Recurrent, backward, forward
from snippets.numpy.softmax import softmax, softmax_backward

Array = NDArray[np.float64]

IMAGES = 5
UNITS = 6
FILTERS = 4
WIDTH = 3
CLASSES = 10
KINDS: tuple[Kind, ...] = ("sigmoid", "tanh", "relu")
LONG = 64
L2 = 0.01


@dataclass(frozen=True)
class Piece:
    """One piece: the largest difference to autograd, in units of the largest entry."""

    name: str
    torch: float
    tensorflow: float
    mistake: float
    """The same for the usual slip, against PyTorch; 0 if there is none."""


@dataclass(frozen=True)
class Facts:
    """Pieces by name; then what sharing weights does to a penalty."""

    images: int
    sigmoid: Piece
    tanh: Piece
    relu: Piece
    softmax: Piece
    squared: Piece
    sigmoid_squared: Piece
    softmax_squared: Piece
    binary: Piece
    categorical: Piece
    dense: Piece
    convolution: Piece
    recurrent: Piece
    largest: float
    """Over all pieces and both frameworks."""
    steps: int
    positions: int
    long_positions: int
    l2: float
    penalty: float
    """L2 on a convolution's weights, on 8 inputs."""
    long_penalty: float
    """The same weights on ``LONG`` inputs."""
    dense_penalty: float
    """L2 on the matrix that computes the same on 8 inputs without sharing."""


def of_tensorflow(function: Any, *arrays: Array) -> list[Array]:
    """Gradients of a number by arrays, from GradientTape."""
    variables = [tf.Variable(a) for a in arrays]
    with tf.GradientTape() as tape:
        result = function(*variables)
    return [g.numpy() for g in tape.gradient(result, variables)]


def of_torch(function: Any, *arrays: Array) -> list[Array]:
    """Gradients of a number by arrays, from PyTorch."""
    leaves = [torch.tensor(a, requires_grad=True) for a in arrays]
    return [g.numpy() for g in torch.autograd.grad(function(*leaves), leaves)]


def error(ours: list[Array], theirs: list[Array]) -> float:
    """The largest relative error of any of the arrays."""
    return max(relative_error(a, b) for a, b in zip(ours, theirs, strict=True))


def piece(
    name: str, ours: list[Array], torchs: Any, tensorflows: Any, slip: list[Array] | None = None
) -> Piece:
    """Compare; slips are compared with PyTorch."""
    return Piece(
        name=name,
        torch=error(ours, torchs),
        tensorflow=error(ours, tensorflows),
        mistake=error(slip, torchs) if slip is not None else 0.0,
    )


def unshared(w: Array, length: int) -> Array:
    """The dense matrix (positions, length) that a convolution of one channel stands for."""
    positions = length - len(w) + 1
    matrix = np.zeros((positions, length))
    for t in range(positions):
        matrix[t, t : t + len(w)] = w
    return matrix


def measure(mistakes: bool = True, slips_instead: bool = False, shared: bool = True) -> Facts:
    """Derive every piece by hand and by two autograds, on five digits, in float64.

    Args:
        mistakes: Whether the slips are made at all.
        slips_instead: Whether we slip where we should derive.
        shared: Whether the penalized weights are shared by all positions.
    """
    torch.set_num_threads(1)
    data, labels = load_digits(return_X_y=True)
    x = data[:IMAGES].reshape(IMAGES, 8, 8) / 16  # a sequence of 8 rows with 8 pixels each
    labels = labels[:IMAGES]
    flat = x.reshape(IMAGES, 64)
    one_hot = np.eye(CLASSES)[labels]
    rng = np.random.default_rng(0)
    z = rng.normal(size=(IMAGES, CLASSES))
    v = rng.normal(size=(IMAGES, CLASSES))  # what comes back from the loss
    n = z.size
    pieces: dict[str, Piece] = {}

    def add(
        name: str, ours: list[Array], torchs: Any, tensorflows: Any, slip: list[Array] | None = None
    ) -> None:
        slip = slip if mistakes else None
        used = slip if slips_instead and slip is not None else ours
        pieces[name] = piece(name, used, torchs, tensorflows, slip)

    for kind in KINDS:
        in_torch, in_keras = getattr(torch, kind), keras.activations.get(kind)
        add(
            kind,
            [v * slope(activate(z, kind), kind)],
            of_torch(lambda z, f=in_torch: (f(z) * torch.tensor(v)).sum(), z),
            of_tensorflow(lambda z, f=in_keras: tf.reduce_sum(f(z) * v), z),
        )
    p, a = softmax(z), activate(z, "sigmoid")
    add(
        "softmax",
        [softmax_backward(p, v)],
        of_torch(lambda z: (z.softmax(1) * torch.tensor(v)).sum(), z),
        of_tensorflow(lambda z: tf.reduce_sum(keras.activations.softmax(z) * v), z),
        [v * p * (1 - p)],  # the diagonal alone
    )

    targets = torch.tensor(one_hot)
    squared = keras.losses.MeanSquaredError(dtype="float64")
    binary = keras.losses.BinaryCrossentropy(from_logits=True, dtype="float64")
    categorical = keras.losses.CategoricalCrossentropy(from_logits=True, dtype="float64")
    add(
        "squared",
        [mean_squared_error(z, one_hot)[1]],
        of_torch(lambda z: functional.mse_loss(z, targets), z),
        of_tensorflow(lambda z: squared(one_hot, z), z),
    )
    add(
        "sigmoid_squared",
        [mean_squared_error(a, one_hot)[1] * slope(a, "sigmoid")],
        of_torch(lambda z: functional.mse_loss(z.sigmoid(), targets), z),
        of_tensorflow(lambda z: squared(one_hot, keras.activations.sigmoid(z)), z),
        [mean_squared_error(a, one_hot)[1]],  # the slope is forgotten
    )
    add(
        "softmax_squared",
        [softmax_backward(p, mean_squared_error(p, one_hot)[1])],
        of_torch(lambda z: functional.mse_loss(z.softmax(1), targets), z),
        of_tensorflow(lambda z: squared(one_hot, keras.activations.softmax(z)), z),
        [mean_squared_error(p, one_hot)[1] * p * (1 - p)],
    )
    add(
        "binary",
        [binary_cross_entropy(z, one_hot)[1]],
        of_torch(lambda z: functional.binary_cross_entropy_with_logits(z, targets), z),
        of_tensorflow(lambda z: binary(one_hot, z), z),
        [(a - one_hot) / n * slope(a, "sigmoid")],  # the slope that has canceled
    )
    add(
        "categorical",
        [cross_entropy(z, labels)[1]],
        of_torch(lambda z: functional.cross_entropy(z, torch.tensor(labels)), z),
        of_tensorflow(lambda z: categorical(one_hot, z), z),
        [(p - one_hot) / IMAGES * p * (1 - p)],
    )

    # One use of each weight for a sample; then one at every position; then one at every time.
    w, b = rng.normal(size=(UNITS, 64)), rng.normal(size=UNITS)
    back = rng.normal(size=(IMAGES, UNITS))
    dense = keras.layers.Dense(UNITS, dtype="float64")
    dense.build((None, 64))
    add(
        "dense",
        [back @ w, back.T @ flat, back.sum(0)],
        of_torch(
            lambda x, w, b: (functional.linear(x, w, b) * torch.tensor(back)).sum(), flat, w, b
        ),
        of_tensorflow(lambda x, w, b: tf.reduce_sum((x @ tf.transpose(w) + b) * back), flat, w, b),
    )

    w, b = rng.normal(size=(FILTERS, 8, WIDTH)), rng.normal(size=FILTERS)
    columns = np.ascontiguousarray(x.swapaxes(1, 2))  # (n, channels, length)
    values = convolve(columns, w, b)
    back = rng.normal(size=values.shape)
    last = np.zeros_like(back)
    last[:, :, -1] = back[:, :, -1]
    add(
        "convolution",
        list(convolve_backward(columns, w, back)),
        of_torch(
            lambda x, w, b: (functional.conv1d(x, w, b) * torch.tensor(back)).sum(), columns, w, b
        ),
        of_tensorflow(
            lambda x, w, b: tf.reduce_sum(
                (
                    tf.nn.conv1d(tf.transpose(x, (0, 2, 1)), tf.transpose(w, (2, 1, 0)), 1, "VALID")
                    + b
                )
                * back.swapaxes(1, 2)
            ),
            columns,
            w,
            b,
        ),
        [  # the weights learn from one position alone
            convolve_backward(columns, w, back)[0],
            *convolve_backward(columns, w, last)[1:],
        ],
    )

    net = Recurrent(
        rng.normal(size=(UNITS, 8)) / 8**0.5,
        rng.normal(size=(UNITS, UNITS)) / UNITS**0.5,
        rng.normal(size=UNITS),
    )
    states = forward(net, x)
    slopes = np.zeros_like(states)
    slopes[:, -1] = back = rng.normal(size=(IMAGES, UNITS))  # the loss sees the last state
    network = torch.nn.RNN(8, UNITS, batch_first=True).double()

    def read_torch(W: Any, U: Any, b: Any) -> Any:
        named = {"weight_ih_l0": W, "weight_hh_l0": U, "bias_ih_l0": b}
        named["bias_hh_l0"] = torch.zeros_like(b)
        result = torch.func.functional_call(network, named, torch.tensor(x))
        return (result[0][:, -1] * torch.tensor(back)).sum()

    def read_tensorflow(W: Any, U: Any, b: Any) -> Any:
        h = tf.zeros((IMAGES, UNITS), tf.float64)
        for t in range(8):
            h = tf.tanh(x[:, t] @ tf.transpose(W) + h @ tf.transpose(U) + b)
        return tf.reduce_sum(h * back)

    delta = back * slope(states[:, -1], "tanh")
    add(
        "recurrent",
        list(backward(net, x, states, slopes)),
        of_torch(read_torch, *net),
        of_tensorflow(read_tensorflow, *net),
        [delta.T @ x[:, -1], delta.T @ states[:, -2], delta.sum(0)],  # the last step alone
    )

    # What a penalty sees.
    kernel = rng.normal(size=WIDTH)
    matrix = unshared(kernel, 8)
    long = kernel if shared else unshared(kernel, LONG)
    short = kernel if shared else matrix
    return Facts(
        images=IMAGES,
        **pieces,
        largest=max(max(q.torch, q.tensorflow) for q in pieces.values()),
        steps=8,
        positions=8 - WIDTH + 1,
        long_positions=LONG - WIDTH + 1,
        l2=L2,
        penalty=l2_penalty([short], L2),
        long_penalty=l2_penalty([long], L2),
        dense_penalty=l2_penalty([matrix], L2),
    )


EXPERIMENT = Experiment(
    question="Are the local pieces right, and how far off are the usual slips?",
    measure=measure,
    claims=(
        Claim(
            id="equal_autograd",
            sentence=lambda f: (
                f"All twelve pieces equal the autograd of PyTorch and of TensorFlow to "
                f"{f.largest:.0e} of the largest entry, in float64."
            ),
            check=lambda f: f.largest < 1e-13,
            without={"slips_instead": True},
        ),
        Claim(
            id="softmax_is_not_elementwise",
            sentence=lambda f: (
                f"Softmax has no slope for each entry: treated like a sigmoid, with $p (1 - p)$, "
                f"its gradient is off by {f.softmax.mistake:.0%} of the largest entry."
            ),
            check=lambda f: f.softmax.mistake > 0.05,
            without={"mistakes": False},
        ),
        Claim(
            id="cancelled_slopes",
            sentence=lambda f: (
                f"Keeping the slope that cross-entropy cancels puts the gradient off by "
                f"{f.binary.mistake:.0%} with a sigmoid and {f.categorical.mistake:.0%} with a "
                f"softmax; dropping it under the squared error, where it belongs, by "
                f"{f.sigmoid_squared.mistake:.0%}."
            ),
            check=lambda f: (
                min(f.binary.mistake, f.categorical.mistake, f.sigmoid_squared.mistake) > 0.2
            ),
            without={"mistakes": False},
        ),
        Claim(
            id="shares_add_up",
            sentence=lambda f: (
                f"The gradient of a shared weight is the sum over its uses. One of "
                f"{f.positions} positions alone puts a convolution's off by "
                f"{f.convolution.mistake:.0%}, the last of {f.steps} time steps alone a recurrent "
                f"layer's by {f.recurrent.mistake:.0%}."
            ),
            check=lambda f: min(f.convolution.mistake, f.recurrent.mistake) > 0.2,
            without={"mistakes": False},
        ),
        Claim(
            id="penalty_counts_once",
            sentence=lambda f: (
                f"A penalty counts a shared weight once: L2 on a filter costs {f.penalty:.4f} "
                f"whether it is used at {f.positions} positions or at {f.long_positions}. A dense "
                f"layer that computes the same at {f.positions} positions would pay "
                f"{f.dense_penalty:.4f}, {f.dense_penalty / f.penalty:.0f} times as much."
            ),
            check=lambda f: (
                f.penalty == f.long_penalty
                and abs(f.dense_penalty / f.penalty - f.positions) < 1e-9
            ),
            without={"shared": False},
        ),
    ),
)
