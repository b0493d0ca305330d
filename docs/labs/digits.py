# ---
# title: "Digits: no penalty, L2 or AdamW"
# description: >-
#   A lab on real data. Train one network with no penalty, L2 and AdamW in PyTorch and Keras,
#   compare every weight, and see what is effect and what is luck.
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Digits: no penalty, L2 or AdamW
#
# **A few hundred pictures, a network that can learn them by heart, and three ways to train it. What
# do L2 and AdamW change, and do PyTorch and Keras agree about it?**
#
# You train the same network from the same start, in both frameworks, and compare every weight. Then
# you repeat it with other splits and other starts, to see what is an effect and what is luck. The
# last cell states what was found and stops with an error if it is not so.
#
# What you need: NumPy, scikit-learn (its digits are part of the package, nothing is downloaded),
# PyTorch, Keras with TensorFlow, and Matplotlib. No graphics card is needed.

# %%
# %matplotlib inline
# %config InlineBackend.figure_formats = ["svg"]
# %config InlineBackend.print_figure_kwargs = {"metadata": {"Date": None}}
import contextlib
import os
from collections.abc import Iterator

os.environ["KERAS_BACKEND"] = "tensorflow"

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


@contextlib.contextmanager
def without_cpp_log() -> Iterator[None]:
    """Mutes what TensorFlow's C++ side logs; Python's warnings and errors still show."""
    log, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(
        nowhere, 2
    )  # no Python setting reaches that log, so its file is changed for a while
    try:
        yield
    finally:
        os.dup2(log, 2)
        os.close(log)
        os.close(nowhere)


with without_cpp_log():
    import keras

torch.set_num_threads(1)  # the matrices are too small to share out
keras.config.set_floatx("float64")  # enough digits to tell "equal" from "similar"

# %% [markdown]
# Colors and lines for every picture below: one color for each method, dashed for training, solid
# for validation.

# %%
COLOURS = {"no penalty": "#7b8794", "L2": "#0072b2", "AdamW": "#9a6b00"}
GREY = "#7b8794"  # readable on a light and on a dark page
plt.rcParams.update(
    {
        "svg.fonttype": "none",
        "svg.hashsalt": "digits",
        "font.size": 12,
        "figure.constrained_layout.use": True,
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "savefig.facecolor": "none",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": GREY,
        "axes.labelcolor": GREY,
        "axes.titlecolor": GREY,
        "text.color": GREY,
        "xtick.color": GREY,
        "ytick.color": GREY,
    }
)

# %% [markdown]
# ## The data
#
# Each picture is 8 by 8 pixels, so a row of 64 numbers. The network trains on a small part of them,
# in which each digit has the share it has in the whole set. All others are for **validation**: the
# network never trains on them, so their loss shows what it learned beyond its own pictures.
#
# Each pixel is standardized: minus its mean, divided by its standard deviation, both **taken from
# the training pictures alone**. A pixel that is blank in all of them has no spread to divide by. It
# becomes 0 in training, and you will meet it again.

# %%
TRAIN_SIZE = 250

pixels, digits = load_digits(return_X_y=True)  # (1797, 64) and (1797,)


