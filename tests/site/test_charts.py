"""What the charts draw, read from the drawn marks and compared with numbers computed elsewhere.

Every control of every chart is set to its lowest, its middle and its highest value. The marks are
read from Vega's scene, in pixels, and turned back into the units of the axes; so a wrong scale, a
wrong filter and a wrong sum are all seen. What the experiment measured comes from its result; where
a formula or a few lines of NumPy give the same numbers, they are computed here once more.
"""

import functools
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from bs4 import BeautifulSoup
from matplotlib.path import Path as Outline
from numpy.typing import NDArray
from playwright.sync_api import Browser, Locator, expect
from sklearn.datasets import load_diabetes, load_iris

from site_build.results import load
from tests.site.browsing import URLS, draw_charts, open_page, until

Array = NDArray[np.float64]
Facts = Any
Chosen = dict[str, Any]

CHARTS = {
    "/": ["l2_shrinkage.coefficients"],
    "/dropout/dropout/": ["dropout_masks.masks", "dropout_digits.learning_curves"],
    "/dropout/early-stopping/": ["early_stopping_ridge.filters"],
    "/dropout/why-it-works/": ["dropout_removed_units.removed"],
    "/foundations/backpropagation/": ["backpropagation_trace.walk"],
    "/foundations/overfitting/": [
        "overfitting_digits.learning_curves",
        "cost_function_balance.sum",
    ],
    "/foundations/what-changes/": ["what_changes_depth.gradient"],
    "/optimizers/adam/": ["adam_first_steps.stepper", "adam_epsilon.places"],
    "/optimizers/update-rules/": ["optimizer_race.paths"],
    "/weight-decay/adamw/": ["adamw_generalization.tuning"],
    "/weight-decay/l2-or-decay/": ["decay_adam.sizes", "decay_sgd.distance"],
    "/weight-penalties/beyond/": ["group_lasso_pixels.pixels", "smoothness_signal.filter"],
    "/weight-penalties/choosing-lambda/": ["lambda_scale.boundaries"],
    "/weight-penalties/elastic-net/": ["elastic_net_groups.groups", "penalty_paths.paths"],
    "/weight-penalties/feature-selection/": ["feature_selection.path"],
    "/weight-penalties/l1/": ["l1_one_weight.minimum", "penalty_geometry.shapes"],
    "/weight-penalties/l2/": [
        "l2_shrinkage.coefficients",
        "l2_two_frameworks.distance",
        "l2_generalization.learning_curves",
    ],
    "/weight-penalties/why-it-works/": ["why_bias_variance.parts"],
}

CONTROLS = """chart => [...chart.querySelectorAll(".vega-bind")].map((line) => {
    const inputs = [...line.querySelectorAll("input, select")];
    const { name, type, min, max, step } = inputs[0];
    const options = type === "radio" ? inputs.map((i) => i.value)
        : type === "range" ? null : [...inputs[0].options].map((o) => o.value);
    return { name, options, min: Number(min), max: Number(max), step: Number(step) };
})"""

READ = """async (chart, chosen) => {
    for (const [name, value] of Object.entries(chosen)) {
        const inputs = [...chart.querySelectorAll(`[name="${name}"]`)];
        const input = inputs.length > 1 ? inputs.find((i) => i.value === value) : inputs[0];
        if (input.type === "radio") input.checked = true;
        else input.value = value;
        input.dispatchEvent(new Event(input.type === "range" ? "input" : "change"));
    }
    await chart.view.runAsync();
    const marks = [];
    const keep = (mark) => {
        for (const item of mark.marktype === "group" ? mark.items : []) item.items.forEach(keep);
        if (mark.marktype === "group" || !/_marks$/.test(mark.name ?? "")) return;
        const items = mark.items.map(({ x, y, width, height, text, fill, stroke, strokeDash }) =>
            ({ x, y, width, height, text, fill, stroke, dash: strokeDash }));
        marks.push({ name: mark.name, type: mark.marktype, items });
    };
    keep(chart.view.scenegraph().root);
    const scales = {};
    for (const name of ["x", "y", "layer_0_y", "layer_1_y"]) {
        try {
            const scale = chart.view.scale(name);
            scales[name] = { type: scale.type, domain: scale.domain(), range: scale.range() };
        } catch {} // each chart has some of them
    }
    const values = {};
    for (const input of chart.querySelectorAll("input[type=range]")) {
        const shown = input.closest(".vega-bind").querySelector(".rx-chart__value").innerText;
        if (input.ariaValueText !== shown) throw new Error(`${input.name} says another value`);
        values[input.name] = shown;
    }
    return { marks, scales, values };
}"""
"""Sets controls as a person would, then every mark with its place in pixels, and the scales."""


@dataclass(frozen=True)
class Marks:
    """What one layer drew in one colour; places in the units of the axes, where they have numbers.

    The ``y`` of a bar is its end that is not at zero.
    """

    type: str
    colour: str
    dashed: bool
    x: Array
    y: Array
    texts: tuple[str, ...]


