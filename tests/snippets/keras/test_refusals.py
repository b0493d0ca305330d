"""Bad input is refused where it enters, with its name, its value and what is allowed."""

import importlib
from math import inf, nan

import keras
import numpy as np
import pytest

from snippets.keras.cost_function import cost
from snippets.keras.dropout import Dropout
from snippets.keras.update_rules import train
from tests.snippets.refusals import (
    ABOVE_0,
    AT_LEAST_0,
    COUNT,
    FINITE,
    NO_ROW,
    PATIENCE,
    SHARE,
    STRENGTHS,
    Range,
    Table,
    assert_refuses,
    cases,
    listed,
    numeric_parameters,
)

MODEL = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
DROPPING = keras.Sequential([keras.Input((2,)), keras.layers.Dropout(0.5)])
X, LABELS = np.ones((4, 2)), np.array([0, 1, 0, 1])
CLASSES = {"features": X, "labels": LABELS}
NUMBERS = {"features": X, "targets": np.ones(4)}
WITH_MODEL = {"model": MODEL, **CLASSES}
SETS = {"training": (X, LABELS), "validation": (X, LABELS)}
SIZES = {"inputs": 2, "classes": 2}
UNITS = Range("positive integer", (0, -3), named="units")  # Keras's own words, as below
INPUTS = Range("at least 1", (0, -3), ends=(1,))
L1 = Range("non-negative float", (nan, inf, -inf, -0.5), named="l1", ends=(0.0,))
L2 = Range("non-negative float", (nan, inf, -inf, -0.5), named="l2", ends=(0.0,))
RATE = Range("between 0 and 1", (nan, inf, -0.1, 1.5), named="rate", ends=(0.0, 1.0))
NETWORK = {"inputs": INPUTS, "classes": UNITS, "hidden": UNITS}
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
    "cost_function.make_model": ({"inputs": 2, "l2": 0.1}, {"inputs": INPUTS, "l2": L2}),
    "custom_adam.CustomAdam": (
        {},
        {"learning_rate": AT_LEAST_0, "beta_1": SHARE, "beta_2": SHARE, "epsilon": AT_LEAST_0},
    ),
    "custom_adamw.CustomAdamW": (
        {},
        {
            "learning_rate": AT_LEAST_0,
            "weight_decay": AT_LEAST_0,
            "beta_1": SHARE,
            "beta_2": SHARE,
            "epsilon": AT_LEAST_0,
        },
    ),
    "data_parallel.train": (
        dict.fromkeys(("strategy", "make_model", "features", "labels", "make_optimizer")),
        {"epochs": COUNT},
    ),
    "dropout.dropout_mask": (
        {"x": np.ones(2), "seed": keras.random.SeedGenerator(0)},
        {"p": SHARE},
    ),
    "dropout.Dropout": ({}, {"p": SHARE}),
    "dropout_network.make_network": (SIZES, {**NETWORK, "p": RATE}),
    "dropout_network.train": (
        {**WITH_MODEL, "validation": (X, LABELS)},
        {"lr": ABOVE_0, "epochs": COUNT},
    ),
    "early_stopping.train": (
        {"model": MODEL, **SETS},
        {"patience": PATIENCE, "min_delta": AT_LEAST_0, "lr": ABOVE_0, "epochs": COUNT},
    ),
    "elastic_net_network.make_network": (SIZES, {**NETWORK, "l1": L1, "l2": L2}),
    "elastic_net_network.train": (WITH_MODEL, {"lr": ABOVE_0, "epochs": COUNT}),
    "gradient_tape.train": (WITH_MODEL, {"lr": ABOVE_0, "epochs": COUNT}),
    "grid_search.grid_search": (
        {**CLASSES, "make_model": lambda l2: MODEL, "strengths": [0.1], "folds": 2},
        {
            "strengths": STRENGTHS,
            "folds": Range("from 2 to 4", (nan, 1, 5, -2)),
            "lr": ABOVE_0,
            "epochs": COUNT,
        },
    ),
    "group_lasso.GroupLasso": ({}, {"strength": AT_LEAST_0}),
    "group_threshold.GroupThreshold": ({}, {"threshold": AT_LEAST_0}),
    "hard_concrete.HardConcrete": (
        {"strength": 0.1},
        {"strength": AT_LEAST_0, "log_alpha": FINITE},
    ),
    "l1_network.make_network": (SIZES, {**NETWORK, "l1": L1}),
    "l1_network.train": (WITH_MODEL, {"lr": ABOVE_0, "epochs": COUNT}),
    "l1_penalty.L1Penalty": ({}, {"l1": AT_LEAST_0}),
    "l1_training.train": (NUMBERS, {"l1": AT_LEAST_0, "lr": ABOVE_0, "steps": COUNT}),
    "l2_network.make_network": (SIZES, {**NETWORK, "l2": L2}),
    "l2_network.train": (WITH_MODEL, {"lr": ABOVE_0, "epochs": COUNT}),
    "l2_penalty.L2Penalty": ({}, {"l2": AT_LEAST_0}),
    "l2_training.train": (NUMBERS, {"l2": AT_LEAST_0, "lr": ABOVE_0, "steps": COUNT}),
    "learning_curves.learning_curves": (
        {"model": MODEL, **SETS},
        {"lr": ABOVE_0, "epochs": COUNT},
    ),
    "max_norm.max_norm": (
        {"limit": 1.0},
        {"limit": ABOVE_0, "kernel_axes": Range("at least 2", (1, 0, -3))},
    ),
    "monte_carlo_dropout.monte_carlo_dropout": (
        {"model": DROPPING, "features": X},
        {"samples": COUNT},
    ),
    "non_negative_training.train": (NUMBERS, {"lr": ABOVE_0, "steps": COUNT}),
    "regularized_dense.make_network": (SIZES, {**NETWORK, "l2": L2}),
    "regularized_network.make_network": (SIZES, {**NETWORK, "p": RATE}),
    "regularized_network.train": (
        {"model": MODEL, **SETS},
        {"weight_decay": AT_LEAST_0, "patience": PATIENCE, "lr": ABOVE_0, "epochs": COUNT},
    ),
    "smoothness_penalty.SmoothnessPenalty": (
        {"pairs": [(0, 1)], "strength": 0.1},
        {"strength": AT_LEAST_0},
    ),
    "soft_threshold.SoftThreshold": ({}, {"threshold": AT_LEAST_0}),
    "strength_per_layer.make_network": (
        {"sizes": [2, 2], "strengths": [0.1]},
        {
            "sizes": Range("two or more, each >= 1", ([], [4], [4, 0], [-3, 2])),
            "strengths": Range("non-negative float", ([nan], [inf], [-0.5]), named="l2"),
        },
    ),
    "three_layer_network.make_network": (
        {"inputs": 2, "hidden1": 2, "hidden2": 2, "outputs": 2},
        {"inputs": INPUTS, "hidden1": UNITS, "hidden2": UNITS, "outputs": UNITS},
    ),
    "three_layer_network.train_step": ({"network": MODEL, "x": X, "y": X}, {"lr": ABOVE_0}),
    "tune_strength.tune": (
        {**SETS, "folder": ""},
        {"trials": COUNT, "epochs": COUNT, "seed": COUNT},
    ),
    "update_rules.train": ({**CLASSES, "rule": "Adam", "lr": 0.1}, {"lr": ABOVE_0, "steps": COUNT}),
    "weight_decay.decay_weights": (
        {"weights": [], "lr": 0.1, "weight_decay": 0.1},
        {
            "lr": Range("must be >= 0", (nan, inf, -0.1)),
            "weight_decay": Range("must be >= 0", (nan, inf, -0.1)),
        },
    ),
}
NO_RANGE = {
    "checkpoint.SaveCheckpoint.on_epoch_end.epoch": "Keras calls it",
    "dropout.Dropout.seed": "Keras refuses what is no seed",
    "hard_concrete.HardConcrete.seed": "Keras refuses what is no seed",
    "hard_concrete.HardConcrete.build.input_shape": "Keras calls it",
    "smoothness_penalty.SmoothnessPenalty.pairs": "refused when the weights are known: below",
}


