"""Train bfloat16 parameters with float32 weights and means behind them."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor


class MasterWeights:
    r"""Any optimizer on float32 copies; the model gets the copies, rounded.

    .. math::
        w_t = w_{t-1} - \mathrm{step}(g_t), \qquad p_t = \mathrm{round}(w_t)

    Args:
        params: Parameters of the model, bfloat16 or float16.
        make: Makes the optimizer from a list of float32 tensors, for one
            ``functools.partial(torch.optim.Adam, lr=1e-3)``.

    Attributes:
        weights: The float32 copies, in the order of params.
        optimizer: What make returned; give this one to a scheduler.

    Raises:
        ValueError: If there are no parameters, or one is neither bfloat16 nor
            float16.

    Source:
        Micikevicius et al., Mixed Precision Training, arXiv:1710.03740,
        section 3.1.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        make: Callable[[list[Tensor]], torch.optim.Optimizer],
    ) -> None:
        self.params = list(params)
        if not self.params:
            raise ValueError("params must hold at least one parameter, got none")
        for p in self.params:
            if p.dtype not in (torch.bfloat16, torch.float16):
                raise ValueError(
                    f"params must be bfloat16 or float16, got one of {p.dtype}"
                )
        self.weights = [p.detach().float().requires_grad_() for p in self.params]
        self.optimizer = make(self.weights)

    @torch.no_grad()
    def step(self) -> None:
        """One step of the optimizer with the parameters' gradients."""
        for p, w in zip(self.params, self.weights, strict=True):
            w.grad = None if p.grad is None else p.grad.float()
        self.optimizer.step()
        for p, w in zip(self.params, self.weights, strict=True):
            p.copy_(w)
            w.grad = None  # 4 bytes for each weight

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for p in self.params:
            p.grad = None

    def state_dict(self) -> dict[str, Any]:
        """Return the float32 weights and the state of the optimizer."""
        weights = [w.detach() for w in self.weights]
        return {"weights": weights, "optimizer": self.optimizer.state_dict()}

    @torch.no_grad()
    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what ``state_dict`` gave, and round it into the parameters.

        Args:
            state: What ``state_dict`` returned, for parameters of these shapes.

        Raises:
            ValueError: If the shapes are others; then nothing changes.
        """
        rows = list(zip(self.params, self.weights, state["weights"], strict=True))
        for _, w, saved in rows:
            if saved.shape != w.shape:  # copy_ might broadcast
                shapes = f"{tuple(w.shape)}, got {tuple(saved.shape)}"
                raise ValueError(f"weights must have shape {shapes}")
        for p, w, saved in rows:
            w.copy_(saved)
            p.copy_(w)
        self.optimizer.load_state_dict(state["optimizer"])
