"""Cross-validation over a grid of L2 strengths for a network."""

import math
from collections.abc import Callable, Sequence

import keras
import numpy as np
from numpy.typing import NDArray


def grid_search(
    make_model: Callable[[float], keras.Model],
    features: NDArray[np.floating],
    labels: NDArray[np.integer],
    strengths: Sequence[float],
    *,
    folds: int = 5,
    lr: float = 0.5,
    epochs: int = 100,
) -> tuple[float, NDArray[np.float64]]:
    """Return the strength with the smallest loss on rows left out, and all losses.

        errors[f, s] = cross-entropy on fold f, trained on the other folds with
                       l2 * sum_j w_j^2, l2 = strengths[s]
        best = strengths[argmin_s mean_f errors[f, s]] of those that are finite

    Args:
        make_model: From a strength to a new model, always with the same weights,
            whose layers declare the strength and which gives logits.
        features: Shape (n, d), rows in random order.
        labels: Class numbers, shape (n,).
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
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    errors = np.empty((folds, len(strengths)))
    for f, out in enumerate(np.array_split(np.arange(len(labels)), folds)):
        x, y = np.delete(features, out, axis=0), np.delete(labels, out)
        for s, l2 in enumerate(strengths):
            model = make_model(l2)
            model.compile(keras.optimizers.SGD(lr), loss)
            for _ in range(epochs):
                model.train_on_batch(x, y)  # with the penalty, as ``fit``
            bare = loss(labels[out], model(features[out]))  # without the penalty
            errors[f, s] = float(keras.ops.stop_gradient(bare))
    # what diverged is not chosen
    mean_errors = np.nan_to_num(errors.mean(axis=0), nan=np.inf, posinf=np.inf)
    if np.isinf(mean_errors).all():
        raise ValueError(f"every training diverged, lower lr, got {lr!r}")
    return strengths[int(mean_errors.argmin())], errors
