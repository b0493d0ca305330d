"""Hard concrete gates in Keras: a layer that learns which inputs to close."""

import math
from typing import Any

import keras
from keras import ops

BETA, GAMMA, ZETA = 2 / 3, -0.1, 1.1  # temperature, and the ends of the stretch


def sample_gates(log_alpha: Any, noise: Any) -> Any:
    """Return gates for one training step.

        s = sigmoid((log(u) - log(1 - u) + log_alpha) / beta)
        z = min(1, max(0, s * (zeta - gamma) + gamma))

    Args:
        log_alpha: What is learned: high keeps a gate open. Any shape.
        noise: u, uniform between 0 and 1, both excluded; the same shape.

    Returns:
        The gates z, in [0, 1].
    """
    s = ops.sigmoid((ops.log(noise) - ops.log(1 - noise) + log_alpha) / BETA)
    return ops.clip(s * (ZETA - GAMMA) + GAMMA, 0, 1)


@keras.saving.register_keras_serializable(package="regularization_by_example")
class HardConcrete(keras.layers.Layer):
    """Multiply each input with its gate, and add the penalty to the losses.

    Args:
        strength: Of the penalty, in units of the loss per gate, finite, >= 0.
        log_alpha: Where all gates start, finite. Default 2, which is nearly open.
        seed: Seed of the noise; by default another one each time.
        **kwargs: What every Keras layer takes.

    Raises:
        ValueError: If ``strength`` is out of its range, or ``log_alpha`` not
            finite.

    Source:
        Louizos, Welling and Kingma (2018), "Learning Sparse Neural Networks
        through L0 Regularization", equations 10 to 13.
    """

    def __init__(
        self,
        strength: float,
        log_alpha: float = 2.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        if not 0 <= strength < math.inf:
            raise ValueError(
                f"strength must be a finite number >= 0, got {strength!r}"
            )
        if not math.isfinite(log_alpha):
            raise ValueError(f"log_alpha must be finite, got {log_alpha!r}")
        super().__init__(**kwargs)
        self.strength, self.start, self.seed = strength, log_alpha, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make one ``log_alpha`` for each input."""
        start = keras.initializers.Constant(self.start)
        self.log_alpha = self.add_weight(shape=input_shape[-1:], initializer=start)

    def gates(self, training: bool = False) -> Any:
        """Return new random gates in training, fixed ones otherwise."""
        log_alpha = ops.convert_to_tensor(self.log_alpha)
        if training:
            noise = keras.random.uniform(
                log_alpha.shape,
                1e-6,
                1 - 1e-6,
                log_alpha.dtype,
                self.seed_generator,
            )
            return sample_gates(log_alpha, noise)
        return ops.clip(ops.sigmoid(log_alpha) * (ZETA - GAMMA) + GAMMA, 0, 1)

    def expected_l0(self) -> Any:
        """Return how many gates are not zero, on average over the noise."""
        return ops.sum(ops.sigmoid(self.log_alpha - BETA * math.log(-GAMMA / ZETA)))

    def call(self, x: Any, training: bool = False) -> Any:
        """Return ``x``, shape (n, inputs), times the gates."""
        self.add_loss(self.strength * self.expected_l0())
        return x * self.gates(training)

    def get_config(self) -> dict[str, Any]:
        """Return what makes the same layer anew."""
        own = {
            "strength": self.strength,
            "log_alpha": self.start,
            "seed": self.seed,
        }
        return {**super().get_config(), **own}
