"""Bad input is refused where it enters, with its name, its value and what is allowed."""

import importlib
from dataclasses import replace
from math import inf, nan

import pytest
import torch
from torch import nn

from snippets.pytorch.adamw_weights_only import make_adamw
from snippets.pytorch.decay_groups import decay_groups
from snippets.pytorch.dropout import Dropout
from snippets.pytorch.hard_concrete import sample_gates
from snippets.pytorch.update_rules import train
from tests.snippets.refusals import (
    ABOVE_0,
    AT_LEAST_0,
    BETAS,
    COUNT,
    FINITE,
    NO_ROW,
    PAIRS,
    PATIENCE,
    SHARE,
    SHARE_OR_ALL,
    STRENGTHS,
    Range,
    Table,
    assert_refuses,
    cases,
    listed,
    numeric_parameters,
)

MODEL = nn.Linear(2, 2)
X, LABELS = torch.ones(4, 2), torch.tensor([0, 1, 0, 1])
CLASSES = {"features": X, "labels": LABELS}
NUMBERS = {"features": X, "targets": torch.ones(4)}
WITH_MODEL = {"model": MODEL, **CLASSES}
HELD_OUT = {"model": MODEL, "training": (X, LABELS), "validation": (X, LABELS)}
TENSORS = (torch.tensor([0.9, 0.999]), (torch.tensor(0.9), torch.tensor(0.999)))
ADAM = {
    "lr": AT_LEAST_0,
    "betas": replace(BETAS, bad=(*BETAS.bad, *TENSORS)),
    "eps": AT_LEAST_0,
    "weight_decay": AT_LEAST_0,
}
PARAMS = {"params": [nn.Parameter(torch.ones(2))]}
SIZES = {"inputs": 2, "classes": 2}
NETWORK = {"inputs": COUNT, "classes": COUNT, "hidden": COUNT}
TOO_FEW = Range("at least 1", (0, -3))  # what is enough needs a group of processes
RANKED = dict.fromkeys(("model", "features", "labels", "make_optimizer", "penalty"))
TABLE: Table = {
    "adam_training.train": (CLASSES, {"lr": ABOVE_0, "steps": COUNT}),
    "adamw_training.train": (
        CLASSES,
        {"lr": ABOVE_0, "weight_decay": AT_LEAST_0, "steps": COUNT},
    ),
    "adamw_weights_only.make_adamw": (
        {"model": MODEL},
        {"lr": ABOVE_0, "weight_decay": AT_LEAST_0},
    ),
    "checkpoint.save_checkpoint": (
        {"path": "never.pt", "epoch": 1, "model": MODEL},
        {"epoch": Range("at least 0", (-1, -inf))},
    ),
    "compiled_adam.CompiledAdam": (PARAMS, ADAM),
    "cost_function.cost": (
        {"model": nn.Linear(2, 1), "features": X, "labels": LABELS.float()},
        {"l2": AT_LEAST_0},
    ),
    "custom_adam.CustomAdam": (PARAMS, ADAM),
    "custom_adamw.CustomAdamW": (PARAMS, ADAM),
    "custom_amsgrad.CustomAMSGrad": (PARAMS, ADAM),
    "data_parallel.train": (RANKED, {"epochs": TOO_FEW}),
    "decay_groups.decay_groups": ({"model": MODEL}, {"l2": AT_LEAST_0}),
    "dropout.dropout_mask": ({"x": X}, {"p": SHARE}),
    "dropout.Dropout": ({}, {"p": SHARE}),
    "dropout_network.make_network": (SIZES, {**NETWORK, "p": SHARE_OR_ALL}),
    "dropout_network.train": (
        {**WITH_MODEL, "validation": (X, LABELS)},
        {"lr": ABOVE_0, "epochs": COUNT},
    ),
    "early_stopping.EarlyStopping": ({}, {"patience": PATIENCE, "min_delta": AT_LEAST_0}),
    "early_stopping.train": (
        HELD_OUT,
        {"patience": PATIENCE, "min_delta": AT_LEAST_0, "lr": ABOVE_0, "epochs": COUNT},
    ),
    "elastic_net_network.make_network": (SIZES, NETWORK),
    "elastic_net_network.train": (
        WITH_MODEL,
        {"l1": AT_LEAST_0, "l2": AT_LEAST_0, "lr": ABOVE_0, "epochs": COUNT},
    ),
    "fully_sharded.train": (RANKED, {"epochs": TOO_FEW}),
    "grid_search.grid_search": (
        {**WITH_MODEL, "strengths": [0.1], "folds": 2},
        {
            "strengths": STRENGTHS,
            "folds": Range("from 2 to 4", (nan, 1, 5, -2)),
            "lr": ABOVE_0,
            "epochs": COUNT,
        },
    ),
    "group_lasso.group_lasso_penalty": ({"weight": X}, {"strength": AT_LEAST_0}),
    "group_threshold.group_threshold": ({"weight": X}, {"threshold": AT_LEAST_0}),
    "hard_concrete.HardConcrete": ({"inputs": 2}, {"inputs": COUNT, "log_alpha": FINITE}),
    "l1_network.make_network": (SIZES, NETWORK),
    "l1_network.train": (WITH_MODEL, {"l1": AT_LEAST_0, "lr": ABOVE_0, "epochs": COUNT}),
    "l1_penalty.l1_penalty": ({"model": MODEL}, {"l1": AT_LEAST_0}),
    "l1_training.train": (NUMBERS, {"l1": AT_LEAST_0, "lr": ABOVE_0, "steps": COUNT}),
    "l2_network.make_network": (SIZES, NETWORK),
    "l2_network.train": (
        WITH_MODEL,
        {"lr": ABOVE_0, "weight_decay": AT_LEAST_0, "epochs": COUNT},
    ),
    "l2_penalty.l2_penalty": ({"model": MODEL}, {"l2": AT_LEAST_0}),
    "l2_training.train": (NUMBERS, {"l2": AT_LEAST_0, "lr": ABOVE_0, "steps": COUNT}),
    "learning_curves.learning_curves": (HELD_OUT, {"lr": ABOVE_0, "epochs": COUNT}),
    "low_memory_adam.LowMemoryAdam": (
        PARAMS,
        {**ADAM, "seed": Range("integer >= 0", (nan, -1, 0.5))},
    ),
    "max_norm.max_norm": ({"weight": X}, {"limit": ABOVE_0}),
    "monte_carlo_dropout.monte_carlo_dropout": (
        {"model": nn.Dropout(), "features": X},
        {"samples": COUNT},
    ),
    "multi_tensor_adam.MultiTensorAdam": (PARAMS, ADAM),
    "multi_tensor_penalties.multi_tensor_l1": ({"model": MODEL}, {"l1": AT_LEAST_0}),
    "multi_tensor_penalties.multi_tensor_l2": ({"model": MODEL}, {"l2": AT_LEAST_0}),
    "non_negative_training.train": (NUMBERS, {"lr": ABOVE_0, "steps": COUNT}),
    "regularized_dense.RegularizedDense": (
        {"inputs": 2, "outputs": 2},
        {"inputs": COUNT, "outputs": COUNT, "l2": AT_LEAST_0},
    ),
    "regularized_dense.make_network": (SIZES, {**NETWORK, "l2": AT_LEAST_0}),
    "regularized_network.make_network": (SIZES, {**NETWORK, "p": SHARE_OR_ALL}),
    "regularized_network.train": (
        HELD_OUT,
        {"weight_decay": AT_LEAST_0, "patience": PATIENCE, "lr": ABOVE_0, "epochs": COUNT},
    ),
    "smoothness_penalty.smoothness_penalty": (
        {"values": torch.ones(3), "pairs": [(0, 1)], "strength": 0.1},
        {"pairs": PAIRS, "strength": AT_LEAST_0},
    ),
    "soft_threshold.soft_threshold": ({"weights": X}, {"threshold": AT_LEAST_0}),
    "strength_per_layer.make_network": (
        {},
        {"sizes": Range("two or more, each >= 1", ([], [4], [4, 0], [-3, 2]))},
    ),
    "strength_per_layer.strength_groups": (
        {"model": MODEL},
        {"strengths": Range("finite and >= 0", ([nan], [inf], [-0.1]))},
    ),
    "three_layer_network.make_network": (
        {"inputs": 2, "hidden1": 2, "hidden2": 2, "outputs": 2},
        {"inputs": COUNT, "hidden1": COUNT, "hidden2": COUNT, "outputs": COUNT},
    ),
    "three_layer_network.train_step": ({"network": MODEL, "x": X, "y": X}, {"lr": ABOVE_0}),
    "update_rules.train": ({**CLASSES, "rule": "Adam", "lr": 0.1}, {"lr": ABOVE_0, "steps": COUNT}),
    "weight_decay.decay_weights": (
        {"weights": [torch.ones(2)], "lr": 0.1, "weight_decay": 0.1},
        {
            "lr": Range("must be >= 0", (nan, inf, -0.1)),
            "weight_decay": Range("must be >= 0", (nan, inf, -0.1)),
        },
    ),
}
INSIDE = "inside of an optimizer, which has checked it"
NO_RANGE = {
    **{f"compiled_adam.numbers_of_step.{name}": INSIDE for name in ("t", *ADAM)},
    **{f"multi_tensor_adam.multi_tensor_update.{name}": INSIDE for name in ("counts", *ADAM)},
    "early_stopping.EarlyStopping.update.loss": "nan is no improvement, as in Keras",
}


