import math

import numpy as np
import pytest

from snippets.numpy.softmax import softmax, softmax_backward

Z = np.array([[0.0, math.log(2), 0.0], [1.0, -1.0, 3.0]])


def test_by_hand():
    assert softmax(Z)[0].tolist() == pytest.approx([0.25, 0.5, 0.25])
    assert softmax(Z).sum(1).tolist() == pytest.approx([1.0, 1.0])
    p = np.array([[0.25, 0.5, 0.25]])
    # first column of the matrix: p1 (1 - p1), -p1 p2, -p1 p3
    assert softmax_backward(p, np.array([[1.0, 0, 0]])).tolist() == [[0.1875, -0.125, -0.0625]]


def test_backward_is_the_product_with_the_matrix():
    p, v = softmax(Z), np.array([[1.0, -2.0, 0.5], [0.0, 3.0, 1.0]])
    expected = [(np.diag(row) - np.outer(row, row)) @ g for row, g in zip(p, v, strict=True)]
    np.testing.assert_allclose(softmax_backward(p, v), expected, rtol=1e-14)


def test_backward_is_the_derivative():
    v = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, 1.0]])
    ours = softmax_backward(softmax(Z), v)
    for index in np.ndindex(Z.shape):
        moved = np.zeros_like(Z)
        moved[index] = 1e-6
        rise = ((softmax(Z + moved) - softmax(Z - moved)) * v).sum() / 2e-6
        assert ours[index] == pytest.approx(rise, abs=1e-9)


def test_no_overflow():
    assert softmax(np.array([[1e4, 0.0], [-1e4, -1e4]])).tolist() == [[1.0, 0.0], [0.5, 0.5]]


def test_refuses():
    with pytest.raises(ValueError, match=r"slope must have shape \(2, 3\), got \(3,\)"):
        softmax_backward(softmax(Z), np.ones(3))
