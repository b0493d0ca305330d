"""Every line of a forward and backward pass: its shapes, its values, autograd's opinion."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import altair as alt
import numpy as np
import tensorflow as tf
import torch
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from sklearn.datasets import load_iris

import snippets.keras.three_layer_network as by_keras
import snippets.pytorch.three_layer_network as by_torch
from experiments.charts import slider
from experiments.drawing import CSS, LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.numpy.gradient_check import numerical_gradient, relative_error
from snippets.numpy.three_layer_network import Parameters, backward, cost, forward, update

Array = NDArray[np.float64]
Arrays = dict[str, Array]

SIZES = (4, 6, 5, 3)  # all different, and different from the batch, so that shapes tell
BATCH = 7
LR = 1.0
STEPS = 1000
CHECK_STEPS = tuple(10.0**-k for k in range(1, 13))

# name, formula for the eye, operands of a matrix product or "", kind of multiplication
LINES = (
    ("z1", "z₁ = W₁ x + b₁", ("W1", "x", "b1"), "matrix product, then sum"),
    ("a1", "a₁ = σ(z₁)", (), "elementwise"),
    ("z2", "z₂ = W₂ a₁ + b₂", ("W2", "a1", "b2"), "matrix product, then sum"),
    ("a2", "a₂ = σ(z₂)", (), "elementwise"),
    ("z3", "z₃ = W₃ a₂ + b₃", ("W3", "a2", "b3"), "matrix product, then sum"),
    ("a3", "a₃ = σ(z₃)", (), "elementwise"),
    ("e", "e = a₃ − y", (), "elementwise"),
    ("err3", "δ₃ = e ⊙ σ′(z₃)", (), "elementwise"),
    ("err2", "δ₂ = W₃ᵀ δ₃ ⊙ σ′(z₂)", ("W3.T", "err3", ""), "matrix product, then elementwise"),
    ("err1", "δ₁ = W₂ᵀ δ₂ ⊙ σ′(z₁)", ("W2.T", "err2", ""), "matrix product, then elementwise"),
    ("W3", "∂J/∂W₃ = δ₃ a₂ᵀ / n", ("err3", "a2.T", ""), "matrix product"),
    ("b3", "∂J/∂b₃ = mean of δ₃", (), "mean over samples"),
    ("W2", "∂J/∂W₂ = δ₂ a₁ᵀ / n", ("err2", "a1.T", ""), "matrix product"),
    ("b2", "∂J/∂b₂ = mean of δ₂", (), "mean over samples"),
    ("W1", "∂J/∂W₁ = δ₁ xᵀ / n", ("err1", "x.T", ""), "matrix product"),
    ("b1", "∂J/∂b₁ = mean of δ₁", (), "mean over samples"),
    ("new", "W₁ ← W₁ − lr · ∂J/∂W₁", (), "elementwise"),
)

NODE_ROW = 34
NODES = (
    ((1, "z₁"), (2, "a₁"), (3, "z₂"), (4, "a₂"), (5, "z₃"), (6, "a₃"), (7, "e")),
    ((10, "δ₁"), (0, ""), (9, "δ₂"), (0, ""), (8, "δ₃")),
    ((15, "∇W₁"), (16, "∇b₁"), (13, "∇W₂"), (14, "∇b₂"), (11, "∇W₃"), (12, "∇b₃"), (17, "W₁")),
)
"""The map above the interactive picture: forward, errors, gradients; numbers are those of LINES."""
PAGE = "var(--md-default-bg-color, #fff)"


@dataclass(frozen=True)
class Step:
    """One line of the pass, on one sample and on a batch."""

    name: str
    formula: str
    kind: str
    one: str
    """Shape of the result for one sample."""
    batch: str
    one_structure: str
    batch_structure: str
    work: str
    """The shapes that meet in a matrix product, for the batch; or nothing."""
    torch: float
    """Largest difference to autograd of PyTorch, over both."""
    tensorflow: float
    values: tuple[tuple[float, ...], ...]
    """For the batch."""


@dataclass(frozen=True)
class Facts:
    """What was measured; arrays of shape (units, samples)."""

    inputs: int
    hidden1: int
    hidden2: int
    outputs: int
    samples: int
    parameters: int
    lr: float
    steps: tuple[Step, ...]
    largest_torch: float
    largest_tensorflow: float
    checked: float
    """Relative error of the whole gradient against central differences."""
    trained_steps: int
    cost_before: float
    cost_after: float
    trained_difference: float
    """Largest difference of any parameter to PyTorch's, over all steps."""
    slope_of_output: float
    """Relative error of dJ/dW1 with sigma'(a) in place of sigma'(z)."""
    slope_of_output_cosine: float
    slope_of_output_cost: float
    """The cost after as many steps with that gradient."""
    updated_too_early: float
    """Relative error of dJ/dW2 when W3 is updated before delta 2 is computed."""
    slope_kept: float
    """Relative error of dJ/dW3 when cross-entropy keeps sigma'(z3)."""
    check_steps: tuple[float, ...]
    central: tuple[float, ...]
    """Relative error of central differences at each of ``check_steps``."""
    one_sided: tuple[float, ...]
    central_best: float
    central_best_step: float
    one_sided_best: float
    one_sided_best_step: float


