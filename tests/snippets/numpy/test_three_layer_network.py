import math

import numpy as np
import pytest

from snippets.numpy.gradient_check import numerical_gradient, relative_error
from snippets.numpy.three_layer_network import Parameters, backward, cost, forward, update


@pytest.fixture
def net():
    rng = np.random.default_rng(0)
    shapes = [(6, 4), (6, 1), (5, 6), (5, 1), (3, 5), (3, 1)]
    return Parameters(*(rng.normal(size=shape) for shape in shapes))


def samples(n: int):
    rng = np.random.default_rng(n)
    return rng.normal(size=(4, n)), rng.random(size=(3, n))


def test_by_hand():
    # one unit everywhere, weights 2, biases 0: z1 = 0, a1 = 1/2, z2 = 1, z3 = 2 s(1)
    two, zero = np.full((1, 1), 2.0), np.zeros((1, 1))
    net = Parameters(two, zero, two, zero, two, zero)
    s = 1 / (1 + math.exp(-1))
    out = 1 / (1 + math.exp(-2 * s))
    trace = forward(net, zero)
    expected = (0, 0.5, 1, s, 2 * s, out)
    assert [a.item() for a in trace] == pytest.approx(expected, rel=1e-15)
    assert cost(trace.a3, two) == pytest.approx((out - 2) ** 2 / 2)
    err3 = (out - 2) * out * (1 - out)
    err2 = 2 * err3 * s * (1 - s)
    err1 = 2 * err2 * 0.25
    gradient = backward(net, zero, two, trace)
    by_hand = (0.0, err1, err2 / 2, err2, err3 * s, err3)
    assert [g.item() for g in gradient] == pytest.approx(by_hand, rel=1e-14)


@pytest.mark.parametrize("n", [1, 7])
def test_gradient_is_the_slope_of_the_cost(net, n):
    x, y = samples(n)
    gradient = backward(net, x, y, forward(net, x))
    for name in Parameters._fields:

        def at(w: np.ndarray, name: str = name) -> float:
            return cost(forward(net._replace(**{name: w}), x).a3, y)

        numerical = numerical_gradient(at, getattr(net, name))
        assert relative_error(getattr(gradient, name), numerical) < 1e-8, name


def test_a_batch_is_the_mean_of_its_samples(net):
    x, y = samples(7)
    batch = backward(net, x, y, forward(net, x))
    singles = []
    for i in range(7):
        xi, yi = x[:, i : i + 1], y[:, i : i + 1]
        singles.append(backward(net, xi, yi, forward(net, xi)))
    for k, whole in enumerate(batch):
        np.testing.assert_allclose(whole, np.mean([s[k] for s in singles], axis=0), atol=1e-15)


def test_update_goes_downhill_and_leaves_the_old(net):
    x, y = samples(7)
    gradient = backward(net, x, y, forward(net, x))
    old = [p.copy() for p in net]
    new = update(net, gradient, 0.25)
    assert cost(forward(new, x).a3, y) < cost(forward(net, x).a3, y)
    for before, now, g, p in zip(old, new, gradient, net, strict=True):
        assert (before == p).all()
        assert (now == before - 0.25 * g).all()


def test_far_out_the_sigmoid_is_flat_and_finite(net):
    x, _ = samples(2)
    trace = forward(net._replace(W1=1e4 * net.W1), x)
    assert set(np.unique(trace.a1)) == {0.0, 1.0}


@pytest.mark.parametrize("shape", [(4,), (7, 4), (4, 1, 1)])
def test_refuses_inputs(net, shape):
    with pytest.raises(ValueError, match=r"x must have shape \(4, n\), got \("):
        forward(net, np.ones(shape))


def test_refuses_targets(net):
    x, _ = samples(7)
    trace = forward(net, x)
    for y in (np.ones((3, 1)), np.ones(3)):
        with pytest.raises(ValueError, match=r"y must have shape \(3, 7\), got \(3"):
            backward(net, x, y, trace)
        with pytest.raises(ValueError, match=r"y must have shape \(3, 7\), got \(3"):
            cost(trace.a3, y)


@pytest.mark.parametrize("lr", [0.0, -1.0, math.inf, math.nan])
def test_refuses_learning_rate(net, lr):
    with pytest.raises(ValueError, match=f"lr must be a finite number > 0, got {lr}"):
        update(net, net, lr)
