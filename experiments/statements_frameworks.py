"""Sentences about what PyTorch and Keras do when nothing, or something odd, is said."""

import inspect
import json
import os
import subprocess
import sys
import warnings
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import torch
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from torch import nn

from experiments.experiment import Claim, Experiment

RATES = (0.5, 0.0)
ON_TORCH = """
import json

import keras

ones, found = keras.ops.ones((10, 1000)), []
for rate in %s:
    model = keras.Sequential([keras.Input((1000,)), keras.layers.Dropout(rate, seed=0)])
    model.train()
    outs = [keras.ops.convert_to_numpy(model(ones, training=t)) for t in (None, True)]
    found.append([float((out == 0).mean()) for out in outs])
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Defaults:
    """Of one library's optimizers."""

    sgd_decay: float
    adam_decay: float
    adamw_decay: float
    adam_eps: float
    rmsprop_eps: float
    adagrad_eps: float
    rmsprop_forget: float
    adagrad_start: float


@dataclass(frozen=True)
class Facts:
    """What the libraries say and do."""

    tensorflow_has_train: bool
    """Whether a Keras model on TensorFlow has that method."""
    after_train: float
    with_training: float
    """Share of values dropped by a Keras model on PyTorch, after ``train()`` or as told so."""
    torch: Defaults
    keras: Defaults
    optimizers: int
    with_l1: int
    """PyTorch's optimizers, and those with an option whose name holds the word in question."""
    refused: bool
    """Whether Keras refuses the penalty's name."""
    by_name: float
    by_arguments: float
    """Penalty of the weights 1 and -2 for the name that it accepts, and for l1_l2(0.5, 0.25)."""
    abs_message: str
    keyword_message: str
    """What Python says to a loss with a strength of that name."""
    shape_warning: str
    """The first words of what Keras says to ``input_shape`` in a layer."""
    at_zero: tuple[float, float, float]
    """Slope of the absolute value where it has none: NumPy's sign, PyTorch, TensorFlow."""
    reported: float
    bare: float
    penalty: float
    """Keras's reported loss, the loss function alone, the sum of ``model.losses``."""
    fitted: float
    by_hand: float
    cross_entropy: float
    """Of a model that ends in softmax, with a loss that wants scores: what ``fit`` reports, what
    the loss makes of the same output as an array, and cross-entropy."""
    repair_warning: str
    """What ``fit`` warns of meanwhile, its first words."""
    uncompiled: str
    """The error of ``fit`` on a model that was not compiled, its first sentence."""
    grid_search: str
    """The error of scikit-learn's grid search given a Keras model, its first sentence."""
    layers: int
    penalties: int
    """Layers made with one ``partial``, and entries of ``model.losses``."""
    tensors: int
    kernels: int
    frozen: int
    """In ``model.parameters()``: all, weight matrices, and those that training leaves alone."""


@cache
def on_torch() -> dict[float, tuple[float, float]]:
    """Shares for each rate, asked of a process of its own: a process has one Keras backend."""
    done = subprocess.run(
        [sys.executable, "-c", ON_TORCH % (RATES,)],
        env={**os.environ, "KERAS_BACKEND": "torch"},
        capture_output=True,
        text=True,
        check=True,
    )
    shares = json.loads(done.stdout.splitlines()[-1])
    return {rate: (plain, told) for rate, (plain, told) in zip(RATES, shares, strict=True)}


def default(owner: Any, name: str) -> float:
    """Of one argument; None is 0."""
    return float(inspect.signature(owner).parameters[name].default or 0.0)


def torch_defaults() -> Defaults:
    """Read from the signatures."""
    found = torch.optim
    return Defaults(
        sgd_decay=default(found.SGD, "weight_decay"),
        adam_decay=default(found.Adam, "weight_decay"),
        adamw_decay=default(found.AdamW, "weight_decay"),
        adam_eps=default(found.Adam, "eps"),
        rmsprop_eps=default(found.RMSprop, "eps"),
        adagrad_eps=default(found.Adagrad, "eps"),
        rmsprop_forget=default(found.RMSprop, "alpha"),
        adagrad_start=default(found.Adagrad, "initial_accumulator_value"),
    )


def keras_defaults() -> Defaults:
    """Read from the signatures."""
    found = keras.optimizers
    return Defaults(
        sgd_decay=default(found.SGD, "weight_decay"),
        adam_decay=default(found.Adam, "weight_decay"),
        adamw_decay=default(found.AdamW, "weight_decay"),
        adam_eps=default(found.Adam, "epsilon"),
        rmsprop_eps=default(found.RMSprop, "epsilon"),
        adagrad_eps=default(found.Adagrad, "epsilon"),
        rmsprop_forget=default(found.RMSprop, "rho"),
        adagrad_start=default(found.Adagrad, "initial_accumulator_value"),
    )