def slope(a: Array) -> Array:
    """The sigmoid's slope, from its output."""
    return a * (1 - a)


def sigmoid(z: Array) -> Array:
    """The sigmoid."""
    return 1 / (1 + np.exp(-z))


def backward_of_outputs(net: Parameters, x: Array, y: Array) -> Parameters:
    """The mistake: the slope is taken at the output of the sigmoid, not at its input."""
    trace, n = forward(net, x), x.shape[1]
    err3 = (trace.a3 - y) * slope(sigmoid(trace.a3))
    err2 = (net.W3.T @ err3) * slope(sigmoid(trace.a2))
    err1 = (net.W2.T @ err2) * slope(sigmoid(trace.a1))
    pairs = ((err1, x), (err2, trace.a1), (err3, trace.a2))
    arrays = [a for err, a0 in pairs for a in (err @ a0.T / n, err.mean(1, keepdims=True))]
    return Parameters(*arrays)


def lines(net: Parameters, x: Array, y: Array, gradient: Parameters) -> Arrays:
    """The result of each line, by its name."""
    trace = forward(net, x)
    err3 = (trace.a3 - y) * slope(trace.a3)
    err2 = (net.W3.T @ err3) * slope(trace.a2)
    err1 = (net.W2.T @ err2) * slope(trace.a1)
    new = update(net, gradient, LR).W1
    return {
        **trace._asdict(),
        "e": trace.a3 - y,
        "err3": err3,
        "err2": err2,
        "err1": err1,
        **gradient._asdict(),
        "new": new,
    }


def torch_lines(net: Parameters, x: Array, y: Array) -> Arrays:
    """The same by autograd of PyTorch, in our layout: samples are columns."""
    network = torch_network(net)
    results: dict[str, Any] = {}
    h = torch.from_numpy(x.T)
    for k, layer in enumerate(network):
        h = layer(h)
        h.retain_grad()
        results[f"{'za'[k % 2]}{k // 2 + 1}"] = h
    target = torch.from_numpy(y.T)
    ((h - target).square().sum() / (2 * len(target))).backward()
    arrays = {name: value.detach().numpy().T for name, value in results.items()}
    # autograd's cost is a mean, so its derivative by z of one sample is delta / n
    n = x.shape[1]
    for k in (1, 2, 3):
        arrays[f"err{k}"] = results[f"z{k}"].grad.numpy().T * n
    arrays["e"] = results["a3"].grad.numpy().T * n
    _, gradients = by_torch.train_step(network, torch.from_numpy(x.T), target, LR)
    for name, gradient in zip(Parameters._fields, gradients, strict=True):
        arrays[name] = gradient.numpy().reshape(getattr(net, name).shape)
    arrays["new"] = next(network.parameters()).detach().numpy()
    return arrays


