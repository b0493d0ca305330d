"""Bad input is refused where it enters, with its name, its value and what is allowed."""

import importlib
from math import inf, nan

import numpy as np
import pytest

from snippets.numpy.adagrad import Adagrad
from snippets.numpy.batch_norm import BatchNorm
from snippets.numpy.cost_function import cost, cost_gradient
from snippets.numpy.custom_adam import CustomAdam
from snippets.numpy.custom_adamw import CustomAdamW
from snippets.numpy.dropout import Dropout
from snippets.numpy.gradient_check import numerical_gradient
from snippets.numpy.gradient_descent import GradientDescent
from snippets.numpy.grid_search import grid_search
from snippets.numpy.hard_concrete import expected_l0, fixed_gates
from snippets.numpy.momentum import Momentum
from snippets.numpy.nesterov import Nesterov
from snippets.numpy.one_standard_error import one_standard_error
from snippets.numpy.rmsprop import RMSprop
from tests.snippets.refusals import (
    ABOVE_0,
    AT_LEAST_0,
    BETAS,
    COUNT,
    NO_ROW,
    PAIRS,
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

W = np.ones((3, 2))
ROWS = {"features": np.ones((4, 2)), "targets": np.ones(4)}
BINARY = {"features": np.ones((4, 2)), "labels": np.ones(4), "weights": np.ones(2), "bias": 0.0}
ADAM = {"lr": AT_LEAST_0, "betas": BETAS, "eps": AT_LEAST_0, "weight_decay": AT_LEAST_0}
NUMBER_OF_ROWS = Range("finite and at least 1", (nan, inf, 0, -3))
STEP = Range("at least 1", (nan, 0, -3))
TABLE: Table = {
    "adagrad.Adagrad": ({}, {"lr": AT_LEAST_0, "eps": AT_LEAST_0}),
    "batch_norm.BatchNorm": (
        {"features": 3},
        {
            "features": COUNT,
            "momentum": Range(r"in \(0, 1\]", (nan, 0.0, -0.1, 1.1)),
            "eps": AT_LEAST_0,
        },
    ),
    "cost_function.cost": ({**BINARY, "l2": 0.1}, {"l2": AT_LEAST_0}),
    "cost_function.cost_gradient": ({**BINARY, "l2": 0.1}, {"l2": AT_LEAST_0}),
    "custom_adam.CustomAdam": ({}, ADAM),
    "custom_adamw.CustomAdamW": ({}, ADAM),
    "dropout.dropout_mask": ({"shape": (2,), "rng": np.random.default_rng(0)}, {"p": SHARE}),
    "dropout.Dropout": ({}, {"p": SHARE}),
    "early_stopping.EarlyStopping": ({}, {"patience": PATIENCE, "min_delta": AT_LEAST_0}),
    "effective_degrees_of_freedom.effective_degrees_of_freedom": (
        {"features": W},
        {"l2": AT_LEAST_0},
    ),
    "elastic_net.elastic_net_penalty": (
        {"weights": W, "l1": 0.1, "l2": 0.1},
        {"l1": AT_LEAST_0, "l2": AT_LEAST_0},
    ),
    "elastic_net.elastic_net_subgradient": (
        {"weights": W, "l1": 0.1, "l2": 0.1},
        {"l1": AT_LEAST_0, "l2": AT_LEAST_0},
    ),
    "elastic_net.elastic_net_step": (
        {"weights": W, "l1": 0.1, "l2": 0.1, "lr": 0.1},
        {"l1": AT_LEAST_0, "l2": AT_LEAST_0, "lr": AT_LEAST_0},
    ),
    "elastic_net_training.train": (
        ROWS,
        {"l1": AT_LEAST_0, "l2": AT_LEAST_0, "lr": ABOVE_0, "steps": COUNT},
    ),
    "equivalent_epsilon.torch_epsilon": (
        {"epsilon": 1e-7, "beta_2": 0.9, "step": 1},
        {"epsilon": AT_LEAST_0, "beta_2": SHARE, "step": STEP},
    ),
    "equivalent_epsilon.keras_epsilon": (
        {"eps": 1e-8, "beta2": 0.9, "step": 1},
        {"eps": AT_LEAST_0, "beta2": SHARE, "step": STEP},
    ),
    "equivalent_epsilon.torch_adagrad_start": (
        {"initial_accumulator_value": 0.1, "epsilon": 1e-7},
        {"initial_accumulator_value": AT_LEAST_0, "epsilon": AT_LEAST_0},
    ),
    "equivalents.torch_weight_decay": ({}, {"l2": AT_LEAST_0}),
    "equivalents.sklearn_ridge_alpha": (
        {"l2": 0.1, "rows": 4},
        {"l2": AT_LEAST_0, "rows": NUMBER_OF_ROWS},
    ),
    "equivalents.sklearn_lasso_alpha": ({}, {"l1": AT_LEAST_0}),
    "equivalents.sklearn_elastic_net": (
        {"l1": 0.1, "l2": 0.1},
        {"l1": AT_LEAST_0, "l2": AT_LEAST_0},
    ),
    "equivalents.sklearn_logistic": (
        {"l1": 0.1, "l2": 0.1, "rows": 4},
        {"l1": AT_LEAST_0, "l2": AT_LEAST_0, "rows": NUMBER_OF_ROWS},
    ),
    "gradient_check.numerical_gradient": ({"cost": np.sum, "w": W}, {"step": ABOVE_0}),
    "gradient_descent.GradientDescent": ({}, {"lr": AT_LEAST_0}),
    "grid_search.grid_search": (
        {**ROWS, "strengths": [0.1]},
        {"strengths": STRENGTHS, "folds": Range("from 2 to 4", (nan, 1, 5, -2))},
    ),
    "group_lasso.group_lasso_penalty": ({"weights": W}, {"strength": AT_LEAST_0}),
    "group_lasso.group_lasso_subgradient": ({"weights": W}, {"strength": AT_LEAST_0}),
    "group_threshold.group_threshold": ({"weights": W}, {"threshold": AT_LEAST_0}),
    "l1_penalty.l1_penalty": ({"weights": [W]}, {"l1": AT_LEAST_0}),
    "l1_penalty.l1_subgradient": ({"weights": [W]}, {"l1": AT_LEAST_0}),
    "l1_training.train": (ROWS, {"l1": AT_LEAST_0, "lr": ABOVE_0, "steps": COUNT}),
    "l2_penalty.l2_penalty": ({"weights": [W]}, {"l2": AT_LEAST_0}),
    "l2_penalty.l2_gradient": ({"weights": [W]}, {"l2": AT_LEAST_0}),
    "l2_training.train": (ROWS, {"l2": AT_LEAST_0, "lr": ABOVE_0, "steps": COUNT}),
    "max_norm.max_norm": ({"weights": W}, {"limit": ABOVE_0}),
    "momentum.Momentum": ({}, {"lr": AT_LEAST_0, "momentum": SHARE}),
    "nesterov.Nesterov": ({}, {"lr": AT_LEAST_0, "momentum": SHARE}),
    "non_negative_training.train": (ROWS, {"lr": ABOVE_0, "steps": COUNT}),
    "one_standard_error.one_standard_error": (
        {"errors": np.ones((3, 1)), "strengths": [0.1]},
        {
            "strengths": Range("finite and >= 0", ([nan], [inf], [-0.1])),
            "standard_errors": AT_LEAST_0,
        },
    ),
    "rmsprop.RMSprop": ({}, {"lr": AT_LEAST_0, "alpha": SHARE, "eps": AT_LEAST_0}),
    "smoothness_penalty.smoothness_penalty": (
        {"values": np.ones(3), "pairs": [(0, 1)], "strength": 0.1},
        {"pairs": PAIRS, "strength": AT_LEAST_0},
    ),
    "smoothness_penalty.smoothness_gradient": (
        {"values": np.ones(3), "pairs": [(0, 1)], "strength": 0.1},
        {"pairs": PAIRS, "strength": AT_LEAST_0},
    ),
    "soft_threshold.soft_threshold": ({"weights": W}, {"threshold": AT_LEAST_0}),
    "three_layer_network.update": ({"net": (W,), "gradient": (W,)}, {"lr": ABOVE_0}),
    "weight_decay.decay_weights": (
        {"weights": [W.copy()], "lr": 0.1, "weight_decay": 0.1},
        {
            "lr": Range("must be >= 0", (nan, inf, -0.1)),
            "weight_decay": Range("must be >= 0", (nan, inf, -0.1)),
        },
    ),
}
NO_RANGE = {
    "cost_function.cost.bias": "a parameter of the model, any number",
    "cost_function.cost_gradient.bias": "a parameter of the model, any number",
    "dropout.dropout_mask.shape": "NumPy refuses what is no shape",
    "dropout.Dropout.seed": "NumPy refuses what is no seed",
    "early_stopping.EarlyStopping.update.loss": "nan is no improvement, as in Keras",
}
OPTIMIZERS = [Adagrad, CustomAdam, CustomAdamW, GradientDescent, Momentum, Nesterov, RMSprop]


def test_no_number_of_any_snippet_is_forgotten():
    assert sorted(numeric_parameters("numpy")) == sorted({*listed(TABLE), *NO_RANGE})


@pytest.mark.parametrize(("call", "name"), cases(TABLE))
def test_a_number_out_of_its_range_is_refused(call, name):
    assert_refuses("numpy", TABLE, call, name)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(
    ("params", "grads", "message"),
    [
        ([], [], r"params must be a list of arrays, got \[\]"),
        (np.ones(2), np.ones(2), r"params must be a list of arrays, got array\(\[1\., 1\.\]\)"),
        ([np.float64(1)], [np.ones(())], r"params must be a list of arrays, got \[np.float64\(1"),
        ([np.ones(2, int)], [np.ones(2)], "params must be float arrays, got {'int64'}"),
        ([np.ones(2)], [np.ones(2, complex)], "grads must be float arrays, got {'complex128'}"),
        ([np.ones(2)], [np.ones(2, bool)], "grads must be float arrays, got {'bool'}"),
        (
            [np.ones(2)],
            [np.ones((2, 1))],
            r"grads must have the shapes \[\(2,\)\], got \[\(2, 1\)\]",
        ),
        ([np.ones(2)], [], r"grads must have the shapes \[\(2,\)\], got \[\]"),
    ],
)
def test_an_optimizer_moves_lists_of_float_arrays_alone(optimizer, params, grads, message):
    before = [p.copy() for p in params]
    made = optimizer(lr=0.1)
    with pytest.raises(ValueError, match=message):
        made.step(params, grads)
    np.testing.assert_array_equal(params, before)
    good = [np.ones(2)]
    made.step(good, [np.ones(2)])  # what was refused left nothing behind
    assert (good[0] < 1).all()


@pytest.mark.parametrize("labels", [np.ones((4, 1)), np.ones(3), np.ones(())])
@pytest.mark.parametrize("function", [cost, cost_gradient])
def test_labels_that_would_broadcast_are_refused(function, labels):
    with pytest.raises(ValueError, match=r"labels must have shape \(4,\), got \("):
        function(np.ones((4, 2)), labels, np.ones(2), 0.0, 0.1)


def test_grid_search_refuses_targets_that_would_broadcast():
    with pytest.raises(ValueError, match=r"targets must have shape \(4,\), got \(4, 1\)"):
        grid_search(np.ones((4, 2)), np.ones((4, 1)), [0.1], folds=2)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", [(4, 1), (3,), (4, 3, 3)])
def test_batch_norm_refuses_what_would_broadcast(shape, training):
    with pytest.raises(ValueError, match=r"x must have shape \(n, 3\), got \("):
        BatchNorm(3).forward(np.ones(shape), training=training)


def test_batch_norm_refuses_a_gradient_of_another_shape():
    layer = BatchNorm(3)
    layer.forward(np.ones((4, 3)), training=True)
    with pytest.raises(ValueError, match=r"gradient must have shape \(4, 3\), got \(3,\)"):
        layer.backward(np.ones(3))


def test_dropout_goes_forward_before_it_goes_back():
    with pytest.raises(RuntimeError, match=r"call forward\(x, training=\.\.\.\) before backward"):
        Dropout(0.5).backward(np.ones(3))


def test_batch_norm_goes_forward_in_training_before_it_goes_back():
    layer = BatchNorm(3)
    layer.forward(np.ones((4, 3)), training=False)  # keeps nothing
    with pytest.raises(RuntimeError, match=r"call forward\(x, training=True\) before backward"):
        layer.backward(np.ones((4, 3)))


@pytest.mark.parametrize("dtype", [int, "float32"])
def test_the_gradient_check_takes_other_numbers_than_float64(dtype):
    w = np.array([1, -2], dtype)
    np.testing.assert_allclose(numerical_gradient(lambda w: (w**2).sum(), w), [2, -4], rtol=1e-8)
    assert w.tolist() == [1, -2]


def test_gates_far_away_from_zero_do_not_overflow():
    far = np.array([-1e4, 1e4])
    assert fixed_gates(far).tolist() == [0.0, 1.0]
    assert expected_l0(far) == 1.0


def test_one_standard_error_never_chooses_a_strength_that_diverged():
    errors = np.array([[1.0, 2.0, nan, 1.1], [1.2, 2.2, 1.0, inf]])
    assert one_standard_error(errors, [0.1, 0.2, 0.3, 0.4]) == 0.1
    with pytest.raises(ValueError, match="errors must be finite for a strength, got"):
        one_standard_error(errors[:, 2:], [0.3, 0.4])


@pytest.mark.parametrize("call", [call for call in TABLE if "_training.train" in call])
def test_a_training_without_rows_is_refused(call):
    module = importlib.import_module(f"snippets.numpy.{call.removesuffix('.train')}")
    with pytest.raises(ValueError, match=NO_ROW):
        module.train(np.ones((0, 3)), np.ones(0))
