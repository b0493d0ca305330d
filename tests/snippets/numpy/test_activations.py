import math

import numpy as np
import pytest

from snippets.numpy.activations import activate, slope

Z = np.array([[-3.0, -0.5, 0.0], [0.25, 1.0, 4.0]])


def test_by_hand():
    z = np.array([-1.0, 0.0, math.log(3)])
    assert activate(z, "sigmoid")[1:].tolist() == pytest.approx([0.5, 0.75])
    assert activate(z, "tanh").tolist() == pytest.approx([math.tanh(-1), 0.0, 0.8])
    assert activate(z, "relu").tolist() == [0.0, 0.0, math.log(3)]
    assert slope(np.array([0.5, 0.75]), "sigmoid").tolist() == [0.25, 0.1875]
    assert slope(np.array([0.0, 0.5]), "tanh").tolist() == [1.0, 0.75]
    assert slope(np.array([0.0, 0.5]), "relu").tolist() == [0.0, 1.0]


@pytest.mark.parametrize("kind", ["sigmoid", "tanh", "relu"])
def test_slope_is_the_derivative(kind):
    z = Z + 0.01  # away from the kink
    differences = (activate(z + 1e-6, kind) - activate(z - 1e-6, kind)) / 2e-6
    np.testing.assert_allclose(slope(activate(z, kind), kind), differences, atol=1e-9)


@pytest.mark.parametrize("kind", ["sigmoid", "tanh", "relu"])
def test_keeps_float32(kind):
    a = activate(Z.astype("float32"), kind)
    assert a.dtype == slope(a, kind).dtype == "float32"


def test_no_overflow():
    assert activate(np.array([-1e4, 1e4]), "sigmoid").tolist() == [0.0, 1.0]


def test_input_stays():
    z = Z.copy()
    for kind in ("sigmoid", "tanh", "relu"):
        slope(activate(z, kind), kind)
    np.testing.assert_array_equal(z, Z)


@pytest.mark.parametrize("function", [activate, slope])
def test_refuses(function):
    message = 'kind must be "sigmoid", "tanh" or "relu", got \'swish\''
    with pytest.raises(ValueError, match=message):
        function(Z, "swish")
