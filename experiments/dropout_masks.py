"""Masks on one hidden layer: what is kept on average, before and after the next activation."""

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import torch
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.datasets import load_digits
from torch import Tensor, nn

from experiments.charts import one_of, slider
from experiments.drawing import CSS, LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.numpy.dropout import dropout_mask
from snippets.pytorch.dropout_network import make_network, train

P = 0.5
HIDDEN = 64
UNITS = 16
ROWS = 200
MASKS = 2000
IMAGES = 50
BATCHES = (1, 2, 4, 8, 32)
DRAWS = 20
WIDE = 200
RATES = tuple(round(0.1 * k, 1) for k in range(10))
COUNTS = (1, 2, 5, 10, 30, 100, 300, 1000)


@dataclass(frozen=True)
class Facts:
    """What masks with the rate ``p`` do to real activations."""

    p: float
    factor: float
    hidden: int
    units: int
    """Shown in the picture: the first ones that are not 0 without dropout."""
    masks: int
    images: int
    activations: tuple[float, ...]
    """Of the first hidden layer for one unseen image, without dropout."""
    rates: tuple[float, ...]
    counts: tuple[int, ...]
    means: tuple[tuple[tuple[float, ...], ...], ...]
    """By rate and number of masks: the mean of each masked activation."""
    sums: tuple[tuple[float, ...], ...]
    """By rate and number of masks: the mean of the sum of all masked activations."""
    exact_sum: float
    slope_before: float
    """Of the mean over masks against the value without, for all inputs of the next layer."""
    relu_without: float
    """Mean output of the next layer's units after ReLU, without dropout."""
    relu_with: float
    relu_more: float
    """By which share the second is larger."""
    noise: float
    """Standard deviation that the masks add to an input of the next layer, root mean square."""
    batches: tuple[int, ...]
    wide: int
    draws: int
    untrained: tuple[float, ...]
    """By batch size: share of hidden units that get no gradient, mean over the draws."""
    untrained_units: tuple[float, ...]