def test_no_number_of_any_snippet_is_forgotten():
    assert sorted(numeric_parameters("keras")) == sorted({*listed(TABLE), *NO_RANGE})


@pytest.mark.parametrize(("call", "name"), cases(TABLE))
def test_a_number_out_of_its_range_is_refused(call, name):
    assert_refuses("keras", TABLE, call, name)


@pytest.mark.parametrize("labels", [np.ones((4, 1)), np.ones(3)])
def test_labels_that_would_broadcast_are_refused(labels):
    scores = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match=r"labels must have shape \(4,\), got \("):
        cost(scores, X, labels)


def test_dropout_refuses_what_it_cannot_scale():
    x = keras.ops.ones((3,), dtype="int32")
    with pytest.raises(ValueError, match=r"x must be floating point, got .*int32"):
        Dropout(0.5)(x, training=True)


@pytest.mark.parametrize("call", [call for call in TABLE if "_training.train" in call])
def test_a_training_without_rows_is_refused(call):
    module = importlib.import_module(f"snippets.keras.{call.removesuffix('.train')}")
    with pytest.raises(ValueError, match=NO_ROW):
        module.train(np.ones((0, 3)), np.ones(0))


def test_a_rule_without_rows_is_refused():
    with pytest.raises(ValueError, match=NO_ROW):
        train(np.ones((0, 3)), np.ones(0), rule="Adam", lr=0.1)