def options(word: str) -> tuple[int, int]:
    """How many optimizers PyTorch has, and how many with an option that contains the word."""
    owners = [
        owner
        for owner in vars(torch.optim).values()
        if inspect.isclass(owner) and issubclass(owner, torch.optim.Optimizer)
    ]
    owners.remove(torch.optim.Optimizer)
    having = [o for o in owners if any(word in n for n in inspect.signature(o).parameters)]
    return len(owners), len(having)


def named(name: str) -> tuple[bool, float]:
    """Whether Keras refuses a regularizer's name, and the penalty of its other spelling."""
    try:
        found = keras.regularizers.get(name)
        refused = False
    except ValueError:
        found = keras.regularizers.get(name.replace("_", ""))
        refused = True
    return refused, float(found(np.array([1.0, -2.0])))


def message(*arguments: Any) -> str:
    """The error of ``torch.abs``, if any."""
    try:
        torch.abs(*arguments)
    except TypeError as error:
        return str(error).partition("\n")[0]
    return ""


def compiled(strength: str) -> str:
    """The error of a line that uses this name for the strength, if any."""
    try:
        compile(f"loss = data_loss + {strength} * penalty", "line", "exec")
    except SyntaxError as error:
        return str(error.msg)
    return ""


def warned(**arguments: Any) -> str:
    """The first sentence that Keras warns with when a layer is made with these arguments."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        keras.layers.Dense(1, **arguments)
    return str(found[0].message).partition(". ")[0] if found else ""


def slopes(at: float) -> tuple[float, float, float]:
    """Of the absolute value, as three libraries see it."""
    in_torch = torch.tensor(at, requires_grad=True)
    in_torch.abs().backward()
    assert in_torch.grad is not None
    in_tf = tf.Variable(at)
    with tf.GradientTape() as tape:
        size = tf.abs(in_tf)
    return float(np.sign(at)), in_torch.grad.item(), float(tape.gradient(size, in_tf))


def reported(l2: float) -> tuple[float, float, float]:
    """Loss of ``evaluate``, squared error, penalty."""
    keras.utils.set_random_seed(0)
    penalty = keras.regularizers.l2(l2)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, kernel_regularizer=penalty)])
    model.compile(loss="mse", metrics=["mse"], run_eagerly=True)
    rows = np.ones((8, 4), "float32")
    loss, bare = model.evaluate(rows, np.zeros((8, 3), "float32"), verbose=0)
    return float(loss), float(bare), float(sum(model.losses))


def doubled(activation: str | None) -> tuple[float, float, float, str]:
    """The loss of ``fit``, the loss of an array, and cross-entropy; and what Keras warns of."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, activation)])
    rows = np.random.default_rng(0).normal(0, 5, (8, 2)).astype("float32")
    labels = np.arange(8) % 3
    scores = rows @ model.get_weights()[0]
    cross_entropy = np.log(np.exp(scores).sum(1)) - scores[np.arange(8), labels]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    called = float(loss(labels, model(rows).numpy()))  # an array does not remember its scores
    model.compile(keras.optimizers.SGD(0.0), loss)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        (fitted,) = model.fit(rows, labels, batch_size=8, verbose=0).history["loss"]
    said = [str(warning.message) for warning in found if "from_logits" in str(warning.message)]
    words = said[0].partition(", but")[0].strip('"') if said else ""
    return fitted, called, float(cross_entropy.mean()), words


def unfitted(compiled: bool) -> str:
    """The first sentence of what ``fit`` says to a model, if it stops."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    if compiled:
        model.compile(loss="mse")
    try:
        model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
    except ValueError as error:
        return str(error).partition(".")[0]
    return ""


def searched(ready: bool) -> str:
    """What a grid search says to a Keras model, or to one of scikit-learn's, if it stops."""
    model = Ridge() if ready else keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    try:
        GridSearchCV(model, {"alpha": [0.1, 1.0]}).fit(np.eye(9, 2), np.ones(9))
    except TypeError as error:
        return str(error).partition(".")[0]
    return ""


