import math

import pytest

from snippets.keras.strength_per_layer import make_network
from tests.keras_backend import array


def test_shapes_activations_and_strengths():
    model = make_network([4, 5, 3], [0.5, 0.25])
    assert [v.shape for v in model.trainable_variables] == [(4, 5), (5,), (5, 3), (3,)]
    assert [layer.activation.__name__ for layer in model.layers] == ["relu", "linear"]
    assert [float(layer.kernel_regularizer.l2) for layer in model.layers] == [0.5, 0.25]
    expected = [
        l2 * (layer.kernel.numpy() ** 2).sum()
        for l2, layer in zip([0.5, 0.25], model.layers, strict=True)
    ]
    assert [float(array(loss)) for loss in model.losses] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("strengths", [[], [0.1], [0.1, 0.2, 0.3]])
def test_refuses_another_number_of_strengths(strengths):
    message = f"strengths must be 2 numbers, got {len(strengths)}"
    with pytest.raises(ValueError, match=message):
        make_network([4, 5, 3], strengths)


@pytest.mark.parametrize("l2", [-0.1, math.inf, math.nan])
def test_refuses_strength(l2):
    with pytest.raises(ValueError, match="l2"):
        make_network([4, 5, 3], [0.1, l2])


def test_a_size_may_be_1():
    shapes = [tuple(v.shape) for v in make_network([1, 1, 1], [0.0, 0.0]).trainable_variables]
    assert shapes == [(1, 1), (1,), (1, 1), (1,)]
