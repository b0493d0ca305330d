"""The parity matrix: every way to write a technique gives the same path of all parameters.

A row is one algorithm. Its ways (NumPy, PyTorch, Keras, the libraries' own options and the
snippets) start from the same weights, see the same batches in the same order and are compared after
each of 500 updates. To add a technique, add a row to ``ROWS``; its first way is the reference.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from unittest.mock import patch

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge
from torch import nn

import snippets.keras.dropout
import snippets.numpy.elastic_net_training
import snippets.numpy.l1_training
import snippets.numpy.l2_training
import snippets.pytorch.dropout
from experiments.trajectories import (
    BATCH,
    HIDDEN,
    KERNELS,
    SHAPES,
    Array,
    data,
    distances,
    keras_path,
    numpy_path,
    torch_path,
)
from snippets.keras.custom_adam import CustomAdam as KerasAdam
from snippets.keras.custom_adamw import CustomAdamW as KerasAdamW
from snippets.keras.group_lasso import GroupLasso
from snippets.keras.group_threshold import GroupThreshold
from snippets.keras.l1_penalty import L1Penalty
from snippets.keras.l2_penalty import L2Penalty
from snippets.keras.max_norm import max_norm as keras_max_norm
from snippets.keras.soft_threshold import SoftThreshold
from snippets.keras.weight_decay import decay_weights as keras_decay
from snippets.numpy.adagrad import Adagrad
from snippets.numpy.custom_adam import CustomAdam as NumpyAdam
from snippets.numpy.custom_adamw import CustomAdamW as NumpyAdamW
from snippets.numpy.dropout import Dropout, dropout_mask
from snippets.numpy.elastic_net import elastic_net_step, elastic_net_subgradient
from snippets.numpy.equivalent_epsilon import keras_epsilon, torch_adagrad_start, torch_epsilon
from snippets.numpy.equivalents import (
    sklearn_elastic_net,
    sklearn_lasso_alpha,
    sklearn_logistic,
    sklearn_ridge_alpha,
    torch_weight_decay,
)
from snippets.numpy.gradient_descent import GradientDescent
from snippets.numpy.group_lasso import group_lasso_subgradient
from snippets.numpy.group_threshold import group_threshold
from snippets.numpy.l1_penalty import l1_subgradient
from snippets.numpy.l2_penalty import l2_gradient
from snippets.numpy.max_norm import max_norm
from snippets.numpy.momentum import Momentum
from snippets.numpy.nesterov import Nesterov
from snippets.numpy.rmsprop import RMSprop
from snippets.numpy.soft_threshold import soft_threshold
from snippets.numpy.weight_decay import decay_weights as numpy_decay
from snippets.pytorch.custom_adam import CustomAdam as TorchAdam
from snippets.pytorch.custom_adamw import CustomAdamW as TorchAdamW
from snippets.pytorch.decay_groups import decay_groups
from snippets.pytorch.group_lasso import group_lasso_penalty
from snippets.pytorch.group_threshold import group_threshold as torch_group_threshold
from snippets.pytorch.l1_penalty import l1_penalty as torch_l1
from snippets.pytorch.l2_penalty import l2_penalty as torch_l2
from snippets.pytorch.max_norm import max_norm as torch_max_norm
from snippets.pytorch.soft_threshold import soft_threshold as torch_soft_threshold
from snippets.pytorch.weight_decay import decay_weights as torch_decay

# Exact in float32, to which Keras on TensorFlow rounds options even for float64 weights.
STEPS = 500
LR, ADAPTIVE_LR, MU = 2.0**-5, 2.0**-8, 0.875
L1, L2, DECAY, GROUP, LIMIT = 2.0**-7, 2.0**-7, 2.0**-3, 2.0**-5, 0.5
ALPHA, BETAS = 1 - 2.0**-5, (0.875, 1 - 2.0**-10)
EPS_HAT, SMALL = 2.0**-20, 2.0**-16
RATE, SEED = 0.375, 5
FLIP = 1e-3  # with a slope of L1, the last bit of a weight near 0 may decide its sign

WEIGHT_DECAY = torch_weight_decay(L2)
KERAS_BETAS = {"beta_1": BETAS[0], "beta_2": BETAS[1]}
own = keras.regularizers

Way = Callable[[str], Array]


@dataclass(frozen=True)
class Row:
    """Ways to write one algorithm, and how far apart float32 may bring them."""

    ways: dict[str, Way]
    float32: float = 1e-5  # ten times what 500 roundings bring
    zeros: bool = False
    """Whether it makes exact zeros, which must be the same ones."""
    apart: dict[str, float] = field(default_factory=dict)
    """Other rows, and the least distance from them: what this row must not be taken for."""


def on_numpy(make: Callable[[], Any], **options: Any) -> Way:
    return lambda dtype: numpy_path(make(), steps=STEPS, dtype=dtype, **options)


def on_torch(make: Callable[[nn.Sequential], Any], **options: Any) -> Way:
    return lambda dtype: torch_path(make, steps=STEPS, dtype=dtype, **options)


def on_keras(make: Callable[[], Any], **options: Any) -> Way:
    return lambda dtype: keras_path(make(), steps=STEPS, dtype=dtype, **options)


# --- NumPy: what a penalty adds to the gradients, and what happens beside the step ---


def on_kernels(gradient: Callable[[list[Array]], list[Array]]) -> Callable[[list[Array]], list]:
    def slope(params: list[Array]) -> list[Any]:
        first, second = gradient([params[i] for i in KERNELS])
        return [first, 0.0, second, 0.0]

    return slope


l2_on_kernels = on_kernels(lambda kernels: l2_gradient(kernels, L2))
l1_on_kernels = on_kernels(lambda kernels: l1_subgradient(kernels, L1))
both_on_kernels = on_kernels(lambda kernels: [elastic_net_subgradient(k, L1, L2) for k in kernels])


def l2_on_all(params: list[Array]) -> list[Array]:
    return l2_gradient(params, L2)


def change_kernels(change: Callable[[Array], Array]) -> Callable[[list[Array]], None]:
    def after(params: list[Array]) -> None:
        for i in KERNELS:
            params[i][...] = change(params[i])

    return after


def decay_all(lr: float, decay: float) -> Callable[[int, list[Array]], None]:
    return lambda t, params: numpy_decay(params, lr, decay)


def numpy_adam(make: type, **options: Any) -> Way:
    """The paper's Adam with Keras's epsilon, mapped before every step."""
    extra = {key: options.pop(key) for key in ("slope", "scale") if key in options}

    def way(dtype: str) -> Array:
        adam = make(lr=ADAPTIVE_LR, betas=BETAS, **options)

        def before(t: int, params: list[Array]) -> None:
            adam.eps = torch_epsilon(EPS_HAT, BETAS[1], t)

        return numpy_path(adam, steps=STEPS, before=before, dtype=dtype, **extra)

    return way


# --- PyTorch ---


def weights_of(model: nn.Sequential) -> list[nn.Parameter]:
    return [p for p in model.parameters() if p.ndim >= 2]


def groups(model: nn.Sequential, decay: float) -> list[dict[str, Any]]:
    biases = [p for p in model.parameters() if p.ndim < 2]
    weights = {"params": weights_of(model), "weight_decay": decay}
    return [weights, {"params": biases, "weight_decay": 0.0}]


def torch_sgd(parameters: Callable[[nn.Sequential], Any] = nn.Module.parameters, **options: Any):
    return lambda model: torch.optim.SGD(parameters(model), lr=LR, **options)


def torch_change(change: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[Any], None]:
    def after(model: nn.Sequential) -> None:
        for p in weights_of(model):
            p.copy_(change(p))

    return after


def map_epsilon(t: int, model: nn.Sequential, optimizer: Any) -> None:
    for group in optimizer.param_groups:
        group["eps"] = torch_epsilon(EPS_HAT, BETAS[1], t)


def torch_adam(
    make: Callable[..., Any],
    parameters: Callable[[nn.Sequential], Any] = nn.Module.parameters,
    *,
    decay: float | None = None,
    before: Callable[..., None] = map_epsilon,
    **options: Any,
) -> Way:
    extra = {key: options.pop(key) for key in ("penalty", "scale") if key in options}
    if decay is not None:
        options["weight_decay"] = decay
    return on_torch(
        lambda model: make(parameters(model), lr=ADAPTIVE_LR, betas=BETAS, **options),
        before=before,
        **extra,
    )


def decay_and_map(t: int, model: nn.Sequential, optimizer: Any) -> None:
    torch_decay(model.parameters(), ADAPTIVE_LR, DECAY)
    map_epsilon(t, model, optimizer)


# --- Keras ---


def keras_adam(make: Callable[..., Any] = keras.optimizers.Adam, **options: Any) -> Way:
    path = ("kernel", "bias", "scale", "before")
    extra = {key: options.pop(key) for key in path if key in options}
    return on_keras(
        lambda: make(ADAPTIVE_LR, epsilon=EPS_HAT, **KERAS_BETAS, **options),
        **extra,
    )


def keras_adam_with_torchs_epsilon(dtype: str) -> Array:
    """The other direction: Keras's epsilon changes, so that PyTorch's stays."""
    optimizer = keras.optimizers.Adam(ADAPTIVE_LR, **KERAS_BETAS)
    optimizer.epsilon = tf.Variable(0.0, dtype=dtype, trainable=False)

    def each(t: int) -> None:
        optimizer.epsilon.assign(keras_epsilon(2.0**-14, BETAS[1], t))

    return keras_path(optimizer, steps=STEPS, each=each, dtype=dtype)


def keras_adamw_on_kernels() -> keras.optimizers.Optimizer:
    optimizer = keras.optimizers.AdamW(
        ADAPTIVE_LR, weight_decay=DECAY, epsilon=EPS_HAT, **KERAS_BETAS
    )
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


def keras_sgd(**options: Any) -> Callable[[], Any]:
    return lambda: keras.optimizers.SGD(LR, **options)


class ElasticNetStep(SoftThreshold):
    """The soft threshold, then the share that L2 takes."""

    def __call__(self, w: Any) -> Any:
        return super().__call__(w) / (1 + 2 * LR * L2)


# --- dropout: every framework gets the masks that NumPy draws ---


def masks() -> Iterator[Array]:
    rng = np.random.default_rng(SEED)
    while True:
        yield dropout_mask((BATCH, HIDDEN), RATE, rng)


def torch_dropout(dtype: str) -> Array:
    drawn = masks()
    with patch.object(
        snippets.pytorch.dropout,
        "dropout_mask",
        lambda x, p: torch.from_numpy(next(drawn)).to(x.dtype),
    ):
        layer = snippets.pytorch.dropout.Dropout(RATE)
        return torch_path(torch_sgd(), steps=STEPS, dropout=layer, training=True, dtype=dtype)


def keras_dropout(dtype: str) -> Array:
    drawn, mask = masks(), tf.Variable(tf.zeros((BATCH, HIDDEN), dtype), trainable=False)
    with ExitStack() as stack:
        mocked = patch.object(snippets.keras.dropout, "dropout_mask", lambda x, p, seed: mask)
        stack.enter_context(mocked)
        layer = snippets.keras.dropout.Dropout(RATE, dtype=dtype)
        return keras_path(
            keras_sgd()(),
            steps=STEPS,
            dropout=layer,
            training=True,
            each=lambda t: mask.assign(next(drawn).astype(dtype)),
            dtype=dtype,
        )


def with_momentum(make: Any, *, nesterov: bool) -> tuple[Row, Row]:
    """L2 through the velocity, and decay beside it: two algorithms under one name."""
    options = {"momentum": MU, "nesterov": nesterov}
    fresh = lambda: make(LR, MU)  # noqa: E731
    coupled = Row(
        {
            "numpy l2_gradient": on_numpy(fresh, slope=l2_on_all),
            "torch weight_decay": on_torch(torch_sgd(weight_decay=WEIGHT_DECAY, **options)),
            "keras regularizers": on_keras(
                keras_sgd(**options), kernel=own.l2(L2), bias=own.l2(L2)
            ),
        },
        apart={("Nesterov" if nesterov else "momentum") + ", decoupled decay": 1e-2},
    )
    decoupled = Row(
        {
            "numpy decay_weights": on_numpy(fresh, before=decay_all(LR, WEIGHT_DECAY)),
            "torch decay_weights": on_torch(
                torch_sgd(**options),
                before=lambda t, m, o: torch_decay(m.parameters(), LR, WEIGHT_DECAY),
            ),
            "keras weight_decay": on_keras(keras_sgd(weight_decay=WEIGHT_DECAY, **options)),
            "keras decay_weights": on_keras(
                keras_sgd(**options),
                before=lambda m: keras_decay(m.trainable_variables, LR, WEIGHT_DECAY),
            ),
        },
    )
    return coupled, decoupled


MOMENTUM_L2, MOMENTUM_DECAY = with_momentum(Momentum, nesterov=False)
NESTEROV_L2, NESTEROV_DECAY = with_momentum(Nesterov, nesterov=True)

ROWS: dict[str, Row] = {
    "SGD": Row(
        {
            "numpy": on_numpy(lambda: GradientDescent(LR)),
            "torch": on_torch(torch_sgd()),
            "keras": on_keras(keras_sgd()),
            "keras, a penalty that the loop forgets": on_keras(
                keras_sgd(), kernel=own.l2(L2), losses=False
            ),
            "numpy, dropout that rests": on_numpy(
                lambda: GradientDescent(LR), dropout=Dropout(0.5), training=False
            ),
            "torch, dropout in eval": on_torch(torch_sgd(), dropout=nn.Dropout(0.5)),
            "torch, our dropout in eval": on_torch(
                torch_sgd(), dropout=snippets.pytorch.dropout.Dropout(0.5)
            ),
            "keras, dropout in inference": lambda dtype: keras_path(
                keras_sgd()(),
                steps=STEPS,
                dropout=keras.layers.Dropout(0.5, dtype=dtype),
                dtype=dtype,
            ),
            "keras, our dropout in inference": lambda dtype: keras_path(
                keras_sgd()(),
                steps=STEPS,
                dropout=snippets.keras.dropout.Dropout(0.5, dtype=dtype),
                dtype=dtype,
            ),
        },
        apart={"SGD, L2 on kernels": 1e-2, "momentum": 1e-2, "SGD, dropout": 1e-2},
    ),
    "SGD, L2 on kernels": Row(
        {
            "numpy l2_gradient": on_numpy(lambda: GradientDescent(LR), slope=l2_on_kernels),
            "torch l2_penalty in the loss": on_torch(
                torch_sgd(), penalty=lambda model: torch_l2(model, L2)
            ),
            "torch decay_groups": on_torch(torch_sgd(lambda model: decay_groups(model, L2))),
            "keras kernel_regularizer": on_keras(keras_sgd(), kernel=own.l2(L2)),
            "keras L2Penalty": on_keras(keras_sgd(), kernel=L2Penalty(L2)),
        },
        apart={"SGD, L2 on all": 1e-4, "SGD, half the L2": 1e-2},
    ),
    "SGD, half the L2": Row(
        {
            "torch weight_decay = l2": on_torch(torch_sgd(lambda model: groups(model, L2))),
            "keras kernel_regularizer": on_keras(keras_sgd(), kernel=own.l2(L2 / 2)),
        },
    ),
    "SGD, L2 on all": Row(
        {
            "numpy l2_gradient": on_numpy(lambda: GradientDescent(LR), slope=l2_on_all),
            "numpy decay_weights": on_numpy(
                lambda: GradientDescent(LR), before=decay_all(LR, WEIGHT_DECAY)
            ),
            "torch weight_decay": on_torch(torch_sgd(weight_decay=WEIGHT_DECAY)),
            "torch decay_weights": on_torch(
                torch_sgd(), before=lambda t, m, o: torch_decay(m.parameters(), LR, WEIGHT_DECAY)
            ),
            "keras weight_decay": on_keras(keras_sgd(weight_decay=WEIGHT_DECAY)),
            "keras regularizers": on_keras(keras_sgd(), kernel=own.l2(L2), bias=own.l2(L2)),
        },
    ),
    "SGD, L1": Row(
        {
            "numpy l1_subgradient": on_numpy(lambda: GradientDescent(LR), slope=l1_on_kernels),
            "torch l1_penalty": on_torch(torch_sgd(), penalty=lambda model: torch_l1(model, L1)),
            "keras kernel_regularizer": on_keras(keras_sgd(), kernel=own.l1(L1)),
            "keras L1Penalty": on_keras(keras_sgd(), kernel=L1Penalty(L1)),
        },
        float32=FLIP,
        apart={"SGD, soft threshold": 1e-4, "SGD": 1e-2, "SGD, L1 on all": 1e-3},
    ),
    "SGD, L1 on all": Row(
        {
            "numpy l1_subgradient": on_numpy(
                lambda: GradientDescent(LR), slope=lambda params: l1_subgradient(params, L1)
            ),
            "keras regularizers": on_keras(keras_sgd(), kernel=own.l1(L1), bias=own.l1(L1)),
        },
        float32=FLIP,
    ),
    "SGD, soft threshold": Row(
        {
            "numpy": on_numpy(
                lambda: GradientDescent(LR),
                after=change_kernels(lambda w: soft_threshold(w, LR * L1)),
            ),
            "torch": on_torch(
                torch_sgd(), after=torch_change(lambda w: torch_soft_threshold(w, LR * L1))
            ),
            "torch softshrink": on_torch(
                torch_sgd(), after=torch_change(lambda w: nn.functional.softshrink(w, LR * L1))
            ),
            "keras": on_keras(keras_sgd(), constraint=SoftThreshold(LR * L1)),
            "keras soft_shrink": on_keras(
                keras_sgd(), constraint=lambda w: keras.ops.soft_shrink(w, LR * L1)
            ),
        },
        zeros=True,
    ),
    "SGD, elastic net": Row(
        {
            "numpy": on_numpy(lambda: GradientDescent(LR), slope=both_on_kernels),
            "torch": on_torch(
                torch_sgd(lambda model: decay_groups(model, L2)),
                penalty=lambda model: torch_l1(model, L1),
            ),
            "keras": on_keras(keras_sgd(), kernel=own.l1_l2(l1=L1, l2=L2)),
        },
        float32=FLIP,
        apart={"SGD, L1": 1e-2, "SGD, L2 on kernels": 1e-2},
    ),
    "SGD, elastic net step": Row(
        {
            "numpy": on_numpy(
                lambda: GradientDescent(LR),
                after=change_kernels(lambda w: elastic_net_step(w, L1, L2, lr=LR)),
            ),
            "torch": on_torch(
                torch_sgd(),
                after=torch_change(lambda w: torch_soft_threshold(w, LR * L1) / (1 + 2 * LR * L2)),
            ),
            "keras": on_keras(keras_sgd(), constraint=ElasticNetStep(LR * L1)),
        },
        zeros=True,
        apart={"SGD, elastic net": 1e-4},
    ),
    "SGD, group lasso": Row(
        {
            "numpy": on_numpy(
                lambda: GradientDescent(LR),
                slope=on_kernels(lambda kernels: [group_lasso_subgradient(k, L1) for k in kernels]),
            ),
            "torch": on_torch(
                torch_sgd(),
                penalty=lambda model: sum(group_lasso_penalty(p, L1) for p in weights_of(model)),
            ),
            "keras": on_keras(keras_sgd(), kernel=GroupLasso(L1)),
        },
        apart={"SGD, L1": 1e-2},
    ),
    "SGD, group threshold": Row(
        {
            "numpy": on_numpy(
                lambda: GradientDescent(LR),
                after=change_kernels(lambda w: group_threshold(w, LR * GROUP)),
            ),
            "torch": on_torch(
                torch_sgd(), after=torch_change(lambda w: torch_group_threshold(w, LR * GROUP))
            ),
            "keras": on_keras(keras_sgd(), constraint=GroupThreshold(LR * GROUP)),
        },
        zeros=True,
        apart={"SGD, soft threshold": 1e-2},
    ),
    "SGD, max-norm": Row(
        {
            "numpy": on_numpy(
                lambda: GradientDescent(LR), after=change_kernels(lambda w: max_norm(w, LIMIT))
            ),
            "torch": on_torch(torch_sgd(), after=torch_change(lambda w: torch_max_norm(w, LIMIT))),
        },
        apart={"SGD": 1e-2, "SGD, Keras's max-norm": 1e-9},
    ),
    "SGD, Keras's max-norm": Row(
        {  # it adds 1e-7 to the length that it divides by
            "keras MaxNorm": on_keras(keras_sgd(), constraint=keras.constraints.MaxNorm(LIMIT)),
            "keras max_norm": on_keras(keras_sgd(), constraint=keras_max_norm(LIMIT)),
        },
    ),
    "SGD, weights not negative": Row(
        {
            "numpy": on_numpy(
                lambda: GradientDescent(LR), after=change_kernels(lambda w: np.maximum(w, 0))
            ),
            "torch": on_torch(torch_sgd(), after=torch_change(lambda w: w.clamp(min=0))),
            "keras": on_keras(keras_sgd(), constraint=keras.constraints.NonNeg()),
        },
        zeros=True,
        apart={"SGD": 1e-1},
    ),
    "SGD, dropout": Row(
        {
            "numpy": lambda dtype: numpy_path(
                GradientDescent(LR),
                steps=STEPS,
                dropout=Dropout(RATE, seed=SEED),
                training=True,
                dtype=dtype,
            ),
            "torch": torch_dropout,
            "keras": keras_dropout,
        },
        apart={"SGD, dropout with other masks": 1e-2},
    ),
    "SGD, dropout with other masks": Row(
        {
            "numpy": lambda dtype: numpy_path(
                GradientDescent(LR),
                steps=STEPS,
                dropout=Dropout(RATE, seed=SEED + 1),
                training=True,
                dtype=dtype,
            ),
        },
    ),
    "momentum": Row(
        {
            "numpy": on_numpy(lambda: Momentum(LR, MU)),
            "torch": on_torch(torch_sgd(momentum=MU)),
            "keras": on_keras(keras_sgd(momentum=MU)),
        },
        apart={"Nesterov": 1e-3},
    ),
    "momentum, L2": MOMENTUM_L2,
    "momentum, decoupled decay": MOMENTUM_DECAY,
    "Nesterov": Row(
        {
            "numpy": on_numpy(lambda: Nesterov(LR, MU)),
            "torch": on_torch(torch_sgd(momentum=MU, nesterov=True)),
            "keras": on_keras(keras_sgd(momentum=MU, nesterov=True)),
        },
    ),
    "Nesterov, L2": NESTEROV_L2,
    "Nesterov, decoupled decay": NESTEROV_DECAY,
    "Adagrad": Row(
        {
            "torch": on_torch(
                lambda model: torch.optim.Adagrad(
                    model.parameters(),
                    LR,
                    initial_accumulator_value=torch_adagrad_start(0.125, EPS_HAT),
                    eps=0.0,
                )
            ),
            "keras": on_keras(
                lambda: keras.optimizers.Adagrad(
                    LR, initial_accumulator_value=0.125, epsilon=EPS_HAT
                )
            ),
        },
        apart={"Adagrad from zero": 1e-2},
    ),
    "Adagrad from zero": Row(
        {
            "numpy": on_numpy(lambda: Adagrad(LR, eps=0.0)),
            "torch": on_torch(lambda model: torch.optim.Adagrad(model.parameters(), LR, eps=0.0)),
            "keras": on_keras(
                lambda: keras.optimizers.Adagrad(LR, initial_accumulator_value=0.0, epsilon=0.0)
            ),
        },
        apart={"Adagrad from zero, epsilon": 1e-4},
    ),
    "Adagrad from zero, epsilon": Row(
        {
            "numpy": on_numpy(lambda: Adagrad(LR, eps=2.0**-10)),
            "torch": on_torch(
                lambda model: torch.optim.Adagrad(model.parameters(), LR, eps=2.0**-10)
            ),
        },
    ),
    "RMSprop": Row(
        {
            "numpy": on_numpy(lambda: RMSprop(ADAPTIVE_LR, ALPHA, eps=0.0)),
            "torch": on_torch(
                lambda model: torch.optim.RMSprop(
                    model.parameters(), ADAPTIVE_LR, alpha=ALPHA, eps=0.0
                )
            ),
            "keras": on_keras(
                lambda: keras.optimizers.RMSprop(ADAPTIVE_LR, rho=ALPHA, epsilon=0.0)
            ),
        },
        apart={"RMSprop, epsilon": 1e-4},
    ),
    "RMSprop, epsilon": Row(
        {
            "numpy": on_numpy(lambda: RMSprop(ADAPTIVE_LR, ALPHA, eps=2.0**-10)),
            "torch": on_torch(
                lambda model: torch.optim.RMSprop(
                    model.parameters(), ADAPTIVE_LR, alpha=ALPHA, eps=2.0**-10
                )
            ),
        },
    ),
    "Adam": Row(
        {
            "numpy": numpy_adam(NumpyAdam),
            "torch": torch_adam(torch.optim.Adam),
            "torch CustomAdam": torch_adam(TorchAdam),
            "keras": keras_adam(),
            "keras CustomAdam": keras_adam(KerasAdam),
        },
        apart={"Adam, torch's epsilon": 1e-6, "Adam, L2": 1e-2},
    ),
    "Adam, torch's epsilon": Row(
        {
            "numpy": on_numpy(lambda: NumpyAdam(ADAPTIVE_LR, BETAS, eps=2.0**-14)),
            "torch": torch_adam(torch.optim.Adam, before=lambda t, m, o: None, eps=2.0**-14),
            "keras, its epsilon mapped": keras_adam_with_torchs_epsilon,
        },
    ),
    "Adam, small gradients": Row(
        {
            "numpy": numpy_adam(NumpyAdam, scale=SMALL),
            "torch": torch_adam(torch.optim.Adam, scale=SMALL),
            "keras": keras_adam(scale=SMALL),
            "keras CustomAdam": keras_adam(KerasAdam, scale=SMALL),
        },
        apart={"Adam": 1e-2},
    ),
    "Adam, L2": Row(
        {
            "numpy l2_gradient": numpy_adam(NumpyAdam, slope=l2_on_kernels),
            "torch decay_groups": torch_adam(
                torch.optim.Adam, lambda model: decay_groups(model, L2)
            ),
            "torch l2_penalty in the loss": torch_adam(
                torch.optim.Adam, penalty=lambda model: torch_l2(model, L2)
            ),
            "keras kernel_regularizer": keras_adam(kernel=own.l2(L2)),
        },
        apart={"Adam, L2 on all": 1e-4, "AdamW on kernels": 1e-2},
    ),
    "Adam, L2 on all": Row(
        {
            "numpy weight_decay": numpy_adam(NumpyAdam, weight_decay=WEIGHT_DECAY),
            "torch weight_decay": torch_adam(torch.optim.Adam, decay=WEIGHT_DECAY),
            "torch CustomAdam weight_decay": torch_adam(TorchAdam, decay=WEIGHT_DECAY),
            "keras regularizers": keras_adam(kernel=own.l2(L2), bias=own.l2(L2)),
        },
        apart={"Adam, Keras's weight_decay": 1e-2},
    ),
    "Adam, Keras's weight_decay": Row(
        {
            "keras": keras_adam(weight_decay=WEIGHT_DECAY),
            "torch AdamW": torch_adam(torch.optim.AdamW, decay=WEIGHT_DECAY),
        },
    ),
    "AdamW": Row(
        {
            "numpy": numpy_adam(NumpyAdamW, weight_decay=DECAY),
            "torch": torch_adam(torch.optim.AdamW, decay=DECAY),
            "torch CustomAdamW": torch_adam(TorchAdamW, decay=DECAY),
            "torch Adam, decoupled": torch_adam(
                torch.optim.Adam, decay=DECAY, decoupled_weight_decay=True
            ),
            "torch decay_weights, Adam": torch_adam(torch.optim.Adam, before=decay_and_map),
            "keras": keras_adam(keras.optimizers.AdamW, weight_decay=DECAY),
            "keras CustomAdamW": keras_adam(KerasAdamW, weight_decay=DECAY),
            "keras Adam": keras_adam(weight_decay=DECAY),
            "keras decay_weights, Adam": keras_adam(
                before=lambda model: keras_decay(model.trainable_variables, ADAPTIVE_LR, DECAY)
            ),
        },
        apart={"Adam": 1e-2, "AdamW on kernels": 1e-3},
    ),
    "AdamW on kernels": Row(
        {
            "torch groups": torch_adam(torch.optim.AdamW, lambda model: groups(model, DECAY)),
            "keras exclude_from_weight_decay": on_keras(keras_adamw_on_kernels),
        },
    ),
    "Adam, L1": Row(
        {
            "numpy": numpy_adam(NumpyAdam, slope=l1_on_kernels),
            "torch": torch_adam(torch.optim.Adam, penalty=lambda model: torch_l1(model, L1)),
            "keras": keras_adam(kernel=own.l1(L1)),
        },
        float32=FLIP,
        apart={"Adam": 1e-2},
    ),
}


@cache
def path(row: str, way: str, dtype: str) -> Array:
    return ROWS[row].ways[way](dtype)


def reference(row: str, dtype: str = "float64") -> Array:
    return path(row, next(iter(ROWS[row].ways)), dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("row", ROWS)
def test_every_way_is_the_same_path(row: str, dtype: str) -> None:
    expected = reference(row, dtype)
    assert expected.shape == (STEPS, sum(int(np.prod(shape)) for shape in SHAPES))
    limit = 1e-12 if dtype == "float64" else ROWS[row].float32
    found = {way: distances(expected, path(row, way, dtype)).max() for way in ROWS[row].ways}
    assert {way: far for way, far in found.items() if not far < limit} == {}
    least = {other: distances(expected, reference(other, dtype)).max() for other in ROWS[row].apart}
    assert {other: far for other, far in least.items() if not far > ROWS[row].apart[other]} == {}


@pytest.mark.parametrize("row", [name for name, row in ROWS.items() if row.zeros])
def test_the_same_weights_are_exactly_zero(row: str) -> None:
    at_end = [path(row, way, "float64")[-1] == 0 for way in ROWS[row].ways]
    assert 5 < at_end[0].sum() < len(at_end[0]) / 2
    assert all((zeros == at_end[0]).all() for zeros in at_end)


def test_one_seed_is_three_sequences() -> None:
    """Why starts and masks are copied."""
    by_numpy = np.random.default_rng(0).random(8)
    by_torch = torch.rand(8, generator=torch.Generator().manual_seed(0)).numpy()
    by_keras = np.asarray(keras.random.uniform((8,), seed=0))
    for one, other in ((by_numpy, by_torch), (by_torch, by_keras), (by_keras, by_numpy)):
        assert np.abs(one - other).min() > 1e-4


@pytest.fixture(scope="module")
def problem() -> tuple[Array, Array]:
    features, targets = data()
    return (features - features.mean(0)) / features.std(0), targets[:, 0]


class TestScikitLearn:
    """At the optimum: its solvers and ours, with the exact mapping of the strengths."""

    @pytest.mark.parametrize("l2", [0.05, 0.5])
    def test_ridge(self, problem: tuple[Array, Array], l2: float) -> None:
        ours = snippets.numpy.l2_training.train(*problem, l2=l2, steps=5000)
        theirs = Ridge(sklearn_ridge_alpha(l2, len(problem[1]))).fit(*problem)
        np.testing.assert_allclose(ours[0], theirs.coef_, rtol=0, atol=1e-12)
        assert ours[1] == pytest.approx(theirs.intercept_, abs=1e-12)
        without_rows = Ridge(l2).fit(*problem)
        assert np.abs(ours[0] - without_rows.coef_).max() > 0.01

    def test_several_targets_of_which_torch_takes_the_mean(
        self, problem: tuple[Array, Array]
    ) -> None:
        """At k times the alpha of Ridge and Lasso, no slope of PyTorch's loss is left."""
        features, target = problem
        targets = np.stack([target, target[::-1]], 1)
        x, y = torch.tensor(features), torch.tensor(targets)
        for l1, l2 in ((0.0, 0.05), (0.05, 0.0)):
            for k in (1, 2):
                ridge = Ridge(k * sklearn_ridge_alpha(l2, len(targets)))
                lasso = Lasso(k * sklearn_lasso_alpha(l1), tol=1e-14)
                model = (ridge if l1 == 0 else lasso).fit(features, targets)
                w = torch.tensor(model.coef_, requires_grad=True)
                loss = nn.functional.mse_loss(x @ w.T + torch.tensor(model.intercept_), y)
                (loss + l1 * w.abs().sum() + l2 * w.square().sum()).backward()
                assert w.grad is not None
                slope = w.grad[w != 0].abs().max()
                assert slope < 1e-9 if k == 2 else slope > 1e-3

    @pytest.mark.parametrize("l1", [0.05, 0.5])
    def test_lasso(self, problem: tuple[Array, Array], l1: float) -> None:
        ours = snippets.numpy.l1_training.train(*problem, l1=l1, steps=5000)
        theirs = Lasso(sklearn_lasso_alpha(l1), tol=1e-14).fit(*problem)
        np.testing.assert_allclose(ours[0], theirs.coef_, rtol=0, atol=1e-9)
        np.testing.assert_array_equal(ours[0] == 0, theirs.coef_ == 0)
        assert ours[1] == pytest.approx(theirs.intercept_, abs=1e-9)
        assert np.abs(ours[0] - Lasso(l1).fit(*problem).coef_).max() > 0.01

    @pytest.mark.parametrize(("l1", "l2"), [(0.2, 0.1), (0.02, 0.5), (0.4, 0.01)])
    def test_elastic_net(self, problem: tuple[Array, Array], l1: float, l2: float) -> None:
        ours = snippets.numpy.elastic_net_training.train(*problem, l1=l1, l2=l2, steps=5000)
        alpha, ratio = sklearn_elastic_net(l1, l2)
        theirs = ElasticNet(alpha=alpha, l1_ratio=ratio, tol=1e-14).fit(*problem)
        np.testing.assert_allclose(ours[0], theirs.coef_, rtol=0, atol=1e-9)
        np.testing.assert_array_equal(ours[0] == 0, theirs.coef_ == 0)
        assert ours[1] == pytest.approx(theirs.intercept_, abs=1e-9)
        as_shares = ElasticNet(alpha=l1 + l2, l1_ratio=l1 / (l1 + l2)).fit(*problem)
        assert np.abs(ours[0] - as_shares.coef_).max() > 0.01

    @pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.05), (0.05, 0.0), (0.04, 0.02)])
    def test_logistic_regression(self, l1: float, l2: float) -> None:
        """No slope is left at its optimum, in our notation."""
        features, labels = load_breast_cancer(return_X_y=True)
        features = (features - features.mean(0)) / features.std(0)
        strength, ratio = sklearn_logistic(l1, l2, len(labels))
        model = LogisticRegression(
            C=strength, l1_ratio=ratio, solver="saga", tol=1e-8, max_iter=10_000, random_state=0
        )
        weights = model.fit(features, labels).coef_[0]
        errors = model.predict_proba(features)[:, 1] - labels
        slopes = features.T @ errors / len(labels)
        kept = weights != 0
        left = slopes[kept] + elastic_net_subgradient(weights[kept], l1, l2)
        np.testing.assert_allclose(left, 0, atol=1e-5)
        assert abs(errors.mean()) < 1e-6
        assert kept.all() if l1 == 0 else np.abs(slopes[~kept]).max() <= l1
