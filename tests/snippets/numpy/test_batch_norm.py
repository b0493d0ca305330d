import numpy as np
import pytest

from snippets.numpy.batch_norm import BatchNorm


def test_by_hand():
    # Mean 3, variance 4 (divided by B), unbiased 8.
    layer = BatchNorm(1, momentum=0.5, eps=0.0)
    layer.gamma[:], layer.beta[:] = 10.0, 1.0
    y = layer.forward(np.array([[1.0], [5.0]]), training=True)
    np.testing.assert_array_equal(y, [[-9.0], [11.0]])
    assert (layer.running_mean[0], layer.running_var[0]) == (1.5, 4.5)
    layer.running_var[:] = 4.0
    y = layer.forward(np.array([[2.5]]), training=False)
    assert y[0, 0] == 6.0  # 10 * (2.5 - 1.5) / 2 + 1
    biased = BatchNorm(1, momentum=0.5, eps=0.0, unbiased=False)
    biased.forward(np.array([[1.0], [5.0]]), training=True)
    assert biased.running_var[0] == 2.5


def test_eps_is_added_to_the_variance():
    layer = BatchNorm(1, momentum=1.0, eps=5.0, unbiased=False)
    y = layer.forward(np.array([[1.0], [5.0]]), training=True)
    np.testing.assert_array_equal(y, [[-2 / 3], [2 / 3]])  # sqrt(4 + 5) = 3
    assert layer.forward(np.array([[9.0]]), training=False)[0, 0] == pytest.approx(2)


def test_normalizes_each_column():
    x = np.random.default_rng(0).normal(5, [1, 10, 100], size=(50, 3))
    y = BatchNorm(3, eps=0.0).forward(x, training=True)
    np.testing.assert_allclose(y.mean(0), 0, atol=1e-14)
    np.testing.assert_allclose(y.std(0), 1, rtol=1e-14)


def test_inference_uses_and_keeps_the_running_averages():
    rng = np.random.default_rng(0)
    layer = BatchNorm(3)
    for _ in range(200):
        layer.forward(rng.normal(2, 3, size=(100, 3)), training=True)
    before = layer.running_mean.copy(), layer.running_var.copy()
    np.testing.assert_allclose(before[0], 2, atol=0.2)
    np.testing.assert_allclose(before[1], 9, rtol=0.15)
    x = rng.normal(size=(4, 3))
    together = layer.forward(x, training=False)
    alone = np.vstack([layer.forward(row[None], training=False) for row in x])
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(before[0], layer.running_mean)
    np.testing.assert_array_equal(before[1], layer.running_var)


def test_gradients_by_differences():
    rng = np.random.default_rng(0)
    x, slope = rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
    layer = BatchNorm(3)
    layer.gamma, layer.beta = rng.normal(size=3), rng.normal(size=3)
    layer.forward(x, training=True)
    gradients = layer.backward(slope)
    for array, gradient in zip((x, layer.gamma, layer.beta), gradients, strict=True):
        for index in np.ndindex(array.shape):
            sides = []
            for step in (1e-6, -1e-6):
                array[index] += step
                sides.append((slope * layer.forward(x, training=True)).sum())
                array[index] -= step
            assert gradient[index] == pytest.approx((sides[0] - sides[1]) / 2e-6, abs=1e-7)


def test_no_gradient_along_a_shift_or_a_scale():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, 3))
    layer = BatchNorm(3, eps=0.0)
    layer.forward(x, training=True)
    d_x, *_ = layer.backward(rng.normal(size=(8, 3)))
    np.testing.assert_allclose(d_x.sum(0), 0, atol=1e-14)
    np.testing.assert_allclose((d_x * x).sum(0), 0, atol=1e-14)
    assert np.abs(d_x).max() > 0.1


def test_refuses_one_row_to_train_with():
    layer = BatchNorm(2)
    with pytest.raises(ValueError, match="training needs at least 2 rows, got 1"):
        layer.forward(np.ones((1, 2)), training=True)
    assert layer.forward(np.ones((1, 2)), training=False).shape == (1, 2)


@pytest.mark.parametrize("momentum", [0.0, -0.1, 1.1, float("nan")])
def test_refuses_momentum(momentum):
    with pytest.raises(ValueError, match=rf"momentum must be in \(0, 1\], got {momentum}"):
        BatchNorm(2, momentum)


@pytest.mark.parametrize("eps", [-1e-5, float("inf"), float("nan")])
def test_refuses_eps(eps):
    with pytest.raises(ValueError, match=rf"eps must be a finite number >= 0, got {eps}"):
        BatchNorm(2, eps=eps)
