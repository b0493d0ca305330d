"""Adam with bfloat16 moments: half the state, and fewer bytes to move."""

import functools
import math
from collections.abc import Callable
from numbers import Real
from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT

Tensors = list[Tensor]
Bucket = tuple[Tensors, Tensors, Tensors, Tensor, Tensor]


# --8<-- [start:round]
def round_stochastically(x: Tensor, noise: Tensor) -> Tensor:
    r"""Round to one of the two neighbors in bfloat16, so that the mean is x.

    .. math::
        P(\mathrm{up}) = \frac{x - \mathrm{below}}{\mathrm{above} - \mathrm{below}}

    Args:
        x: Numbers, float32. Not finite ones stay what they are.
        noise: Integers drawn evenly from 0 to 65535, int32, of the shape of x.

    Returns:
        The rounded numbers, float32 with 16 bits of zeros, of the shape of x.

    Source:
        Gupta et al., Deep Learning with Limited Numerical Precision,
        arXiv:1502.02551, section 3.
    """
    # bfloat16 is the upper half of float32's bits: noise in the lower half carries
    # over into the upper one as often as the lower half is large
    bits = torch.where(torch.eq(x, x), x.view(torch.int32) + noise, -1)  # -1: NaN
    return (bits & -65536).view(torch.float32)


def random_bits(x: Tensor, seed: Tensor) -> Tensor:
    """32 bits for each element, which follow from the element and the seed alone.

    Args:
        x: Integers, int32.
        seed: Integer, int32, of shape (1,).

    Returns:
        Integers, int32, of the shape of x.

    Source:
        After Chris Wellons, "lowbias32", https://nullprogram.com/blog/2018/07/31/,
        without its first and last shift.
    """
    x = (x ^ seed) * 0x7FEB352D  # wraps around at 32 bits
    # the mask takes out the sign, which >> repeats
    return (x ^ ((x >> 15) & 0x1FFFF)) * (0x846CA68B - 2**32)


# --8<-- [end:round]
# --8<-- [start:update]
def update(buckets: list[Bucket]) -> None:
    """Adam's formula in float32; both means are rounded to bfloat16 at the end.

    Args:
        buckets: Tuples (params, grads, both, numbers, seed). In both, int32, the
            upper 16 bits are the mean of the gradient, the lower 16 that of its
            square. The numbers, shape (6,), are lr / (1 - beta1^t),
            1 / sqrt(1 - beta2^t), 1 - beta1, 1 - beta2, eps and weight_decay.
    """
    for params, grads, means, numbers, seed in buckets:
        length, root, take1, take2, eps, l2 = numbers.unbind()
        for p, grad, both in zip(params, grads, means, strict=True):
            g = (grad + l2 * p).float()
            m = (both & -65536).view(torch.float32)
            v = (both << 16).view(torch.float32)
            m = m + take1 * (g - m)
            v = v + take2 * (g * g - v)
            p.copy_(p - length * m / (v.sqrt() * root + eps))
            # 16 bits of noise for each mean; nothing else is read for it
            noise = random_bits(g.view(torch.int32) ^ both, seed)
            m = round_stochastically(m, noise & 65535)
            v = round_stochastically(v, (noise >> 16) & 65535)
            low = (v.view(torch.int32) >> 16) & 65535
            both.copy_(m.view(torch.int32) | low)


@functools.cache  # at the first step: reading this file costs nothing
def compiled_update() -> Callable[[list[Bucket]], None]:
    """The function ``update``, compiled: one graph, with the shapes as constants.

    Returns:
        What to call instead of ``update``.
    """
    # by default the ninth graph of one function would run uncompiled; on a CPU one
    # loop over several tensors would read from too many places at once
    options = {"cpp.max_horizontal_fusion_size": 1}
    return torch.compile(  # type: ignore[call-overload,no-any-return]
        update, dynamic=False, recompile_limit=256, options=options
    )


