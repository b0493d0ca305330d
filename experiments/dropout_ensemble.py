"""One network with dropout as an ensemble: the average over masks, and what it is worth."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.datasets import load_digits
from torch import Tensor, nn

from experiments.drawing import LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.pytorch.dropout_network import make_network, train
from snippets.pytorch.monte_carlo_dropout import monte_carlo_dropout

P = 0.5
SEEDS = 5
MEMBERS = 5
ROWS = 200
UNSEEN = 600
HIDDEN = 128
EPOCHS = 150
MASKS = 200
UNITS = 10
NAMES = (
    "one network without dropout",
    "dropout, evaluation mode",
    "dropout, mean over masks",
    "ensemble without dropout",
)


@dataclass(frozen=True)
class Facts:
    """Index k belongs to ``names[k]``; means over seeds, spreads are standard deviations."""

    p: float
    seeds: int
    members: int
    masks: int
    rows: int
    unseen: int
    names: tuple[str, ...]
    accuracy: tuple[float, ...]
    accuracy_spread: tuple[float, ...]
    nll: tuple[float, ...]
    """Mean negative log probability of the right class, in nats."""
    nll_spread: tuple[float, ...]
    confidence: tuple[float, ...]
    """Mean probability of the class that is named."""
    overconfidence: tuple[float, ...]
    """Confidence minus accuracy, in percentage points."""
    masks_better: int
    """Number of seeds in which the mean over masks has the lower loss."""
    ensemble_better: int
    """Number of seeds in which the ensemble has a lower loss than one network."""
    masks_beat_ensemble: int
    gap_mean: float
    """Between evaluation mode and the mean over masks, of all probabilities."""
    gap_largest: float
    same_class: float
    """Share of images for which both name the same class."""
    spread_right: float
    """Standard deviation over masks of the named class's probability, where it is right."""
    spread_wrong: float
    spread_ratio: float
    units: int
    all_masks: int
    geometric_gap: float
    """Of one layer: evaluation mode against the geometric mean over all masks."""
    arithmetic_gap: float
    """Of one layer: evaluation mode against the arithmetic mean over all masks."""


@cache
def digits() -> tuple[Tensor, Tensor]:
    """Images with pixels from 0 to 1, and their classes."""
    data, target = load_digits(return_X_y=True)
    return torch.tensor(data / 16, dtype=torch.float32), torch.tensor(target)


def split(seed: int) -> tuple[Tensor, Tensor]:
    """Rows to train on and rows to ask about."""
    order = torch.randperm(len(digits()[0]), generator=torch.Generator().manual_seed(seed))
    return order[:ROWS], order[ROWS : ROWS + UNSEEN]


@cache
def trained(seed: int, member: int, p: float) -> nn.Sequential:
    """A trained network in evaluation mode; members differ in their start."""
    images, labels = digits()
    seen, _ = split(seed)
    few = images[seen[:1]], labels[seen[:1]]  # nothing is chosen by validation here
    with torch.random.fork_rng():
        torch.manual_seed(100 * seed + member)
        model = make_network(64, 10, hidden=HIDDEN, p=p)
        train(model, images[seen], labels[seen], few, epochs=EPOCHS)
    return model


def every_mask(model: nn.Sequential, images: Tensor, p: float) -> tuple[float, float]:
    """Largest gaps of evaluation mode to the geometric and arithmetic mean over all masks."""
    hidden = model[:5](images).double()
    used = hidden[:, hidden.mean(0).argsort(descending=True)[:UNITS]]
    last = model[6]
    assert isinstance(last, nn.Linear)
    weights = last.weight.double()[:, :UNITS]  # a last layer on ten units
    bits = torch.arange(2**UNITS).unsqueeze(1) >> torch.arange(UNITS) & 1
    kept = bits.sum(1, keepdim=True)
    chance = p ** (UNITS - kept) * (1 - p) ** kept  # of each mask
    masked = used.unsqueeze(0) * (bits / (1 - p)).unsqueeze(1)  # (masks, n, units)
    log_p = (masked @ weights.T).log_softmax(-1)
    chance = chance.unsqueeze(-1).double()
    geometric = (chance * log_p).sum(0).softmax(-1)  # exp, then normalized
    arithmetic = (chance * log_p.exp()).sum(0)
    without = (used @ weights.T).softmax(-1)
    gaps = (geometric - without).abs().max(), (arithmetic - without).abs().max()
    return gaps[0].item(), gaps[1].item()


