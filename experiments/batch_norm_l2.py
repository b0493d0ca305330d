"""What L2 does to weights whose outputs batch norm normalizes."""

from dataclasses import dataclass

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

from experiments.experiment import Claim, Experiment

SEEDS = 5
ROWS, BATCH, HIDDEN = 200, 50, 32
LR, STEPS, EVERY = 0.125, 400, 20
L2 = 0.01
FACTOR = 10.0


@dataclass(frozen=True)
class Facts:
    """Means over the seeds; the largest over them where it says so."""

    seeds: int
    steps: int
    lr: float
    l2: float
    factor: float
    scaled_apart: float
    """Largest difference of an output after all weights were multiplied by the factor."""
    output: float
    """The largest output, for scale."""
    penalty_ratio: float
    gradient_ratio: float
    """Length of the gradient after / before."""
    apart: float
    """Largest difference of an output between L2 and a growing rate, all steps, all seeds."""
    norm_l2: float
    """Length of the first layer's weights, trained with L2."""
    norm_grown: float
    """With the growing rate in its place."""
    norm_none: float
    """With neither."""
    start_norm: float
    rate_growth: float
    """Last rate / first rate."""
    turn_l2: float
    """Angle by which the weights turn in a step, in degrees, mean of the last 50 steps."""
    turn_l2_spread: float
    """Standard deviation over the seeds."""
    turn_none: float
    turn_none_spread: float
    loss_l2: float
    """Test loss."""
    loss_none: float


def measure(normalized: bool = True) -> Facts:
    """Train a layer in front of batch norm with L2, and with a rate that grows instead.

    Args:
        normalized: Whether batch norm is there.
    """
    torch.set_num_threads(1)
    data, target = load_digits(return_X_y=True)
    images, labels = torch.tensor(data / 16), torch.tensor(target)
    shrink = 1 - 2 * LR * L2

    def forward(x: Tensor, parameters: list[Tensor]) -> Tensor:
        first, gamma, beta, second, bias = parameters
        h = x @ first
        if normalized:  # eps as good as 0, so that the scale of ``first`` cancels
            h = nn.functional.batch_norm(h, None, None, gamma, beta, training=True, eps=1e-30)
        return h.relu() @ second + bias

    def start(seed: int) -> list[Tensor]:
        generator = torch.Generator().manual_seed(seed)
        first = torch.randn(64, HIDDEN, generator=generator, dtype=torch.float64) / 8
        second = torch.randn(HIDDEN, 10, generator=generator, dtype=torch.float64) / HIDDEN**0.5
        gamma, beta, bias = (torch.zeros(k, dtype=torch.float64) for k in (HIDDEN, HIDDEN, 10))
        return [t.requires_grad_() for t in (first, gamma + 1, beta, second, bias)]

    def train(seed: int, way: str) -> tuple[Tensor, float, float, float]:
        order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
        batches = torch.Generator().manual_seed(seed + 1000)
        seen, unseen = order[:ROWS], order[ROWS:]
        parameters = start(seed)
        outputs, turns = [], []
        for t in range(STEPS):
            rows = seen[torch.randperm(ROWS, generator=batches)[:BATCH]]
            loss = nn.functional.cross_entropy(forward(images[rows], parameters), labels[rows])
            gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
            with torch.no_grad():
                first, before = parameters[0], parameters[0].clone()
                if way == "l2":
                    first *= shrink
                rate = LR * shrink ** -(2 * t + 1) if way == "grow" else LR
                for p, g in zip(parameters, gradients, strict=True):
                    if g is not None:
                        p -= (rate if p is first else LR) * g
                if t >= STEPS - 50:
                    cosine = (first * before).sum() / first.norm() / before.norm()
                    turns.append(torch.rad2deg(cosine.clamp(max=1).arccos()).item())
                if (t + 1) % EVERY == 0:
                    outputs.append(forward(images[unseen], parameters))
        test = nn.functional.cross_entropy(outputs[-1], labels[unseen]).item()
        norm = parameters[0].norm().item()
        return torch.stack(outputs).detach(), norm, sum(turns) / len(turns), test

    runs = {w: [train(seed, w) for seed in range(SEEDS)] for w in ("l2", "grow", "none")}

    def mean(way: str, k: int) -> float:
        return sum(float(run[k]) for run in runs[way]) / SEEDS

    def spread(way: str, k: int) -> float:
        return torch.tensor([float(run[k]) for run in runs[way]]).std().item()

    parameters = start(0)
    rows, found = slice(0, BATCH), []
    for scale in (1.0, FACTOR):
        scaled = [(parameters[0] * scale).detach().requires_grad_(), *parameters[1:]]
        output = forward(images[rows], scaled)
        loss = nn.functional.cross_entropy(output, labels[rows])
        found.append((output.detach(), torch.autograd.grad(loss, scaled[0])[0].norm().item()))
    pairs = zip(runs["l2"], runs["grow"], strict=True)
    return Facts(
        seeds=SEEDS,
        steps=STEPS,
        lr=LR,
        l2=L2,
        factor=FACTOR,
        scaled_apart=(found[1][0] - found[0][0]).abs().max().item(),
        output=found[0][0].abs().max().item(),
        penalty_ratio=FACTOR**2,
        gradient_ratio=found[1][1] / found[0][1],
        apart=max((a[0] - b[0]).abs().max().item() for a, b in pairs),
        norm_l2=mean("l2", 1),
        norm_grown=mean("grow", 1),
        norm_none=mean("none", 1),
        start_norm=sum(start(seed)[0].norm().item() for seed in range(SEEDS)) / SEEDS,
        rate_growth=shrink ** (-2 * (STEPS - 1)),
        turn_l2=mean("l2", 2),
        turn_l2_spread=spread("l2", 2),
        turn_none=mean("none", 2),
        turn_none_spread=spread("none", 2),
        loss_l2=mean("l2", 3),
        loss_none=mean("none", 3),
    )


