"""What a TensorFlow process measures: ``python -m experiments.distributed_workers OUT KIND``.

KIND is ``mirrored``, for two replicas in one process, or ``worker``, for one of two processes
that ``TF_CONFIG`` names.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import keras
import numpy as np
import tensorflow as tf

from snippets.keras import data_parallel
from snippets.keras.multi_worker_fit import WorkersModel

ROWS, STEPS, L2, LR = 12, 8, 0.1, 0.01
Place = Any
"""A strategy of ``tf.distribute``, which carries no types."""


def data() -> tuple[Any, Any]:
    """The same rows in every process."""
    rng = np.random.default_rng(1)
    return rng.normal(size=(ROWS, 6)).astype("float32"), np.arange(ROWS) % 3


def layers() -> list[Any]:
    """Two layers with a penalty."""
    keras.utils.set_random_seed(0)
    penalty = keras.regularizers.l2(L2)
    return [
        keras.layers.Dense(8, "relu", kernel_regularizer=penalty),
        keras.layers.Dense(3, kernel_regularizer=penalty),
    ]


def network() -> Any:
    """The same weights in every process."""
    return keras.Sequential([keras.Input((6,)), *layers()])


def optimizer() -> Any:
    """Adam, as on its page."""
    return keras.optimizers.Adam(LR)


def flat(model: Any) -> list[float]:
    """All weights in one list."""
    return [float(x) for w in model.get_weights() for x in w.ravel()]


def outcome(model: Any, losses: list[float]) -> dict[str, Any]:
    """The first loss and the weights at the end."""
    return {"loss": float(losses[0]), "weights": flat(model)}


def by_fit(place: Place, make: Callable[[], Any] = network) -> dict[str, Any]:
    """Train with ``fit``."""
    x, y = data()
    model = make() if make is workers_model else None
    with place.scope():
        model = model or make()
        model.build((None, 6))
        loss = keras.losses.SparseCategoricalCrossentropy(True)
        model.compile(optimizer(), loss, jit_compile=False)
        history = model.fit(x, y, batch_size=ROWS, epochs=STEPS, shuffle=False, verbose=0)
        return outcome(model, history.history["loss"])


def workers_model() -> Any:
    """The same network, with a ``fit`` for several workers."""
    return WorkersModel(layers())


def by_loop(place: Place, scaled: bool = True) -> dict[str, Any]:
    """Train with the loop of the page, with its precaution or without."""
    x, y = data()
    keep = tf.nn.scale_regularization_loss if scaled else lambda penalty: penalty
    with mock.patch.object(tf.nn, "scale_regularization_loss", keep):
        trained = data_parallel.train(place, network, x, y, optimizer, epochs=STEPS)
    return outcome(*trained)


def main(out: str, kind: str) -> None:
    """Measure everything that this process can."""
    if kind == "mirrored":
        cpu = tf.config.list_physical_devices("CPU")[0]
        two = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(cpu, two)
        # replicas and their data wait for each other: with few threads, for ever
        tf.config.threading.set_inter_op_parallelism_threads(8)
        one = tf.distribute.OneDeviceStrategy("CPU:0")
        mirrored = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
        found = {
            "one_fit": by_fit(one),
            "one_loop_summed": by_loop(one, scaled=False),
            "mirrored_fit": by_fit(mirrored),
            "mirrored_loop": by_loop(mirrored),
            "mirrored_loop_summed": by_loop(mirrored, scaled=False),
        }
    else:
        workers = tf.distribute.MultiWorkerMirroredStrategy()
        found = {
            "workers_loop": by_loop(workers),
            "workers_loop_summed": by_loop(workers, scaled=False),
            "workers_fit": by_fit(workers, workers_model),
        }
        try:
            by_fit(workers)
        except Exception as error:
            found["workers_plain_fit"] = {"error": type(error).__name__}
    Path(out).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
