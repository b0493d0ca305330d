import numpy as np
import pytest

from snippets.numpy.one_standard_error import one_standard_error

STRENGTHS = [0.0, 0.1, 1.0, 10.0]
# Means 3, 2, 2.5, 4; the best column has the standard deviation 1 and the error 1 / sqrt(4).
ERRORS = np.array(
    [
        [3.0, 2 - 0.75**0.5, 2.5, 4.0],
        [3.0, 2 - 0.75**0.5, 2.5, 4.0],
        [3.0, 2 + 0.75**0.5, 2.5, 4.0],
        [3.0, 2 + 0.75**0.5, 2.5, 4.0],
    ]
)
LITTLE = np.array([0, 0, 0.01, 0])


@pytest.mark.parametrize(
    ("allowed", "chosen"), [(0.0, 0.1), (0.99, 0.1), (1.01, 1.0), (3.99, 1.0), (4.01, 10.0)]
)
def test_by_hand(allowed, chosen):
    assert one_standard_error(ERRORS, STRENGTHS, standard_errors=allowed) == chosen
    assert one_standard_error(2 * ERRORS, STRENGTHS, standard_errors=allowed) == chosen


def test_default_is_one():
    assert one_standard_error(ERRORS + LITTLE, STRENGTHS) == 0.1
    assert one_standard_error(ERRORS - LITTLE, STRENGTHS) == 1.0


def test_order_does_not_matter():
    assert one_standard_error(ERRORS[:, ::-1], STRENGTHS[::-1], standard_errors=1.01) == 1.0


@pytest.mark.parametrize("errors", [np.ones((1, 4)), np.ones((4, 3)), np.ones(4)])
def test_refuses_shapes(errors):
    with pytest.raises(ValueError, match=r"errors must have shape \(at least 2, 4\), got \("):
        one_standard_error(errors, STRENGTHS)