def tensorflow_lines(net: Parameters, x: Array, y: Array) -> Arrays:
    """The same by GradientTape, in our layout."""
    network = by_keras.make_network(*SIZES, dtype="float64")
    network.set_weights([a.T if a.shape[1] > 1 else a[:, 0] for a in net])
    results: dict[str, Any] = {}
    target = tf.constant(y.T)
    with tf.GradientTape(persistent=True) as tape:
        h = tf.constant(x.T)
        for k, layer in enumerate(network.layers, start=1):
            results[f"z{k}"] = h = tf.matmul(h, layer.kernel.value) + layer.bias.value
            results[f"a{k}"] = h = layer.activation(h)
        total = tf.reduce_sum(tf.square(h - target)) / (2 * len(target))
    arrays = {name: value.numpy().T for name, value in results.items()}
    n = x.shape[1]
    for k in (1, 2, 3):
        arrays[f"err{k}"] = tape.gradient(total, results[f"z{k}"]).numpy().T * n
    arrays["e"] = tape.gradient(total, results["a3"]).numpy().T * n
    _, gradients = by_keras.train_step(network, tf.constant(x.T), target, LR)
    for name, gradient in zip(Parameters._fields, gradients, strict=True):
        arrays[name] = gradient.numpy().T.reshape(getattr(net, name).shape)
    arrays["new"] = network.layers[0].kernel.numpy().T
    return arrays


def torch_network(net: Parameters) -> torch.nn.Sequential:
    """PyTorch's network with these weights."""
    network = by_torch.make_network(*SIZES).double()
    with torch.no_grad():
        for p, array in zip(network.parameters(), net, strict=True):
            p.copy_(torch.from_numpy(array).reshape(p.shape))
    return network


def start() -> tuple[Parameters, Array, Array]:
    """A network with random weights, and seven irises as columns."""
    features, kinds = load_iris(return_X_y=True)
    features = (features - features.mean(0)) / features.std(0)
    rng = np.random.default_rng(3)
    chosen = rng.permutation(len(kinds))[:BATCH]  # of all three kinds
    arrays = []
    for inputs, units in pairwise(SIZES):
        weights = 1.5 * rng.normal(size=(units, inputs)) / inputs**0.5
        arrays += [weights, 0.5 * rng.normal(size=(units, 1))]
    return Parameters(*arrays), features[chosen].T, np.eye(3)[kinds[chosen]].T


def whole(arrays: Parameters) -> Array:
    """All arrays as one long vector."""
    return np.concatenate([a.ravel() for a in arrays])


def unpack(vector: Array, like: Parameters) -> Parameters:
    """The opposite of ``whole``."""
    ends = np.cumsum([a.size for a in like])[:-1]
    parts = zip(np.split(vector, ends), like, strict=True)
    return Parameters(*(part.reshape(a.shape) for part, a in parts))


def train(
    net: Parameters, x: Array, y: Array, gradient: Callable[..., Parameters]
) -> list[Parameters]:
    """The parameters after each step."""
    path = [net]
    for _ in range(STEPS):
        net = update(net, gradient(net, x, y), LR)
        path.append(net)
    return path