class Drawn:
    """What one chart shows at one setting of its controls."""

    def __init__(self, read: dict[str, Any]) -> None:
        self.values: dict[str, str] = read["values"]
        """What stands beside each slider."""
        self.scales = read["scales"]
        self.marks = [marks for found in read["marks"] for marks in self._marks(found)]

    def _marks(self, found: dict[str, Any]) -> Iterator[Marks]:
        layer = re.match(r"layer_\d+", found["name"])
        y_scale = "y" if "y" in self.scales else f"{layer[0] if layer else ''}_y"
        kind = found["type"]

        def colour(item: dict[str, Any]) -> str:
            text = item["stroke"] if kind in {"line", "rule"} else item["fill"]
            name = re.match(r"var\(--rx-([\w-]+)", text or "")
            return name[1].replace("-", "_") if name else str(text)

        items = sorted(found["items"], key=colour)  # stable
        for name, group in itertools.groupby(items, colour):
            some = list(group)
            y = self._back(y_scale, [item.get("y") for item in some])
            if kind == "rect":
                ends = [item["y"] + (item["height"] or 0) for item in some]
                y = np.where(np.abs(y) > 1e-9, y, self._back(y_scale, ends))
            dash = some[0]["dash"] or [1, 0]
            yield Marks(
                type=kind,
                colour=name,
                dashed=dash[1] != 0,
                x=self._back("x", [item.get("x") for item in some]),
                y=y,
                texts=tuple(str(item["text"]) for item in some if item["text"] is not None),
            )

    def _back(self, name: str, pixels: list[float | None]) -> Array:
        values = np.array([np.nan if p is None else p for p in pixels], dtype=float)
        scale = self.scales.get(name)
        if scale is None or scale["type"] not in {"linear", "log"}:
            return values
        (first, last), (low, high) = scale["range"], scale["domain"]
        share = (values - first) / (last - first)
        if scale["type"] == "log":
            return np.asarray(low * (high / low) ** share)
        return np.asarray(low + (high - low) * share)

    def all(self, kind: str, colour: str, dashed: bool | None = None) -> list[Marks]:
        """Marks of a kind (Vega's name) and colour (the palette's), in the order of drawing."""
        return [
            m
            for m in self.marks
            if (m.type, m.colour) == (kind, colour) and dashed in {None, m.dashed}
        ]

    def one(self, kind: str, colour: str, dashed: bool | None = None) -> Marks:
        """The only such marks."""
        found = self.all(kind, colour, dashed)
        assert len(found) == 1, f"{len(found)} times {kind} in {colour}"
        return found[0]

    @property
    def text(self) -> str:
        """All words, a line each."""
        return "\n".join(text for m in self.marks if m.type == "text" for text in m.texts)


Check = Callable[[Facts, Chosen, Drawn], None]
CHECKS: dict[str, Check] = {}


def shows(figure: str) -> Callable[[Check], Check]:
    """Register what one figure must show at every setting."""

    def register(function: Check) -> Check:
        CHECKS[figure] = function
        return function

    return register


def near(found: Any, expected: Any, within: float) -> None:
    """Equal, but for what rounding in the chart's data takes."""
    np.testing.assert_allclose(np.asarray(found, float), np.asarray(expected, float), 0, within)


def close(found: Any, expected: Any, factor: float = 1.06) -> None:
    """The same on a logarithmic axis, up to a factor."""
    near(np.log(found), np.log(expected), float(np.log(factor)))


def place(value: float, low: float, step: float) -> int:
    """The position of a slider's value among its values."""
    return round((value - low) / step)


def says(drawn: Drawn, *words: str) -> None:
    """The chart has these words."""
    for word in words:
        assert word in drawn.text, f"'{word}' is not in:\n{drawn.text}"


# ------------------------------------------------------------------------------------- penalties


def descend(moments: Array, right: Array, l1: float, l2: float) -> Array:
    """Minimize ``w' moments w - 2 right w + l1 |w|_1 + l2 |w|^2``, one coordinate at a time."""
    w = np.zeros(len(right))
    for _ in range(5000):
        before = w.copy()
        for j in range(len(w)):
            pull = right[j] - moments[j] @ w + moments[j, j] * w[j]
            w[j] = np.sign(pull) * max(abs(pull) - l1 / 2, 0.0) / (moments[j, j] + l2)
        if np.abs(w - before).max() < 1e-6:
            break
    return w


@functools.cache
def diabetes(*columns: int) -> tuple[Array, Array]:
    """X'X / n and X'y / n of the standardized data."""
    features, targets = load_diabetes(return_X_y=True)
    x = features[:, list(columns)] if columns else features
    x = (x - x.mean(0)) / x.std(0)
    y = (targets - targets.mean()) / targets.std()
    return x.T @ x / len(y), x.T @ y / len(y)


@shows("l2_shrinkage.coefficients")
def _(facts: Facts, at: Chosen, drawn: Drawn) -> None:
    features, targets = load_diabetes(return_X_y=True)
    y = (targets - targets.mean()) / targets.std()
    seen = np.random.default_rng(1).permutation(len(y))[:40]
    x, y = features[seen], y[seen] - y[seen].mean()
    x = (x - x.mean(0)) / x.std(0)
    strength = 10.0 ** at["exponent"]
    ridge = np.linalg.solve(x.T @ x / 40 + strength * np.eye(10), x.T @ y / 40)
    near(drawn.one("rect", "l2").y, ridge, 1e-3)
    near(ridge, facts["coefficients"][place(at["exponent"], -3, 0.2) + 1], 1e-6)
    says(drawn, f"λ = {strength:.3g} · norm {np.linalg.norm(ridge):.2f}")
    near(float(drawn.values["exponent"]), strength, 0.05 * strength)


