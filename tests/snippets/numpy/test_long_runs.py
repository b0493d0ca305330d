"""What a long run must not leave behind: memory that grows."""

import gc
import sys

import numpy as np
import pytest

from snippets.numpy.adagrad import Adagrad
from snippets.numpy.custom_adam import CustomAdam
from snippets.numpy.custom_adamw import CustomAdamW
from snippets.numpy.momentum import Momentum
from snippets.numpy.nesterov import Nesterov
from snippets.numpy.rmsprop import RMSprop


def alive():
    """Blocks of memory that Python has given out."""
    gc.collect()
    return sys.getallocatedblocks()


@pytest.mark.parametrize("make", [CustomAdam, CustomAdamW, Momentum, Nesterov, Adagrad, RMSprop])
def test_ten_thousand_steps_leave_memory_flat(make):
    w = [np.ones(3)]
    optimizer = make(lr=1e-3)

    def go_on(steps):
        for _ in range(steps):
            optimizer.step(w, [w[0] - 0.5])

    go_on(50)
    blocks = alive()
    go_on(10_000)
    assert alive() - blocks < 1_000  # less than one for ten steps
    assert abs(w[0] - 0.5).max() < (0.5 if make is Adagrad else 0.05)
