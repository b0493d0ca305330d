"""Arrays of small integers give what the same numbers give as floats: nothing overflows."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from snippets.numpy.bias_variance import bias_variance
from snippets.numpy.cost_function import cost, cost_gradient
from snippets.numpy.effective_degrees_of_freedom import effective_degrees_of_freedom
from snippets.numpy.elastic_net import (
    elastic_net_penalty,
    elastic_net_step,
    elastic_net_subgradient,
)
from snippets.numpy.gradient_check import numerical_gradient, relative_error
from snippets.numpy.grid_search import grid_search
from snippets.numpy.group_lasso import group_lasso_penalty, group_lasso_subgradient
from snippets.numpy.group_threshold import group_threshold
from snippets.numpy.l1_penalty import l1_penalty, l1_subgradient
from snippets.numpy.l2_penalty import l2_gradient, l2_penalty
from snippets.numpy.l2_training import train
from snippets.numpy.losses import binary_cross_entropy, cross_entropy, mean_squared_error
from snippets.numpy.max_norm import max_norm
from snippets.numpy.smoothness_penalty import smoothness_gradient, smoothness_penalty
from snippets.numpy.soft_threshold import soft_threshold
from snippets.numpy.softmax import softmax

BIT = np.array([0, 1, 1, 0])
COLUMN = np.ones(4) / 400
PAIRS = [(0, 1), (1, 2), (3, 0)]
USES: dict[str, Callable[[Any], Any]] = {  # of a matrix of shape (4, 2)
    "l1_penalty": lambda w: l1_penalty([w], 1),
    "l1_subgradient": lambda w: l1_subgradient([w], 1),
    "l2_penalty": lambda w: l2_penalty([w], 1),
    "l2_gradient": lambda w: l2_gradient([w], 1),
    "elastic_net_penalty": lambda w: elastic_net_penalty(w, 1, 1),
    "elastic_net_subgradient": lambda w: elastic_net_subgradient(w, 1, 1),
    "elastic_net_step": lambda w: elastic_net_step(w, 5, 1, lr=1),
    "elastic_net_step, half": lambda w: elastic_net_step(w, 0.5, 0.5, lr=1),
    "soft_threshold": lambda w: soft_threshold(w, 5),
    "soft_threshold, half": lambda w: soft_threshold(w, 0.5),
    "group_lasso_penalty": lambda w: group_lasso_penalty(w, 1),
    "group_lasso_subgradient": lambda w: group_lasso_subgradient(w, 1),
    "group_threshold": lambda w: group_threshold(w, 5),
    "max_norm": lambda w: max_norm(w, 5),
    "smoothness_penalty": lambda w: smoothness_penalty(w[:, 0], PAIRS, 1),
    "smoothness_gradient": lambda w: smoothness_gradient(w[:, 0], PAIRS, 1),
    "cost, its labels": lambda w: cost(np.outer(BIT, [1.0, 2]), w[:, 0] % 2, COLUMN[:2], 0, 1),
    "cost, its weights": lambda w: cost(w / 400, BIT, w[0], 0, 1),
    "cost, all": lambda w: cost(w, w[:, 0] % 2, w[0], 0, 1),
    "cost_gradient": lambda w: cost_gradient(w, w[:, 0] % 2, w[0], 0, 1),
    "mean_squared_error": lambda w: mean_squared_error(w, w[::-1]),
    "binary_cross_entropy": lambda w: binary_cross_entropy(w, w % 2),
    "cross_entropy": lambda w: cross_entropy(w, BIT),
    "softmax": softmax,
    "relative_error": lambda w: relative_error(w, w[::-1]),
    "numerical_gradient": lambda w: numerical_gradient(lambda x: (x**2).sum(), w),
    "bias_variance": lambda w: bias_variance(w, w[1]),
    "effective_degrees_of_freedom": effective_degrees_of_freedom,
    "grid_search": lambda w: grid_search(w, w[:, 1], [1], folds=2),
    "train": lambda w: train(w, w[:, 1], lr=1e-6, steps=3),
}
MATRICES = {
    "uint8": np.array([[200, 2], [7, 255], [0, 100], [20, 1]]),
    "int8": np.array([[-128, 2], [127, -100], [0, 100], [20, 1]]),
}


@pytest.mark.parametrize("dtype", MATRICES)
@pytest.mark.parametrize("name", USES)
def test_they_give_what_floats_give(name: str, dtype: str) -> None:
    numbers = MATRICES[dtype]
    small, floats = USES[name](numbers.astype(dtype)), USES[name](numbers.astype(float))
    for got, expected in zip(_numbers(small), _numbers(floats), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-14)


def _numbers(result: Any) -> list[Any]:
    return [*result] if isinstance(result, tuple | list) else [result]


@pytest.mark.parametrize(
    "function",
    [
        lambda w: soft_threshold(w, 0.5),
        lambda w: elastic_net_step(w, 0.5, 0.5, lr=1.0),
        lambda w: elastic_net_subgradient(w, 0.5, 0.5),
        lambda w: l2_gradient([w], 0.5)[0],
        lambda w: mean_squared_error(w, 2 * w)[1],
        softmax,
    ],
)
def test_float32_stays_what_it_is(function: Callable[[Any], Any]) -> None:
    assert function(np.array([[1.0, -2.0], [0.25, 3.0]], "float32")).dtype == "float32"