def measure(wrong_slope: bool = False, mistakes: bool = True) -> Facts:
    """Run each line on one iris and on seven, next to autograd; train; make known mistakes.

    Args:
        wrong_slope: Whether our own pass takes the sigmoid's slope at the wrong place.
        mistakes: Whether the mistakes, one-sided differences among them, are made at all.
    """
    torch.set_num_threads(1)
    net, x, y = start()

    def right(net: Parameters, x: Array, y: Array) -> Parameters:
        return backward(net, x, y, forward(net, x))

    ours = backward_of_outputs if wrong_slope else right
    mistaken = backward_of_outputs if mistakes else right
    named = {**net._asdict(), "x": x, "y": y}
    results, differences = {}, {}
    for n in (1, BATCH):
        part = x[:, :n], y[:, :n]
        results[n] = lines(net, *part, ours(net, *part))
        others = torch_lines(net, *part), tensorflow_lines(net, *part)
        differences[n] = [
            {name: float(np.abs(a - other[name]).max()) for name, a in results[n].items()}
            for other in others
        ]

    # In LINES, W and b of the backward part are gradients; as operands they are parameters.
    operands = {**results[BATCH], **named}

    def shape_of(name: str) -> str:
        array = operands[name.removesuffix(".T")]
        return str(array.T.shape if name.endswith(".T") else array.shape)

    steps = []
    for name, formula, parts, kind in LINES:
        one, batch = results[1][name], results[BATCH][name]
        work = ""
        if parts:
            left, right_side, added = parts
            work = f"{shape_of(left)} times {shape_of(right_side)}"
            work += f" plus {shape_of(added)}" if added else ""
        torch_error, tensorflow_error = (
            max(differences[n][framework][name] for n in (1, BATCH)) for framework in (0, 1)
        )
        steps.append(
            Step(
                name=name,
                formula=formula,
                kind=kind,
                one=str(one.shape),
                batch=str(batch.shape),
                one_structure="column" if one.shape[1] == 1 else "matrix",
                batch_structure="column" if batch.shape[1] == 1 else "matrix",
                work=work,
                torch=torch_error,
                tensorflow=tensorflow_error,
                values=tuple(tuple(float(v) for v in row) for row in batch),
            )
        )

    gradient, reference = ours(net, x, y), right(net, x, y)

    def cost_at(vector: Array) -> float:
        return cost(forward(unpack(vector, net), x).a3, y)

    vector = whole(net)
    checked = relative_error(whole(gradient), numerical_gradient(cost_at, vector))
    central, one_sided = [], []
    for h in CHECK_STEPS:
        both = numerical_gradient(cost_at, vector, h)
        central.append(relative_error(both, whole(reference)))
        here = cost_at(vector)
        ahead = [(cost_at(vector + h * e) - here) / h for e in np.eye(len(vector))]
        forward_only = np.array(ahead) if mistakes else both
        one_sided.append(relative_error(forward_only, whole(reference)))

    path = train(net, x, y, ours)
    network = torch_network(net)
    columns = torch.from_numpy(x.T), torch.from_numpy(y.T)
    trained_difference = 0.0
    for ours_now in path[1:]:
        by_torch.train_step(network, *columns, LR)
        theirs = np.concatenate([p.detach().numpy().ravel() for p in network.parameters()])
        trained_difference = max(trained_difference, np.abs(whole(ours_now) - theirs).max())

    wrong = mistaken(net, x, y)
    w1, r1 = wrong.W1.ravel(), reference.W1.ravel()

    # W3 is updated, and only then delta 2 is computed with it.
    early = net._replace(W3=update(net, reference, LR).W3) if mistakes else net
    trace = forward(net, x)
    err3 = (trace.a3 - y) * slope(trace.a3)
    err2 = (early.W3.T @ err3) * slope(trace.a2)

    # Binary cross-entropy: its derivative by z3 is a3 - y, without sigma'.
    kept = (trace.a3 - y) * (slope(trace.a3) if mistakes else 1.0)
    logits = torch.tensor(trace.z3, requires_grad=True)
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    bce(logits, torch.from_numpy(y), reduction="sum").backward()
    by_logits = logits.grad.numpy()  # type: ignore[union-attr]

    best, best_one = int(np.argmin(central)), int(np.argmin(one_sided))
    return Facts(
        inputs=SIZES[0],
        hidden1=SIZES[1],
        hidden2=SIZES[2],
        outputs=SIZES[3],
        samples=BATCH,
        parameters=len(vector),
        lr=LR,
        steps=tuple(steps),
        largest_torch=max(s.torch for s in steps),
        largest_tensorflow=max(s.tensorflow for s in steps),
        checked=checked,
        trained_steps=STEPS,
        cost_before=cost(forward(net, x).a3, y),
        cost_after=cost(forward(path[-1], x).a3, y),
        trained_difference=float(trained_difference),
        slope_of_output=relative_error(wrong.W1, reference.W1),
        slope_of_output_cosine=float(w1 @ r1 / np.linalg.norm(w1) / np.linalg.norm(r1)),
        slope_of_output_cost=cost(forward(train(net, x, y, mistaken)[-1], x).a3, y),
        updated_too_early=relative_error(err2 @ trace.a1.T / BATCH, reference.W2),
        slope_kept=relative_error(kept @ trace.a2.T, by_logits @ trace.a2.T),
        check_steps=CHECK_STEPS,
        central=tuple(central),
        one_sided=tuple(one_sided),
        central_best=central[best],
        central_best_step=CHECK_STEPS[best],
        one_sided_best=one_sided[best_one],
        one_sided_best_step=CHECK_STEPS[best_one],
    )