def split(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Standardized pictures and their digits: training, then validation."""
    x_train, x_val, y_train, y_val = train_test_split(
        pixels, digits, train_size=TRAIN_SIZE, stratify=digits, random_state=seed
    )
    mean, std = x_train.mean(axis=0), x_train.std(axis=0)
    std[std == 0] = 1.0  # blank pixels
    return (x_train - mean) / std, y_train, (x_val - mean) / std, y_val


x_train, y_train, x_val, y_val = split(seed=0)
blank = np.flatnonzero((x_train == 0).all(axis=0))

figure, axes = plt.subplots(1, 10, figsize=(6.0, 0.9))
for digit, axis in enumerate(axes):
    axis.imshow(pixels[digits == digit][0].reshape(8, 8), cmap="Greys")
    axis.set_title(str(digit))
    axis.axis("off")
plt.show()
print(
    f"One picture of each digit. {len(y_train)} pictures to train on, {len(y_val)} to validate; "
    f"{len(blank)} of {x_train.shape[1]} pixels are blank in every training picture."
)

# %% [markdown]
# ## The network, and one ruler for both frameworks
#
# The network has one hidden layer of ReLU units (each passes on what is positive) and 10 outputs,
# one score for each digit. It has far more parameters than training pictures, so it can learn them
# all by heart.
#
# Both frameworks start from the same arrays, drawn here with NumPy. Keras stores a layer's weights
# as (inputs, outputs), PyTorch as (outputs, inputs), so PyTorch gets them transposed.
#
# Both are also **measured with the same ruler**, written in NumPy: the mean cross-entropy without
# any penalty (in nats: natural logarithm), and the share of right answers. Otherwise you would
# compare what each framework chooses to call "loss": Keras adds the penalty to it, PyTorch's
# optimizer leaves it out.

# %%
HIDDEN = 64

Weights = list[np.ndarray]  # (64, HIDDEN), (HIDDEN,), (HIDDEN, 10), (10,)


def initial_weights(seed: int) -> Weights:
    """He's normal start for the kernels, zero for the biases."""
    generator = np.random.default_rng(seed)
    return [
        generator.normal(0.0, np.sqrt(2 / 64), (64, HIDDEN)),
        np.zeros(HIDDEN),
        generator.normal(0.0, np.sqrt(2 / HIDDEN), (HIDDEN, 10)),
        np.zeros(10),
    ]


def loss_and_accuracy(
    weights: Weights, x: np.ndarray, y: np.ndarray
) -> tuple[float, float]:
    """Mean cross-entropy in nats, and the share of right answers."""
    kernel1, bias1, kernel2, bias2 = weights
    scores = np.maximum(x @ kernel1 + bias1, 0) @ kernel2 + bias2  # (pictures, 10)
    scores -= scores.max(axis=1, keepdims=True)  # so that exp cannot overflow
    log_probability = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    loss = -log_probability[np.arange(len(y)), y].mean()
    return float(loss), float((scores.argmax(axis=1) == y).mean())


def kernel_norm(weights: Weights) -> float:
    """Length of all kernels as one long vector, biases left out."""
    return float(np.sqrt(sum((w**2).sum() for w in weights if w.ndim == 2)))


print(
    f"{sum(w.size for w in initial_weights(0))} parameters for {TRAIN_SIZE} pictures"
)

# %% [markdown]
# ## Three methods
#
# | method | what is minimized | what Adam works on |
# |---|---|---|
# | no penalty | the loss $L$ | gradient of $L$ |
# | [L2](../weight-penalties/l2.md) | $L + \lambda \sum w^2$ | gradient of $L$ plus $2 \lambda w$ |
# | AdamW | the loss $L$ | gradient of $L$, each $w$ first multiplied by $1 - \eta \delta$ |
#
# Here $w$ runs over the kernels, not the biases; $\lambda$ is the strength of L2, $\delta$ AdamW's
# weight decay, $\eta$ the learning rate. So L2 goes through Adam, and AdamW's decay goes round it.
#
# The settings are powers of two or sums of them, which both frameworks store exactly: Keras on
# TensorFlow keeps a learning rate or a beta in float32, where 0.001 and 0.999 are rounded. And
# [epsilon stands in different places](../optimizers/adam.md) in the two, so it is made too small to
# matter. Zero would be too small: a blank pixel has zero gradient, and 0 / 0 is not a number.

# %%
STEPS = 300
EVERY = 10  # keep the weights at each tenth step
LEARNING_RATE = 2**-7
BETAS = (0.875, 1 - 2**-10)
EPSILON = 1e-30

METHODS = {
    "no penalty": {},
    "L2": {"l2": 2**-10},
    "AdamW": {"decay": 2**-1},
}

# %% [markdown]
# ## PyTorch
#
# `torch.optim.Adam` adds `weight_decay` times $w$ to the gradient. The gradient of
# $\lambda \sum w^2$ is $2 \lambda w$, so L2 of strength $\lambda$ is `weight_decay=2 * l2`. In
# `torch.optim.AdamW` the same word means $\delta$. Two parameter groups leave the biases alone.


# %%
def train_pytorch(
    start: Weights,
    x: np.ndarray,
    y: np.ndarray,
    l2: float = 0.0,
    decay: float = 0.0,
) -> list[Weights]:
    """The weights at every tenth step of full-batch training, in Keras's layout."""
    net = torch.nn.Sequential(
        torch.nn.Linear(64, HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, 10)
    ).double()
    parameters = list(net.parameters())
    with torch.no_grad():
        for parameter, values in zip(parameters, start, strict=True):
            parameter.copy_(torch.from_numpy(values.T))
    kernels = [p for p in parameters if p.ndim == 2]
    biases = [p for p in parameters if p.ndim == 1]

    kind, weight_decay = (
        (torch.optim.AdamW, decay) if decay else (torch.optim.Adam, 2 * l2)
    )
    groups = [
        {"params": kernels, "weight_decay": weight_decay},
        {"params": biases, "weight_decay": 0.0},
    ]
    optimizer = kind(groups, lr=LEARNING_RATE, betas=BETAS, eps=EPSILON)

    inputs, labels = torch.from_numpy(x), torch.from_numpy(y)
    path = []
    for step in range(STEPS + 1):
        if step % EVERY == 0:
            path.append([p.detach().numpy().T.copy() for p in parameters])
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(inputs), labels).backward()
        optimizer.step()
    return path


