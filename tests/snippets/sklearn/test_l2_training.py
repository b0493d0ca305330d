import math

import numpy as np
import pytest

from snippets.sklearn.l2_training import train


def test_by_hand():
    # Centred: x = -1, 1 and y = -1, 1, so w = (2/2) / (2/2 + l2) and b = mean(y) - 2 w.
    weights, bias = train(np.array([[1.0], [3.0]]), np.array([2.0, 4.0]), l2=0.25)
    assert weights == pytest.approx([0.8], rel=1e-14)
    assert bias == pytest.approx(3 - 2 * 0.8, rel=1e-14)


@pytest.mark.parametrize("l2", [-1.0, math.inf, math.nan])
def test_refuses_strength(l2):
    with pytest.raises(ValueError, match=f"l2 must be a finite number >= 0, got {l2}"):
        train(np.ones((2, 1)), np.ones(2), l2=l2)


def test_refuses_column_of_targets():
    with pytest.raises(ValueError, match=r"targets must have shape \(2,\), got \(2, 1\)"):
        train(np.ones((2, 1)), np.ones((2, 1)))
