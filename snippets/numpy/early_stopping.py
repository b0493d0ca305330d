"""Early stopping: remember the best epoch, and say when to stop."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


class EarlyStopping:
    r"""Watches the validation loss; the same rule as Keras's callback.

    .. math::
        \text{epoch } t \text{ improves} \iff
            L_t + \mathrm{min\_delta} < L_{\mathrm{best}}

    Args:
        patience: Number of epochs in a row without improvement after which to
            stop, at least 1. Default 10.
        min_delta: How much lower the loss must be to count, in units of the loss,
            at least 0. Default 0.

    Raises:
        ValueError: If an argument is outside its range.

    Source:
        Prechelt (1998), "Early Stopping - But When?", section 2.1; Goodfellow,
        Bengio and Courville (2016), "Deep Learning", algorithm 7.1.
    """

    def __init__(self, patience: int = 10, min_delta: float = 0.0) -> None:
        if not patience >= 1:
            raise ValueError(f"patience must be >= 1, got {patience!r}")
        if not 0 <= min_delta < math.inf:
            raise ValueError(
                f"min_delta must be a finite number >= 0, got {min_delta!r}"
            )
        self.patience, self.min_delta = patience, min_delta
        self.best_loss, self.best_epoch = math.inf, -1
        self.best_weights: list[Array] = []
        self.epoch, self.wait = -1, 0

    def update(self, loss: float, weights: Sequence[Array]) -> bool:
        """Take in one epoch; return whether training should stop now.

        Args:
            loss: The validation loss after the epoch.
            weights: The weights after the epoch; copied if they are the best.

        Returns:
            True after ``patience`` epochs in a row without improvement.
        """
        self.epoch += 1
        self.wait += 1
        if self.epoch == 0 or loss + self.min_delta < self.best_loss:
            self.best_loss, self.best_epoch, self.wait = loss, self.epoch, 0
            # copies: the optimizer goes on to change the arrays in place
            self.best_weights = [w.copy() for w in weights]
        return self.wait >= self.patience
