"""Sentences about Adam's averages, its first step, and what a gradient says."""

from dataclasses import dataclass
from typing import Any

import torch

from experiments.experiment import Claim, Experiment

STEPS = 1000
SIZES = (1e-4, 1.0, 1e4)


@dataclass(frozen=True)
class Facts:
    """Steps in units of lr; averages of constant gradients unless said otherwise."""

    sizes: tuple[float, ...]
    first: tuple[float, ...]
    """First step of Adam for each size of gradient."""
    first_tiny: float
    """The same for a gradient as large as epsilon."""
    gradient: float
    second_moment: float
    """Adam's corrected mean of squares after many gradients."""
    variance: float
    steps: int
    adagrad_sum: float
    rmsprop_mean: float
    adam_mean: float
    m_first: float
    v_first: float
    """Adam's two averages after one gradient of 1."""
    rmsprop_distance: float
    """Of Adam without momentum from RMSprop with a corrected rate, share of the way."""
    curvatures: tuple[float, ...]
    gradients: tuple[float, ...]
    """At a distance of 1 from the minimum."""
    closure: str
    """What a closure meets in a step that is decorated with no_grad."""


def run(name: str, gradients: list[float], **options: Any) -> tuple[float, dict[str, Any]]:
    """Where a weight that starts at 0 ends, and the optimizer's state of it."""
    w = torch.zeros((), dtype=torch.float64)
    optimizer = getattr(torch.optim, name)([w], **options)
    for g in gradients:
        w.grad = torch.tensor(g, dtype=torch.float64)
        optimizer.step()
    return w.item(), optimizer.state[w]


def rmsprop_distance(beta1: float) -> float:
    """Adam with this beta1 against RMSprop whose rate makes up for the missing correction."""
    alpha, lr = 0.99, 0.01
    generator = torch.Generator().manual_seed(0)
    a, r = (torch.zeros(20, dtype=torch.float64) for _ in range(2))
    adam = torch.optim.Adam([a], lr=lr, betas=(beta1, alpha), eps=0.0)
    rmsprop = torch.optim.RMSprop([r], lr=lr, alpha=alpha, eps=0.0)
    for t in range(1, 201):
        a.grad = torch.randn(20, generator=generator, dtype=torch.float64)
        r.grad = a.grad.clone()
        rmsprop.param_groups[0]["lr"] = lr * (1 - alpha**t) ** 0.5
        adam.step()
        rmsprop.step()
    return float((a - r).abs().max() / a.abs().max())


class Step(torch.optim.Optimizer):
    """Calls its closure under ``no_grad``, and differentiates there only if asked to."""

    def __init__(self, w: torch.Tensor, enable: bool) -> None:
        super().__init__([w], {})
        self.enable = enable

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """The loss, and no update."""
        with torch.set_grad_enabled(self.enable):
            return closure()


def message(enable: bool) -> str:
    """The error that a closure with backward() meets in ``step``; nothing if there is none."""
    w = torch.ones(1, requires_grad=True)

    def closure() -> torch.Tensor:
        loss = (w**2).sum()
        loss.backward()
        return loss

    try:
        Step(w, enable).step(closure)
    except RuntimeError as error:
        return str(error)
    return ""


