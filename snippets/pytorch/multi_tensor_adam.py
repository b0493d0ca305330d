"""Adam over lists of tensors: bit for bit ``torch.optim.Adam(foreach=True)``."""

import math
from collections.abc import Callable, Iterator
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
    counts: list[float],
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    decoupled_weight_decay: bool = False,
) -> None:
    """Adam for every tensor of a list, one operation for all tensors at a time.

    Args:
        params: Changed in place; all lists have one tensor for each of these.
        grads: Gradients, of the shapes of params.
        exp_avgs: Means of gradients; changed in place.
        exp_avg_sqs: Means of squares; changed in place.
        counts: How many updates there are with this one, for each tensor.
        lr: Learning rate. Default 1e-3.
        betas: Decay of the two means. Default (0.9, 0.999).
        eps: Added to the root; in the unit of the gradient. Default 1e-8.
        weight_decay: Strength of L2, or of the decay. Default 0.
        decoupled_weight_decay: Whether it is the decay of AdamW. Default False.
    """
    beta1, beta2 = betas
    if weight_decay != 0 and decoupled_weight_decay:
        torch._foreach_mul_(params, 1 - lr * weight_decay)
    elif weight_decay != 0:
        grads = list(torch._foreach_add(grads, params, alpha=weight_decay))
    torch._foreach_lerp_(exp_avgs, grads, 1 - beta1)
    torch._foreach_mul_(exp_avg_sqs, beta2)
    torch._foreach_addcmul_(exp_avg_sqs, grads, grads, 1 - beta2)
    denominators = torch._foreach_sqrt(exp_avg_sqs)  # as much memory again
    torch._foreach_div_(denominators, [(1 - beta2**t) ** 0.5 for t in counts])
    torch._foreach_add_(denominators, eps)
    rates = [-lr / (1 - beta1**t) for t in counts]
    torch._foreach_addcdiv_(params, exp_avgs, denominators, rates)


# --8<-- [end:update]
# --8<-- [start:portions]
CACHE = 2**18  # weights; with gradient, both means and the root 5 MB


def portions(rows: list[tuple[Any, ...]]) -> Iterator[list[list[Any]]]:
    """Divide the work so that on a CPU all operations of a portion stay in a cache.

    Args:
        rows: Tuples (param, grad, exp_avg, exp_avg_sq, count).

    Returns:
        An iterator over columns of some rows; of large tensors, views of a piece.
    """
    if sum(row[0].numel() for row in rows) <= CACHE:
        yield [list(column) for column in zip(*rows, strict=True)]
        return
    portion: list[tuple[Any, ...]] = []
    weights = 0
    for *tensors, count in rows:
        cpu = all(x.device.type == "cpu" and x.is_contiguous() for x in tensors)
        # a shard of FSDP2 stays whole
        cpu = cpu and not hasattr(tensors[0], "to_local")
        if cpu and tensors[0].numel() > CACHE:
            pieces = zip(*(x.view(-1).split(CACHE) for x in tensors), strict=True)
        else:
            pieces = zip(*([x] for x in tensors), strict=True)
        for piece in pieces:
            if portion and cpu and weights + piece[0].numel() > CACHE:
                yield [list(column) for column in zip(*portion, strict=True)]
                portion, weights = [], 0
            portion.append((*piece, count))
            weights += piece[0].numel()
    yield [list(column) for column in zip(*portion, strict=True)]


# --8<-- [end:portions]
class MultiTensorAdam(torch.optim.Optimizer):
    r"""Adam or AdamW, one call for many small tensors and many for a large one.

    .. math::
        w_t = w_{t-1} - \mathrm{lr} \cdot \frac{m_t / (1 - \beta_1^t)}
            {\sqrt{v_t / (1 - \beta_2^t)} + \epsilon}

    The state has the layout of ``torch.optim.Adam``.

    Args:
        params: Real tensors to optimize, or groups of them with their own options.
        lr: Learning rate, about the longest step of a weight while gradients
            keep their size; a number or a tensor of shape (), at least 0.
            Default 1e-3.
        betas: Decay of the means of the gradient and of its square; each in
            [0, 1). Default (0.9, 0.999).
        eps: Keeps the division finite; in the unit of the gradient, at least 0.
            Default 1e-8.
        weight_decay: Strength of L2, or of the decay; at least 0. Default 0.
        decoupled_weight_decay: If False, weight_decay is the L2 penalty
            (weight_decay / 2) * sum(w ** 2), through its gradient. If True, w loses
            the share lr * weight_decay, as in AdamW. Default False.

    Raises:
        ValueError: If an option is outside its range, or is one that this class
            does not have.

    Source:
        Kingma and Ba, Adam, arXiv:1412.6980, Algorithm 1; Loshchilov and Hutter,
        arXiv:1711.05101, Algorithm 2, with the decay multiplied by lr.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
    ) -> None:
        options: dict[str, Any] = {"lr": lr, "betas": betas, "eps": eps}
        options["weight_decay"] = weight_decay
        options["decoupled_weight_decay"] = decoupled_weight_decay
        super().__init__(params, options)

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
            steps = [state["step"] for state in states]
            # a tensor, because a number would become a new tensor for every step
            torch._foreach_add_(steps, torch.tensor(1.0), alpha=1.0)
            rows = [
                (p, p.grad, state["exp_avg"], state["exp_avg_sq"], step.item())
                for p, state, step in zip(params, states, steps, strict=True)
            ]
            names = ("betas", "eps", "weight_decay", "decoupled_weight_decay")
            options = [group[name] for name in names]
            for w, g, m, v, t in portions(rows):
                multi_tensor_update(w, g, m, v, t, float(group["lr"]), *options)
        return loss

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Refuse a group with bad options; ``__init__`` passes here too."""
        _check({**self.defaults, **param_group})
        super().add_param_group(param_group)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Refuse the ``state_dict`` of an optimizer that does something else."""
        for group in state["param_groups"]:
            # older ones have none
            group.setdefault("decoupled_weight_decay", False)
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
    for name in ("amsgrad", "maximize", "capturable", "differentiable"):
        if group.get(name):
            raise ValueError(
                f"{name} must be False, got {group[name]!r}: not in this class; "
                "take torch.optim.Adam for it"
            )