def network_parts() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hidden activations of unseen images; weights and biases of the next layer."""
    data, target = load_digits(return_X_y=True)
    images, labels = torch.tensor(data / 16, dtype=torch.float32), torch.tensor(target)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        order = torch.randperm(len(images))
        model = make_network(64, 10, hidden=HIDDEN, p=P)
        seen, unseen = order[:ROWS], order[ROWS : ROWS + IMAGES]
        validation = images[unseen], labels[unseen]
        train(model, images[seen], labels[seen], validation, epochs=100)
    with torch.no_grad():
        hidden = model[:2](images[unseen])
    weights, biases = (parameter.detach().double().numpy() for parameter in model[3].parameters())
    return hidden.double().numpy(), weights, biases


def share_untrained(batch: int, p: float, per_sample: bool, images: Tensor) -> float:
    """Share of hidden units whose outgoing weights get no gradient from one batch."""
    with torch.random.fork_rng():
        torch.manual_seed(batch)
        shares = []
        for draw in range(DRAWS):
            first, last = nn.Linear(64, WIDE), nn.Linear(WIDE, 10)
            rows = images[draw * batch : (draw + 1) * batch]
            hidden = torch.tanh(first(rows))  # never exactly 0, unlike ReLU
            if per_sample:
                hidden = nn.functional.dropout(hidden, p)
            else:
                hidden = hidden * nn.functional.dropout(torch.ones(1, WIDE), p)
            nn.functional.cross_entropy(last(hidden), torch.arange(batch) % 10).backward()
            assert last.weight.grad is not None
            shares.append((last.weight.grad == 0).all(0).double().mean().item())
    return float(np.mean(shares))


def measure(p: float = P, scaled: bool = True, per_sample: bool = True) -> Facts:
    """Draw masks on the hidden layer of a network trained on 200 digits.

    Args:
        p: The rate of the measured numbers; 0 takes dropout away.
        scaled: Whether kept values are divided by 1 - p.
        per_sample: Whether each image of a batch gets a mask of its own.
    """
    hidden, weights, biases = network_parts()

    def masks(shape: tuple[int, ...], rate: float, seed: int) -> np.ndarray:
        mask = dropout_mask(shape, rate, np.random.default_rng(seed))
        return mask if scaled else mask * (1 - rate)

    image = hidden[0][hidden[0] > 0][:UNITS]  # ReLU has left the others at 0
    means, sums = [], []
    for rate in RATES:
        masked = image * masks((max(COUNTS), UNITS), rate, seed=4)
        by_count = [masked[:count].mean(0) for count in COUNTS]
        means.append(tuple(tuple(float(v) for v in row) for row in by_count))
        sums.append(tuple(float(row.sum()) for row in by_count))

    exact = hidden @ weights.T + biases  # (images, units)
    total = np.zeros_like(exact)
    squares, after = np.zeros_like(exact), np.zeros_like(exact)
    for k, x in enumerate(hidden):
        inputs = (x * masks((MASKS, HIDDEN), p, seed=100 + k)) @ weights.T + biases
        total[k], squares[k] = inputs.mean(0), inputs.var(0)
        after[k] = np.maximum(inputs, 0).mean(0)
    fed, exact_fed = total - biases, exact - biases  # what the dropped units feed
    relu_without = float(np.maximum(exact, 0).mean())
    pixels = torch.tensor(load_digits().data / 16, dtype=torch.float32)
    untrained = tuple(share_untrained(batch, p, per_sample, pixels) for batch in BATCHES)
    return Facts(
        p=p,
        factor=1 / (1 - p),
        hidden=HIDDEN,
        units=UNITS,
        masks=MASKS,
        images=IMAGES,
        activations=tuple(float(v) for v in image),
        rates=RATES,
        counts=COUNTS,
        means=tuple(means),
        sums=tuple(sums),
        exact_sum=float(image.sum()),
        slope_before=float((fed * exact_fed).sum() / (exact_fed**2).sum()),
        relu_without=relu_without,
        relu_with=float(after.mean()),
        relu_more=float(after.mean()) / relu_without - 1,
        noise=float(np.sqrt(squares.mean())),
        batches=BATCHES,
        wide=WIDE,
        draws=DRAWS,
        untrained=untrained,
        untrained_units=tuple(share * WIDE for share in untrained),
    )


def draw_masks(facts: Facts) -> MatplotlibFigure:
    """One mask, ten and a thousand, at p = 0.5."""
    figure = new_figure(width=6.4, height=4.4)
    row = facts.means[facts.rates.index(0.5)]
    panels = figure.subplots(3, 1, sharex=True, sharey=True)
    x = np.arange(1, facts.units + 1)
    for axes, count in zip(panels, (1, 10, 1000), strict=True):
        axes.bar(x, row[facts.counts.index(count)], color=LIGHT["dropout"], width=0.7)
        axes.hlines(
            facts.activations, x - 0.45, x + 0.45, color=LIGHT["ink"], linewidth=2, zorder=3
        )
        name = "one mask" if count == 1 else f"mean of {count:,} masks"
        axes.set_ylim(0, 2.7 * max(facts.activations))
        axes.text(0.01, 0.97, name, transform=axes.transAxes, va="top")
        axes.grid(axis="x", visible=False)
        axes.set_xticks([])
    panels[1].set_ylabel("activation (dimensionless)")
    panels[2].set_xlabel("hidden unit")
    return figure


def chart_masks(facts: Facts) -> alt.TopLevelMixin:
    """The mean of the chosen number of masks at the chosen rate."""
    columns = len(facts.counts)
    bars = [
        {
            "unit": j + 1,
            "exact": round(facts.activations[j], 3),
            "v": [round(mean[j], 3) for by_count in facts.means for mean in by_count],
        }
        for j in range(facts.units)
    ]
    lines = [
        {
            "at": i * columns + k,
            "top": f"p = {rate} · "
            + ("one mask" if count == 1 else f"mean of {count:,} masks")
            + f" · kept values × {1 / (1 - rate):.2f}",
            "bottom": f"sum {facts.sums[i][k]:.1f} (without dropout {facts.exact_sum:.1f})",
        }
        for i, rate in enumerate(facts.rates)
        for k, count in enumerate(facts.counts)
    ]
    rate = slider(
        "rate", "Rate p", low=0, high=0.9, step=0.1, value=0.5, shown="format(rate, '.1f')"
    )
    count = slider(
        "count",
        "Masks averaged",
        low=0,
        high=columns - 1,
        step=1,
        value=0,
        shown=one_of([f"{count:,}" for count in facts.counts], "count"),
    )
    at = f"(round(rate * 10) * {columns} + count)"
    limit = 1.05 * 2 * max(facts.activations)
    x = alt.X(
        "unit:O",
        title="hidden unit",
        axis=alt.Axis(labelAngle=0, values=[1, 4, 8, 12, 16], ticks=False),
    )
    scale = alt.Scale(domain=[0, limit * 1.25], nice=False, clamp=True)
    axis = alt.Axis(tickCount=5, titlePadding=12)
    data = alt.Chart(alt.InlineData(values=bars))
    bar = (
        data.transform_calculate(mean=f"datum.v[{at}]")
        .mark_bar(color=CSS["dropout"], clip=True)
        .encode(
            x=x,
            y=alt.Y("mean:Q", title="activation (dimensionless)", scale=scale, axis=axis),
            tooltip=[alt.Tooltip("unit:O"), alt.Tooltip("mean:Q", format=".2f")],
        )
    )
    tick = data.mark_tick(
        color=CSS["ink"], thickness=2.5, size=alt.ExprRef("0.8 * width / 16")
    ).encode(x=x, y=alt.Y("exact:Q", scale=scale))
    dropped = (
        data.transform_calculate(mean=f"datum.v[{at}]")
        .transform_filter("datum.mean == 0")
        .mark_text(text="×", dy=-8, fontSize=15, fontWeight="bold", color=CSS["dropout"])
        .encode(x=x, y=alt.Y("mean:Q", scale=scale))
    )
    text = alt.Chart(alt.InlineData(values=lines)).transform_filter(f"datum.at == {at}")

    def row(field: str, y: int) -> Any:
        mark = text.mark_text(align="left", baseline="top", fontSize=13, color=CSS["ink"])
        return mark.encode(x=alt.value(6), y=alt.value(y), text=f"{field}:N")

    layers = alt.layer(bar, tick, dropped, row("top", 4), row("bottom", 24))
    return layers.add_params(*rate, *count).properties(
        width="container", height=320, usermeta={"play": "count"}
    )


EXPERIMENT = Experiment(
    question="What do dropout's masks change in a layer on average, and what only in one pass?",
    measure=measure,
    claims=(
        Claim(
            id="preserved_before",
            sentence=lambda f: (
                f"Averaged over {f.masks:,} masks with $p = {f.p:g}$, the weighted sums that enter "
                f"the next layer are what they are without dropout: the slope of one against the "
                f"other, over {f.hidden} units and {f.images} images, is {f.slope_before:.3f}."
            ),
            check=lambda f: abs(f.slope_before - 1) < 0.005,
            without={"scaled": False},
        ),
        Claim(
            id="not_after",
            sentence=lambda f: (
                f"After the next ReLU this no longer holds: the mean output is {f.relu_with:.2f} "
                f"with the masks and {f.relu_without:.2f} without, {f.relu_more:.0%} more. The "
                f"masks make each input scatter by {f.noise:.2f}; ReLU cuts off the low side of "
                f"that scatter and keeps the high one."
            ),
            check=lambda f: f.relu_more > 0.02,
            without={"p": 0.0},
        ),
        Claim(
            id="batches_train_every_unit",
            sentence=lambda f: (
                f"From a batch of one image, {f.untrained[0]:.0%} of {f.wide} hidden units get no "
                f"gradient; from {f.batches[2]} images {f.untrained[2]:.1%}; from {f.batches[-1]} "
                f"images {f.untrained_units[-1]:g} units, in each of {f.draws} draws."
            ),
            check=lambda f: (
                abs(f.untrained[0] - f.p) < 0.03
                and abs(f.untrained[2] - f.p**4) < 0.02
                and f.untrained[-1] == 0
            ),
            without={"per_sample": False},
        ),
    ),
    figures=(
        Figure(
            name="masks",
            title=lambda f: "One mask tears holes; on average nothing has changed",
            caption=lambda f: (
                f"{f.units} hidden units of a trained network, for one image of a digit. Bars: "
                f"with dropout; dark marks: without. With one mask a unit is either 0 or "
                f"$1/(1-p)$ times its value. The mean over many masks comes back to the marks: "
                f"at $p = 0.5$ the sum over all units is {f.sums[5][0]:.1f} for one mask, "
                f"{f.sums[5][-1]:.1f} for {f.counts[-1]:,}, and {f.exact_sum:.1f} without dropout."
            ),
            alt=lambda f: (
                f"Activations of {f.units} hidden units with dropout at p 0.5. With one mask, "
                f"{sum(v == 0 for v in f.means[5][0])} units are 0 and the others have twice their "
                f"value; their sum is {f.sums[5][0]:.1f}. The mean of {f.counts[-1]} masks is "
                f"nearly the activation without dropout: sum {f.sums[5][-1]:.1f} against "
                f"{f.exact_sum:.1f}."
            ),
            draw=draw_masks,
            chart=chart_masks,
        ),
    ),
)
