"""Your own loop under ``tf.distribute``; each penalty counts once."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


def train(
    strategy: tf.distribute.Strategy,
    make_model: Callable[[], keras.Model],
    features: NDArray[np.floating],
    labels: NDArray[np.integer],
    make_optimizer: Callable[[], keras.optimizers.Optimizer],
    *,
    epochs: int = 100,
) -> tuple[keras.Model, list[float]]:
    """Take the steps that one replica would take with all rows.

    The optimizer *adds* the gradients of all R replicas, so each of them counts

        loss_r = 1 / n * sum of the losses of r's rows + 1 / R * sum(model.losses)

    It needs Keras's TensorFlow backend.

    Args:
        strategy: ``MirroredStrategy`` for the devices of one process,
            ``MultiWorkerMirroredStrategy`` for several processes.
        make_model: Makes a model from (n, features) to logits (n, classes), the
            same in all processes.
        features: All rows, shape (n, features).
        labels: Class numbers, shape (n,).
        make_optimizer: Makes the optimizer.
        epochs: Number of updates. Default 100.

    Returns:
        The model, and the mean loss plus the penalty before each update.

    Raises:
        ValueError: If there are fewer rows than replicas, or ``epochs`` is below 1.

    Source:
        Goyal et al., Accurate, Large Minibatch SGD, arXiv:1706.02677, section 3,
        whose workers normalize by the rows of all.
    """
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs!r}")
    n, replicas = len(labels), strategy.num_replicas_in_sync
    if n < replicas:
        raise ValueError(f"there must be a row for each of {replicas}, got {n}")
    each = keras.losses.SparseCategoricalCrossentropy(True, reduction="none")
    with strategy.scope():  # one copy of every variable on each replica
        model, optimizer = make_model(), make_optimizer()
        optimizer.build(model.trainable_variables)

    def replica_step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            losses = each(y, model(x, training=True))
            loss = tf.nn.compute_average_loss(losses, global_batch_size=n)
            penalty = sum(model.losses, tf.zeros_like(loss))
            loss += tf.nn.scale_regularization_loss(penalty)  # 1 / R
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        return loss

    def step(x: Any, y: Any) -> Any:
        parts = strategy.run(replica_step, (x, y))
        return strategy.reduce("SUM", parts, axis=None)

    step = tf.function(step, autograph=False)
    rows = tf.data.Dataset.from_tensor_slices((features, labels)).batch(n)
    batches = iter(strategy.experimental_distribute_dataset(rows.repeat(epochs)))
    return model, [float(step(*next(batches))) for _ in range(epochs)]
