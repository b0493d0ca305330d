import math

import keras
import numpy as np
import pytest

from snippets.keras.regularized_dense import make_network
from tests.keras_backend import array


def test_shapes_and_activations():
    model = make_network(4, 3, hidden=5)
    assert [v.shape for v in model.trainable_variables] == [
        (4, 5),
        (5,),
        (5, 5),
        (5,),
        (5, 3),
        (3,),
    ]
    names = [layer.activation.__name__ for layer in model.layers]
    assert names == ["relu", "relu", "linear"]
    assert float(model.layers[0].kernel_regularizer.l2) == pytest.approx(0.01)


def test_one_loss_for_each_layer_though_they_share_the_object():
    model = make_network(4, 3, hidden=5, l2=0.25)
    assert len({id(layer.kernel_regularizer) for layer in model.layers}) == 1
    expected = [0.25 * (layer.kernel.numpy() ** 2).sum() for layer in model.layers]
    assert [float(array(loss)) for loss in model.losses] == pytest.approx(expected, rel=1e-6)
    assert len(set(expected)) == 3


def test_he_start_and_no_twins():
    keras.utils.set_random_seed(0)
    model = make_network(400, 2, hidden=400)
    first, second = (layer.kernel.numpy() for layer in model.layers[:2])
    assert first.std() == pytest.approx((2 / 400) ** 0.5, rel=0.02)
    assert not np.allclose(first, second)


@pytest.mark.parametrize("l2", [-0.1, math.inf, math.nan])
def test_refuses_strength(l2):
    with pytest.raises(ValueError, match="l2"):
        make_network(2, 2, l2=l2)
