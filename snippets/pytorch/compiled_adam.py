"""Adam as one compiled loop: readable as the formula, fast as ``fused=True``."""

import functools
import itertools
import math
from collections import defaultdict
from collections.abc import Callable
from numbers import Real
from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT

# --8<-- [start:update]
Tensors = list[Tensor]
Bucket = tuple[Tensors, Tensors, Tensors, Tensors, Tensor]
MANY = 256  # graphs for one function; by default the ninth runs uncompiled
SMALL = 2**14  # weights; tensors up to this size are handed over as one


def update(buckets: list[Bucket]) -> None:
    """Adam's formula, read and written once for each weight.

    Args:
        buckets: Tuples (params, grads, exp_avgs, exp_avg_sqs, numbers); all lists
            but the gradients are changed in place. The numbers, shape (7,), are
            those of ``numbers_of_step`` and serve a whole bucket.
    """
    for params, grads, exp_avgs, exp_avg_sqs, numbers in buckets:
        length, root, take1, take2, eps, l2, keep = numbers.unbind()
        exact = numbers.dtype  # at least float32, whatever the parameter is
        for p, grad, m, v in zip(params, grads, exp_avgs, exp_avg_sqs, strict=True):
            w, g = p.to(exact), grad.to(exact)
            g = g + l2 * w
            m_t = m.to(exact) + take1 * (g - m.to(exact))
            v_t = v.to(exact) + take2 * (g * g - v.to(exact))
            m.copy_(m_t)
            v.copy_(v_t)
            p.copy_(keep * w - length * m_t / (v_t.sqrt() * root + eps))


def numbers_of_step(
    t: float,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    decoupled_weight_decay: bool = False,
) -> list[float]:
    """All that changes from step to step, in float64 and outside the graph.

    Args:
        t: How many updates there are with this one.
        lr: Learning rate. Default 1e-3.
        betas: Decay of the two means. Default (0.9, 0.999).
        eps: Added to the root; in the unit of the gradient. Default 1e-8.
        weight_decay: Strength of L2, or of the decay. Default 0.
        decoupled_weight_decay: Whether it is the decay of AdamW. Default False.

    Returns:
        lr / (1 - beta1^t), 1 / sqrt(1 - beta2^t), 1 - beta1, 1 - beta2, eps, the
        share of w that joins the gradient, and the share of w that stays.
    """
    beta1, beta2 = betas
    length, root = lr / (1 - beta1**t), (1 - beta2**t) ** -0.5
    l2 = 0.0 if decoupled_weight_decay else weight_decay
    keep = 1 - lr * weight_decay if decoupled_weight_decay else 1.0
    return [length, root, 1 - beta1, 1 - beta2, eps, l2, keep]


@functools.cache  # at the first step: reading this file costs nothing
def compiled_update() -> Callable[[list[Bucket]], None]:
    """The function ``update``, compiled: one graph, with the shapes as constants.

    Returns:
        What to call instead of ``update``.
    """
    # on a CPU one loop over several tensors would read from too many places at once
    options = {"cpp.max_horizontal_fusion_size": 1}
    return torch.compile(  # type: ignore[call-overload,no-any-return]
        update, dynamic=False, recompile_limit=MANY, options=options
    )


# --8<-- [end:update]
class CompiledAdam(torch.optim.Optimizer):
    r"""Adam or AdamW in one graph, whatever a scheduler does to lr and betas.

    .. math::
        w_t = w_{t-1} - \mathrm{lr} \cdot \frac{m_t / (1 - \beta_1^t)}
            {\sqrt{v_t / (1 - \beta_2^t)} + \epsilon}

    The state has the layout of ``torch.optim.Adam``. The first step compiles; so
    does one at which other parameters have gradients than before. On a CPU,
    compiling needs a C++ compiler.

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

        rows = [
            (k, p, p.grad)
            for k, group in enumerate(self.param_groups)
            for p in group["params"]
            if p.grad is not None
        ]
        if not rows:
            return loss
        _check_gradients([grad for _, _, grad in rows])
        states = [self._state_of(p) for _, p, _ in rows]
        steps = _joined(states, "step", [1] * len(rows)).add_(1)
        # tensors that share all numbers go together: two kinds a group, as a rule
        kinds: dict[Any, Any] = defaultdict(lambda: ([], [], []))
        for (k, p, grad), state, t in zip(
            rows, states, steps.tolist(), strict=True
        ):
            plain = not hasattr(p, "to_local")  # not a shard of FSDP2
            small = plain and p.numel() <= SMALL and p.is_contiguous()
            alike = kinds[k, t, small, p.dtype, p.device]
            alike[0].append(p)
            alike[1].append(grad)
            alike[2].append(state)
        buckets: list[Bucket] = []
        joined = []
        for (k, t, small, *_), (params, grads, states) in kinds.items():
            numbers = _numbers(t, self.param_groups[k], params[0])
            if small:  # as one tensor, instead of a call and a loop for each
                flat = _flat(params)
                sizes = [x.numel() for x in flat]
                w, g = torch.cat(flat), torch.cat(_flat(grads))
                m = _joined(states, "exp_avg", sizes)
                v = _joined(states, "exp_avg_sq", sizes)
                buckets.append(([w], [g], [m], [v], numbers))
                joined.append((flat, w, sizes))
            else:
                ms = [state["exp_avg"] for state in states]
                vs = [state["exp_avg_sq"] for state in states]
                buckets.append((params, grads, ms, vs, numbers))
        compiled_update()(buckets)
        for flat, w, sizes in joined:
            torch.split_with_sizes_copy(w, sizes, out=flat)
        return loss

    def _state_of(self, p: Tensor) -> dict[str, Any]:
        state: dict[str, Any] = self.state[p]
        if not state:
            state["step"] = torch.tensor(0.0, dtype=torch.float32)
            state["exp_avg"] = torch.zeros_like(p)
            state["exp_avg_sq"] = torch.zeros_like(p)
        return state

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
            saved["step"] = torch.as_tensor(
                saved["step"], dtype=torch.float32, device="cpu"
            )


def _numbers(t: float, group: dict[str, Any], p: Tensor) -> Tensor:
    names = ("betas", "eps", "weight_decay", "decoupled_weight_decay")
    lr = float(group["lr"])
    numbers = numbers_of_step(t, lr, *(group[name] for name in names))
    exact = torch.promote_types(p.dtype, torch.float32)
    return torch.tensor(numbers, dtype=exact, device=p.device)


def _flat(tensors: list[Any]) -> Tensors:
    return [x if x.dim() == 1 else x.reshape(-1) for x in tensors]


def _joined(states: list[dict[str, Any]], name: str, sizes: list[int]) -> Tensor:
    """State of several parameters as one tensor, of which their own are views."""
    parts: Tensors = [state[name] for state in states]
    whole = parts[0]._base
    *starts, end = itertools.accumulate(sizes, initial=0)
    if (
        whole is None
        or any(part._base is not whole for part in parts)
        or [part.storage_offset() for part in parts] != starts
        or whole.numel() != end
    ):  # the first time, or after loading
        whole = torch.cat(_flat(parts))
        views = whole.split(sizes)
        for state, part, view in zip(states, parts, views, strict=True):
            state[name] = view.view(part.shape)
    return whole


def _check_gradients(grads: list[Tensor]) -> None:
    dense = torch.strided
    for g in grads:
        if g.layout is not dense or g.is_complex():
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
