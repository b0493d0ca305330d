"""``fit`` in several processes, which Keras 3 by itself does not do."""

from typing import Any

import keras
import tensorflow as tf


class WorkersModel(keras.Sequential):
    """A model whose ``fit`` runs in all workers of ``MultiWorkerMirroredStrategy``.

    Make it *outside* of ``strategy.scope()`` and without an input layer; then
    build, compile and fit it inside. Each step is Keras's own, which counts 1 / R
    of the penalties on each of R workers. Only the reduction of what a step
    returns is left out: metrics are over all workers already. ``evaluate`` and
    validation within ``fit`` would need the same. For Keras's TensorFlow backend.

    Args:
        layers: The layers, as for ``keras.Sequential``.
        name: Of the model; optional.

    Source:
        keras-team/keras, issue 20585.
    """

    def make_train_function(self, force: bool = False) -> None:
        """Compile one step; ``fit`` asks for it.

        Args:
            force: Make it anew; it always is. Default False.
        """
        strategy = tf.distribute.get_strategy()

        def step(batches: tf.data.Iterator) -> Any:
            strategy.run(self.train_step, (next(batches),))
            return self.get_metrics_result()

        self.train_function = tf.function(step, autograph=False)
