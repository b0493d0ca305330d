import math

import keras
import numpy as np
import pytest
from keras import ops

from snippets.keras.losses import binary_cross_entropy, cross_entropy, mean_squared_error

Z = ops.convert_to_tensor(np.array([[2.0, -1.0, 0.5], [0.0, 1.0, -3.0]]), dtype="float64")
Y = np.array([[1.0, 0.0, 0.25], [0.0, 1.0, 0.5]])
LABELS = np.array([0, 2])


def test_by_hand():
    z = ops.convert_to_tensor([3.0, 1.0])
    assert float(mean_squared_error(z, [1.0, 1.0])) == 2
    assert float(binary_cross_entropy(z - z, [1.0, 0.0])) == pytest.approx(math.log(2))
    z = ops.convert_to_tensor([[0.0, math.log(3)]])
    assert float(cross_entropy(z, [0])) == pytest.approx(math.log(4))


@pytest.mark.parametrize(
    ("ours", "theirs", "targets"),
    [
        (mean_squared_error, keras.losses.MeanSquaredError, Y),
        (binary_cross_entropy, keras.losses.BinaryCrossentropy, Y),
        (cross_entropy, keras.losses.SparseCategoricalCrossentropy, LABELS),
    ],
)
def test_same_as_the_own_loss(ours, theirs, targets):
    options = {} if theirs is keras.losses.MeanSquaredError else {"from_logits": True}
    expected = theirs(dtype="float64", **options)(targets, Z)
    exact = keras.backend.backend() == "tensorflow"  # ops.mean rounds to float32 on PyTorch
    assert float(ours(Z, targets)) == pytest.approx(float(expected), rel=1e-14 if exact else 1e-6)


def test_logits_may_be_far_out():
    z = ops.convert_to_tensor([[1000.0, -1000.0]])
    assert float(binary_cross_entropy(z, [[0.0, 1.0]])) == 1000
    assert float(cross_entropy(z, [1])) == 2000


def test_refuses():
    for loss in (mean_squared_error, binary_cross_entropy):
        with pytest.raises(ValueError, match=r"targets must have shape \(2, 3\), got \(2,\)"):
            loss(Z, np.zeros(2))
    for bad in (-0.5, 1.5, math.nan):
        with pytest.raises(ValueError, match=rf"targets must be in \[0, 1\], got \[{bad}\]"):
            binary_cross_entropy(ops.zeros((1,)), np.array([bad]))
    expected = r"labels must be integers of shape \(2,\), got "
    with pytest.raises(ValueError, match=expected + r".*float"):
        cross_entropy(Z, np.array([0.0, 1.0]))
    with pytest.raises(ValueError, match=expected + r".*int64.* of shape \(2, 1\)"):
        cross_entropy(Z, np.array([[0], [1]]))
    for bad in (-1, 3):
        with pytest.raises(ValueError, match=rf"labels must be in \[0, 3\), got \[0, {bad}\]"):
            cross_entropy(Z, np.array([0, bad]))


def test_targets_may_be_integers():
    whole = np.array([[1, 0, 0], [0, 1, 1]])
    for loss in (mean_squared_error, binary_cross_entropy):
        assert float(loss(Z, whole)) == float(loss(Z, whole.astype("float64")))
