"""One strength for all layers, or one each; biases and normalization penalized or free."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.datasets import load_digits
from torch import Tensor, nn

from experiments.drawing import LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure

SEEDS = 5
ROWS, CHOOSE = 100, 800
SIZES = (64, 32, 32, 10)
STRENGTHS = (1e-4, 3e-4, 1e-3, 3e-3)
LR, STEPS = 0.01, 200
SPREAD = 8.0
SCHEMES = (
    ("the same for all", (1.0, 1.0, 1.0)),
    ("falling", (SPREAD, 1.0, 1 / SPREAD)),
    ("rising", (1 / SPREAD, 1.0, SPREAD)),
    ("last layer free", (1.0, 1.0, 0.0)),
    ("only the first", (1.0, 0.0, 0.0)),
)
"""What each layer's strength is multiplied by."""

Triple = tuple[float, ...]


@dataclass(frozen=True)
class Facts:
    """Test losses without the penalty; each scheme at the strength that validation rows choose."""

    rows: int
    choose: int
    judge: int
    seeds: int
    steps: int
    spread_factor: float
    schemes: tuple[str, ...]
    plain: float
    """Test loss without a penalty, mean over the seeds."""
    plain_spread: float
    losses: tuple[float, ...]
    """One for each scheme."""
    spreads: tuple[float, ...]
    """Standard deviations over the seeds."""
    by_seed: tuple[tuple[float, ...], ...]
    """Test loss minus the one without a penalty: a row for each scheme, a column for each seed."""
    best_strengths: tuple[float, ...]
    gain: float
    """Of the same strength for all over no penalty."""
    seeds_gained: int
    best_other: str
    best_other_difference: float
    """Test loss of the best other scheme minus that of the same for all."""
    best_other_spread: float
    strength: float
    """Chosen most often for the same strength for all; the facts below are measured at it."""
    free_norm: float
    """Norm of the last layer's weights, free while the others are penalized."""
    tied_norm: float
    """The same with all layers penalized."""
    plain_norm: float
    """The same with none penalized."""
    bias_difference: float
    """Test loss with biases penalized, too, minus the one with biases free."""
    bias_spread: float
    norm_strength: float
    norm_free: float
    """Test loss of the network with batch normalization, gamma and beta free."""
    norm_penalized: float
    norm_difference: float
    norm_spread: float
    gamma_free: float
    """Mean gamma of the first hidden layer."""
    gamma_penalized: float


@dataclass(frozen=True)
class Runs:
    """Final values; arrays of shape (settings, seeds)."""

    validation: np.ndarray
    test: np.ndarray
    last_norm: np.ndarray
    gamma: np.ndarray


def train_all(settings: list[Triple], *, bias: float = 0.0, normalized: bool = False) -> Runs:
    """Train one network for each setting and seed, all at once.

    Args:
        settings: The strengths of the three weights.
        bias: Strength on all other parameters, as a multiple of the first layer's.
        normalized: Whether batch normalization stands before each ReLU.
    """
    data, target = load_digits(return_X_y=True)
    images, labels = torch.tensor(data / 16, dtype=torch.float32), torch.tensor(target)
    generators = [torch.Generator().manual_seed(seed) for seed in range(SEEDS)]
    orders = [torch.randperm(len(images), generator=g) for g in generators]
    count = len(settings)

    def each(parts: list[Tensor]) -> Tensor:
        return torch.stack(parts).repeat(count, *[1] * parts[0].ndim)

    weights = [
        each([torch.randn(i, o, generator=g) * (2 / i) ** 0.5 for g in generators])
        for i, o in pairwise(SIZES)
    ]
    others = [torch.zeros(count * SEEDS, 1, o) for o in SIZES[1:]]
    gammas = [torch.ones(count * SEEDS, 1, o) for o in SIZES[1:-1]]
    trained = [*weights, *others, *(gammas if normalized else [])]
    for p in trained:
        p.requires_grad_()
    strengths = torch.tensor(settings).repeat_interleave(SEEDS, 0)  # (runs, 3)
    seen = each([order[:ROWS] for order in orders])
    x, y = images[seen], labels[seen]

    def logits(rows: Tensor) -> Tensor:
        hidden, reference = rows, x
        for k, (w, b) in enumerate(zip(weights, others, strict=True)):
            last = k == len(weights) - 1
            if normalized and not last:  # by the statistics of all training rows
                inputs = reference @ w
                mean, variance = inputs.mean(1, keepdim=True), inputs.var(1, keepdim=True)
                scale = gammas[k] / (variance + 1e-3).sqrt()
                hidden = torch.relu((hidden @ w - mean) * scale + b)
                reference = torch.relu((inputs - mean) * scale + b)
            else:
                hidden = torch.baddbmm(b, hidden, w)
                hidden = hidden if last else torch.relu(hidden)
        return hidden

    def losses(rows: Tensor, wanted: Tensor) -> Tensor:
        """Mean cross-entropy of each run."""
        each_row = nn.functional.cross_entropy(
            logits(rows).transpose(1, 2), wanted, reduction="none"
        )
        return each_row.mean(1)

    optimizer = torch.optim.Adam(trained, lr=LR)
    for _ in range(STEPS):
        optimizer.zero_grad()
        cost = losses(x, y)
        for k, w in enumerate(weights):
            cost = cost + strengths[:, k] * w.square().sum((1, 2))
        if bias:
            for p in trained[len(weights) :]:
                cost = cost + bias * strengths[:, 0] * p.square().sum((1, 2))
        cost.sum().backward()
        optimizer.step()

    def unseen(start: int, stop: int | None) -> np.ndarray:
        rows = each([order[start:stop] for order in orders])
        with torch.no_grad():
            return losses(images[rows], labels[rows]).reshape(count, SEEDS).double().numpy()

    def table(values: Tensor) -> np.ndarray:
        return values.detach().reshape(count, SEEDS).double().numpy()

    return Runs(
        validation=unseen(ROWS, ROWS + CHOOSE),
        test=unseen(ROWS + CHOOSE, None),
        last_norm=table(weights[-1].square().sum((1, 2)).sqrt()),
        gamma=table(gammas[0].abs().mean((1, 2))),
    )


