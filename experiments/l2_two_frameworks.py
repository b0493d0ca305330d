"""The same L2 in PyTorch and in Keras, step by step."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import altair as alt
import keras
import numpy as np
import tensorflow as tf
import torch
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.datasets import load_diabetes
from torch import nn

from experiments.charts import slider
from experiments.drawing import CSS, LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.pytorch.decay_groups import decay_groups

# Exact in float32: Keras rounds hyperparameters to it even where weights are float64.
STRENGTH = 2.0**-6
LR = 2.0**-4
STEPS = 400
FACTORS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0)
NEAR = tuple(sorted(2 + sign * 10.0**-k for k in range(1, 7) for sign in (-1, 1)))
FLOOR = 1e-17  # where an exact zero is drawn on a logarithmic axis
SHOWN = tuple(sorted({round(v) for v in np.geomspace(1, STEPS, 28)}))

Arrays = list[np.ndarray]


@dataclass(frozen=True)
class Facts:
    """Largest difference of any parameter between the two frameworks, relative to the largest."""

    l2: float
    lr: float
    steps: int
    shown: tuple[int, ...]
    """The steps at which the distances were written down."""
    factors: tuple[float, ...]
    weights_only: tuple[tuple[float, ...], ...]
    """One row for each factor, one column for each shown step: biases free."""
    biases_too: tuple[tuple[float, ...], ...]
    curve: tuple[tuple[float, float], ...]
    """Factors, with more of them around 2, and the distance after the last step: biases free."""
    equal: float
    """Over all steps, at factor 2 with free biases."""
    half: float
    """The same at factor 1."""
    biases: float
    """The same at factor 2 with decayed biases."""


def keras_path(start: Arrays, features: np.ndarray, targets: np.ndarray, l2: float) -> list[Arrays]:
    """All parameters after each step in Keras, with ``kernel_regularizer=l2(l2)``."""
    model = keras.Sequential(
        [
            keras.Input((features.shape[1],), dtype="float64"),
            keras.layers.Dense(
                8,
                activation="tanh",
                kernel_regularizer=keras.regularizers.l2(l2),
                dtype="float64",
            ),
            keras.layers.Dense(1, kernel_regularizer=keras.regularizers.l2(l2), dtype="float64"),
        ]
    )
    model.set_weights(start)
    optimizer = keras.optimizers.SGD(LR)
    optimizer.build(model.trainable_variables)
    x, y = tf.constant(features), tf.constant(targets)

    @tf.function  # type: ignore[untyped-decorator]
    def step() -> None:
        with tf.GradientTape() as tape:
            data_loss = tf.reduce_mean(tf.square(model(x, training=True)[:, 0] - y))
            loss = data_loss + sum(model.losses)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)

    path = []
    for _ in range(STEPS):
        step()
        path.append([v.numpy() for v in model.trainable_variables])
    return path


def torch_path(
    start: Arrays,
    features: np.ndarray,
    targets: np.ndarray,
    *,
    weight_decay: float,
    decay_biases: bool,
) -> list[Arrays]:
    """All parameters after each step in PyTorch, in the layout of Keras."""
    model = nn.Sequential(nn.Linear(features.shape[1], 8), nn.Tanh(), nn.Linear(8, 1)).double()
    with torch.no_grad():
        for parameter, array in zip(model.parameters(), start, strict=True):
            parameter.copy_(torch.from_numpy(array.T))
    if decay_biases:
        optimizer = torch.optim.SGD(model.parameters(), lr=LR, weight_decay=weight_decay)
    else:
        optimizer = torch.optim.SGD(decay_groups(model, weight_decay / 2), lr=LR)
    x, y = torch.from_numpy(features), torch.from_numpy(targets)
    path = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x).squeeze(1), y)
        loss.backward()
        optimizer.step()
        path.append([p.detach().numpy().T.copy() for p in model.parameters()])
    return path


def distances(one: list[Arrays], other: list[Arrays]) -> np.ndarray:
    """Largest difference of any parameter after each step, relative to the largest parameter."""
    size = max(np.abs(a).max() for arrays in one for a in arrays)
    return np.array(
        [
            max(np.abs(a - b).max() for a, b in zip(left, right, strict=True)) / size
            for left, right in zip(one, other, strict=True)
        ]
    )


def measure(l2: float = STRENGTH) -> Facts:
    """Train the same small network from the same start on 64 patients of the diabetes data."""
    features, targets = load_diabetes(return_X_y=True)
    features = features[:64] / features.std(0)
    targets = (targets[:64] - targets.mean()) / targets.std()
    rng = np.random.default_rng(0)
    start = [rng.normal(size=s) / 3 for s in ((features.shape[1], 8), (8,), (8, 1), (1,))]
    reference = keras_path(start, features, targets, l2)

    @cache
    def distance(decay: float, decay_biases: bool) -> np.ndarray:
        path = torch_path(start, features, targets, weight_decay=decay, decay_biases=decay_biases)
        return distances(reference, path)

    measured = {
        (factor, decay_biases): distance(factor * l2, decay_biases)
        for factor in FACTORS
        for decay_biases in (False, True)
    }

    def rows(decay_biases: bool) -> tuple[tuple[float, ...], ...]:
        return tuple(
            tuple(float(measured[factor, decay_biases][t - 1]) for t in SHOWN) for factor in FACTORS
        )

    near = {factor: distance(factor * l2, False) for factor in NEAR}
    curve = {factor: measured[factor, False] for factor in FACTORS} | near
    return Facts(
        l2=l2,
        lr=LR,
        steps=STEPS,
        shown=SHOWN,
        factors=FACTORS,
        weights_only=rows(False),
        biases_too=rows(True),
        curve=tuple((factor, float(curve[factor][-1])) for factor in sorted(curve)),
        equal=float(measured[2.0, False].max()),
        half=float(measured[1.0, False].max()),
        biases=float(measured[2.0, True].max()),
    )


def draw(facts: Facts) -> MatplotlibFigure:
    """The distance after the last step over the factor."""
    figure = new_figure(width=5.8, height=3.6)
    axes = figure.subplots()
    all_of_them = [max(row[-1], FLOOR) for row in facts.biases_too]
    axes.plot(facts.factors, all_of_them, color=LIGHT["plain"])
    factors, free = zip(*((c, max(d, FLOOR)) for c, d in facts.curve), strict=True)
    axes.plot(factors, free, color=LIGHT["l2"])
    axes.plot(2, min(free), "o", color=LIGHT["l2"], markersize=8)
    axes.set_yscale("log")
    axes.set_ylim(FLOOR, 30)
    axes.annotate(
        "weights decayed,\nbiases free",
        (2, min(free)),
        xytext=(14, 12),
        textcoords="offset points",
        color=LIGHT["l2"],
    )
    axes.text(4, max(all_of_them) * 2.5, "biases decayed too", color=LIGHT["plain"], ha="right")
    axes.set_xlabel("factor c in weight_decay = c · λ (dimensionless)")
    axes.set_ylabel("largest relative difference\nfrom Keras l2(λ)")
    return figure


def chart(facts: Facts) -> alt.TopLevelMixin:
    """The distance over the steps, at the factor of a slider."""
    kinds = (("biases free", facts.weights_only), ("biases decayed too", facts.biases_too))
    lines = [
        {"c": c, "t": t, "d": float(f"{max(d, FLOOR):.2e}"), "kind": kind}
        for kind, rows in reversed(kinds)  # the wide line first, the thin one upon it
        for c, row in zip(facts.factors, rows, strict=True)
        for t, d in zip(facts.shown, row, strict=True)
    ]
    texts = [
        {
            "c": c,
            "top": f"weight_decay = {c:g} · λ",
            "free": f"biases free: {free[-1]:.0e}",
            "both": f"biases decayed too: {both[-1]:.0e}",
        }
        for c, free, both in zip(facts.factors, facts.weights_only, facts.biases_too, strict=True)
    ]
    factor = slider("factor", "Factor c of weight_decay", low=0, high=4, step=0.5, value=1.0)
    chosen = "datum.c == factor"
    line = (
        alt.Chart(alt.InlineData(values=lines))
        .transform_filter(chosen)
        .mark_line()
        .encode(
            x=alt.X(
                "t:Q",
                title="step",
                scale=alt.Scale(domain=[0, facts.steps], nice=False),
                axis=alt.Axis(tickCount=5),
            ),
            y=alt.Y(
                "d:Q",
                title="largest relative difference",
                scale=alt.Scale(type="log", domain=[FLOOR, 1e7], nice=False),
                axis=alt.Axis(format=".0e", values=[1e-16, 1e-12, 1e-8, 1e-4, 1], titlePadding=14),
            ),
            color=alt.Color(
                "kind:N",
                title=None,
                scale=alt.Scale(domain=[k for k, _ in kinds], range=[CSS["l2"], CSS["plain"]]),
                legend=None,  # the colored lines of text name the curves
            ),
            strokeWidth=alt.condition("datum.kind == 'biases free'", alt.value(2.5), alt.value(7)),
        )
    )
    text = alt.Chart(alt.InlineData(values=texts)).transform_filter(chosen)

    def row(field: str, y: int, colour: str) -> Any:
        mark = text.mark_text(align="left", baseline="top", fontSize=14, color=CSS[colour])
        return mark.encode(x=alt.value(6), y=alt.value(y), text=f"{field}:N")

    layers = alt.layer(line, row("top", 4, "ink"), row("free", 24, "l2"), row("both", 44, "plain"))
    return layers.add_params(*factor).properties(width="container", height=300)


EXPERIMENT = Experiment(
    question="Which `weight_decay` in PyTorch is `l2(λ)` in Keras?",
    measure=measure,
    claims=(
        Claim(
            id="factor_two",
            sentence=lambda f: (
                f"With `weight_decay` = $2\\lambda$ on the weights and 0 on the biases, PyTorch "
                f"follows Keras `l2(λ)` through all {f.steps} steps to {f.equal:.0e}, the "
                f"precision of the numbers; with `weight_decay` = $\\lambda$ the two are "
                f"{f.half:.1%} apart."
            ),
            check=lambda f: f.equal <= 1e-12 and f.half > 1e-2,
            without={"l2": 0.0},
        ),
        Claim(
            id="biases_count",
            sentence=lambda f: (
                f"With the right factor but decayed biases (`weight_decay` on "
                f"`model.parameters()`) they are {f.biases:.1%} apart."
            ),
            check=lambda f: f.biases > 1e-3,
            without={"l2": 0.0},
        ),
    ),
    figures=(
        Figure(
            name="distance",
            title=lambda f: "Only weight_decay = 2λ, on the weights alone, is Keras l2(λ)",
            caption=lambda f: (
                f"The same network, start and data in both frameworks, in double precision. At "
                f"factor 2 with free biases the difference stays at {f.equal:.0e}: rounding. At "
                f"any other factor, or with decayed biases, two different models are trained."
            ),
            alt=lambda f: (
                f"Relative difference between PyTorch and Keras after {f.steps} steps over the "
                f"factor c in weight_decay = c times lambda, on a logarithmic axis. With free "
                f"biases it drops to {f.weights_only[4][-1]:.0e} at c = 2 alone; at c = 1 it is "
                f"{f.weights_only[2][-1]:.0e}. With decayed biases it is "
                f"{f.biases_too[4][-1]:.0e} at c = 2 and never small."
            ),
            draw=draw,
            chart=chart,
        ),
    ),
)