def draw_walk(facts: Facts) -> MatplotlibFigure:
    """Every array of the pass as a block of cells, dark where the number is large."""
    figure = new_figure(width=6.2, height=4.0)
    axes = figure.subplots()
    axes.set_axis_off()
    by_name = {step.name: step for step in facts.steps}
    rows = (
        (("z1", "z₁"), ("a1", "a₁"), ("z2", "z₂"), ("a2", "a₂"), ("z3", "z₃"), ("a3", "a₃")),
        (("err1", "δ₁"), None, ("err2", "δ₂"), None, ("err3", "δ₃"), ("e", "e")),
        (
            ("W1", "∂J/∂W₁"),
            ("b1", "∂J/∂b₁"),
            ("W2", "∂J/∂W₂"),
            ("b2", "∂J/∂b₂"),
            ("W3", "∂J/∂W₃"),
            ("b3", "∂J/∂b₃"),
        ),
    )
    for r, row in enumerate(rows):
        for c, place in enumerate(row):
            if place is None:
                continue
            values = np.array(by_name[place[0]].values)
            height, width = values.shape
            left, bottom = 10.2 * c - width / 2, -12.0 * r - height / 2
            for sign in (1, -1):
                cells = [
                    (i, j) for i, j in np.ndindex(values.shape) if np.sign(values[i, j]) == sign
                ]
                # Hinton's diagram: area is size, filled is positive, hollow is negative
                sides = [0.9 * (abs(values[i, j]) / abs(values).max()) ** 0.5 for i, j in cells]
                squares = [
                    Rectangle((left + j + 0.5 - s / 2, bottom + height - i - 0.5 - s / 2), s, s)
                    for (i, j), s in zip(cells, sides, strict=True)
                ]
                axes.add_collection(
                    PatchCollection(
                        squares,
                        facecolor=LIGHT["ink"] if sign > 0 else "none",
                        edgecolor=LIGHT["ink"],
                        linewidth=0.7,
                    )
                )
            axes.add_patch(
                Rectangle(
                    (left, bottom), width, height, fill=False, edgecolor=LIGHT["grid"], linewidth=1
                )
            )
            axes.text(left + width / 2, bottom + height + 0.5, place[1], ha="center", va="bottom")
    for r, (text, arrow) in enumerate((("forward", "→"), ("errors", "←"), ("gradients", ""))):
        axes.text(
            -6.2, -12.0 * r, f"{text} {arrow}", rotation=90, va="center", color=LIGHT["muted"]
        )
    axes.set_xlim(-7, 56)
    axes.text(
        24.5,
        -30.6,
        "area: size of the number; filled: positive, hollow: negative",
        ha="center",
        color=LIGHT["muted"],
    )
    axes.set_ylim(-31.5, 6)
    axes.set_aspect("equal")
    return figure


