"""The smoothness penalty in PyTorch: neighbors should have similar values."""

import math
from collections.abc import Sequence

from torch import Tensor


def smoothness_penalty(
    values: Tensor, pairs: Sequence[tuple[int, int]], strength: float
) -> Tensor:
    """Return the sum of squared differences between neighbors.

        penalty = strength * sum_(i, j) ||w_i - w_j||^2

    Args:
        values: Weights, or a model's predictions. Shape (n,) or (n, outputs).
        pairs: Which positions along the first axis are neighbors; each pair once.
        strength: In units of the loss per squared value, finite, at least 0.

    Returns:
        A scalar tensor to add to the mean loss.

    Raises:
        ValueError: If ``strength`` or a position in ``pairs`` is out of range.

    Source:
        Belkin, Niyogi and Sindhwani (2006), "Manifold Regularization", section 2.2.
    """
    if not 0 <= strength < math.inf:
        raise ValueError(f"strength must be a finite number >= 0, got {strength!r}")
    for pair in pairs:
        if not all(0 <= i < len(values) for i in pair):
            raise ValueError(f"pairs must be in [0, {len(values)}), got {pair!r}")
    left, right = [i for i, _ in pairs], [j for _, j in pairs]
    return strength * (values[left] - values[right]).square().sum()
