"""The regularized cost of a binary classifier, ready for ``backward()``."""

import math

from torch import Tensor, nn


def cost(
    model: nn.Module, features: Tensor, labels: Tensor, l2: float
) -> tuple[Tensor, Tensor]:
    """Return the mean loss and the penalty; minimize their sum.

        J = 1/n * sum_i log(1 + exp(-s_i z_i))  +  l2 * sum_j w_j^2

    with the score z_i, and s_i = +1 for label 1, -1 for label 0.

    Args:
        model: From (n, d) to scores (n, 1); biases stay free of the penalty.
        features: Shape (n, d).
        labels: Zeros and ones, shape (n,), of the same dtype.
        l2: The strength, in units of the loss per squared weight; at least 0.

    Returns:
        The mean cross-entropy in nats per row, and the penalty: two scalars.

    Raises:
        ValueError: If ``l2`` is negative, infinite or not a number.

    Source:
        Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning",
        sections 4.4.1 (the loss) and 3.4.1 (the penalty).
    """
    if not 0 <= l2 < math.inf:
        raise ValueError(f"l2 must be a finite number >= 0, got {l2!r}")
    scores = model(features).squeeze(1)  # (n, 1) -> (n,)
    loss = nn.functional.binary_cross_entropy_with_logits(scores, labels)
    penalty = loss.new_zeros(())
    for p in model.parameters():
        if p.ndim >= 2:  # weights; biases have one dimension
            penalty = penalty + l2 * p.square().sum()
    return loss, penalty
