import re

import numpy as np
import pytest

from snippets.numpy.recurrent import Recurrent, backward, forward

RNG = np.random.default_rng(0)
NET = Recurrent(RNG.normal(size=(3, 2)), RNG.normal(size=(3, 3)), RNG.normal(size=3))
X = RNG.normal(size=(4, 5, 2))


def test_by_hand():
    net = Recurrent(np.array([[2.0]]), np.array([[0.5]]), np.array([0.1]))
    x = np.array([[[0.25], [-0.5]]])
    states = forward(net, x)
    h1 = np.tanh(0.6)
    h2 = np.tanh(-0.9 + 0.5 * h1)
    assert states.ravel().tolist() == pytest.approx([h1, h2])
    gradient = backward(net, x, states, np.array([[[0.0], [1.0]]]))
    d2 = 1 - h2**2
    d1 = 0.5 * d2 * (1 - h1**2)
    assert gradient.W.item() == pytest.approx(0.25 * d1 - 0.5 * d2)
    assert gradient.U.item() == pytest.approx(h1 * d2)
    assert gradient.b.item() == pytest.approx(d1 + d2)


@pytest.mark.parametrize("field", ["W", "U", "b"])
def test_backward_is_the_derivative(field):
    slopes = RNG.normal(size=(4, 5, 3))
    ours = getattr(backward(NET, X, forward(NET, X), slopes), field)
    array = getattr(NET, field)
    assert ours.shape == array.shape
    for index in np.ndindex(array.shape):
        moved = np.zeros_like(array)
        moved[index] = 1e-5
        ahead = forward(NET._replace(**{field: array + moved}), X)
        behind = forward(NET._replace(**{field: array - moved}), X)
        rise = ((ahead - behind) * slopes).sum() / 2e-5
        assert ours[index] == pytest.approx(rise, abs=1e-8)


@pytest.mark.parametrize("shape", [(5, 2), (4, 5, 3)])
def test_refuses_inputs(shape):
    message = f"x must have shape (n, steps, 2), got {shape}"
    with pytest.raises(ValueError, match=re.escape(message)):
        forward(NET, np.zeros(shape))


def test_refuses_slopes():
    message = "slopes must have shape (4, 5, 3), got (4, 3)"
    with pytest.raises(ValueError, match=re.escape(message)):
        backward(NET, X, forward(NET, X), np.zeros((4, 3)))