start = initial_weights(seed=0)
in_pytorch = {
    name: train_pytorch(start, x_train, y_train, **strength)
    for name, strength in METHODS.items()
}
print(f"{'On the validation pictures':28}  loss  right")
for name, path in in_pytorch.items():
    loss, accuracy = loss_and_accuracy(path[-1], x_val, y_val)
    print(f"{name:28}{loss:.4f}  {accuracy:.1%}")

# %% [markdown]
# ## Keras
#
# A regularizer on each kernel adds $\lambda \sum w^2$ to the loss: no factor 2 to think of, and the
# biases are left alone. `keras.optimizers.AdamW` would decay biases too, so they are excluded
# before the optimizer is built. `train_on_batch` takes one step on all the pictures, as `fit` does
# with `batch_size=len(x)`, without an epoch's bookkeeping.


# %%
def train_keras(
    start: Weights,
    x: np.ndarray,
    y: np.ndarray,
    l2: float = 0.0,
    decay: float = 0.0,
) -> list[Weights]:
    """The weights at every tenth step of full-batch training."""
    penalty = keras.regularizers.L2(l2) if l2 else None
    net = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(
                HIDDEN, activation="relu", kernel_regularizer=penalty
            ),
            keras.layers.Dense(10, kernel_regularizer=penalty),
        ]
    )
    net.set_weights(start)

    settings = {
        "learning_rate": LEARNING_RATE,
        "beta_1": BETAS[0],
        "beta_2": BETAS[1],
        "epsilon": EPSILON,
    }
    if decay:
        optimizer = keras.optimizers.AdamW(weight_decay=decay, **settings)
        biases = [v for v in net.trainable_variables if len(v.shape) < 2]
        optimizer.exclude_from_weight_decay(var_list=biases)
    else:
        optimizer = keras.optimizers.Adam(**settings)
    net.compile(
        optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )

    path = []
    for step in range(STEPS + 1):
        if step % EVERY == 0:
            path.append(net.get_weights())
        net.train_on_batch(x, y)
    return path


with without_cpp_log():
    in_keras = {
        name: train_keras(start, x_train, y_train, **strength)
        for name, strength in METHODS.items()
    }
print(f"{'On the validation pictures':28}  loss  right")
for name, path in in_keras.items():
    loss, accuracy = loss_and_accuracy(path[-1], x_val, y_val)
    print(f"{name:28}{loss:.4f}  {accuracy:.1%}")

# %% [markdown]
# ## Do the frameworks agree?
#
# Take all parameters at all recorded steps, and look for the largest difference. For comparison, do
# the same with a mistake that is easy to make: `weight_decay=l2`, without the factor 2.


# %%
def largest_difference(one: list[Weights], other: list[Weights]) -> float:
    """The largest difference of any parameter at any recorded step."""
    return max(
        float(np.abs(a - b).max())
        for at_one, at_other in zip(one, other, strict=True)
        for a, b in zip(at_one, at_other, strict=True)
    )


differences = {
    name: largest_difference(in_pytorch[name], in_keras[name]) for name in METHODS
}
halved = train_pytorch(start, x_train, y_train, l2=METHODS["L2"]["l2"] / 2)
without_factor = largest_difference(halved, in_keras["L2"])

print("Largest difference of any parameter:")
for name, difference in differences.items():
    print(f"{name:24}{difference:.0e}")
print(f"{'L2 without the factor 2':24}{without_factor:.0e}")

