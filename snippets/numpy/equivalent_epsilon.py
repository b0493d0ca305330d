"""One epsilon, in PyTorch's place and in Keras's."""

import math


def torch_epsilon(epsilon: float, beta_2: float, step: int) -> float:
    r"""Return the ``eps`` with which PyTorch's Adam takes Keras's next step.

    .. math::
        \epsilon = \hat\epsilon \, / \, \sqrt{1 - \beta_2^t}

    Set it in ``optimizer.param_groups`` before each step: no constant does.

    Args:
        epsilon: Epsilon hat, that of Keras's ``Adam`` or ``AdamW``; in the unit of
            the gradient, at least 0.
        beta_2: Decay of the mean of squares; in [0, 1).
        step: Number t of the step, counted from 1.

    Returns:
        PyTorch's epsilon for step t.

    Raises:
        ValueError: If an argument is outside its range.

    Source:
        Kingma and Ba, Adam, arXiv:1412.6980, the last lines of section 2.
    """
    return epsilon / _root(step, epsilon=epsilon, beta_2=beta_2)


def keras_epsilon(eps: float, beta2: float, step: int) -> float:
    r"""Return the ``epsilon`` with which Keras's Adam takes PyTorch's next step.

    .. math::
        \hat\epsilon = \epsilon \, \sqrt{1 - \beta_2^t}

    Args:
        eps: That of PyTorch's ``Adam`` or ``AdamW``; in the unit of the gradient,
            at least 0.
        beta2: Decay of the mean of squares; in [0, 1).
        step: Number t of the step, counted from 1.

    Returns:
        Keras's epsilon for step t.

    Raises:
        ValueError: If an argument is outside its range.
    """
    return eps * _root(step, eps=eps, beta2=beta2)


def torch_adagrad_start(initial_accumulator_value: float, epsilon: float) -> float:
    r"""Return where PyTorch's Adagrad must start to take Keras's steps.

    .. math::
        \sqrt{s_0 + \textstyle\sum g^2 + \epsilon}
            = \sqrt{(s_0 + \epsilon) + \textstyle\sum g^2}

    Args:
        initial_accumulator_value: Where Keras starts, s_0; at least 0.
        epsilon: Keras's epsilon, inside the root; at least 0.

    Returns:
        ``initial_accumulator_value`` for PyTorch, beside ``eps=0``.

    Raises:
        ValueError: If an argument is outside its range.
    """
    for name, value in (
        ("initial_accumulator_value", initial_accumulator_value),
        ("epsilon", epsilon),
    ):
        if not 0 <= value < math.inf:
            raise ValueError(f"{name} must be a finite number >= 0, got {value!r}")
    return initial_accumulator_value + epsilon


def _root(step: int, **named: float) -> float:
    (eps_name, eps), (beta_name, beta) = named.items()
    if not 0 <= eps < math.inf:
        raise ValueError(f"{eps_name} must be a finite number >= 0, got {eps!r}")
    if not 0 <= beta < 1:
        raise ValueError(f"{beta_name} must be in [0, 1), got {beta!r}")
    if not step >= 1:
        raise ValueError(f"step must be at least 1, got {step!r}")
    return math.sqrt(1 - beta**step)
