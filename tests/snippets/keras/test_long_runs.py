"""What a long run must not leave behind: memory that grows, and functions traced anew."""

import gc
import sys

import keras
import numpy as np
import pytest

from snippets.keras.custom_adam import CustomAdam
from snippets.keras.custom_adamw import CustomAdamW
from tests.keras_backend import BACKEND, array


def alive():
    """Blocks of memory that Python has given out."""
    gc.collect()
    return sys.getallocatedblocks()


@pytest.mark.parametrize("make", [CustomAdam, CustomAdamW])
def test_ten_thousand_steps_leave_memory_flat(make):
    w = keras.Variable(np.ones(3, "float32"))
    optimizer = make(1e-3)
    optimizer.build([w])

    def step():
        optimizer.apply([w.value - 0.5], [w])

    if BACKEND == "tensorflow":
        import tensorflow as tf

        step = tf.function(step)

    def go_on(steps):
        for _ in range(steps):
            step()

    go_on(50)  # the first ones fill caches
    blocks = alive()
    go_on(10_000)
    assert alive() - blocks < 1_000  # less than one for ten steps
    assert int(array(optimizer.iterations)) == 10_050
    if BACKEND == "tensorflow":
        assert step.experimental_get_tracing_count() == 1
    assert abs(array(w) - 0.5).max() < 0.05