def measure(scale: float = 1.0) -> Facts:
    """Train on 100 of the 1,797 digits; choose on 800 others, judge on the rest.

    Args:
        scale: Multiplies every strength; 0 takes the penalties away.
    """
    torch.set_num_threads(1)
    grid = {
        name: [tuple(scale * s * m for m in multiples) for s in STRENGTHS]
        for name, multiples in SCHEMES
    }
    plain: Triple = (0.0, 0.0, 0.0)
    settings = list(dict.fromkeys([plain, *(t for row in grid.values() for t in row)]))
    runs = train_all(settings)
    index = {t: k for k, t in enumerate(settings)}
    seeds = np.arange(SEEDS)
    none = runs.test[index[plain]]

    chosen, judged = {}, {}
    for name, row in grid.items():
        ks = np.array([index[t] for t in row])
        chosen[name] = runs.validation[ks].argmin(0)  # one for each seed ...
        judged[name] = runs.test[ks[chosen[name]], seeds]  # ... judged on other rows
    same = judged[SCHEMES[0][0]]
    other = min((name for name, _ in SCHEMES[1:]), key=lambda name: judged[name].mean())
    strength = STRENGTHS[int(np.median(chosen[SCHEMES[0][0]]))]
    tied, free = ((scale * strength,) * 3, (scale * strength, scale * strength, 0.0))

    with_bias = train_all([tied], bias=1.0).test[0] - runs.test[index[tied]]
    norm_strength = STRENGTHS[-1]
    normal: Triple = (scale * norm_strength,) * 3
    norm_free = train_all([normal], normalized=True)
    norm_penalized = train_all([normal], bias=1.0, normalized=True)
    norm_difference = norm_penalized.test[0] - norm_free.test[0]

    def spread(values: np.ndarray) -> float:
        return float(values.std(ddof=1))

    return Facts(
        rows=ROWS,
        choose=CHOOSE,
        judge=len(load_digits().target) - ROWS - CHOOSE,
        seeds=SEEDS,
        steps=STEPS,
        spread_factor=SPREAD,
        schemes=tuple(grid),
        plain=float(none.mean()),
        plain_spread=spread(none),
        losses=tuple(float(v.mean()) for v in judged.values()),
        spreads=tuple(spread(v) for v in judged.values()),
        by_seed=tuple(tuple(float(d) for d in v - none) for v in judged.values()),
        best_strengths=tuple(STRENGTHS[int(np.median(c))] for c in chosen.values()),
        gain=float((none - same).mean()),
        seeds_gained=int((same < none).sum()),
        best_other=other,
        best_other_difference=float((judged[other] - same).mean()),
        best_other_spread=spread(judged[other] - same),
        strength=strength,
        free_norm=float(runs.last_norm[index[free]].mean()),
        tied_norm=float(runs.last_norm[index[tied]].mean()),
        plain_norm=float(runs.last_norm[index[plain]].mean()),
        bias_difference=float(with_bias.mean()),
        bias_spread=spread(with_bias),
        norm_strength=norm_strength,
        norm_free=float(norm_free.test.mean()),
        norm_penalized=float(norm_penalized.test.mean()),
        norm_difference=float(norm_difference.mean()),
        norm_spread=spread(norm_difference),
        gamma_free=float(norm_free.gamma.mean()),
        gamma_penalized=float(norm_penalized.gamma.mean()),
    )


