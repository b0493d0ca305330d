import numpy as np
import pytest

from snippets.numpy.dropout import Dropout, dropout_mask


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.9])
def test_mask_is_zero_or_scaled(p):
    mask = dropout_mask((200, 500), p, np.random.default_rng(0))
    assert mask.shape == (200, 500)
    assert sorted(set(mask.ravel())) == [0.0, 1 / (1 - p)]
    assert (mask == 0).mean() == pytest.approx(p, abs=0.01)
    assert mask.mean() == pytest.approx(1, abs=0.02)


def test_every_value_has_a_factor_of_its_own():
    mask = dropout_mask((64, 200), 0.5, np.random.default_rng(0))
    assert len({row.tobytes() for row in mask}) == 64
    assert len({column.tobytes() for column in mask.T}) == 200


def test_training_and_inference():
    x = np.random.default_rng(1).normal(size=(3, 4))
    layer = Dropout(0.5, seed=3)
    expected = dropout_mask((3, 4), 0.5, np.random.default_rng(3))
    np.testing.assert_array_equal(layer.forward(x, training=True), x * expected)
    assert layer.forward(x, training=False) is x


def test_masks_differ_between_calls_and_not_between_layers():
    x = np.ones((4, 50))
    one, other = Dropout(seed=1), Dropout(seed=1)
    first, second = one.forward(x, training=True), one.forward(x, training=True)
    assert (first != second).any()
    np.testing.assert_array_equal(first, other.forward(x, training=True))


def test_gradient_by_differences():
    rng = np.random.default_rng(0)
    x, slope = rng.normal(size=(2, 5)), rng.normal(size=(2, 5))
    layer = Dropout(0.4)
    layer.forward(x, training=True)
    mask = layer.mask
    gradient = layer.backward(slope)
    for index in np.ndindex(x.shape):
        nudge = np.zeros_like(x)
        nudge[index] = 1e-6
        difference = (slope * ((x + nudge) * mask - (x - nudge) * mask)).sum() / 2e-6
        assert gradient[index] == pytest.approx(difference, abs=1e-8)
    assert (gradient[mask == 0] == 0).all()
    assert (mask == 0).any()


def test_gradient_passes_in_inference():
    layer = Dropout(0.4)
    layer.forward(np.ones((2, 3)), training=False)
    slope = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(layer.backward(slope), slope)


def test_refuses_gradient_of_another_shape():
    layer = Dropout()
    layer.forward(np.ones((2, 3)), training=True)
    with pytest.raises(ValueError, match=r"shape \(2, 3\), got \(3,\)"):
        layer.backward(np.ones(3))


@pytest.mark.parametrize("p", [-0.1, 1.0, 1.1, float("nan")])
def test_refuses_rate(p):
    with pytest.raises(ValueError, match=rf"p must be in \[0, 1\), got {p}"):
        Dropout(p)