# %% [markdown]
# What is left is rounding in the last bits: the two frameworks compute the same thing. The missing
# factor is another matter.
#
# ## Learning curves
#
# Lines are PyTorch, dots are Keras. The training loss (dashed) is on a logarithmic scale; the
# validation loss (solid) is not, and its first steps lie above the picture. Look at where each
# method ends in the one and in the other.


# %%
def curve(path: list[Weights], x: np.ndarray, y: np.ndarray) -> list[float]:
    """The loss at each recorded step."""
    return [loss_and_accuracy(weights, x, y)[0] for weights in path]


steps = np.arange(0, STEPS + 1, EVERY)
figure, (top, bottom) = plt.subplots(2, 1, figsize=(6.0, 6.8), sharex=True)
lowest = {}
for name, colour in COLOURS.items():
    trained = curve(in_pytorch[name], x_train, y_train)
    validated = curve(in_pytorch[name], x_val, y_val)
    lowest[name] = min(validated)
    for axis, losses, x, y, dash in (
        (top, trained, x_train, y_train, "--"),
        (bottom, validated, x_val, y_val, "-"),
    ):
        axis.plot(steps, losses, dash, color=colour, linewidth=2)
        axis.plot(
            steps[::2],
            curve(in_keras[name][::2], x, y),
            "o",
            color=colour,
            markersize=4,
        )
        axis.annotate(
            name,
            (STEPS, losses[-1]),
            xytext=(6, 0),
            textcoords="offset points",
            color=colour,
            verticalalignment="center",
            annotation_clip=False,
        )
top.set(yscale="log", ylabel="training loss (nats)")
bottom.set(ylim=(0.2, 0.5), ylabel="validation loss (nats)", xlabel="step")
plt.show()

for name in METHODS:
    train_loss, _ = loss_and_accuracy(in_pytorch[name][-1], x_train, y_train)
    val_loss, _ = loss_and_accuracy(in_pytorch[name][-1], x_val, y_val)
    print(
        f"{name}: training loss {train_loss:.4f} at the last step; "
        f"validation loss {lowest[name]:.3f} at its lowest, {val_loss:.3f} at the last step."
    )

# %% [markdown]
# ## The table
#
# The **gap** is the validation loss minus the training loss. The **norm** is the length of all
# kernels together. PyTorch and Keras stand one below the other.


# %%
def summary(weights: Weights) -> dict[str, str]:
    """What the table says about one run's last weights."""
    train_loss, train_accuracy = loss_and_accuracy(weights, x_train, y_train)
    val_loss, val_accuracy = loss_and_accuracy(weights, x_val, y_val)
    return {
        "training loss": f"{train_loss:.4f}",
        "validation loss": f"{val_loss:.4f}",
        "gap": f"{val_loss - train_loss:.4f}",
        "training accuracy": f"{train_accuracy:.1%}",
        "validation accuracy": f"{val_accuracy:.1%}",
        "norm": f"{kernel_norm(weights):.2f}",
    }


table = {
    framework: [summary(path[-1]) for path in runs.values()]
    for framework, runs in (("PyTorch", in_pytorch), ("Keras", in_keras))
}
print(" " * 9 + "".join(f"{name:>11}" for name in METHODS))
for row in table["PyTorch"][0]:
    print(row)
    for framework, columns in table.items():
        print(
            f"  {framework:7}" + "".join(f"{column[row]:>11}" for column in columns)
        )

# %% [markdown]
# ## Effect or luck?
#
# One split and one start prove little. So repeat it with five seeds, each with its own split and
# its own start, and with three strengths of each method, each four times the one before, so that
# nothing rests on one lucky choice.
#
# The frameworks agree, so PyTorch alone will do. Splits differ in difficulty; to take that out,
# each run is compared with the run **without penalty on the same split, from the same start**. In
# the picture a dot is a seed and a bar the mean of its row.

# %%
SEEDS = range(5)
STRENGTHS = {
    "no penalty": [{}],
    "L2": [{"l2": 2**-12}, {"l2": 2**-10}, {"l2": 2**-8}],
    "AdamW": [{"decay": 2**-3}, {"decay": 2**-1}, {"decay": 2**1}],
}


def label(name: str, strength: dict[str, float]) -> str:
    """Method and strength, such as ``L2 2^-10``."""
    return " ".join(
        [name, *(f"2^{np.log2(value):.0f}" for value in strength.values())]
    )