# --8<-- [end:update]
class LowMemoryAdam(torch.optim.Optimizer):
    r"""Adam that keeps both means in bfloat16 and computes in float32.

    .. math::
        w_t = w_{t-1} - \mathrm{lr} \cdot \frac{m_t / (1 - \beta_1^t)}
            {\sqrt{v_t / (1 - \beta_2^t)} + \epsilon}

    The first step compiles; on a CPU that needs a C++ compiler. The state has the
    layout of ``torch.optim.Adam``.

    Args:
        params: Tensors to optimize, float32, float64 or bfloat16, or groups of them
            with their own options.
        lr: Learning rate, about the longest step of a weight while gradients
            keep their size; a number or a tensor of shape (), at least 0.
            Default 1e-3.
        betas: Decay of the means of the gradient and of its square; each in
            [0, 1). Default (0.9, 0.999).
        eps: Keeps the division finite; in the unit of the gradient, at least 0.
            Default 1e-8.
        weight_decay: L2 penalty (weight_decay / 2) * sum(w ** 2), through its
            gradient; at least 0. Default 0.
        seed: Of the rounding; it grows by 1 at each step, so that a loaded
            ``state_dict`` goes on with the noise that is next. Default 0.

    Raises:
        ValueError: If an option is outside its range, or is one that this class
            does not have.

    Source:
        Kingma and Ba, Adam, arXiv:1412.6980, Algorithm 1.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        seed: int = 0,
    ) -> None:
        options: dict[str, Any] = {"lr": lr, "betas": betas, "eps": eps}
        options["weight_decay"] = weight_decay
        super().__init__(params, {**options, "seed": seed})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Move every parameter that has a gradient by one step, in place.

        Args:
            closure: Computes the loss anew, calls ``backward`` and returns the
                loss; optional.

        Returns:
            What the closure returned, or None.

        Raises:
            ValueError: If a gradient is sparse, complex, float16 or a shard of
                FSDP2; then nothing changes.
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
        # tensors that share all numbers go together: one bucket a group, as a rule
        buckets: dict[Any, Any] = {}
        for k, (group, params) in enumerate(groups):
            seed, group["seed"] = group["seed"], group["seed"] + 1
            steps = [self._state_of(p)["step"] for p in params]
            if steps:  # faster than one by one
                torch._foreach_add_(steps, torch.tensor(1.0), alpha=1.0)
            for p, step in zip(params, steps, strict=True):
                key = (k, t := step.item(), p.dtype, p.device)
                if key not in buckets:
                    last = _numbers(t, group, p), _seed(seed, k, p)
                    buckets[key] = ([], [], [], *last)
                both = _both(self.state[p]).view(p.shape)
                tensors = [p.detach(), p.grad.detach(), both]  # no graphs
                if not p.dim():  # in float64 it would not change in PyTorch 2.13
                    tensors = [x.view(1) for x in tensors]
                for column, x in zip(buckets[key], tensors, strict=False):
                    column.append(x)
        if buckets:
            compiled_update()(list(buckets.values()))
        return loss

    def _state_of(self, p: Tensor) -> dict[str, Any]:
        state: dict[str, Any] = self.state[p]
        if not state:
            state["step"] = torch.tensor(0.0, dtype=torch.float32)
            for name in ("exp_avg", "exp_avg_sq"):
                state[name] = torch.zeros_like(p, dtype=torch.bfloat16)
        return state

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Refuse a group with bad options; ``__init__`` passes here too."""
        _check({**self.defaults, **param_group})
        super().add_param_group(param_group)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Refuse what another optimizer does; bring the means back to bfloat16."""
        for group in state["param_groups"]:
            group.setdefault("seed", 0)  # torch.optim.Adam has none
            _check(group)
            if "maximize" in group and "amsgrad" not in group:  # NAdam and others
                raise ValueError("these are not the options of torch.optim.Adam")
        super().__setstate__(state)
        for saved in self.state.values():
            # before PyTorch 1.12 it was a number
            saved["step"] = torch.as_tensor(saved["step"], dtype=torch.float32)
            for name in ("exp_avg", "exp_avg_sq"):  # loading gave them p's dtype
                saved[name] = saved[name].bfloat16()


def _both(state: dict[str, Any]) -> Tensor:
    """Both means as one tensor, int32; those in the state are views of it."""
    m, v = state["exp_avg"], state["exp_avg_sq"]
    whole: Tensor | None = m._base
    if whole is None or v._base is not whole:  # the first time, or after loading
        whole = torch.empty(2 * m.numel(), dtype=torch.bfloat16, device=m.device)
        low, high = whole.view(-1, 2).unbind(1)
        state["exp_avg"] = high.view(m.shape).copy_(m)
        state["exp_avg_sq"] = low.view(v.shape).copy_(v)
    return whole.view(torch.int32)


def _numbers(t: float, group: dict[str, Any], p: Tensor) -> Tensor:
    beta1, beta2 = group["betas"]
    length = float(group["lr"]) / (1 - beta1**t)
    numbers = [length, (1 - beta2**t) ** -0.5, 1 - beta1, 1 - beta2]
    numbers += [group["eps"], group["weight_decay"]]
    return torch.tensor(numbers, dtype=torch.float32, device=p.device)


def _seed(seed: int, k: int, p: Tensor) -> Tensor:
    # the golden ratio spreads the seeds evenly
    spread = ((seed + (k << 20)) * 0x9E3779B1) % 2**32 - 2**31
    return torch.tensor([spread], dtype=torch.int32, device=p.device)


def _check_gradients(grads: list[Tensor]) -> None:
    for g in grads:
        if g.layout is not torch.strided or g.is_complex():
            raise ValueError(
                "gradients must be dense and real, got one of shape "
                f"{tuple(g.shape)}, {g.layout} and {g.dtype}; take "
                "torch.optim.SparseAdam for sparse, Adam for complex"
            )
        if g.dtype is torch.float16:
            raise ValueError(
                "parameters must be float32, float64 or bfloat16, got one of "
                f"{g.dtype}: what fits into bfloat16 may not fit into it"
            )
        if hasattr(g, "to_local"):  # torch.distributed.tensor.DTensor
            raise ValueError(
                "parameters must be whole, got a shard of FSDP2 with the shape "
                f"{tuple(g.shape)}; take CompiledAdam"
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
    if not (isinstance(group["seed"], int) and group["seed"] >= 0):
        raise ValueError(f"seed must be an integer >= 0, got {group['seed']!r}")
    for name in (
        *("amsgrad", "maximize", "decoupled_weight_decay"),
        *("capturable", "differentiable"),
    ):
        if group.get(name):
            raise ValueError(
                f"{name} must be False, got {group[name]!r}: not in this class; "
                "take torch.optim.Adam for it"
            )