def measure(p: float = P, members: int = MEMBERS) -> Facts:
    """Train on 200 of the 1,797 digits, ask about 600 others in four ways.

    Args:
        p: The dropout rate; 0 takes dropout away.
        members: Number of networks in the ensemble; 1 takes the ensemble away.
    """
    images, labels = digits()
    accuracy, nll, confidence = (np.empty((len(NAMES), SEEDS)) for _ in range(3))
    gaps, largest, same, right_spread, wrong_spread = ([] for _ in range(5))
    for seed in range(SEEDS):
        dropped = trained(seed, 0, p)
        plain = [trained(seed, member, 0.0) for member in range(members)]
        _, unseen = split(seed)
        x, y = images[unseen], labels[unseen]
        with torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(seed)
            answers = torch.stack([model(x).softmax(1) for model in plain])
            evaluated = dropped(x).softmax(1)
            averaged, deviation = monte_carlo_dropout(dropped, x, samples=MASKS)
            if seed == 0:
                geometric_gap, arithmetic_gap = every_mask(dropped, x[:50], p)
            for k, probabilities in enumerate((answers[0], evaluated, averaged, answers.mean(0))):
                sure, named = probabilities.max(1)
                accuracy[k, seed] = (named == y).double().mean()
                confidence[k, seed] = sure.mean()
                nll[k, seed] = nn.functional.nll_loss(probabilities.log(), y)
            named = averaged.argmax(1)
            spread = deviation.gather(1, named.unsqueeze(1)).squeeze(1)
            gaps.append((evaluated - averaged).abs().mean().item())
            largest.append((evaluated - averaged).abs().max().item())
            same.append((evaluated.argmax(1) == named).double().mean().item())
            right_spread.append(spread[named == y].mean().item())
            wrong_spread.append(spread[named != y].mean().item())

    def floats(values: np.ndarray) -> tuple[float, ...]:
        return tuple(float(v) for v in values)

    right, wrong = float(np.mean(right_spread)), float(np.mean(wrong_spread))
    return Facts(
        p=p,
        seeds=SEEDS,
        members=members,
        masks=MASKS,
        rows=ROWS,
        unseen=UNSEEN,
        names=NAMES,
        accuracy=floats(accuracy.mean(1)),
        accuracy_spread=floats(accuracy.std(1, ddof=1)),
        nll=floats(nll.mean(1)),
        nll_spread=floats(nll.std(1, ddof=1)),
        confidence=floats(confidence.mean(1)),
        overconfidence=floats(100 * (confidence - accuracy).mean(1)),
        masks_better=int((nll[2] < nll[1]).sum()),
        ensemble_better=int((nll[3] < nll[0]).sum()),
        masks_beat_ensemble=int((nll[2] < nll[3]).sum()),
        gap_mean=float(np.mean(gaps)),
        gap_largest=float(np.max(largest)),
        same_class=float(np.mean(same)),
        spread_right=right,
        spread_wrong=wrong,
        spread_ratio=wrong / right if right else 1.0,
        units=UNITS,
        all_masks=2**UNITS,
        geometric_gap=geometric_gap,
        arithmetic_gap=arithmetic_gap,
    )


def draw(facts: Facts) -> MatplotlibFigure:
    """Loss on unseen images of the four ways to answer."""
    figure = new_figure(width=6.0, height=3.2)
    axes = figure.subplots()
    colours = ("plain", "dropout", "dropout", "plain")
    y = np.arange(len(facts.names))[::-1]
    for k, colour in enumerate(colours):
        axes.errorbar(
            facts.nll[k],
            y[k],
            xerr=facts.nll_spread[k],
            color=LIGHT[colour],
            marker="o",
            markersize=9,
            capsize=4,
        )
        name = facts.names[k] if k < 3 else f"{facts.members} networks without dropout, averaged"
        axes.text(facts.nll[k], y[k] + 0.2, name, ha="center", va="bottom", color=LIGHT["ink"])
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_ylim(-0.5, len(y) - 0.3)
    axes.set_xlim(0, 1.25 * (facts.nll[0] + facts.nll_spread[0]))
    axes.set_xlabel("negative log-likelihood on unseen images (nats per image)")
    return figure


