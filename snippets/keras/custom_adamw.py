"""AdamW from scratch in Keras: its own Adam, with a line before the step."""

import math
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="regularization_by_example")
class CustomAdamW(keras.optimizers.Adam):
    r"""Adam with decoupled weight decay; the decay first.

    .. math::
        w_t = (1 - \mathrm{lr} \cdot \mathrm{weight\_decay}) \, w_{t-1}
            - (\text{step of Adam})

    Args:
        learning_rate: About the length of one step of one weight: a float of at
            least 0, or a schedule. Default 0.001.
        weight_decay: Times the learning rate the fraction that a weight loses at
            each step; at least 0. Default 0.004.
        beta_1: Decay of the mean of the gradient; in [0, 1). Default 0.9.
        beta_2: Decay of the mean of its square; in [0, 1). Default 0.999.
        epsilon: Keras's, epsilon hat; in the unit of the gradient, at least 0.
            Default 1e-7.
        name: Name of the optimizer. Default "custom_adamw".
        **kwargs: What ``keras.optimizers.Adam`` takes besides.

    Raises:
        ValueError: If an argument is outside its range.

    Source:
        Loshchilov and Hutter, arXiv:1711.05101, Algorithm 2; there the decay is not
        multiplied by the learning rate, in the libraries it is.
    """

    def __init__(
        self,
        learning_rate: float
        | keras.optimizers.schedules.LearningRateSchedule = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        name: str = "custom_adamw",
        **kwargs: Any,
    ) -> None:
        numbers = {"weight_decay": weight_decay, "epsilon": epsilon}
        if not callable(learning_rate):  # a schedule is
            numbers["learning_rate"] = learning_rate
        for key, value in numbers.items():
            if callable(value) or not 0.0 <= value < math.inf:
                raise ValueError(
                    f"{key} must be a finite number >= 0, got {value!r}"
                )
        for key, beta in {"beta_1": beta_1, "beta_2": beta_2}.items():
            if not 0.0 <= beta < 1.0:
                raise ValueError(f"{key} must be in [0, 1), got {beta!r}")
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, name=name, **kwargs
        )
        # As self.weight_decay it would make the base class decay a second time.
        self.decay = weight_decay

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Decay one variable, then move it by one step of Adam, in place.

        Args:
            gradient: The gradient of the loss, in the shape of the variable.
            variable: The variable, one of those given to ``build``.
            learning_rate: The learning rate of this step.
        """
        if self._use_weight_decay(variable):  # exclude_from_weight_decay() decides
            lr = ops.cast(learning_rate, variable.dtype)
            decay = ops.cast(self.decay, variable.dtype)
            self.assign_sub(variable, variable * decay * lr)
        super().update_step(gradient, variable, learning_rate)

    def get_config(self) -> dict[str, Any]:
        """Return what makes the same optimizer anew, without its state."""
        return {**super().get_config(), "weight_decay": self.decay}
