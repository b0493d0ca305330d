"""Adam with bfloat16 moments: 4 bytes of state a weight instead of 8."""

import math
from collections.abc import Callable
from numbers import Real
from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT

Dice = torch.Generator


# --8<-- [start:round]
def round_stochastically(x: Tensor, noise: Tensor) -> Tensor:
    r"""Round to one of the two neighbours in bfloat16, so that the mean is x.

    .. math::
        P(\mathrm{up}) = \frac{x - \mathrm{below}}{\mathrm{above} - \mathrm{below}}

    Args:
        x: Numbers, float32. Not finite ones stay what they are.
        noise: Integers drawn evenly from 0 to 65535, int32, of the shape of x.

    Returns:
        The rounded numbers, bfloat16, of the shape of x.

    Source:
        Gupta et al., Deep Learning with Limited Numerical Precision,
        arXiv:1502.02551, section 3.
    """
    # bfloat16 is the upper half of float32's bits: noise in the lower half carries
    # over into the upper one as often as the lower half is large
    bits = (x.view(torch.int32) + noise) & -65536
    return torch.where(x.isfinite(), bits.view(torch.float32), x).bfloat16()


# --8<-- [end:round]
class LowMemoryAdam(torch.optim.Optimizer):
    r"""Adam that keeps both means in bfloat16 and computes in float32.

    .. math::
        w_t = w_{t-1} - \mathrm{lr} \cdot \frac{m_t / (1 - \beta_1^t)}
            {\sqrt{v_t / (1 - \beta_2^t)} + \epsilon}

    Args:
        params: Tensors to optimize, float32, float64 or bfloat16, or groups of them
            with their own options.
        lr: Learning rate, about the longest step of a weight while gradients
            keep their size; at least 0. Default 1e-3.
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
        lr: float = 1e-3,
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
            ValueError: If a gradient is sparse, complex or float16; then nothing
                changes.
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
            seed, group["seed"] = group["seed"], group["seed"] + 1
            devices = {p.device for p in params}
            dice = {d: torch.Generator(d).manual_seed(seed) for d in devices}
            for p in params:
                self._move(p, group, dice[p.device])
        return loss

    def _move(self, p: Tensor, group: dict[str, Any], dice: Dice) -> None:
        beta1, beta2 = group["betas"]
        state = self.state[p]
        if not state:
            state["step"] = torch.tensor(0.0, dtype=torch.float32)
            state["exp_avg"] = torch.zeros_like(p, dtype=torch.bfloat16)
            state["exp_avg_sq"] = torch.zeros_like(p, dtype=torch.bfloat16)
        state["step"] += 1
        t = state["step"].item()

        assert p.grad is not None
        g = p.grad.float()
        if group["weight_decay"] != 0:
            g = g.add(p, alpha=group["weight_decay"]).float()
        # --8<-- [start:moments]
        m = state["exp_avg"].float().lerp_(g, 1 - beta1)
        v = state["exp_avg_sq"].float().mul_(beta2).addcmul_(g, g, value=1 - beta2)
        denominator = (v.sqrt() / (1 - beta2**t) ** 0.5).add_(group["eps"])
        p.add_(m / denominator, alpha=-group["lr"] / (1 - beta1**t))

        low, high = -(2**31), 2**31  # 32 random bits: 16 for each mean
        where: dict[str, Any] = {"dtype": torch.int32, "device": p.device}
        noise = torch.randint(low, high, p.shape, generator=dice, **where)
        state["exp_avg"].copy_(round_stochastically(m, noise & 65535))
        state["exp_avg_sq"].copy_(round_stochastically(v, (noise >> 16) & 65535))
        # --8<-- [end:moments]

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


def _check_gradients(grads: list[Tensor]) -> None:
    for g in grads:
        if g.layout is not torch.strided or g.is_complex():
            raise ValueError(
                "gradients must be dense and real, got one of shape "
                f"{tuple(g.shape)}, {g.layout} and {g.dtype}; take "
                "torch.optim.SparseAdam for sparse, torch.optim.Adam for complex"
            )
        if g.dtype is torch.float16:
            raise ValueError(
                "parameters must be float32, float64 or bfloat16, got one of "
                f"{g.dtype}: what fits into bfloat16 may not fit into it"
            )


def _check(group: dict[str, Any]) -> None:
    for name in ("lr", "eps", "weight_decay"):
        value = group.get(name)
        if not (isinstance(value, Real) and 0.0 <= float(value) < math.inf):
            raise ValueError(f"{name} must be a finite number >= 0, got {value!r}")
    betas = group.get("betas", ())
    if not (len(betas) == 2 and all(0.0 <= beta < 1.0 for beta in betas)):
        raise ValueError(f"betas must be two numbers in [0, 1), got {betas!r}")
    if not (isinstance(group["seed"], int) and group["seed"] >= 0):
        raise ValueError(f"seed must be an integer >= 0, got {group['seed']!r}")
    for name in ("amsgrad", "maximize", "decoupled_weight_decay", "capturable"):
        if group.get(name):
            raise ValueError(
                f"{name} must be False, got {group[name]!r}: not in this class; "
                "take torch.optim.Adam for it"
            )