EXPERIMENT = Experiment(
    question="Does L2 restrain a layer that batch norm follows?",
    measure=measure,
    claims=(
        Claim(
            id="scale_is_free",
            sentence=lambda f: (
                f"Multiply the weights before batch norm by {f.factor:g}: no output moves by more "
                f"than {f.scaled_apart:.0e}, the L2 penalty grows {f.penalty_ratio:g} times, and "
                f"the gradient shrinks to {f.gradient_ratio:.2f} of its length."
            ),
            check=lambda f: (
                f.scaled_apart < 1e-10 * f.output and abs(f.gradient_ratio - 1 / f.factor) < 1e-6
            ),
            without={"normalized": False},
        ),
        Claim(
            id="l2_is_a_learning_rate",
            sentence=lambda f: (
                f"SGD with L2 at a constant rate, and SGD without L2 whose rate for this layer "
                f"grows by $(1 - 2 \\eta \\lambda)^{{-2}}$ each step: over {f.steps} steps and "
                f"{f.seeds} seeds no output differs by more than {f.apart:.0e}. The weights "
                f"do: lengths {f.norm_l2:.1f} and {f.norm_grown:.1f}."
            ),
            check=lambda f: f.apart < 1e-9 and f.norm_grown > 2 * f.norm_l2,
            without={"normalized": False},
        ),
        Claim(
            id="l2_turns_faster",
            sentence=lambda f: (
                f"So L2 ($\\lambda = {f.l2:g}$, $\\eta = {f.lr:g}$) keeps the layer moving: at the "
                f"end, a step turns its weights by {f.turn_l2:.2f} ± {f.turn_l2_spread:.2f}°, "
                f"without L2 by {f.turn_none:.2f} ± {f.turn_none_spread:.2f}°."
            ),
            check=lambda f: f.turn_l2 > 3 * f.turn_none and f.apart < 1e-9,
            without={"normalized": False},
        ),
    ),
)
