"""Which ways of training with L1 reach exact zeros."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.datasets import load_diabetes

from experiments.drawing import LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.numpy.custom_adam import CustomAdam
from snippets.numpy.l1_penalty import l1_subgradient
from snippets.numpy.soft_threshold import soft_threshold
from snippets.sklearn.l1_training import train

STRENGTH = 0.1
LR = 0.02
ADAM_LR = 0.001
STARTS = 5
STEPS = 20_000
SHOWN = tuple(sorted({round(v) for v in np.geomspace(1, STEPS, 90)}))


@dataclass(frozen=True)
class Way:
    """What one way of training ended with, over all starts."""

    label: str
    zeros: int
    """Weights exactly 0."""
    largest: float
    """The largest of the weights that the exact solution has at 0, without sign."""
    typical: float
    """The median of the same weights."""
    error: float
    """The largest difference of any weight from the exact solution."""
    curve: tuple[float, ...]
    """``largest`` at the steps of ``Facts.shown``."""


@dataclass(frozen=True)
class Facts:
    """Weights exactly zero after training, against the exact solution."""

    features: int
    starts: int
    steps: int
    l1: float
    lr: float
    adam_lr: float
    lr_times_l1: float
    exact_zeros: int
    """Of the exact solution, by coordinate descent."""
    wanted: int
    """The same, times the number of starts."""
    weights: int
    shown: tuple[int, ...]
    sgd: Way
    slower: Way
    """SGD with a quarter of the learning rate."""
    decayed: Way
    """SGD with a learning rate that falls to nothing."""
    single: Way
    """SGD in float32."""
    adam: Way
    proximal: Way
    all_from: int
    """The step from which on the proximal weights are zero where they should be; 0 if never."""


def problem() -> tuple[np.ndarray, np.ndarray]:
    """The diabetes data: ten features and their squares and products, standardized."""
    base, targets = load_diabetes(return_X_y=True)
    pairs = [(i, j) for i in range(10) for j in range(i, 10) if (i, j) != (1, 1)]  # sex is binary
    features = np.column_stack([base, *(base[:, i] * base[:, j] for i, j in pairs)])
    features = (features - features.mean(0)) / features.std(0)
    return features, (targets - targets.mean()) / targets.std()


def measure(step: str = "each") -> Facts:
    """Train from five random starts in every way, 20,000 full-batch steps each.

    Args:
        step: "each" way its own step; or "subgradient" or "proximal" for every way alike.
    """
    features, targets = problem()
    rows, columns = features.shape
    exact, _ = train(features, targets, l1=STRENGTH)
    gram, moment = features.T @ features / rows, (features.T @ targets / rows)[:, None]
    start = 0.3 * np.random.default_rng(0).normal(size=(columns, STARTS))
    off = exact == 0
    found_at = 0

    def descend(
        label: str,
        lr: float = LR,
        *,
        decay: bool = False,
        dtype: str = "float64",
        adam: bool = False,
        proximal: bool = False,
    ) -> Way:
        nonlocal found_at
        proximal = step == "proximal" or (proximal and step == "each")
        matrix, vector = gram.astype(dtype), moment.astype(dtype)
        weights = start.astype(dtype)
        optimizer = CustomAdam(lr=lr)
        curve = []
        for t in range(1, STEPS + 1):
            now = lr * (1 - (t - 1) / STEPS) if decay else lr
            gradient = 2 * (matrix @ weights - vector)
            if not proximal:
                (slope,) = l1_subgradient([weights], STRENGTH)
                gradient += slope
            if adam:
                optimizer.step([weights], [gradient])
            else:
                weights -= now * gradient
            if proximal:
                weights = soft_threshold(weights, now * STRENGTH)
                if not adam and not found_at and np.array_equal(weights != 0, np.outer(~off, one)):
                    found_at = t
            if t in shown:
                curve.append(float(np.abs(weights[off]).max()))
        small = np.abs(weights[off])
        return Way(
            label=label,
            zeros=int((weights == 0).sum()),
            largest=float(small.max()),
            typical=float(np.median(small)),
            error=float(np.abs(weights - exact[:, None]).max()),
            curve=tuple(curve),
        )

    one, shown = np.ones(STARTS, dtype=bool), set(SHOWN)
    proximal = descend("SGD, then soft threshold", proximal=True)
    all_from = found_at
    return Facts(
        features=columns,
        starts=STARTS,
        steps=STEPS,
        l1=STRENGTH,
        lr=LR,
        adam_lr=ADAM_LR,
        lr_times_l1=LR * STRENGTH,
        exact_zeros=int(off.sum()),
        wanted=int(off.sum()) * STARTS,
        weights=columns * STARTS,
        shown=SHOWN,
        sgd=descend("SGD"),
        slower=descend("SGD, a quarter of the rate", LR / 4),
        decayed=descend("SGD, rate falling to 0", decay=True),
        single=descend("SGD in float32", dtype="float32"),
        adam=descend("Adam", ADAM_LR, adam=True),
        proximal=proximal,
        all_from=all_from,
    )


def draw_distance(facts: Facts) -> MatplotlibFigure:
    """The largest weight that should be zero, over the steps."""
    figure = new_figure(width=5.8, height=4.0)
    axes = figure.subplots()
    for way, colour, name in (
        (facts.sgd, "plain", "SGD"),
        (facts.adam, "adam", "Adam"),
        (facts.decayed, "muted", "SGD, its rate\nfalling to 0"),
    ):
        style = ":" if way is facts.decayed else "-"
        axes.plot(facts.shown, way.curve, color=LIGHT[colour], linestyle=style)
        place = facts.steps * 1.2, way.curve[-1]
        axes.text(*place, name, color=LIGHT[colour], va="center", fontsize=11)
    curve = [(t, v) for t, v in zip(facts.shown, facts.proximal.curve, strict=True) if v > 0]
    steps, values = zip(*curve, strict=True)
    floor = 3e-7
    axes.plot([*steps, facts.all_from], [*values, floor], color=LIGHT["l1"])
    axes.plot(facts.all_from, floor, "o", color=LIGHT["l1"], markersize=9, clip_on=False)
    axes.annotate(
        f"soft threshold:\nall exactly 0\nfrom step {facts.all_from}",
        (facts.all_from, floor),
        xytext=(-12, 4),
        textcoords="offset points",
        ha="right",
        va="bottom",
        color=LIGHT["l1"],
    )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(floor, 3)
    axes.set_xlim(1, facts.steps * 40)
    axes.set_xticks([1, 10, 100, 1000, 10_000], ["1", "10", "100", "1,000", "10,000"])
    axes.set_xlabel("step")
    axes.set_ylabel("largest weight that should be 0")
    return figure


EXPERIMENT = Experiment(
    question="Which ways of training with L1 make weights exactly zero?",
    measure=measure,
    claims=(
        Claim(
            id="gradient_descent_never",
            sentence=lambda f: (
                f"The exact solution has {f.exact_zeros} of {f.features} weights at zero. After "
                f"{f.steps:,} steps from each of {f.starts} starts, not one of {f.weights} weights "
                f"is exactly zero with SGD, with SGD in float32, with a rate that falls to 0, or "
                f"with Adam."
            ),
            check=lambda f: (
                all(w.zeros == 0 for w in (f.sgd, f.slower, f.single, f.decayed))
                and f.adam.zeros == 0
                and f.exact_zeros > f.features / 2
            ),
            without={"step": "proximal"},
        ),
        Claim(
            id="soft_threshold_does",
            sentence=lambda f: (
                f"With a soft threshold after each step, all {f.proximal.zeros} of {f.wanted} "
                f"weights that should be zero are, from step {f.all_from} on, and the others are "
                f"right to {f.proximal.error:.0e}."
            ),
            check=lambda f: (
                f.proximal.zeros == f.wanted
                and 0 < f.all_from < f.steps / 10
                and f.proximal.error < 1e-8
            ),
            without={"step": "subgradient"},
        ),
        Claim(
            id="distance_is_rate_times_strength",
            sentence=lambda f: (
                f"SGD leaves them about as far from zero as one step is long, $\\eta\\lambda = "
                f"{f.lr_times_l1:g}$: typically {f.sgd.typical:.4f}, at most {f.sgd.largest:.4f}. "
                f"A quarter of the rate leaves {f.slower.typical:.5f}, "
                f"{f.sgd.typical / f.slower.typical:.1f} times less."
            ),
            check=lambda f: (
                0.25 < f.sgd.typical / f.lr_times_l1 < 1
                and 1 < f.sgd.largest / f.lr_times_l1 < 3
                and 3 < f.sgd.typical / f.slower.typical < 5
            ),
            without={"step": "proximal"},
        ),
    ),
    figures=(
        Figure(
            name="distance",
            title=lambda f: "Gradient descent circles around zero; a soft threshold arrives",
            caption=lambda f: (
                f"The largest of the {f.wanted} weights that should be zero ({f.exact_zeros} of "
                f"{f.features}, from {f.starts} starts): a linear model of the diabetes data with "
                f"squares and products of its features, $\\lambda = {f.l1:g}$. Smaller rates bring "
                f"gradient descent nearer, never there."
            ),
            alt=lambda f: (
                f"Largest weight that should be zero over {f.steps:,} steps, on logarithmic axes. "
                f"SGD stays at {f.sgd.largest:.4f}, Adam at {f.adam.largest:.4f}, SGD with a "
                f"falling rate ends at {f.decayed.largest:.1e}. With the soft threshold all are "
                f"exactly zero from step {f.all_from} on."
            ),
            draw=draw_distance,
        ),
    ),
)
