import numpy as np
import pytest

from snippets.numpy.bias_variance import bias_variance


def test_by_hand():
    predictions = np.array([[0.0, 3.0], [2.0, 5.0]])  # means 1 and 4, variances 1 and 1
    assert bias_variance(predictions, np.array([0.0, 4.0])) == (0.5, 1.0)


def test_sum_is_the_mean_squared_error():
    rng = np.random.default_rng(0)
    predictions, truth = rng.normal(1, 2, size=(50, 30)), rng.normal(size=30)
    error = ((predictions - truth) ** 2).mean()
    assert sum(bias_variance(predictions, truth)) == pytest.approx(error, rel=1e-12)


def test_known_distribution():
    rng = np.random.default_rng(0)
    truth = np.linspace(0, 1, 40)
    predictions = truth + 0.5 + 0.3 * rng.normal(size=(4000, 40))
    bias_squared, variance = bias_variance(predictions, truth)
    assert bias_squared == pytest.approx(0.25, rel=0.02)
    assert variance == pytest.approx(0.09, rel=0.02)


@pytest.mark.parametrize("shape", [(3,), (1, 3), (0, 3), (2, 3, 1)])
def test_refuses_predictions(shape):
    with pytest.raises(ValueError, match="predictions must have shape"):
        bias_variance(np.zeros(shape), np.zeros(3))


def test_refuses_truth():
    with pytest.raises(ValueError, match=r"truth must have shape \(3,\), got \(4,\)"):
        bias_variance(np.zeros((2, 3)), np.zeros(4))
