"""Hard concrete gates on features of which five matter: which gates close, and what is left."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.linear_model import lasso_path
from torch import Tensor

from experiments.drawing import LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.pytorch.hard_concrete import BETA, GAMMA, ZETA, sample_gates

SEEDS = 10
ROWS, UNSEEN = 100, 2000
FEATURES, MATTER = 30, 5
TRUTH = (1.0, -1.0, 1.0, -1.0, 1.0)
STRENGTH = 0.2
STEPS, LR = 1500, 0.02
SHOWN = tuple(range(0, STEPS + 1, 50))


@dataclass(frozen=True)
class Facts:
    """Means over the data sets."""

    seeds: int
    rows: int
    features: int
    matter: int
    useless: int
    strength: float
    steps: int
    kept: float
    """Gates open, of the features that matter."""
    kept_useless: float
    size: float
    """Mean size of the weights that should be 1 or -1."""
    error: float
    """On new data, above the noise."""
    error_spread: float
    open_kept: float
    """Without the penalty: gates open of the useless features."""
    open_error: float
    lasso_kept: float
    lasso_useless: float
    lasso_size: float
    lasso_error: float
    lasso_spread: float
    better: int
    """Data sets in which the gates' error is below the lasso's."""
    shown: tuple[int, ...]
    matter_gate: tuple[float, ...]
    """Mean fixed gate of the features that matter, at the steps shown."""
    useless_gate: tuple[float, ...]
    at_half: int
    """The first step shown at which half of the useless gates are exactly zero."""


@cache
def draw_data() -> tuple[np.ndarray, np.ndarray]:
    """Features (seeds, rows, d) and targets; the first rows are for training."""
    features, targets = [], []
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(ROWS + UNSEEN, FEATURES))
        features.append(x)
        targets.append(x[:, :MATTER] @ TRUTH + rng.normal(size=len(x)))
    return np.array(features), np.array(targets)


def fixed_gates(log_alpha: Tensor) -> Tensor:
    """Gates without noise."""
    return (log_alpha.sigmoid() * (ZETA - GAMMA) + GAMMA).clamp(0, 1)


@cache
def with_gates(strength: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights (seeds, d) and errors at the end, and gates (steps shown, seeds, d).

    All data sets train side by side: Adam treats each number by itself, so each of them takes
    the steps that it would take alone.
    """
    features, targets = (torch.from_numpy(a) for a in draw_data())
    x, y = features[:, :ROWS], targets[:, :ROWS]
    generator = torch.Generator().manual_seed(0)
    log_alpha = torch.full((SEEDS, FEATURES), 2.0, dtype=torch.float64, requires_grad=True)
    weights = torch.zeros(SEEDS, FEATURES, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(SEEDS, 1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([log_alpha, weights, bias], lr=LR)
    gates = []
    for step in range(STEPS + 1):
        if step in SHOWN:
            gates.append(fixed_gates(log_alpha.detach()).numpy())
        optimizer.zero_grad()
        noise = torch.rand(SEEDS, FEATURES, generator=generator, dtype=torch.float64)
        product = weights * sample_gates(log_alpha, noise.clamp(1e-6, 1 - 1e-6))
        errors = torch.einsum("sni,si->sn", x, product) + bias - y
        open_gates = (log_alpha - BETA * np.log(-GAMMA / ZETA)).sigmoid().sum()
        loss = errors.square().mean(1).sum() + strength * open_gates
        if step < STEPS:
            loss.backward()
            optimizer.step()
    found = (weights * fixed_gates(log_alpha)).detach()
    rest = features[:, ROWS:]
    errors = torch.einsum("sni,si->sn", rest, found) + bias.detach() - targets[:, ROWS:]
    return found.numpy(), errors.square().mean(1).numpy() - 1, np.array(gates)


@cache
def with_lasso() -> tuple[np.ndarray, np.ndarray]:
    """The lasso's weights and errors, at the strength that predicts the new data best."""
    weights, errors = [], []
    for x, y in zip(*draw_data(), strict=True):
        mean, level = x[:ROWS].mean(0), y[:ROWS].mean()
        _, paths, *_ = lasso_path(
            x[:ROWS] - mean, y[:ROWS] - level, alphas=np.geomspace(1, 1e-3, 40)
        )
        squares = ((x[ROWS:] - mean) @ paths + level - y[ROWS:, None]) ** 2
        best = squares.mean(0).argmin()
        weights.append(paths[:, best])
        errors.append(squares.mean(0)[best] - 1)
    return np.array(weights), np.array(errors)


def measure(scale: float = 1.0) -> Facts:
    """Train 10 linear models with gates, and compare with the lasso.

    Args:
        scale: Multiplies the strength; 0 takes the penalty away.
    """
    weights, errors, gates = with_gates(scale * STRENGTH)
    free_weights, free_errors, _ = with_gates(0.0)
    lasso, lasso_errors = with_lasso()

    def kept(of: np.ndarray) -> float:
        return float((of != 0).sum(1).mean())

    closed = (gates[:, :, MATTER:] == 0).mean((1, 2))
    return Facts(
        seeds=SEEDS,
        rows=ROWS,
        features=FEATURES,
        matter=MATTER,
        useless=FEATURES - MATTER,
        strength=STRENGTH,
        steps=STEPS,
        kept=kept(weights[:, :MATTER]),
        kept_useless=kept(weights[:, MATTER:]),
        size=float(np.abs(weights[:, :MATTER]).mean()),
        error=float(errors.mean()),
        error_spread=float(errors.std(ddof=1)),
        open_kept=kept(free_weights[:, MATTER:]),
        open_error=float(free_errors.mean()),
        lasso_kept=kept(lasso[:, :MATTER]),
        lasso_useless=kept(lasso[:, MATTER:]),
        lasso_size=float(np.abs(lasso[:, :MATTER]).mean()),
        lasso_error=float(lasso_errors.mean()),
        lasso_spread=float(lasso_errors.std(ddof=1)),
        better=int((errors < lasso_errors).sum()),
        shown=SHOWN,
        matter_gate=tuple(float(v) for v in gates[:, :, :MATTER].mean((1, 2))),
        useless_gate=tuple(float(v) for v in gates[:, :, MATTER:].mean((1, 2))),
        at_half=next((t for t, c in zip(SHOWN, closed, strict=True) if c >= 0.5), -1),
    )


def draw_gates(facts: Facts) -> MatplotlibFigure:
    """The mean gate of both kinds of features over the steps."""
    figure = new_figure(width=5.8, height=3.4)
    axes = figure.subplots()
    axes.plot(facts.shown, facts.matter_gate, color=LIGHT["ink"])
    axes.plot(facts.shown, facts.useless_gate, color=LIGHT["plain"], linestyle="--")
    axes.text(facts.steps, 0.95, f"{facts.matter} that matter", ha="right", va="top")
    axes.text(
        facts.steps, 0.05, f"{facts.useless} useless", color=LIGHT["plain"], ha="right", va="bottom"
    )
    axes.set_xlim(0, facts.steps)
    axes.set_ylim(-0.03, 1.05)
    axes.set_xlabel("step")
    axes.set_ylabel("mean gate (0 closed, 1 open)")
    return figure


EXPERIMENT = Experiment(
    question="Do hard concrete gates close on the useless features, and leave the others alone?",
    measure=measure,
    claims=(
        Claim(
            id="closes_the_useless",
            sentence=lambda f: (
                f"Of {f.useless} useless features the gates leave {f.kept_useless:.1f} open, and "
                f"of {f.matter} that matter {f.kept:.1f}. The lasso at its best strength keeps "
                f"{f.lasso_useless:.1f} and {f.lasso_kept:.1f}."
            ),
            check=lambda f: (
                f.kept == f.matter
                and f.kept_useless < 1
                and f.lasso_useless > 5 * max(f.kept_useless, 0.5)
            ),
            without={"scale": 0.0},
        ),
        Claim(
            id="does_not_shrink",
            sentence=lambda f: (
                f"Weights of true size 1 end at {f.size:.2f} on average; the lasso leaves "
                f"{f.lasso_size:.2f}. The error above the noise is {f.error:.2f} instead of "
                f"{f.lasso_error:.2f}, lower in {f.better} of {f.seeds} data sets."
            ),
            check=lambda f: (
                abs(f.size - 1) < 0.5 * abs(f.lasso_size - 1)
                and f.error < 0.7 * f.lasso_error
                and f.better >= 0.9 * f.seeds
            ),
            without={"scale": 0.0},
        ),
    ),
    figures=(
        Figure(
            name="gates",
            title=lambda _: "Counting closes the useless gates and leaves the others open",
            caption=lambda f: (
                f"Mean gate, without noise, of {f.features} features during training; mean of "
                f"{f.seeds} data sets of {f.rows} rows, $\\lambda = {f.strength:g}$. From step "
                f"{f.at_half} on, half of the useless gates are exactly 0."
            ),
            alt=lambda f: (
                f"Mean gate over {f.steps} steps. All start at {f.matter_gate[0]:.2f}. The gates "
                f"of features that matter end at {f.matter_gate[-1]:.2f}, the others at "
                f"{f.useless_gate[-1]:.2f}."
            ),
            draw=draw_gates,
        ),
    ),
)