@shows("l1_one_weight.minimum")
def _(facts: Facts, at: Chosen, drawn: Drawn) -> None:
    strength = at["strength"]
    best = {"l1": max(1 - strength / 2, 0.0), "l2": 1 / (1 + strength)}
    for name, w in best.items():
        size = abs(w) if name == "l1" else w**2
        near(drawn.one("symbol", name).x, [w], 2e-3)
        near(drawn.one("symbol", name).y, [(w - 1) ** 2 + strength * size], 5e-3)
        curve = drawn.one("line", name)
        penalty = np.abs(curve.x) if name == "l1" else curve.x**2
        near(curve.y, np.minimum((curve.x - 1) ** 2 + strength * penalty, 4), 1e-6)
        near(facts[f"best_{name}"][place(strength, 0, 0.1)], w, 1e-3)
    says(drawn, "exactly 0" if strength >= 2 else f"best weight {best['l1']:.2f}")


@shows("penalty_geometry.shapes")
def _(facts: Facts, at: Chosen, drawn: Drawn) -> None:
    moments, right = diabetes(2, 3)
    free, k = np.linalg.solve(moments, right), place(at["strength"], 0, 0.05)
    best = {
        "l1": descend(moments, right, at["strength"], 0.0),
        "l2": np.linalg.solve(moments + at["strength"] * np.eye(2), right),
    }
    for name, w in best.items():
        point = drawn.one("symbol", name)
        near([point.x[0], point.y[0]], w, 1e-3)
        near(facts[name][k], w, 1e-4)
        shape, path = drawn.all("line", name, dashed=False)
        if name == "l1":
            near(np.abs(shape.x) + np.abs(shape.y), np.abs(w).sum(), 2e-3)
        else:
            near(np.hypot(shape.x, shape.y), np.linalg.norm(w), 2e-3)
        near(np.stack([path.x, path.y], 1), facts[name], 1e-3)
        level = drawn.one("line", name, dashed=True)
        away = np.stack([level.x, level.y], 1) - free
        near((away @ moments * away).sum(1), (w - free) @ moments @ (w - free), 2e-3)
    assert best["l1"][1] == 0 or at["strength"] < facts["corner"]
    says(drawn, "bp exactly 0" if best["l1"][1] == 0 else f"bp {best['l1'][1]:.2f}")
    across, up = (drawn.scales[axis] for axis in "xy")
    pixels = [abs(np.diff(s["range"])[0] / np.diff(s["domain"])[0]) for s in (across, up)]
    near(pixels[0], pixels[1], 1e-6)  # a circle looks like one


@shows("penalty_paths.paths")
def _(facts: Facts, at: Chosen, drawn: Drawn) -> None:
    moments, right = diabetes()
    ratio = at["ratio"]
    colour = "l2" if ratio == 0 else "l1" if ratio == 1 else "elastic_net"
    measured = np.array(facts["paths"][place(ratio, 0, 0.1)])
    paths = drawn.all("line", colour)
    near([path.y for path in paths], measured.T, 1e-3)
    close(paths[0].x, 10.0 ** np.array(facts["exponents"]), 1.001)
    k = place(at["exponent"], -4, 0.1)
    for j in {k, 25, 35}:
        strength = 10.0 ** facts["exponents"][j]
        if ratio == 0:
            w = np.linalg.solve(moments + strength * np.eye(10), right)
        elif strength > 1e-3:  # below, one coordinate at a time takes too long
            w = descend(moments, right, ratio * strength, (1 - ratio) * strength)
        else:
            continue
        near(measured[j], w, 1e-3)
    near(drawn.one("symbol", colour).y, measured[k], 1e-3)
    says(drawn, f"{(measured[k] != 0).sum()} of 10 coefficients are not 0")
    near(float(drawn.values["exponent"]), 10.0 ** at["exponent"], 0.05 * 10.0 ** at["exponent"])


@shows("elastic_net_groups.groups")
def _(facts: Facts, at: Chosen, drawn: Drawn) -> None:
    k = place(at["exponent"], -2, 0.2) + 1
    rng = np.random.default_rng(0)  # as the experiment draws its first data
    shared = np.repeat(rng.normal(size=(2050, 3)), 5, axis=1)
    own = rng.normal(size=(2050, 15))
    features = np.hstack(
        [np.sqrt(0.95) * shared + np.sqrt(0.05) * own, rng.normal(size=(2050, 15))]
    )
    targets = features[:, :10].sum(1) + 3.0 * rng.normal(size=2050)
    x, y = features[:50] - features[:50].mean(0), targets[:50] - targets[:50].mean()
    w = descend(x.T @ x / 50, x.T @ y / 50, facts["path_l1"], 10.0 ** at["exponent"])
    near(facts["paths"][k], w, 1e-3)
    bars = np.concatenate([drawn.one("rect", c).y for c in ("elastic_net", "plain")])
    near(bars, w, 2e-3)
    says(drawn, f"kept: {(w[:10] != 0).sum()} of 10 and {(w[10:] != 0).sum()} useless")