losses: dict[str, list[float]] = {}  # by label, one value a seed
accuracies: dict[str, list[float]] = {}
ends: dict[str, list[Weights]] = {}
for seed in SEEDS:
    x, y, x_other, y_other = split(seed)
    for name, strengths in STRENGTHS.items():
        for strength in strengths:
            end = train_pytorch(initial_weights(seed), x, y, **strength)[-1]
            loss, accuracy = loss_and_accuracy(end, x_other, y_other)
            losses.setdefault(label(name, strength), []).append(loss)
            accuracies.setdefault(label(name, strength), []).append(accuracy)
            ends.setdefault(label(name, strength), []).append(end)

loss_change = {
    key: np.subtract(losses[key], losses["no penalty"]) for key in losses
}
accuracy_change = {
    key: np.subtract(accuracies[key], accuracies["no penalty"]) for key in losses
}

figure, axis = plt.subplots(figsize=(6.0, 3.6))
regularized = [key for key in losses if key != "no penalty"]
for row, key in enumerate(regularized):
    colour = COLOURS[key.split()[0]]
    axis.plot(loss_change[key], [row] * len(SEEDS), "o", color=colour, alpha=0.7)
    axis.plot(
        loss_change[key].mean(),
        row,
        "|",
        color=colour,
        markersize=22,
        markeredgewidth=3,
    )
axis.axvline(0, color=GREY, linewidth=1)
axis.set_yticks(range(len(regularized)), regularized)
axis.set_ylim(len(regularized) - 0.5, -0.5)  # the first row on top
axis.set_xlabel("validation loss minus that without penalty (nats)")
plt.show()


def spread(values: np.ndarray, digits: int) -> str:
    """Mean, plus or minus the standard deviation over the seeds."""
    return f"{np.mean(values):+.{digits}f} ± {np.std(values, ddof=1):.{digits}f}"


print(
    f"Without penalty the validation loss is {np.mean(losses['no penalty']):.3f} ± "
    f"{np.std(losses['no penalty'], ddof=1):.3f} over {len(SEEDS)} seeds (mean ± standard "
    f"deviation), and {np.mean(accuracies['no penalty']):.1%} are right. Changes, seed by seed:\n"
)
print(f"{'':12}{'loss':14}  right, points")
for key in regularized:
    print(
        f"{key:11}{spread(loss_change[key], 3)}  {spread(100 * accuracy_change[key], 1)}"
    )

# %% [markdown]
# ## Where L2 and AdamW part
#
# A pixel that is blank in every training picture sends nothing into the network, so the loss has no
# gradient for its weights. What happens to these weights is the regularizer's doing alone:
#
# - **No penalty:** nothing. They stay where chance put them, and add noise when a validation
#   picture does use that pixel.
# - **L2:** the gradient is $2 \lambda w$. Adam divides a gradient by a running measure of its own
#   size, so $\lambda$ cancels: the first step is $\eta$ towards zero, and the whole way is the same
#   **however weak the penalty is**.
# - **AdamW:** each step multiplies by $1 - \eta \delta$ and does nothing else, so after $n$ steps
#   $(1 - \eta \delta)^n$ is left.

# %%
blank_left = {}  # by label, the share of the blank pixels' weights that is left
print("Of the blank pixels' weights is left:")
for name, strengths in STRENGTHS.items():
    for strength in strengths:
        key = label(name, strength)
        end = ends[key][0]  # of seed 0, whose blank pixels were found above
        blank_left[key] = np.linalg.norm(end[0][blank]) / np.linalg.norm(
            start[0][blank]
        )
        formula = (1 - LEARNING_RATE * strength.get("decay", 0.0)) ** STEPS
        by_formula = "" if name == "L2" else f"formula {formula:.6f}"
        print(f"{key:12}{blank_left[key]:.6f}  {by_formula}".rstrip())

blank_ends = [
    ends[label("L2", strength)][0][0][blank] for strength in STRENGTHS["L2"]
]
largest = max(float(np.abs(other - blank_ends[0]).max()) for other in blank_ends)
print(
    f"Under the three strengths of L2 these weights end at most {largest:.0e} apart."
)

# %% [markdown]
# ## What we found
#
# Each sentence carries the numbers of this run and a check on them. If one does not hold, the lab
# stops with an error.

