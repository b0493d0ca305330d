import math

import numpy as np
import pytest

from snippets.numpy.losses import binary_cross_entropy, cross_entropy, mean_squared_error

Z = np.array([[2.0, -1.0, 0.5], [0.0, 1.0, -3.0]])
Y = np.array([[1.0, 0.0, 0.25], [0.0, 1.0, 0.5]])
LABELS = np.array([0, 2])


def test_by_hand():
    loss, gradient = mean_squared_error(np.array([3.0, 1.0]), np.array([1.0, 1.0]))
    assert (loss, gradient.tolist()) == (2.0, [2.0, 0.0])
    loss, gradient = binary_cross_entropy(np.zeros(2), np.array([1.0, 0.0]))
    assert loss == pytest.approx(math.log(2))
    assert gradient.tolist() == [-0.25, 0.25]
    loss, gradient = cross_entropy(np.array([[0.0, math.log(3)]]), np.array([0]))
    assert loss == pytest.approx(math.log(4))
    assert gradient[0].tolist() == pytest.approx([-0.75, 0.75])


@pytest.mark.parametrize(
    "loss",
    [
        lambda z: mean_squared_error(z, Y),
        lambda z: binary_cross_entropy(z, Y),
        lambda z: cross_entropy(z, LABELS),
    ],
)
def test_gradient_is_the_derivative(loss):
    gradient = loss(Z)[1]
    for index in np.ndindex(Z.shape):
        moved = np.zeros_like(Z)
        moved[index] = 1e-5
        rise = (loss(Z + moved)[0] - loss(Z - moved)[0]) / 2e-5
        assert gradient[index] == pytest.approx(rise, abs=1e-9)


def test_logits_may_be_far_out():
    z = np.array([[1000.0, -1000.0]])
    assert binary_cross_entropy(z, np.array([[1.0, 0.0]]))[0] == 0
    assert binary_cross_entropy(z, np.array([[0.0, 1.0]]))[0] == 1000
    assert cross_entropy(z, np.array([0]))[0] == 0
    assert cross_entropy(z, np.array([1]))[0] == 2000


def test_refuses():
    for loss in (mean_squared_error, binary_cross_entropy):
        with pytest.raises(ValueError, match=r"targets must have shape \(2, 3\), got \(2,\)"):
            loss(Z, np.zeros(2))
    for bad in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match=rf"targets must be in \[0, 1\], got \[{bad}\]"):
            binary_cross_entropy(np.zeros(1), np.array([bad]))
    expected = r"labels must be integers of shape \(2,\), got "
    with pytest.raises(ValueError, match=expected + "float64"):
        cross_entropy(Z, np.array([0.0, 1.0]))
    with pytest.raises(ValueError, match=expected + r"int64 of shape \(2, 1\)"):
        cross_entropy(Z, np.array([[0], [1]]))
    for bad in (-1, 3):
        with pytest.raises(ValueError, match=rf"labels must be in \[0, 3\), got \[0, {bad}\]"):
            cross_entropy(Z, np.array([0, bad]))
