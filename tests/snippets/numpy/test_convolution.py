import re

import numpy as np
import pytest

from snippets.numpy.convolution import convolve, convolve_backward

RNG = np.random.default_rng(0)
X, W, B = RNG.normal(size=(2, 3, 7)), RNG.normal(size=(4, 3, 2)), RNG.normal(size=4)


def test_by_hand():
    x, w = np.array([[[1.0, 2.0, 4.0]]]), np.array([[[3.0, -1.0]]])
    assert convolve(x, w, np.array([10.0])).tolist() == [[[11.0, 12.0]]]
    dx, dw, db = convolve_backward(x, w, np.array([[[1.0, 10.0]]]))
    assert dw.tolist() == [[[1 * 1.0 + 10 * 2, 1 * 2.0 + 10 * 4]]]
    assert db.tolist() == [11.0]
    assert dx.tolist() == [[[3.0, -1.0 + 30.0, -10.0]]]


def test_channels_and_outputs():
    z = convolve(X, W, B)
    assert z.shape == (2, 4, 6)
    assert z[1, 2, 3] == pytest.approx((X[1, :, 3:5] * W[2]).sum() + B[2])


@pytest.mark.parametrize("k", [0, 1, 2])
def test_backward_is_the_derivative(k):
    arrays, error = [X, W, B], RNG.normal(size=(2, 4, 6))
    ours = convolve_backward(X, W, error)[k]
    for index in np.ndindex(arrays[k].shape):
        moved = np.zeros_like(arrays[k])
        moved[index] = 1e-5
        ahead, behind = list(arrays), list(arrays)
        ahead[k], behind[k] = arrays[k] + moved, arrays[k] - moved
        rise = ((convolve(*ahead) - convolve(*behind)) * error).sum() / 2e-5
        assert ours[index] == pytest.approx(rise, abs=1e-8)


@pytest.mark.parametrize("shape", [(3, 7), (2, 4, 7), (2, 3, 1)])
def test_refuses_inputs(shape):
    message = f"x must have shape (n, 3, length >= 2), got {shape}"
    with pytest.raises(ValueError, match=re.escape(message)):
        convolve(np.zeros(shape), W, B)


def test_refuses_errors():
    message = "error must have shape (2, 4, 6), got (2, 4, 7)"
    with pytest.raises(ValueError, match=re.escape(message)):
        convolve_backward(X, W, np.zeros((2, 4, 7)))


def test_a_window_as_wide_as_the_input_has_one_place():
    x, w = np.arange(6.0).reshape(1, 2, 3), np.ones((1, 2, 3))
    assert convolve(x, w, np.array([0.5])).tolist() == [[[15.5]]]