def draw_schemes(facts: Facts) -> MatplotlibFigure:
    """Test loss against that without a penalty: a row for each scheme, a dot for each seed."""
    figure = new_figure(width=5.8, height=3.4)
    axes = figure.subplots()
    for k, (row, loss) in enumerate(zip(facts.by_seed, facts.losses, strict=True)):
        colour = LIGHT["l2"] if k == 0 else LIGHT["muted"]
        axes.plot(row, [k] * len(row), "o", color=colour, markersize=5, alpha=0.6)
        axes.plot([loss - facts.plain] * 2, [k - 0.28, k + 0.28], color=colour, linewidth=3)
    axes.axvline(0, color=LIGHT["plain"], linewidth=1.5, linestyle=":")
    axes.text(-0.006, -0.72, "no penalty", color=LIGHT["plain"], ha="right", va="center")
    axes.set_yticks(range(len(facts.schemes)), facts.schemes)
    axes.set_ylim(len(facts.schemes) - 0.5, -1)
    axes.set_xlabel("test loss minus that without a penalty (nats)")
    return figure


EXPERIMENT = Experiment(
    question="Does a strength for each layer beat one strength for all?",
    measure=measure,
    claims=(
        Claim(
            id="one_strength_is_enough",
            sentence=lambda f: (
                f"One strength for all layers lowers the test loss from {f.plain:.3f} to "
                f"{f.losses[0]:.3f} (lower with {f.seeds_gained} of {f.seeds} seeds). The best "
                f"scheme with a strength for each layer, *{f.best_other}*, differs from it by "
                f"{f.best_other_difference:+.3f} ± {f.best_other_spread:.3f}: no more than the "
                "seeds do."
            ),
            check=lambda f: (
                f.seeds_gained == f.seeds
                and f.gain > 0.2 * f.plain
                and abs(f.best_other_difference) < f.best_other_spread
                and abs(f.best_other_difference) < 0.1 * f.gain
            ),
            without={"scale": 0.0},
        ),
        Claim(
            id="free_layer_grows",
            sentence=lambda f: (
                f"With the last layer left out ($\\lambda = {f.strength:g}$ on the others), the "
                f"norm of its weights grows to {f.free_norm:.1f}: more than without any penalty "
                f"({f.plain_norm:.1f}), and {f.free_norm / f.tied_norm:.1f} times that with all "
                f"layers penalized ({f.tied_norm:.1f})."
            ),
            check=lambda f: f.free_norm > 1.3 * f.plain_norm and f.free_norm > 1.8 * f.tied_norm,
            without={"scale": 0.0},
        ),
        Claim(
            id="biases_hardly_matter",
            sentence=lambda f: (
                f"Penalizing the biases, too, changes the test loss by {f.bias_difference:+.4f} ± "
                f"{f.bias_spread:.4f}; the penalty on the weights changes it by {-f.gain:+.2f}."
            ),
            check=lambda f: abs(f.bias_difference) + f.bias_spread < 0.1 * f.gain,
            without={"scale": 0.0},
        ),
        Claim(
            id="gamma_matters",
            sentence=lambda f: (
                f"With batch normalization it does matter: penalizing its gamma and beta as well "
                f"($\\lambda = {f.norm_strength:g}$) shrinks the mean gamma from "
                f"{f.gamma_free:.2f} to {f.gamma_penalized:.2f} and changes the test loss from "
                f"{f.norm_free:.3f} to {f.norm_penalized:.3f} ({f.norm_difference:+.3f} ± "
                f"{f.norm_spread:.3f})."
            ),
            check=lambda f: (
                f.gamma_penalized < 0.5 * f.gamma_free
                and f.norm_difference > f.norm_spread
                and f.norm_difference > 0.05 * f.norm_free
            ),
            without={"scale": 0.0},
        ),
    ),
    figures=(
        Figure(
            name="schemes",
            title=lambda _: "A strength for each layer is no better than one for all",
            caption=lambda f: (
                f"A network with three layers of weights on {f.rows} images of digits. Falling "
                f"and rising: the strengths differ by {f.spread_factor:g} from layer to layer. "
                f"Each dot is one of {f.seeds} seeds, each bar their mean. {f.choose} other images "
                f"choose each scheme's strength, {f.judge} more judge it."
            ),
            alt=lambda f: (
                f"Test loss minus the {f.plain:.2f} without a penalty, mean of {f.seeds} seeds: "
                + "; ".join(
                    f"{name} {loss - f.plain:+.2f}"
                    for name, loss in zip(f.schemes, f.losses, strict=True)
                )
                + "."
            ),
            draw=draw_schemes,
        ),
    ),
)
