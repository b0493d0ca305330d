"""Adam over lists of tensors: bit for bit ``torch.optim.Adam(foreach=True)``."""

import math
from collections.abc import Callable
from numbers import Real
from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT


# --8<-- [start:update]
def multi_tensor_update(
    params: list[Tensor],
    grads: list[Tensor],
    exp_avgs: list[Tensor],
    exp_avg_sqs: list[Tensor],
    steps: list[Tensor],
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> None:
    """Adam for every tensor of a list, one operation for all tensors at a time.

    Args:
        params: Changed in place; all lists have one tensor for each of these.
        grads: Gradients, of the shapes of params.
        exp_avgs: Means of gradients; changed in place.
        exp_avg_sqs: Means of squares; changed in place.
        steps: Counts of updates, float32 of shape (); changed in place.
        lr: Learning rate. Default 1e-3.
        betas: Decay of the two means. Default (0.9, 0.999).
        eps: Added to the root; in the unit of the gradient. Default 1e-8.
        weight_decay: L2 penalty, through its gradient. Default 0.
    """
    beta1, beta2 = betas
    # a tensor, because a number would become a new tensor for every step
    torch._foreach_add_(steps, torch.tensor(1.0), alpha=1.0)
    t = [step.item() for step in steps]
    if weight_decay != 0:
        grads = list(torch._foreach_add(grads, params, alpha=weight_decay))
    torch._foreach_lerp_(exp_avgs, grads, 1 - beta1)
    torch._foreach_mul_(exp_avg_sqs, beta2)
    torch._foreach_addcmul_(exp_avg_sqs, grads, grads, 1 - beta2)
    denominators = torch._foreach_sqrt(exp_avg_sqs)  # 4 more bytes a weight
    torch._foreach_div_(denominators, [(1 - beta2**n) ** 0.5 for n in t])
    torch._foreach_add_(denominators, eps)
    rates = [-lr / (1 - beta1**n) for n in t]
    torch._foreach_addcdiv_(params, exp_avgs, denominators, rates)


# --8<-- [end:update]
class MultiTensorAdam(torch.optim.Optimizer):
    r"""Adam whose Python calls do not grow with the number of tensors.

    .. math::
        w_t = w_{t-1} - \mathrm{lr} \cdot \frac{m_t / (1 - \beta_1^t)}
            {\sqrt{v_t / (1 - \beta_2^t)} + \epsilon}

    The state has the layout of ``torch.optim.Adam``.

    Args:
        params: Real tensors to optimize, or groups of them with their own options.
        lr: Learning rate, about the longest step of a weight while gradients
            keep their size; at least 0. Default 1e-3.
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
        Kingma and Ba, Adam, arXiv:1412.6980, Algorithm 1.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        options = {"lr": lr, "betas": betas, "eps": eps}
        super().__init__(params, {**options, "weight_decay": weight_decay})

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

        groups = [
            (group, [p for p in group["params"] if p.grad is not None])
            for group in self.param_groups
        ]
        _check_gradients([p.grad for _, params in groups for p in params])
        for group, params in groups:
            if not params:
                continue
            for p in params:
                if not self.state[p]:
                    self.state[p]["step"] = torch.tensor(0.0, dtype=torch.float32)
                    self.state[p]["exp_avg"] = torch.zeros_like(p)
                    self.state[p]["exp_avg_sq"] = torch.zeros_like(p)
            states = [self.state[p] for p in params]
            multi_tensor_update(
                params,
                [p.grad for p in params],
                [state["exp_avg"] for state in states],
                [state["exp_avg_sq"] for state in states],
                [state["step"] for state in states],
                group["lr"],
                group["betas"],
                group["eps"],
                group["weight_decay"],
            )
        return loss

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Refuse a group with bad options; ``__init__`` passes here too."""
        _check({**self.defaults, **param_group})
        super().add_param_group(param_group)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Refuse the ``state_dict`` of an optimizer that does something else."""
        for group in state["param_groups"]:
            _check(group)
            if "maximize" in group and "amsgrad" not in group:  # NAdam and others
                raise ValueError("these are not the options of torch.optim.Adam")
        super().__setstate__(state)
        for saved in self.state.values():  # before PyTorch 1.12 it was a number
            saved["step"] = torch.as_tensor(saved["step"], dtype=torch.float32)


def _check_gradients(grads: list[Tensor]) -> None:
    for g in grads:
        if g.layout is not torch.strided or g.is_complex():
            raise ValueError(
                "gradients must be dense and real, got one of shape "
                f"{tuple(g.shape)}, {g.layout} and {g.dtype}; take "
                "torch.optim.SparseAdam for sparse, torch.optim.Adam for complex"
            )


def _check(group: dict[str, Any]) -> None:
    for name in ("lr", "eps", "weight_decay"):
        value = group.get(name)
        if not (isinstance(value, Real) and 0.0 <= float(value) < math.inf):
            raise ValueError(f"{name} must be a finite number >= 0, got {value!r}")
    betas = group.get("betas", ())
    if not (len(betas) == 2 and all(0.0 <= beta < 1.0 for beta in betas)):
        raise ValueError(f"betas must be two numbers in [0, 1), got {betas!r}")
    for name in ("amsgrad", "maximize", "decoupled_weight_decay", "capturable"):
        if group.get(name):
            raise ValueError(
                f"{name} must be False, got {group[name]!r}: not in this class; "
                "take torch.optim.Adam for it"
            )