def chart_walk(facts: Facts) -> alt.TopLevelMixin:
    """One line of the pass at a time, with its shapes and its numbers."""
    cells, words = [], []
    for k, step in enumerate(facts.steps, start=1):
        values = np.array(step.values)
        power = int(np.floor(np.log10(np.abs(values).max())))
        power = 0 if power >= -1 else power
        for i, j in np.ndindex(values.shape):
            v = values[i, j] / 10.0**power
            cells.append({"k": k, "i": int(i) + 1, "j": int(j) + 1, "v": round(float(v), 2)})
        digits = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
        unit = f"numbers times 10{str(power).translate(digits)}" if power else ""
        words.append(
            {
                "k": k,
                "top": f"{k} of {len(facts.steps)}:  {step.formula}",
                "shape": (f"{step.work}  gives  " if step.work else "gives  ") + step.batch,
                "kind": step.kind,
                "unit": unit,
            }
        )
    now = slider(
        "now",
        "Line of the pass",
        low=1,
        high=len(facts.steps),
        step=1,
        value=1,
        shown=f"now + ' of {len(facts.steps)}'",
    )
    chosen = "datum.k == now"
    grid = (
        alt.Chart(alt.InlineData(values=cells))
        .transform_filter(chosen)
        .transform_joinaggregate(low="min(v)", high="max(v)")
        .transform_calculate(
            part="0.6 * abs(datum.v) / max(abs(datum.low), abs(datum.high))",
        )
    )
    x = alt.X("j:O", title="column", axis=alt.Axis(labelAngle=0, ticks=False, domain=False))
    y = alt.Y("i:O", title="row", axis=alt.Axis(ticks=False, domain=False))
    colour = alt.condition("datum.v < 0", alt.value(CSS["muted"]), alt.value(CSS["ink"]))
    squares = grid.mark_rect().encode(
        x=x,
        y=y,
        color=colour,
        opacity=alt.Opacity("part:Q", scale=alt.Scale(domain=[0, 1], range=[0, 0.7]), legend=None),
    )
    numbers = grid.mark_text(fontSize=11, color=CSS["ink"]).encode(
        x=x, y=y, text=alt.Text("v:Q", format=".2f")
    )
    text = alt.Chart(alt.InlineData(values=words)).transform_filter(chosen)

    def row(field: str, y: int, size: int) -> Any:
        mark = text.mark_text(align="left", baseline="top", fontSize=size, color=CSS["ink"])
        return mark.encode(x=alt.value(0), y=alt.value(y), text=f"{field}:N")

    words_above = [
        row(field, y, size)
        for field, y, size in (
            ("top", -88, 16),
            ("shape", -64, 13),
            ("kind", -46, 13),
            ("unit", -28, 13),
        )
    ]
    nodes = [
        {"k": k, "x": column, "y": -NODE_ROW * line - 118, "name": name}
        for line, names in enumerate(reversed(NODES))
        for column, (k, name) in enumerate(names, start=1)
        if k
    ]
    place = alt.Chart(alt.InlineData(values=nodes)).encode(
        x=alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0.5, 7.5], nice=False, zero=False)),
        y=alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, 1], range=[0, 1], nice=False)),
    )
    state = "datum.k == now ? {} : datum.k < now ? {} : {}"
    fill = alt.ExprRef(state.format(*(f"'{CSS[c]}'" for c in ("l2", "l2", "muted"))))
    circles = place.mark_point(
        shape="circle",
        size=620,
        filled=True,
        color=fill,
        opacity=alt.ExprRef(state.format(0.95, 0.28, 0.12)),
    )
    names = place.mark_text(
        fontSize=11, color=alt.ExprRef(f"datum.k == now ? '{PAGE}' : '{CSS['ink']}'")
    ).encode(text="name:N")
    network = alt.layer(circles, names)
    layers = alt.layer(alt.layer(squares, numbers, *words_above), network)
    chart: alt.LayerChart = layers.add_params(*now).resolve_scale(x="independent", y="independent")
    return chart.properties(width="container", height=230, usermeta={"play": "now"})


def draw_check(facts: Facts) -> MatplotlibFigure:
    """Error of both differences over their step."""
    figure = new_figure(width=4.8, height=3.4)
    axes = figure.subplots()
    axes.plot(facts.check_steps, facts.central, color=LIGHT["ink"], marker="o", ms=5)
    axes.plot(
        facts.check_steps, facts.one_sided, color=LIGHT["plain"], linestyle="--", marker="o", ms=5
    )
    axes.text(2e-2, facts.central[2] * 2e-2, "central", color=LIGHT["ink"], ha="right")
    axes.text(1.4e-3, facts.one_sided[2] * 3, "one-sided", color=LIGHT["plain"], ha="right")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("step h, in the unit of the weight")
    axes.set_ylabel("relative error of the gradient")
    return figure