def measure(
    rate: float = 0.5,
    same_library: bool = False,
    word: str = "l1",
    name: str = "l1_l2",
    given: bool = False,
    at: float = 0.0,
    l2: float = 0.01,
    weights_only: bool = False,
    strength: str = "lambda",
    shape: tuple[int, ...] | None = (20,),
    activation: str | None = "softmax",
    ready: bool = False,
) -> Facts:
    """Read signatures and run one small thing after the other.

    Args:
        rate: Of the dropout in the Keras model, one of ``RATES``.
        same_library: Read PyTorch's defaults twice.
        word: To look for in the names of options.
        name: Of a Keras regularizer.
        given: Give ``torch.abs`` a tensor.
        at: Where the slope of the absolute value is taken.
        l2: Strength in the layers.
        weights_only: Leave biases and batch norm away, and freeze nothing.
        strength: Name of the strength in a line of Python.
        shape: Of the input, told to the layer; None tells it nothing.
        activation: Of the last layer, before a loss that wants scores.
        ready: Compile the model before it is fitted; search over a model of scikit-learn's.
    """
    fitted, by_hand, cross_entropy, repair_warning = doubled(activation)
    optimizers, having = options(word)
    refused, by_name = named(name)
    loss, bare, penalty = reported(l2)
    kind = keras.regularizers.l2(l2) if l2 else None
    dense = partial(keras.layers.Dense, 4, activation="relu", kernel_regularizer=kind)
    stack = keras.Sequential([keras.Input((4,)), dense(), dense(), dense()])
    bias = not weights_only
    model = nn.Sequential(nn.Linear(4, 8, bias=bias), nn.ReLU(), nn.Linear(8, 2, bias=bias))
    if not weights_only:
        model.append(nn.BatchNorm1d(2))
        model[0].requires_grad_(False)
    parameters = list(model.parameters())
    return Facts(
        tensorflow_has_train=hasattr(stack, "train"),
        after_train=on_torch()[rate][0],
        with_training=on_torch()[rate][1],
        torch=torch_defaults(),
        keras=torch_defaults() if same_library else keras_defaults(),
        optimizers=optimizers,
        with_l1=having,
        refused=refused,
        by_name=by_name,
        by_arguments=float(keras.regularizers.l1_l2(0.5, 0.25)(np.array([1.0, -2.0]))),
        abs_message=message(*([torch.ones(1)] if given else [])),
        keyword_message=compiled(strength),
        shape_warning=warned(**({"input_shape": shape} if shape else {})),
        at_zero=slopes(at),
        reported=loss,
        bare=bare,
        penalty=penalty,
        fitted=fitted,
        by_hand=by_hand,
        cross_entropy=cross_entropy,
        repair_warning=repair_warning,
        uncompiled=unfitted(ready),
        grid_search=searched(ready),
        layers=len(stack.layers),
        penalties=len(stack.losses),
        tensors=len(parameters),
        kernels=sum(p.ndim >= 2 for p in parameters),
        frozen=sum(not p.requires_grad for p in parameters),
    )


