"""AMSGrad from scratch: bit for bit ``torch.optim.Adam(amsgrad=True)``."""

import math
from collections.abc import Callable
from numbers import Real
from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT


class CustomAMSGrad(torch.optim.Optimizer):
    r"""Adam that divides by the largest mean of squares so far.

    .. math::
        w_t = w_{t-1} - \mathrm{lr} \cdot \frac{m_t / (1 - \beta_1^t)}
            {\sqrt{\max_{i \le t} v_i / (1 - \beta_2^t)} + \epsilon}

    The state has the layout of ``torch.optim.Adam(amsgrad=True)``.

    Args:
        params: Real tensors to optimize, or groups of them with their own options.
        lr: Learning rate, about the longest step of a weight while gradients
            keep their size; a number or a tensor of shape (), at least 0.
            Default 1e-3.
        betas: Decay of the means of the gradient and of its square; each in
            [0, 1). Default (0.9, 0.999).
        eps: Keeps the division finite; in the unit of the gradient, at least 0.
            Default 1e-8.
        weight_decay: L2 penalty (weight_decay / 2) * sum(w ** 2), through its
            gradient; at least 0. Default 0.

    Raises:
        ValueError: If an option is outside its range, or is one that this class
            does not have.

    Source:
        Reddi, Kale and Kumar, arXiv:1904.09237, Algorithm 2; there without the
        corrections 1 - beta^t, which the libraries have.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        options: dict[str, Any] = {"lr": lr, "betas": betas, "eps": eps}
        options["weight_decay"] = weight_decay
        # with this, torch.optim.Adam goes on from the state_dict as it should
        super().__init__(params, {**options, "amsgrad": True})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Move every parameter that has a gradient by one step, in place.

        Args:
            closure: Computes the loss anew, calls ``backward`` and returns the
                loss; optional.

        Returns:
            What the closure returned, or None.

        Raises:
            ValueError: If a gradient is sparse or complex; then nothing changes.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()

        pairs = [(p, group) for group in self.param_groups for p in group["params"]]
        pairs = [(p, group) for p, group in pairs if p.grad is not None]
        _check_gradients([p.grad for p, _ in pairs])
        for p, group in pairs:
            beta1, beta2 = group["betas"]
            state = self.state[p]
            if not state:
                state["step"] = torch.tensor(0.0, dtype=torch.float32)
                for name in ("exp_avg", "exp_avg_sq", "max_exp_avg_sq"):
                    state[name] = torch.zeros_like(p)
            state["step"] += 1
            t, m, v = state["step"].item(), state["exp_avg"], state["exp_avg_sq"]

            g = p.grad
            if group["weight_decay"] != 0:
                g = g.add(p, alpha=group["weight_decay"])
            m.lerp_(g, 1 - beta1)
            v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
            # --8<-- [start:difference]
            largest = state["max_exp_avg_sq"]
            torch.maximum(largest, v, out=largest)  # never falls, unlike v
            denominator = largest.sqrt().div_((1 - beta2**t) ** 0.5)
            denominator.add_(group["eps"])
            # --8<-- [end:difference]
            p.addcdiv_(m, denominator, value=-group["lr"] / (1 - beta1**t))
        return loss

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Refuse a group with bad options; ``__init__`` passes here too."""
        _check({**self.defaults, **param_group})
        super().add_param_group(param_group)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Refuse the ``state_dict`` of an optimizer that does something else."""
        for group in state["param_groups"]:
            _check(group)
        super().__setstate__(state)
        for saved in self.state.values():  # before PyTorch 1.12 it was a number
            saved["step"] = torch.as_tensor(saved["step"], dtype=torch.float32)


def _check_gradients(grads: list[Tensor]) -> None:
    for g in grads:
        if g.layout is not torch.strided or g.is_complex():
            raise ValueError(
                "gradients must be dense and real, got one of shape "
                f"{tuple(g.shape)}, {g.layout} and {g.dtype}; take "
                "torch.optim.SparseAdam for sparse, Adam for complex"
            )


def _check(group: dict[str, Any]) -> None:
    for name in ("lr", "eps", "weight_decay"):
        value = group.get(name)
        if name == "lr" and isinstance(value, Tensor) and value.dim() == 0:
            value = value.item()
        if not (isinstance(value, Real) and 0.0 <= float(value) < math.inf):
            raise ValueError(f"{name} must be a finite number >= 0, got {value!r}")
    betas = group.get("betas", ())
    two = isinstance(betas, tuple | list) and len(betas) == 2
    real = two and all(isinstance(beta, Real) for beta in betas)
    if not (real and all(0.0 <= beta < 1.0 for beta in betas)):
        raise ValueError(f"betas must be two numbers in [0, 1), got {betas!r}")
    if group.get("amsgrad") is not True:
        raise ValueError(f"amsgrad must be True, got {group.get('amsgrad')!r}")
    for name in (
        *("maximize", "decoupled_weight_decay"),
        *("capturable", "differentiable"),
    ):
        if group.get(name):
            raise ValueError(
                f"{name} must be False, got {group[name]!r}: not in this class; "
                "take torch.optim.Adam for it"
            )
