"""AdamW from scratch, bit for bit ``torch.optim.AdamW(foreach=False)``."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch.optim.optimizer import ParamsT


class CustomAdamW(torch.optim.Optimizer):
    r"""Adam with decoupled weight decay; the decay first.

    .. math::
        w_t = (1 - \mathrm{lr} \cdot \mathrm{weight\_decay}) \, w_{t-1}
            - \mathrm{lr} \cdot \frac{m_t / (1 - \beta_1^t)}
            {\sqrt{v_t / (1 - \beta_2^t)} + \epsilon}

    Args:
        params: Real tensors to optimize, or groups of them with their own options.
        lr: Learning rate, about the length of one step of one weight; at least 0.
            Default 1e-3.
        betas: Decay of the means of the gradient and of its square; each in [0, 1).
            Default (0.9, 0.999).
        eps: Keeps the division finite; in the unit of the gradient, at least 0.
            Default 1e-8.
        weight_decay: Times lr the fraction that a weight loses at each step; at
            least 0. Default 0.01.

    Raises:
        ValueError: If an option is outside its range.

    Source:
        Loshchilov and Hutter, arXiv:1711.05101, Algorithm 2; there the decay is not
        multiplied by the learning rate, in the libraries it is.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
        }
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(  # type: ignore[override]
        self, closure: Callable[[], float] | None = None
    ) -> float | None:
        """Move every parameter that has a gradient by one step, in place.

        Args:
            closure: Computes the loss anew, calls ``backward``, returns the loss.

        Returns:
            What the closure returned, or None.
        """
        loss = None
        if closure is not None:
            with (
                torch.enable_grad()
            ):  # backward() needs what no_grad() switched off
                loss = closure()

        for group in self.param_groups:
            lr, (beta1, beta2) = group["lr"], group["betas"]
            for p in group["params"]:
                if p.grad is None:  # then it is not decayed either
                    continue
                state = self.state[p]
                if not state:
                    state["step"] = torch.tensor(0.0, dtype=torch.float32)
                    state["exp_avg"] = torch.zeros_like(p)
                    state["exp_avg_sq"] = torch.zeros_like(p)
                state["step"] += 1
                t, m, v = (
                    state["step"].item(),
                    state["exp_avg"],
                    state["exp_avg_sq"],
                )

                # The W. The gradient in p.grad knows nothing of it.
                p.mul_(1 - lr * group["weight_decay"])
                m.lerp_(p.grad, 1 - beta1)  # m_t = m + (1 - beta1) (g - m)
                v.mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)
                root = v.sqrt() / (1 - beta2**t) ** 0.5
                p.addcdiv_(m, root.add_(group["eps"]), value=-lr / (1 - beta1**t))
        return loss

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Refuse a group with bad options; those of ``__init__`` pass here too.

        Args:
            param_group: Holds "params", and the options that are its own.

        Raises:
            ValueError: If an option is outside its range.
        """
        options = {**self.defaults, **param_group}
        for name in ("lr", "eps", "weight_decay"):
            if not 0.0 <= options[name] < math.inf:
                raise ValueError(
                    f"{name} must be a finite number >= 0, got {options[name]!r}"
                )
        betas = options["betas"]
        if not (len(betas) == 2 and all(0.0 <= beta < 1.0 for beta in betas)):
            raise ValueError(f"betas must be two numbers in [0, 1), got {betas!r}")
        super().add_param_group(param_group)
