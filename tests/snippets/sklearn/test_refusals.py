"""Bad input is refused where it enters, with its name, its value and what is allowed."""

from math import nan

import numpy as np
import pytest

from snippets.sklearn.grid_search import grid_search
from tests.snippets.refusals import (
    ABOVE_0,
    AT_LEAST_0,
    COUNT,
    STRENGTHS,
    Range,
    Table,
    assert_refuses,
    cases,
    listed,
    numeric_parameters,
)

X = np.random.default_rng(0).normal(size=(4, 2))
ROWS = {"features": X, "targets": X[:, 0]}
SETS = {"training": (X, np.array([0, 1, 0, 1])), "validation": (X, np.array([0, 1, 0, 1]))}
TABLE: Table = {
    "elastic_net_training.train": (ROWS, {"l1": ABOVE_0, "l2": AT_LEAST_0}),
    "grid_search.grid_search": (
        {**ROWS, "strengths": [0.1]},
        {"strengths": STRENGTHS, "folds": Range("from 2 to 4", (nan, 1, 5, -2))},
    ),
    "l1_training.train": (ROWS, {"l1": ABOVE_0}),
    "l2_training.train": (ROWS, {"l2": AT_LEAST_0}),
    "learning_curves.learning_curves": (
        SETS,
        {
            "hidden": COUNT,
            "lr": ABOVE_0,
            "epochs": COUNT,
            "seed": Range("range", (-1, 0.5), named="random_state"),
        },
    ),
    "select_features.select_features": (ROWS, {"folds": Range("at least 2", (1, 0, -3))}),
}


def test_no_number_of_any_snippet_is_forgotten():
    assert sorted(numeric_parameters("sklearn")) == sorted(listed(TABLE))


@pytest.mark.parametrize(("call", "name"), cases(TABLE))
def test_a_number_out_of_its_range_is_refused(call, name):
    assert_refuses("sklearn", TABLE, call, name)


def test_grid_search_refuses_targets_of_another_shape():
    with pytest.raises(ValueError, match=r"targets must have shape \(4,\), got \(4, 1\)"):
        grid_search(X, X[:, :1], [0.1], folds=2)