EXPERIMENT = Experiment(
    question="What do PyTorch and Keras do by default, by name, and by mode?",
    measure=measure,
    claims=(
        Claim(
            id="keras_train_is_nothing",
            sentence=lambda f: (
                "A Keras model on TensorFlow has no `train()`. On PyTorch it has one, which does "
                f"not switch dropout on: {f.after_train:.0%} of the values are dropped after it, "
                f"and {f.with_training:.0%} with `training=True`."
            ),
            check=lambda f: (
                not f.tensorflow_has_train and f.after_train == 0 and f.with_training > 0.4
            ),
            without={"rate": 0.0},
        ),
        Claim(
            id="decay_defaults",
            sentence=lambda f: (
                "Without a number from you, there is no L2: `weight_decay` of SGD and Adam is "
                f"{f.torch.adam_decay:g} in PyTorch and `None` in Keras. Only AdamW decays, by "
                f"{f.torch.adamw_decay:g} in one and {f.keras.adamw_decay:g} in the other."
            ),
            check=lambda f: (
                f.torch.sgd_decay == f.torch.adam_decay == 0
                and f.keras.sgd_decay == f.keras.adam_decay == 0
                and f.torch.adamw_decay > f.keras.adamw_decay > 0
            ),
            without={"same_library": True},
        ),
        Claim(
            id="epsilon_defaults",
            sentence=lambda f: (
                f"Epsilon of Adam, RMSprop and Adagrad is {f.torch.adam_eps:.0e}, "
                f"{f.torch.rmsprop_eps:.0e} and {f.torch.adagrad_eps:.0e} in PyTorch, and "
                f"{f.keras.adam_eps:.0e}, {f.keras.rmsprop_eps:.0e} and {f.keras.adagrad_eps:.0e} "
                "in Keras."
            ),
            check=lambda f: (
                f.torch.adam_eps < f.keras.adam_eps
                and f.torch.rmsprop_eps < f.keras.rmsprop_eps
                and f.torch.adagrad_eps < f.keras.adagrad_eps
            ),
            without={"same_library": True},
        ),
        Claim(
            id="forgetting_defaults",
            sentence=lambda f: (
                f"RMSprop keeps {f.torch.rmsprop_forget:g} of its mean in PyTorch and "
                f"{f.keras.rmsprop_forget:g} in Keras; Adagrad's sum starts at "
                f"{f.torch.adagrad_start:g} and at {f.keras.adagrad_start:g}."
            ),
            check=lambda f: (
                f.torch.rmsprop_forget > f.keras.rmsprop_forget
                and f.torch.adagrad_start < f.keras.adagrad_start
            ),
            without={"same_library": True},
        ),
        Claim(
            id="no_l1_option",
            sentence=lambda f: (
                f"Of the {f.optimizers} optimizers in `torch.optim`, {f.with_l1} have an option "
                "with `l1` in its name."
            ),
            check=lambda f: f.with_l1 == 0 < f.optimizers,
            without={"word": "lr"},
        ),
        Claim(
            id="l1_l2_by_name",
            sentence=lambda f: (
                'Keras refuses the name `"l1_l2"`, and takes `"l1l2"` for a penalty of '
                f"{f.by_name:g}, where `l1_l2(l1=0.5, l2=0.25)` gives {f.by_arguments:g}."
            ),
            check=lambda f: f.refused and f.by_name == 0 and f.by_arguments > 0,
            without={"name": "l2"},
        ),
        Claim(
            id="abs_needs_its_tensor",
            sentence=lambda f: f"`torch.abs().sum()` stops with “{f.abs_message}”.",
            check=lambda f: "missing" in f.abs_message,
            without={"given": True},
        ),
        Claim(
            id="lambda_is_a_keyword",
            sentence=lambda f: (
                "`loss = data_loss + lambda * penalty` is no line of Python: "
                f"“{f.keyword_message}”. The word `lambda` makes a function."
            ),
            check=lambda f: f.keyword_message != "",
            without={"strength": "l2"},
        ),
        Claim(
            id="input_shape_warns",
            sentence=lambda f: (
                f"Keras 3 answers `Dense(1, input_shape=(20,))` with “{f.shape_warning}”."
            ),
            check=lambda f: "input_shape" in f.shape_warning,
            without={"shape": None},
        ),
        Claim(
            id="fit_needs_compile",
            sentence=lambda f: f"`fit` on a model without `compile` stops: “{f.uncompiled}.”",
            check=lambda f: "compile" in f.uncompiled,
            without={"ready": True},
        ),
        Claim(
            id="grid_search_takes_no_keras_model",
            sentence=lambda f: f"`GridSearchCV`, given a Keras model, stops: “{f.grid_search}.”",
            check=lambda f: f.grid_search != "",
            without={"ready": True},
        ),
        Claim(
            id="fit_repairs_the_second_softmax",
            sentence=lambda f: (
                "Keras notices the second softmax where it can: given a model that ends in one "
                "and a loss with `from_logits=True`, `fit` on TensorFlow warns "
                f"“{f.repair_warning}” and reports {f.fitted:.2f}, the cross-entropy of "
                "what went into the softmax. The "
                "same output as an array has forgotten what that was: its loss is "
                f"{f.by_hand:.2f}, without a warning."
            ),
            check=lambda f: (
                f.repair_warning != ""
                and abs(f.fitted - f.cross_entropy) < 1e-4
                and abs(f.by_hand - f.cross_entropy) > 0.1
            ),
            without={"activation": None},
        ),
        Claim(
            id="slope_at_zero",
            sentence=lambda f: (
                "At 0, where the absolute value has no slope, NumPy's `sign`, PyTorch and "
                f"TensorFlow take {f.at_zero[0]:g}, {f.at_zero[1]:g} and {f.at_zero[2]:g}."
            ),
            check=lambda f: f.at_zero == (0, 0, 0),
            without={"at": 1.0},
        ),
        Claim(
            id="who_reports_the_penalty",
            sentence=lambda f: (
                f"Keras's `evaluate` reports {f.reported:.4f}, the squared error of {f.bare:.4f} "
                f"and the penalty of {f.penalty:.4f} together."
            ),
            check=lambda f: f.penalty > 0.001 and abs(f.reported - f.bare - f.penalty) < 1e-5,
            without={"l2": 0.0},
        ),
        Claim(
            id="one_partial_for_all",
            sentence=lambda f: (
                f"{f.layers} layers made with one `functools.partial` put {f.penalties} penalties "
                "into `model.losses`."
            ),
            check=lambda f: f.penalties == f.layers > 0,
            without={"l2": 0.0},
        ),
        Claim(
            id="parameters_are_more_than_weights",
            sentence=lambda f: (
                "Two linear layers, the first one frozen, and a batch norm: `model.parameters()` "
                f"holds {f.tensors} tensors, of which {f.kernels} are weight matrices, and "
                f"{f.frozen} are frozen."
            ),
            check=lambda f: f.kernels < f.tensors and f.frozen > 0,
            without={"weights_only": True},
        ),
    ),
)