EXPERIMENT = Experiment(
    question="Does a network with dropout answer like an average of many networks?",
    measure=measure,
    claims=(
        Claim(
            id="averages_differ",
            sentence=lambda f: (
                f"Evaluation mode is near the mean over {f.masks} masks, but is not it: "
                f"probabilities differ by {f.gap_mean:.3f} on average and by up to "
                f"{f.gap_largest:.2f}. Both name the same digit for {f.same_class:.1%} of the "
                f"images."
            ),
            check=lambda f: 0.001 < f.gap_mean < 0.05 and f.gap_largest > 0.1,
            without={"p": 0.0},
        ),
        Claim(
            id="mean_is_better_calibrated",
            sentence=lambda f: (
                f"The mean over masks is better calibrated: its negative log-likelihood is "
                f"{f.nll[2]:.3f} against {f.nll[1]:.3f} in evaluation mode (lower with "
                f"{f.masks_better} of {f.seeds} seeds), with nearly the same accuracy "
                f"({f.accuracy[2]:.1%} and {f.accuracy[1]:.1%}). Evaluation mode is too sure of "
                f"itself, by {f.overconfidence[1]:.1f} percentage points of confidence above "
                f"accuracy; the mean over masks is off by {f.overconfidence[2]:+.1f}."
            ),
            check=lambda f: (
                f.masks_better == f.seeds
                and f.nll[2] < 0.9 * f.nll[1]
                and abs(f.overconfidence[2]) < f.overconfidence[1]
                and abs(f.accuracy[2] - f.accuracy[1]) < 0.01
            ),
            without={"p": 0.0},
        ),
        Claim(
            id="explicit_ensemble",
            sentence=lambda f: (
                f"An explicit ensemble helps too: {f.members} networks without dropout, trained "
                f"from different starts and averaged, have a negative log-likelihood of "
                f"{f.nll[3]:.3f}, one of them alone {f.nll[0]:.3f}."
            ),
            check=lambda f: f.ensemble_better == f.seeds and f.nll[3] < 0.9 * f.nll[0],
            without={"members": 1},
        ),
        Claim(
            id="one_network_against_several",
            sentence=lambda f: (
                f"One network with dropout, averaged over masks, has a lower negative "
                f"log-likelihood than those {f.members} networks together, with "
                f"{f.masks_beat_ensemble} of {f.seeds} seeds."
            ),
            check=lambda f: f.masks_beat_ensemble == f.seeds,
            without={"p": 0.0},
        ),
        Claim(
            id="spread_warns",
            sentence=lambda f: (
                f"Where the answer is wrong, the masks disagree more: the probability of the named "
                f"digit has a standard deviation of {f.spread_wrong:.2f} over the masks, against "
                f"{f.spread_right:.2f} where the answer is right."
            ),
            check=lambda f: f.spread_ratio > 1.5,
            without={"p": 0.0},
        ),
        Claim(
            id="geometric_mean_is_exact",
            sentence=lambda f: (
                f"For one softmax layer on {f.units} units, evaluation mode equals the normalized "
                f"geometric mean over all {f.all_masks:,} masks: the largest difference of any "
                f"probability is {f.geometric_gap:.0e}. From the arithmetic mean it differs by up "
                f"to {f.arithmetic_gap:.2f}."
            ),
            check=lambda f: f.geometric_gap < 1e-12 and f.arithmetic_gap > 0.01,
            without={"p": 0.0},
        ),
    ),
    figures=(
        Figure(
            name="likelihood",
            title=lambda f: "Averaging makes better probabilities, over masks or over networks",
            caption=lambda f: (
                f"Networks trained on {f.rows} images of digits, asked about {f.unseen} others; "
                f"mean and standard deviation of {f.seeds} seeds. Further left is better. "
                f"The two red points are the same weights, asked in two ways."
            ),
            alt=lambda f: (
                "Negative log-likelihood on unseen images: "
                + ", ".join(f"{name} {v:.3f}" for name, v in zip(f.names, f.nll, strict=True))
                + "."
            ),
            draw=draw,
        ),
    ),
)