@shows("feature_selection.path")
def _(facts: Facts, at: Chosen, drawn: Drawn) -> None:
    weights = np.array(facts["first_path"][place(at["exponent"], at["exponent.min"], 0.1)])
    kept = np.flatnonzero(weights)
    bars = [m for m in drawn.marks if m.type == "rect"]
    width = 1.5 * 102 / abs(np.diff(drawn.scales["x"]["range"])[0])  # a bar is 3 pixels wide
    order = np.concatenate([m.x for m in bars]) + width - 1 if bars else np.empty(0)
    heights = np.concatenate([m.y for m in bars]) if bars else np.empty(0)
    near(np.sort(order), kept, 0.05)
    near(heights[np.argsort(order)], weights[kept], 2e-3)
    right = (kept < facts["matter"]).sum()
    says(drawn, f"{len(kept)} of {facts['features']} kept", f"{right} of {facts['matter']}")


@shows("why_bias_variance.parts")
def _(facts: Facts, at: Chosen, drawn: Drawn) -> None:
    k = facts["exponents"].index(at["exponent"])
    fits = drawn.all("line", "l2")
    near([fit.y for fit in fits], np.array(facts["curves"][k])[:, ::2], 6e-3)
    near(drawn.one("line", "ink").y, facts["truth"], 2e-3)
    total = facts["bias"][k] + facts["variance"][k]
    near(total, facts["error"][k], 1e-9)
    says(drawn, f"= error {total:.3f}", f"squared bias {facts['bias'][k]:.3f}")


@shows("lambda_scale.boundaries")
def _(facts: Facts, at: Chosen, drawn: Drawn) -> None:
    k = at["boundary_strength"]
    lines = [m for m in drawn.all("line", "l2") if len(m.x)]
    assert len(lines) == len(facts["boundaries"][k])
    for line, measured in zip(lines, facts["boundaries"][k], strict=True):
        near(np.stack([line.x, line.y], 1), measured, 1e-3)
    # The shaded part decides as the network does: its share of right points is the accuracy.
    points = np.array(facts["points"])
    inside = np.zeros(len(points), bool)
    for region in facts["regions"][k]:
        for ring in region:
            inside ^= Outline(np.array(ring)).contains_points(points[:, :2])
    near((inside == points[:, 2]).mean(), facts["seed_train"][k], 0.02)
    shaded = [m for m in drawn.marks if m.type == "line" and m.colour != "l2"]
    corners = sum(len(ring) + 1 for region in facts["regions"][k] for ring in region)
    assert sum(len(m.x) for m in shaded) == corners
    assert drawn.values["boundary_strength"] == facts["labels"][k]
    says(drawn, f"new points: {facts['seed_accuracy'][k]:.0%}")


@shows("group_lasso_pixels.pixels")
def _(facts: Facts, at: Chosen, drawn: Drawn) -> None:
    k = at["strength"]
    groups = facts["group"]
    crosses = sum(m.texts.count("×") for m in drawn.marks if m.type == "text")
    partner = facts["partners"][k]
    zeros = [sum(v == 0 for v in m) for m in (groups["maps"][k], facts["l1"]["maps"][partner])]
    assert crosses == sum(zeros)
    says(drawn, f"λ = {facts['strengths'][k]:g}", f"{groups['removed_first'][k]} pixels removed")
    assert drawn.values["strength"] == f"{facts['strengths'][k]:g}"


@shows("smoothness_signal.filter")
def _(facts: Facts, at: Chosen, drawn: Drawn) -> None:
    k = place(at["exponent"], at["exponent.min"], 0.25)
    near(drawn.one("line", "ink").y, facts["curves"][k], 2e-3)
    near(drawn.one("line", "l2").y, facts["ridge"], 2e-3)
    near(drawn.one("line", "muted").y, facts["truth"], 2e-3)
    off = np.sqrt(np.square(np.subtract(facts["curves"][k], facts["truth"])).mean())
    says(drawn, f"off by {off:.3f}")


@shows("cost_function_balance.sum")
def _(facts: Facts, at: Chosen, drawn: Drawn) -> None:
    grid, loss = np.array(facts["grid"]), np.array(facts["loss"])
    cost = loss + at["strength"] * grid**2
    line = next(m for m in drawn.all("line", "l2"))
    near(line.y, cost[cost < 1.2], 2e-4)
    near(drawn.one("symbol", "l2").x, [grid[cost.argmin()]], 1e-6)
    near(drawn.one("symbol", "l2").y, [cost.min()], 2e-4)
    says(drawn, f"smallest cost at w = {grid[cost.argmin()]:.1f}", f"cost {cost.min():.3f}")


@shows("early_stopping_ridge.filters")
def _(facts: Facts, at: Chosen, drawn: Drawn) -> None:
    t, s = facts["steps"][at["step"]], np.array(facts["curve"])
    near(drawn.one("line", "ink").y, 1 - (1 - 2 * facts["lr"] * s) ** t, 1e-3)
    near(drawn.one("line", "l2").y, s / (s + 1 / (2 * facts["lr"] * t)), 1e-3)
    curvatures = np.linalg.eigvalsh(diabetes()[0])
    close(np.sort(drawn.one("symbol", "ink").x), curvatures, 1.01)
    assert drawn.values["step"] == f"{t:,} steps"


# ------------------------------------------------------------------------------------- optimizers


def adam_moments(gradients: Array, beta1: float, beta2: float) -> Array:
    """m, v and their corrected forms after each step; shape (4, steps)."""
    m = v = 0.0
    rows = []
    for t, g in enumerate(gradients, start=1):
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        rows.append((m, v, m / (1 - beta1**t), v / (1 - beta2**t)))
    return np.array(rows).T