def measure(
    eps: float = 1e-8,
    alternate: bool = False,
    steps: int = STEPS,
    betas: tuple[float, float] = (0.9, 0.999),
    beta1: float = 0.0,
    curvatures: tuple[float, ...] = (0.01, 1.0, 100.0),
    enable: bool = False,
) -> Facts:
    """Feed optimizers with known gradients.

    Args:
        eps: Adam's epsilon.
        alternate: Let the sign of the gradients whose squares are averaged alternate.
        steps: How many gradients of 1 are summed or averaged.
        betas: Of the Adam whose averages are looked at after one gradient.
        beta1: Of the Adam that is compared with RMSprop.
        curvatures: Of the bowls whose gradient is taken at a distance of 1.
        enable: Switch the recording of gradients on around the closure.
    """
    first = [-run("Adam", [g], lr=1e-3, eps=eps)[0] / 1e-3 for g in (*SIZES, 1e-8)]
    gradients = [3.0 * (-1.0 if alternate and t % 2 else 1.0) for t in range(500)]
    _, state = run("Adam", gradients)
    ones = [1.0] * steps
    _, after_one = run("Adam", [1.0], betas=betas)
    slopes = []
    for curvature in curvatures:
        w = torch.ones((), requires_grad=True)
        (0.5 * curvature * w**2).backward()
        assert w.grad is not None
        slopes.append(w.grad.item())
    return Facts(
        sizes=SIZES,
        first=tuple(first[:-1]),
        first_tiny=first[-1],
        gradient=3.0,
        second_moment=state["exp_avg_sq"].item() / (1 - 0.999 ** len(gradients)),
        variance=float(torch.tensor(gradients).var(correction=0)),
        steps=steps,
        adagrad_sum=run("Adagrad", ones)[1]["sum"].item(),
        rmsprop_mean=run("RMSprop", ones)[1]["square_avg"].item(),
        adam_mean=run("Adam", ones)[1]["exp_avg_sq"].item() / (1 - 0.999**steps),
        m_first=after_one["exp_avg"].item(),
        v_first=after_one["exp_avg_sq"].item(),
        rmsprop_distance=rmsprop_distance(beta1),
        curvatures=curvatures,
        gradients=tuple(slopes),
        closure=message(enable),
    )


EXPERIMENT = Experiment(
    question="What do Adam's averages hold, and what follows for its steps?",
    measure=measure,
    claims=(
        Claim(
            id="first_step_is_lr",
            sentence=lambda f: (
                "Adam's first step is "
                + ", ".join(f"{step:.4f}" for step in f.first)
                + " lr for gradients of "
                + ", ".join(f"{size:g}" for size in f.sizes)
                + f". Only near epsilon it is shorter: {f.first_tiny:.2f} lr at 10⁻⁸."
            ),
            check=lambda f: all(abs(step - 1) < 0.001 for step in f.first),
            without={"eps": 1.0},
        ),
        Claim(
            id="not_a_variance",
            sentence=lambda f: (
                f"For gradients that are all {f.gradient:g}, $\\hat v$ is {f.second_moment:.2f}, "
                f"and their variance {f.variance:g}: no mean is subtracted before squaring."
            ),
            check=lambda f: abs(f.second_moment - f.variance) > 1,
            without={"alternate": True},
        ),
        Claim(
            id="sum_or_mean",
            sentence=lambda f: (
                f"After {f.steps:,} gradients of 1 Adagrad keeps {f.adagrad_sum:,.0f}, the sum of "
                f"squares; RMSprop {f.rmsprop_mean:.2f} and Adam (corrected) {f.adam_mean:.2f}, "
                "means."
            ),
            check=lambda f: f.adagrad_sum > 100 * max(f.rmsprop_mean, f.adam_mean),
            without={"steps": 1},
        ),
        Claim(
            id="averages_start_small",
            sentence=lambda f: (
                f"After one gradient of 1 Adam's $m$ is {f.m_first:.1f} and its $v$ "
                f"{f.v_first:.3f}: both have started at 0 and are too small."
            ),
            check=lambda f: f.m_first < 0.5 and f.v_first < 0.5,
            without={"betas": (0.0, 0.0)},
        ),
        Claim(
            id="rmsprop_with_momentum",
            sentence=lambda f: (
                "Take the momentum away ($\\beta_1 = 0$), and Adam is RMSprop with a corrected "
                f"rate: over 200 steps they are {f.rmsprop_distance:.0e} of the way apart."
            ),
            check=lambda f: f.rmsprop_distance < 1e-9,
            without={"beta1": 0.9},
        ),
        Claim(
            id="gradient_is_no_distance",
            sentence=lambda f: (
                "Three bowls, each 1 away from its lowest point: the gradients are "
                + ", ".join(f"{g:g}" for g in f.gradients)
                + ". A gradient says how steep it is, not how far to go."
            ),
            check=lambda f: max(f.gradients) > 100 * min(f.gradients),
            without={"curvatures": (1.0, 1.0, 1.0)},
        ),
        Claim(
            id="closure_needs_gradients",
            sentence=lambda f: (
                "A `step` under `@torch.no_grad()` that calls its closure as it is stops with "
                f"“{f.closure}”."
            ),
            check=lambda f: "does not require grad" in f.closure,
            without={"enable": True},
        ),
    ),
)
