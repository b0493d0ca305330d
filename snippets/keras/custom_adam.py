"""Adam from scratch in Keras: step for step ``keras.optimizers.Adam``."""

import math
from typing import Any

import keras
from keras import ops
from keras.optimizers.schedules import LearningRateSchedule


@keras.saving.register_keras_serializable(package="regularization_by_example")
class CustomAdam(keras.optimizers.Optimizer):
    r"""Adam, with the paper's "epsilon hat", which is added before the correction.

    .. math::
        w_t = w_{t-1} - \mathrm{lr} \cdot \frac{\sqrt{1 - \beta_2^t}}{1 - \beta_1^t}
            \cdot \frac{m_t}{\sqrt{v_t} + \hat\epsilon}

    It is Algorithm 1 of the paper with epsilon = epsilon hat / sqrt(1 - beta_2^t).

    Args:
        learning_rate: About the longest step of a weight while gradients keep
            their size: a float of at least 0, or a schedule. Default 0.001.
        beta_1: Decay of the mean of the gradient; in [0, 1). Default 0.9.
        beta_2: Decay of the mean of its square; in [0, 1). Default 0.999.
        epsilon: Epsilon hat; in the unit of the gradient, at least 0. Default 1e-7.
        name: Name of the optimizer. Default "custom_adam".
        **kwargs: What every Keras optimizer takes. Beware: ``weight_decay`` there
            is the decoupled decay of AdamW, not an L2 penalty.

    Raises:
        ValueError: If an argument is outside its range.

    Source:
        Kingma and Ba, Adam, arXiv:1412.6980, the last lines of section 2.
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        name: str = "custom_adam",
        **kwargs: Any,
    ) -> None:
        numbers = {"epsilon": epsilon}
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
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def build(self, variables: list[keras.Variable]) -> None:
        """Make the two means, at zero, for every variable.

        Args:
            variables: The trainable variables of the model.
        """
        if self.built:
            return
        super().build(variables)
        self.exp_avg, self.exp_avg_sq = self.add_optimizer_variables(
            variables, ["exp_avg", "exp_avg_sq"]
        )

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Move one variable by one step, in place.

        Args:
            gradient: The gradient of the loss, in the shape of the variable.
            variable: The variable, one of those given to ``build``.
            learning_rate: The learning rate of this step.
        """
        dtype = variable.dtype
        lr, g = ops.cast(learning_rate, dtype), ops.cast(gradient, dtype)
        t = ops.cast(self.iterations + 1, dtype)
        index = self._get_variable_index(variable)
        m, v = self.exp_avg[index], self.exp_avg_sq[index]

        self.assign_add(m, (g - m) * (1 - self.beta_1))  # m_t
        self.assign_add(v, (ops.square(g) - v) * (1 - self.beta_2))  # v_t
        correction1 = 1 - ops.power(ops.cast(self.beta_1, dtype), t)
        correction2 = 1 - ops.power(ops.cast(self.beta_2, dtype), t)
        step_size = lr * ops.sqrt(correction2) / correction1
        self.assign_sub(variable, m * step_size / (ops.sqrt(v) + self.epsilon))

    def get_config(self) -> dict[str, Any]:
        """Return what makes the same optimizer anew, without its state."""
        betas = {"beta_1": self.beta_1, "beta_2": self.beta_2}
        return {**super().get_config(), **betas, "epsilon": self.epsilon}