# %%
plain_end = in_pytorch["no penalty"][-1]
regularized_ends = [in_pytorch[name][-1] for name in ("L2", "AdamW")]
plain_train, plain_accuracy = loss_and_accuracy(plain_end, x_train, y_train)
lower = sum(int((loss_change[key] < 0).sum()) for key in regularized)
not_higher = sum(int((accuracy_change[key] <= 0).sum()) for key in regularized)
runs = len(regularized) * len(SEEDS)
points = [100 * accuracy_change[key].mean() for key in regularized]

best = {
    name: min(
        (label(name, strength) for strength in STRENGTHS[name]),
        key=lambda key: np.mean(losses[key]),
    )
    for name in ("L2", "AdamW")
}
lead = np.subtract(losses[best["AdamW"]], losses[best["L2"]])
gain = -loss_change[best["AdamW"]].mean()

conclusions = [
    (
        f"PyTorch and Keras agree: in {STEPS} steps no parameter differs by more than "
        f"{max(differences.values()):.0e}. Without the factor 2 it would be {without_factor:.0e}.",
        max(differences.values()) < 1e-9 and without_factor > 1e-3,
    ),
    (
        f"Without a penalty the network learns its pictures by heart: {plain_accuracy:.0%} right, "
        f"loss {plain_train:.4f}; in validation {losses['no penalty'][0]:.2f}. Both L2 and AdamW "
        f"end with a higher training loss, a lower validation loss and smaller kernels.",
        plain_accuracy == 1
        and all(
            loss_and_accuracy(end, x_train, y_train)[0] > plain_train
            and loss_and_accuracy(end, x_val, y_val)[0] < losses["no penalty"][0]
            and kernel_norm(end) < kernel_norm(plain_end)
            for end in regularized_ends
        ),
    ),
    (
        f"That is no luck: the validation loss fell in {lower} of {runs} regularized runs.",
        lower == runs,
    ),
    (
        f"Accuracy moved little: by {min(points):+.1f} to {max(points):+.1f} points on average; "
        f"in {not_higher} of {runs} runs it did not rise.",
        min(points) > 0 and max(points) < 1.5 and not_higher > 0,
    ),
    (
        f"AdamW was not ahead of L2 here. At the better of three strengths each, L2 ended lower in "
        f"{(lead > 0).sum()} of {len(SEEDS)} seeds, by {lead.mean():.3f} ± {lead.std(ddof=1):.3f}; "
        f"against no penalty, AdamW gains {gain:.3f}.",
        bool((lead > 0).all()) and lead.mean() < gain,
    ),
    (
        "Weights that only the regularizer moves: L2 brings them to almost nothing, the same way "
        "at each strength; AdamW leaves what its formula says; without a penalty all is left.",
        all(
            np.isclose(
                blank_left[label(name, strength)],
                (1 - LEARNING_RATE * strength.get("decay", 0.0)) ** STEPS,
                rtol=1e-9,
            )
            for name in ("no penalty", "AdamW")
            for strength in STRENGTHS[name]
        )
        and max(left for key, left in blank_left.items() if key.startswith("L2"))
        < 1e-3
        and largest < 1e-9,
    ),
]
for number, (sentence, holds) in enumerate(conclusions, 1):
    print(f"{number}. {'Holds' if holds else 'DOES NOT HOLD'}: {sentence}\n")

broken = [number for number, (_, holds) in enumerate(conclusions, 1) if not holds]
assert not broken, f"this run does not bear out these conclusions: {broken}"

# %% [markdown]
# One small data set and one network are no ranking of methods. They are enough to refute a rule:
# "with Adam, decoupled decay always generalizes better" does not hold here.
#
# ## Now try
#
# 1. **Train longer.** Set `STEPS = 1500`. Which validation curves rise?
# 2. **Use AdamW's default.** PyTorch and Keras have different default decays: look them up, and
#    train with each. What share of a blank pixel's weights is left?
# 3. **One scale for all pixels.** In `split`, replace `x_train.std(axis=0)` by a single number:
#    `np.full(64, x_train.std())`. Rarely used pixels are then no longer blown up. What is left of
#    the distance between L2 and AdamW? Which sentences of the last cell still hold?
# 4. **Usual betas.** Set `BETAS = (0.9, 0.999)`. How many digits of the agreement are left, and
#    why?
# 5. **Each its own epsilon.** Leave out `eps` in PyTorch and `epsilon` in Keras. How far apart do
#    the two frameworks end?
# 6. **Decay the biases too.** Take `exclude_from_weight_decay` out of the Keras code. Which
#    sentence of the last cell stops the lab?