EXPERIMENT = Experiment(
    question="Do the lines of backpropagation give what autograd gives, for one sample and many?",
    measure=measure,
    claims=(
        Claim(
            id="equals_autograd",
            sentence=lambda f: (
                f"All {len(f.steps)} lines, on one sample and on a batch of {f.samples}, give what "
                f"the frameworks compute: the largest difference is {f.largest_torch:.0e} to "
                f"PyTorch and {f.largest_tensorflow:.0e} to TensorFlow (float64)."
            ),
            check=lambda f: max(f.largest_torch, f.largest_tensorflow) < 1e-14,
            without={"wrong_slope": True},
        ),
        Claim(
            id="equals_differences",
            sentence=lambda f: (
                f"Central differences, which know nothing of the derivation, agree on all "
                f"{f.parameters} derivatives with a relative error of {f.checked:.0e}."
            ),
            check=lambda f: f.checked < 1e-8,
            without={"wrong_slope": True},
        ),
        Claim(
            id="trains_alike",
            sentence=lambda f: (
                f"Over {f.trained_steps:,} updates no parameter departs from PyTorch's by more "
                f"than {f.trained_difference:.0e}, while the cost falls from {f.cost_before:.3f} "
                f"to {f.cost_after:.4f}."
            ),
            check=lambda f: f.trained_difference < 1e-11 and f.cost_after < 0.1 * f.cost_before,
            without={"wrong_slope": True},
        ),
        Claim(
            id="wrong_slope_is_silent",
            sentence=lambda f: (
                f"Taking the sigmoid's slope at its output, $\\sigma'(a)$, puts the gradient of "
                f"$W_1$ off by {f.slope_of_output:.0%} (cosine with the right one "
                f"{f.slope_of_output_cosine:.2f}). Nothing warns you: the cost still falls to "
                f"{f.slope_of_output_cost:.3f}."
            ),
            check=lambda f: f.slope_of_output > 0.3 and f.slope_of_output_cost < f.cost_before,
            without={"mistakes": False},
        ),
        Claim(
            id="update_last",
            sentence=lambda f: (
                f"Updating $W_3$ before $\\delta_2$ is computed puts the gradient of $W_2$ off by "
                f"{f.updated_too_early:.1%} here, at a learning rate of {f.lr:g}."
            ),
            check=lambda f: f.updated_too_early > 0.01,
            without={"mistakes": False},
        ),
        Claim(
            id="cross_entropy_drops_the_slope",
            sentence=lambda f: (
                f"With sigmoid and cross-entropy, keeping the factor $\\sigma'(z_3)$ puts the "
                f"gradient of $W_3$ off by {f.slope_kept:.0%}."
            ),
            check=lambda f: f.slope_kept > 0.3,
            without={"mistakes": False},
        ),
        Claim(
            id="central_is_finer",
            sentence=lambda f: (
                f"Central differences are best at a step of {f.central_best_step:.0e}, with a "
                f"relative error of {f.central_best:.0e}; one-sided ones do not get below "
                f"{f.one_sided_best:.0e}."
            ),
            check=lambda f: f.central_best < 0.05 * f.one_sided_best,
            without={"mistakes": False},
        ),
    ),
    figures=(
        Figure(
            name="walk",
            title=lambda f: "Forward, the shapes shrink to the answer; backward, they grow again",
            caption=lambda f: (
                f"Every array of one pass: {f.samples} irises through a network with "
                f"{f.inputs} inputs and layers of {f.hidden1}, {f.hidden2} and {f.outputs}. Each "
                f"error δ has the shape of its layer's z, and each gradient the shape of what it "
                f"will change. That is the check to do before any other."
            ),
            alt=lambda f: (
                "The arrays of a forward and backward pass as blocks of cells. "
                + "; ".join(f"{s.formula}: shape {s.batch}" for s in f.steps)
                + "."
            ),
            draw=draw_walk,
            chart=chart_walk,
        ),
        Figure(
            name="check",
            title=lambda f: "A step that is too small is as bad as one that is too large",
            caption=lambda f: (
                f"Relative error of numerical gradients over their step. Long steps miss the "
                f"curve, short ones subtract two numbers that are nearly equal, and the digits "
                f"run out. Central differences are best near {f.central_best_step:.0e}, one-sided "
                f"ones near {f.one_sided_best_step:.0e}."
            ),
            alt=lambda f: (
                f"Two V-shaped curves of the relative error over the step. Central differences "
                f"reach {f.central_best:.0e} at a step of {f.central_best_step:.0e}; one-sided "
                f"differences reach {f.one_sided_best:.0e} at {f.one_sided_best_step:.0e}."
            ),
            draw=draw_check,
        ),
    ),
)
