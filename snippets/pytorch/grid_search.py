"""Cross-validation over a grid of L2 strengths for a network."""

import math
from collections.abc import Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn


def grid_search(
    model: nn.Module,
    features: Tensor,
    labels: Tensor,
    strengths: Sequence[float],
    *,
    folds: int = 5,
    lr: float = 0.5,
    epochs: int = 100,
) -> tuple[float, Tensor]:
    """Return the strength with the smallest loss on rows left out, and all losses.

        errors[f, s] = cross-entropy on fold f, trained on the other folds with
                       l2 * sum_j w_j^2, l2 = strengths[s]
        best = strengths[argmin_s mean_f errors[f, s]] of those that are finite

    Args:
        model: From (n, d) to logits (n, classes); each training starts from a copy.
        features: Shape (n, d), rows in random order.
        labels: Class numbers, shape (n,), int64.
        strengths: The grid, each finite and at least 0.
        folds: Number of parts, from 2 to n. Default 5.
        lr: The learning rate, above 0. Default 0.5.
        epochs: Number of SGD steps, each with all rows, at least 1. Default 100.

    Returns:
        The best strength, and the losses, shape (folds, len(strengths)).

    Raises:
        ValueError: If a strength is negative, infinite or not a number, there are
            none, another argument is out of its range, or no error is finite.

    Source:
        Stone (1974), "Cross-Validatory Choice and Assessment of Statistical
        Predictions".
    """
    if not strengths or not all(0 <= l2 < math.inf for l2 in strengths):
        raise ValueError(f"strengths must be finite and >= 0, got {strengths!r}")
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs!r}")
    if not 2 <= folds <= len(labels):
        raise ValueError(f"folds must be from 2 to {len(labels)}, got {folds!r}")
    errors = features.new_empty(folds, len(strengths))
    for f, out in enumerate(torch.arange(len(labels)).tensor_split(folds)):
        kept = torch.ones(len(labels), dtype=torch.bool)
        kept[out] = False
        for s, l2 in enumerate(strengths):
            trained = deepcopy(model)
            weights = [p for p in trained.parameters() if p.ndim >= 2]
            biases = [p for p in trained.parameters() if p.ndim < 2]
            optimizer = torch.optim.SGD(weights, lr=lr, weight_decay=2 * l2)
            optimizer.add_param_group({"params": biases, "weight_decay": 0.0})
            trained.train()
            for _ in range(epochs):
                optimizer.zero_grad()
                loss = nn.functional.cross_entropy(
                    trained(features[kept]), labels[kept]
                )
                loss.backward()
                optimizer.step()
            trained.eval()
            with torch.no_grad():
                logits = trained(features[out])
                errors[f, s] = nn.functional.cross_entropy(logits, labels[out])
    # what diverged is not chosen
    mean_errors = errors.mean(0).nan_to_num(nan=math.inf, posinf=math.inf)
    if mean_errors.isinf().all():
        raise ValueError(f"every training diverged, lower lr, got {lr!r}")
    return strengths[int(mean_errors.argmin())], errors