@shows("adam_first_steps.stepper")
def _(facts: Facts, at: Chosen, drawn: Drawn) -> None:
    gradients = np.array(facts["gradients"])
    m, v, m_hat, v_hat = adam_moments(gradients * 10.0 ** at["scale"], at["beta1"], at["beta2"])
    unit = np.abs(gradients).max() * 10.0 ** at["scale"]
    corrected, plain = m_hat / (np.sqrt(v_hat) + 1e-8), m / (np.sqrt(v) + 1e-8)
    raw, mean, steps = drawn.all("line", "adam")
    near(raw.y, m / unit, 2e-3)
    near(mean.y, m_hat / unit, 2e-3)
    raw_root, root = drawn.all("line", "ink")
    near(raw_root.y, np.sqrt(v) / unit, 2e-3)
    near(root.y, np.sqrt(v_hat) / unit, 2e-3)
    near(steps.y, corrected, 1e-2)
    near(drawn.one("line", "plain").y, plain, 1e-2)
    near(drawn.one("rect", "muted").y, gradients / np.abs(gradients).max(), 1e-3)
    now = at["now"] - 1
    says(
        drawn,
        f"with correction: step {corrected[now]:.2f} lr".replace("-", "−"),
        f"without correction: step {plain[now]:.2f} lr".replace("-", "−"),
        f"m̂ = {written(m_hat[now])}",
        f"√v̂ = {written(v_hat[now] ** 0.5)}",
    )


def written(value: float) -> str:
    """As D3 writes it: no zeros before the exponent, a real minus."""
    mantissa, exponent = f"{value:.1e}".split("e")
    sign = "+" if int(exponent) >= 0 else "-"
    return f"{mantissa}e{sign}{abs(int(exponent))}".replace("-", "−", 1 if value < 0 else 0)


@shows("adam_epsilon.places")
def _(facts: Facts, at: Chosen, drawn: Drawn) -> None:
    eps, t = 10.0 ** at["power"], at["update"]
    m, v, m_hat, v_hat = (1 - 0.9**t), (1 - 0.999**t), 1.0, 1.0  # of a constant gradient 1
    size = 10.0 ** np.linspace(-12, 0, 121)
    steps = {
        "adam": size * m_hat / (size * v_hat**0.5 + eps),
        "adamw": (1 - 0.999**t) ** 0.5 / (1 - 0.9**t) * size * m / (size * v**0.5 + eps),
        "plain": size * m_hat / np.sqrt(size**2 * v_hat + eps),
    }
    for colour, step in steps.items():
        near(drawn.one("line", colour).y, step, 2e-3)
        close(drawn.one("line", colour).x, size, 1.01)


def rules(w: Array, lr: float, name: str, slope: Callable[[Array], Array], steps: int) -> Array:
    """The path of one rule, with its usual settings."""
    a, b = np.zeros_like(w), np.zeros_like(w)
    path = [w]
    for t in range(1, steps + 1):
        g = slope(w)
        if name == "gradient descent":
            w = w - lr * g
        elif name in {"momentum", "Nesterov"}:
            a = 0.9 * a + g
            w = w - lr * (a if name == "momentum" else g + 0.9 * a)
        elif name == "Adagrad":
            b = b + g**2
            w = w - lr * g / (np.sqrt(b) + 1e-10)
        elif name == "RMSprop":
            b = 0.99 * b + 0.01 * g**2
            w = w - lr * g / (np.sqrt(b) + 1e-8)
        else:
            a, b = 0.9 * a + 0.1 * g, 0.999 * b + 0.001 * g**2
            w = w - lr * (a / (1 - 0.9**t)) / (np.sqrt(b / (1 - 0.999**t)) + 1e-8)
        path.append(w)
        if not np.abs(w).max() < 1e5:
            break
    return np.array(path)