def test_no_number_of_any_snippet_is_forgotten():
    assert sorted(numeric_parameters("pytorch")) == sorted({*listed(TABLE), *NO_RANGE})


@pytest.mark.parametrize(("call", "name"), cases(TABLE))
def test_a_number_out_of_its_range_is_refused(call, name):
    assert_refuses("pytorch", TABLE, call, name)


@pytest.mark.parametrize(
    "call", [name for name, (arguments, _) in TABLE.items() if arguments is PARAMS]
)
def test_an_optimizer_needs_parameters(call):
    module, name = call.split(".")
    optimizer = getattr(__import__(f"snippets.pytorch.{module}", fromlist=[name]), name)
    with pytest.raises(ValueError, match="empty parameter list"):
        optimizer([])
    with pytest.raises(TypeError, match="params argument"):
        optimizer(torch.ones(2))


@pytest.mark.parametrize("make", [make_adamw, lambda model: decay_groups(model, 0.1)])
def test_groups_without_a_parameter_are_refused(make):
    with pytest.raises(ValueError, match=r"model must have parameters, got ReLU\(\)"):
        make(nn.ReLU())


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.complex64])
def test_dropout_refuses_what_it_cannot_scale(dtype):
    x = torch.ones(3, dtype=dtype)
    with pytest.raises(ValueError, match=f"x must be floating point, got {dtype}"):
        Dropout(0.5)(x)
    assert Dropout(0.5).eval()(x) is x


@pytest.mark.parametrize("bad", [0.0, 1.0, -0.1, nan])
def test_gates_refuse_noise_at_the_ends(bad):
    with pytest.raises(ValueError, match=r"noise must be in \(0, 1\), got tensor"):
        sample_gates(torch.zeros(2), torch.tensor([0.5, bad]))


@pytest.mark.parametrize("call", [call for call in TABLE if "_training.train" in call])
def test_a_training_without_rows_is_refused(call):
    module = importlib.import_module(f"snippets.pytorch.{call.removesuffix('.train')}")
    with pytest.raises(ValueError, match=NO_ROW):
        module.train(torch.ones(0, 3), torch.ones(0))


def test_a_rule_without_rows_is_refused():
    with pytest.raises(ValueError, match=NO_ROW):
        train(torch.ones(0, 3), torch.ones(0), rule="Adam", lr=0.1)
