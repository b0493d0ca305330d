"""The soft threshold of whole groups: the step that removes inputs."""

import math

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def group_threshold(weights: FloatArray, threshold: float) -> FloatArray:
    """Shorten every row by ``threshold * sqrt(k)``, and stop at zero.

        w_g <- w_g * max(1 - threshold * sqrt(k) / ||w_g||, 0)

    Args:
        weights: Shape (inputs, outputs); row g holds the k weights of input g.
        threshold: Finite, at least 0; after a step with learning rate lr it is
            lr * strength.

    Returns:
        A new array of the same shape.

    Raises:
        ValueError: If ``threshold`` is out of its range, or ``weights`` no matrix.

    Source:
        Parikh and Boyd (2014), "Proximal Algorithms", section 6.5.4.
    """
    if not 0 <= threshold < math.inf:
        raise ValueError(
            f"threshold must be a finite number >= 0, got {threshold!r}"
        )
    if weights.ndim != 2:
        shape = weights.shape
        raise ValueError(f"weights must have shape (inputs, outputs), got {shape}")
    norms = np.linalg.norm(weights, axis=1, keepdims=True)  # (inputs, 1)
    left = np.maximum(norms - threshold * math.sqrt(weights.shape[1]), 0.0)
    scale: FloatArray = left / np.where(norms > 0, norms, 1.0)
    return weights * scale