def surface(name: str) -> tuple[Array, Callable[[Array], Array], Callable[[Array], float]]:
    """Start, gradient and loss."""
    if name == "saddle":
        return (
            np.array([-1.5, 1e-3]),
            lambda w: np.array([w[0], w[1] ** 3 - w[1]]),
            lambda w: 0.5 * w[0] ** 2 + 0.25 * (w[1] ** 2 - 1) ** 2,
        )
    if name.startswith("Rosen"):
        return (
            np.array([-1.2, 1.0]),
            lambda w: np.array(
                [2 * (w[0] - 1) - 400 * w[0] * (w[1] - w[0] ** 2), 200 * (w[1] - w[0] ** 2)]
            ),
            lambda w: (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2,
        )
    angle = np.deg2rad(30.0 if name == "turned ravine" else 0.0)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    bowl = turn @ np.diag([1.0, 100.0]) @ turn.T
    return turn @ np.array([-4.0, 1.0]), lambda w: bowl @ w, lambda w: float(0.5 * w @ bowl @ w)


@shows("optimizer_race.paths")
def _(facts: Facts, at: Chosen, drawn: Drawn) -> None:
    place_of = facts["surfaces"].index(at["surface"])
    races = facts["tuned" if at["rates"].startswith("each") else "common"][place_of]
    start, slope, loss = surface(at["surface"])
    last = UPDATES[at["moment"]]
    assert drawn.values["moment"] == str(last)
    compared = 0
    for colour, run in zip(RACERS, races, strict=True):
        if not loss(np.array(run["path"][-1])) < 1000:  # it has left the picture
            continue
        ends = [rules(w, run["lr"], run["rule"], slope, last)[-1] for w in (start, start + 1e-13)]
        shown, line = drawn.one("symbol", colour), drawn.all("line", colour)[-1]
        for marks in (shown, line):
            near([marks.x[-1], marks.y[-1]], run["path"][last], 1e-3)
        near(len(line.x), at["moment"] + 1, 0)
        found = re.search(rf"{run['rule']}: ([\d.]+)", drawn.text)
        assert found, drawn.text
        here = np.array(run["path"][last])  # the chart knows it to three decimals
        near(float(found[1]), loss(here), 2e-3 + 7e-4 * np.abs(slope(here)).sum())
        if np.abs(ends[0] - ends[1]).max() < 1e-6:  # elsewhere the last bit decides the rest
            near(run["path"][last], ends[0], 1e-4)
            compared += 1
    assert compared >= 3


RACERS = ("plain", "l2", "elastic_net", "l1", "dropout", "adam")
UPDATES = (*range(31), *(round(30 * 10 ** (k / 24)) for k in range(1, 25)))


@shows("decay_adam.sizes")
def _(facts: Facts, at: Chosen, drawn: Drawn) -> None:
    k = place(at["exponent"], -3, 0.5)
    l2, adamw = left_of_weights(round(10.0 ** at["exponent"], 6))
    for colour, left in (("l2", l2), ("adamw", adamw)):
        near(drawn.one("line", colour).y, left, 2e-3)
        near(drawn.one("symbol", colour).y, left, 2e-3)
        near(facts[colour][k], left, 1e-6)
    says(drawn, "AdamW: " + " · ".join(f"{v:.0%}" for v in adamw[[4, 8, 12, 16]]))


@functools.cache
def left_of_weights(decay: float) -> tuple[Array, Array]:
    """By Adam with L2 and by AdamW, after 1,000 steps of noise with 17 sizes."""
    rng = np.random.default_rng(0)
    sizes = (10.0 ** np.linspace(-3, 1, 17)).round(9)[:, None]
    noise = rng.normal(size=(1000, 17, 20))
    left = []
    for l2, direct in ((decay, 0.0), (0.0, decay)):
        w = np.ones((17, 40))
        m, v = np.zeros_like(w), np.zeros_like(w)
        for t, draw in enumerate(noise, start=1):
            g = sizes * np.concatenate([draw, -draw], axis=1) + l2 * w
            w = w - 0.001 * direct * w
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            w = w - 0.001 * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        left.append(w.mean(1))
    return left[0], left[1]


@shows("decay_sgd.distance")
def _(facts: Facts, at: Chosen, drawn: Drawn) -> None:
    k = place(at["momentum"], facts["momenta"][0], 0.1)
    for colour, row in (("l2", facts["same"][k]), ("adamw", facts["scaled"][k])):
        floor = drawn.scales["y"]["domain"][0]
        close(drawn.one("line", colour).y, np.maximum(row, floor), 1.07)
        close(drawn.one("line", colour).x, facts["shown"], 1.001)


@shows("l2_two_frameworks.distance")
def _(facts: Facts, at: Chosen, drawn: Drawn) -> None:
    k = facts["factors"].index(at["factor"])
    floor = drawn.scales["y"]["domain"][0]
    for colour, key in (("l2", "weights_only"), ("plain", "biases_too")):
        close(drawn.one("line", colour).y, np.maximum(facts[key][k], floor), 1.07)


@shows("adamw_generalization.tuning")
def _(facts: Facts, at: Chosen, drawn: Drawn) -> None:
    for colour in ("l2", "adamw"):
        row = facts[f"{colour}_curves"][at["rate"]]
        near(drawn.one("line", colour).y, row[1:], 1e-3)
        says(drawn, f"best {min(row):.3f}")
    assert drawn.values["rate"] == f"{facts['lrs'][at['rate']]:g}"


# ------------------------------------------------------------------------------ dropout, networks


@shows("dropout_masks.masks")
def _(facts: Facts, at: Chosen, drawn: Drawn) -> None:
    i, k = place(at["rate"], 0, 0.1), at["count"]
    means, exact = np.array(facts["means"][i][k]), np.array(facts["activations"])
    bars = drawn.all("rect", "dropout")[0]
    near(bars.y, np.minimum(means, drawn.scales["y"]["domain"][1]), 1e-3)
    marks = drawn.all("rect", "ink")[0]
    assert len(marks.y) == len(exact)
    if k == 0:  # one mask: nothing, or the value over what is kept
        kept = means > 0
        near(means[kept], exact[kept] / (1 - at["rate"]), 1e-5)
        assert sum(t == "×" for m in drawn.marks for t in m.texts) == (~kept).sum()
    if at["rate"] == 0:
        near(means, exact, 1e-9)
    # The expectation is kept: the mean of many masks is within four standard errors of it.
    count = facts["counts"][k]
    error = exact * np.sqrt(at["rate"] / (1 - at["rate"]) / count)
    assert (np.abs(means - exact) <= 4 * error + 1e-9).all()
    assert drawn.values["count"] == f"{count:,}"
    says(drawn, f"sum {means.sum():.1f} (without dropout {exact.sum():.1f})")


def learning_curves(names: str) -> Check:
    """Validation solid, training dashed, at the position of a slider."""
    slider, colour = names.split()

    def look(facts: Facts, at: Chosen, drawn: Drawn) -> None:
        k = at[slider]
        for dashed, key in ((False, "validation"), (True, "train")):
            curve = drawn.one("line", colour, dashed=dashed)
            near(curve.y, facts[f"{key}_curves"][k], 2e-3)
            near(curve.x, facts["shown"], 1e-6)
        says(drawn, f"training loss {facts['train_loss'][k]:.4f}")

    return look


CHECKS["dropout_digits.learning_curves"] = learning_curves("rate dropout")
CHECKS["overfitting_digits.learning_curves"] = learning_curves("size plain")
CHECKS["l2_generalization.learning_curves"] = learning_curves("strength l2")


@shows("dropout_removed_units.removed")
def _(facts: Facts, at: Chosen, drawn: Drawn) -> None:
    k = at["removed"]
    for colour, row in zip(("plain", "dropout"), facts["accuracy"], strict=True):
        near(drawn.one("line", colour).y, row, 1e-3)
        near(drawn.one("symbol", colour).y, [row[k]], 1e-3)
        says(drawn, f"{row[k]:.1%}")
    assert drawn.values["removed"] == f"{facts['shares'][k]:.0%}"


@shows("what_changes_depth.gradient")
def _(facts: Facts, at: Chosen, drawn: Drawn) -> None:
    lines = [m for m in drawn.marks if m.type == "line"]
    for line, measured in zip(lines, facts["lines"][at["scale"]], strict=True):
        close(line.y, measured["gradient"], 1.02)
        near(line.x, facts["depths"], 1e-6)


@shows("backpropagation_trace.walk")
def _(facts: Facts, at: Chosen, drawn: Drawn) -> None:
    values = iris_pass()[at["now"] - 1]
    step = facts["steps"][at["now"] - 1]
    near(step["values"], values, 1e-12)
    says(drawn, step["formula"], f"gives  {values.shape}")
    (numbers,) = [m for m in drawn.marks if m.type == "text" and len(m.texts) == values.size]
    found = [float(text.replace("−", "-")) for text in numbers.texts]
    factor = np.abs(values).max() / np.abs(found).max()  # a power of ten, said in the chart
    power = round(float(np.log10(factor)))
    near(found, values.ravel() / 10.0**power, 6e-3)
    assert drawn.values["now"] == f"{at['now']} of {len(facts['steps'])}"


@functools.cache
def iris_pass() -> list[Array]:
    """Each line of the pass, from the same weights and irises."""
    features, kinds = load_iris(return_X_y=True)
    features = (features - features.mean(0)) / features.std(0)
    rng = np.random.default_rng(3)
    chosen = rng.permutation(150)[:7]
    weights, biases = [], []
    for inputs, units in itertools.pairwise((4, 6, 5, 3)):
        weights.append(1.5 * rng.normal(size=(units, inputs)) / inputs**0.5)
        biases.append(0.5 * rng.normal(size=(units, 1)))
    y, outputs, lines = np.eye(3)[kinds[chosen]].T, [features[chosen].T], []
    for w, b in zip(weights, biases, strict=True):
        z = w @ outputs[-1] + b
        outputs.append(1 / (1 + np.exp(-z)))
        lines += [z, outputs[-1]]
    lines.append(outputs[-1] - y)
    delta = lines[-1] * outputs[-1] * (1 - outputs[-1])
    deltas = [delta]
    for k in (2, 1):
        delta = weights[k].T @ delta * outputs[k] * (1 - outputs[k])
        deltas.append(delta)
    lines += deltas
    for k, delta in zip((2, 1, 0), deltas, strict=True):
        lines += [delta @ outputs[k].T / 7, delta.mean(1, keepdims=True)]
    return [*lines, weights[0] - lines[-2]]


# ------------------------------------------------------------------------------------------ tests


def settings(controls: list[dict[str, Any]]) -> Iterator[Chosen]:
    """Lowest, middle and highest value of each; all combinations while they are few."""
    offered = []
    for control in controls:
        if control["options"]:
            offered.append(control["options"])
        else:
            low, high, step = control["min"], control["max"], control["step"]
            middle = low + step * (round((high - low) / step) // 2)
            offered.append([round(v, 6) for v in (low, middle, high)])
    names = [control["name"] for control in controls]
    if np.prod([len(values) for values in offered]) <= 24:
        yield from (dict(zip(names, some, strict=True)) for some in itertools.product(*offered))
    else:
        for changed, values in enumerate(offered):
            for value in values:
                first = [values[-1 if i == 0 else 1] for i, values in enumerate(offered)]
                yield dict(
                    zip(names, [*first[:changed], value, *first[changed + 1 :]], strict=True)
                )


WATCH = """
    window.jumps = [];
    new PerformanceObserver((list) => {
        for (const jump of list.getEntries()) {
            const within = ({ node }) => // formulas move when their font arrives
                node?.nodeType === 1 && !node.closest("math") && node.closest(".rx-figure")?.id;
            window.jumps.push({ by: jump.value, of: jump.sources.map(within) });
        }
    }).observe({ type: "layout-shift", buffered: true });
"""


JUMPS = "window.jumps.filter((jump) => jump.of.some(Boolean))"
"""Jumps of the layout, since the page began to load, in which part of a figure moved."""


@pytest.mark.parametrize("url", CHARTS)
def test_charts_show_what_was_measured_and_what_is_computed_elsewhere(
    browser: Browser, base: str, url: str
) -> None:
    page, wrong = open_page(browser, base, url, WATCH)
    draw_charts(page)
    assert page.evaluate(JUMPS) == []
    for figure in CHARTS[url]:
        name, _, part = figure.partition(".")
        body = page.locator(f"figure:has([href$='{name}/{part}.vl.json']) .rx-chart")
        facts = load(name).facts
        controls = body.evaluate(CONTROLS)
        assert controls
        lows = {f"{c['name']}.min": c["min"] for c in controls}
        for chosen in settings(controls):
            drawn = Drawn(body.evaluate(READ, chosen))
            try:
                CHECKS[figure](facts, {**lows, **chosen}, drawn)
            except (AssertionError, ValueError, IndexError) as error:
                pytest.fail(f"{figure} at {chosen}: {error}")
    loaded = "performance.getEntriesByType('resource').filter((r) => r.name.endsWith('/vega.js'))"
    assert page.evaluate(f"{loaded}.length") == 1, "one bundle draws all charts of a page"
    assert not wrong
    page.context.close()


def test_every_chart_of_the_site_is_checked(site: Any) -> None:
    found = {}
    for url in URLS:
        html = BeautifulSoup((site / url[1:] / "index.html").read_text("utf-8"), "html.parser")
        links = [str(a["href"]).split("/")[-2:] for a in html.select("a.rx-chart-source")]
        if links:
            found[url] = [f"{name}.{part.removesuffix('.vl.json')}" for name, part in links]
    assert {url: sorted(names) for url, names in found.items()} == {
        url: sorted(names) for url, names in CHARTS.items()
    }
    assert set(CHECKS) == {name for names in CHARTS.values() for name in names}


NARROW = [(url, 360) for url in CHARTS] + [(url, 768) for url in list(CHARTS)[6:9]]


@pytest.mark.parametrize(("url", "width"), NARROW)
def test_a_chart_takes_its_pictures_place_without_a_jump(
    browser: Browser, base: str, url: str, width: int
) -> None:
    page, _ = open_page(browser, base, url, WATCH, viewport={"width": width, "height": 800})
    draw_charts(page)
    assert page.evaluate(JUMPS) == []
    for chart in page.locator(".rx-chart").all():
        wide = chart.evaluate("e => [e.scrollWidth, e.clientWidth]")
        assert wide[0] <= wide[1], "a chart is wider than its place"
        for control in chart.locator("input, select, button").all():
            box = control.evaluate("""e => {
                const { width, height } = (e.type === "radio" ? e.parentElement : e)
                    .getBoundingClientRect();
                return [width, height];
            }""")
            assert min(box) >= 40, f"{url}, {width} px: a control of {box}"
    page.context.close()


def test_controls_work_by_mouse_by_keyboard_and_by_touch(browser: Browser, base: str) -> None:
    view = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
    page, wrong = open_page(browser, base, "/optimizers/update-rules/", **view)
    draw_charts(page)
    chart = page.locator(".rx-chart").first
    slider = chart.get_by_role("slider", name="Update")
    rates = chart.get_by_role("radiogroup", name="Learning rate").get_by_role("radio")
    surface = chart.get_by_role("combobox", name="Surface")
    value = chart.locator(".rx-chart__value")

    svg = chart.locator("svg").first.element_handle()

    def drawing() -> str:
        chart.evaluate("chart => chart.view.runAsync().then(() => true)")
        return svg.inner_html()

    def changes(act: Callable[[], Any]) -> None:
        before = drawing()
        act()
        until(page, "([svg, before]) => svg.innerHTML !== before", [svg, before], 4)
        assert value.inner_text() == slider.get_attribute("aria-valuetext")

    def at(control: Locator, share: float) -> dict[str, float]:
        box = control.bounding_box()
        assert box
        return {"x": box["width"] * share, "y": box["height"] / 2}

    changes(lambda: slider.tap(position=at(slider, 0.75)))
    assert 35 < int(slider.input_value()) < 46
    changes(lambda: slider.click(position=at(slider, 0.1)))
    assert int(slider.input_value()) < 12

    def drag() -> None:
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        assert box
        x, y = box["x"], box["y"] + box["height"] / 2
        page.mouse.move(x + box["width"] * 0.1, y)
        page.mouse.down()
        page.mouse.move(x + box["width"] * 0.5, y, steps=5)
        page.mouse.up()

    changes(drag)
    assert 22 < int(slider.input_value()) < 32
    slider.focus()
    changes(lambda: page.keyboard.press("ArrowRight"))
    changes(lambda: page.keyboard.press("Home"))
    assert value.inner_text() == "0"
    changes(lambda: page.keyboard.press("End"))
    changes(lambda: rates.nth(1).locator("xpath=..").tap())
    expect(rates.nth(1)).to_be_checked()
    changes(lambda: page.keyboard.press("ArrowLeft"))
    expect(rates.nth(0)).to_be_checked()
    surface.focus()
    changes(lambda: page.keyboard.press("ArrowDown"))
    changes(lambda: surface.select_option("saddle"))

    play = chart.get_by_role("button", name="Play: Update")
    slider.fill("0")
    play.tap()
    expect(chart.get_by_role("button", name="Stop")).to_be_visible()
    expect(value).not_to_have_text("0")
    chart.get_by_role("button", name="Stop").click()
    stopped = value.inner_text()
    page.wait_for_timeout(250)
    assert value.inner_text() == stopped
    page.emulate_media(reduced_motion="reduce")
    expect(play).to_be_hidden()
    assert not wrong
    page.context.close()
