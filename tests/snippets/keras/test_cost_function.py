import math

import numpy as np
import pytest

from snippets.keras.cost_function import cost, make_model
from tests.keras_backend import BACKEND, array


def test_by_hand():
    model = make_model(2, 0.1)
    model.set_weights([np.array([[2.0], [-1.0]]), np.array([0.5])])
    features = np.array([[1.0, 2.0], [0.0, -1.0]])  # scores 0.5 and 1.5
    loss, penalty = cost(model, features, np.array([1.0, 0.0]))
    expected = (math.log(1 + math.exp(-0.5)) + math.log(1 + math.exp(1.5))) / 2
    assert float(array(loss)) == pytest.approx(expected, rel=1e-6)
    assert float(array(penalty)) == pytest.approx(0.1 * 5)


def test_dtype():
    assert {v.dtype for v in make_model(2, 0.1).variables} == {"float32"}
    assert {v.dtype for v in make_model(2, 0.1, dtype="float64").variables} == {"float64"}


def test_refuses_strength():
    with pytest.raises(ValueError, match="l2"):
        make_model(2, -0.1)


def test_features_keep_their_digits():
    # on PyTorch Keras rounds them to float32
    x = 0.1 + 1e-9 if BACKEND == "tensorflow" else 0.125
    model = make_model(1, 0.0, dtype="float64")
    model.set_weights([np.array([[1e8]]), np.array([-1e7])])
    loss, _ = cost(model, np.array([[x]]), np.array([1]))  # labels may be integers
    score = 1e8 * x - 1e8 * 0.1
    assert float(array(loss)) == pytest.approx(math.log(1 + math.exp(-score)), rel=1e-8)
