"""What one step of each Adam costs: read from what ``make bench`` measured on a named machine."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure as MatplotlibFigure

from experiments.drawing import LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure

RESULT = Path(__file__).with_suffix(".json")
SETS = ("small", "medium", "large")
NAMES = {
    "textbook": "textbook, NumPy",
    "custom": "CustomAdam",
    "torch_loop": "Adam(foreach=False)",
    "multi_tensor": "MultiTensorAdam",
    "torch_foreach": "Adam(foreach=True)",
    "compiled": "CompiledAdam",
    "torch_compiled": "Adam, step compiled",
    "torch_fused": "Adam(fused=True)",
    "triad": "reads and writes alone",
}
OURS = ("textbook", "custom", "multi_tensor", "compiled")
TRAFFIC = 28
"""Bytes that must move for a weight: g, w, m and v are read; w, m and v are written."""


@dataclass(frozen=True)
class Facts:
    """Medians of one run; ratios are medians over rounds in which all took part."""

    device: str
    threads: int
    torch: str
    date: str
    weights: dict[str, int]
    tensors: dict[str, int]
    ratio: dict[str, dict[str, float]]
    """Time of a step over that of fused=True, by set of tensors and optimizer."""
    milliseconds: dict[str, dict[str, float]]
    first: dict[str, dict[str, float]]
    """Seconds of the first step, compiling included."""
    extra: dict[str, float]
    """Temporary bytes for a weight during a step, largest set."""
    gigabytes: dict[str, float]
    """Adam's 28 bytes for a weight over the time of a step, largest set, in GB/s."""
    steps: int
    difference: dict[str, float]


def measure(compiled: str = "compiled", lists: str = "multi_tensor") -> Facts:
    """Read the benchmark's result.

    Args:
        compiled: Whose numbers stand for the compiled Adam's.
        lists: Whose numbers stand for the Adam of lists.
    """
    found: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8"))
    source = {"compiled": compiled, "multi_tensor": lists}
    names = [*NAMES, "low_memory"]

    def table(part: str, scale: float = 1.0) -> dict[str, dict[str, float]]:
        rows = {}
        for size in SETS:
            merged = {**found["sets"][size]["whole"][part], **found["sets"][size]["all"][part]}
            rows[size] = {name: scale * merged[source.get(name, name)] for name in names}
        return rows

    milliseconds = table("seconds", 1e3)
    weights = {s: found["sets"][s]["tensors"] * found["sets"][s]["weights"] for s in SETS}
    moved = TRAFFIC * weights["large"] / 1e6  # divided by milliseconds: GB/s
    return Facts(
        device=found["device"],
        threads=found["threads"],
        torch=found["versions"]["torch"],
        date=found["date"],
        weights=weights,
        tensors={s: found["sets"][s]["tensors"] for s in SETS},
        ratio=table("ratio"),
        milliseconds=milliseconds,
        first=table("first"),
        extra=table("extra")["large"],
        gigabytes={name: moved / ms for name, ms in milliseconds["large"].items()},
        steps=found["steps"],
        difference={
            name: found["difference"][source.get(name, name)] for name in found["difference"]
        },
    )


def draw_limit(facts: Facts) -> MatplotlibFigure:
    """Bandwidth that each version uses, beside what the memory gives."""
    figure = new_figure(width=6.2, height=4.2)
    axes = figure.subplots()
    names = [name for name in NAMES if name != "triad"]
    speeds = [facts.gigabytes[name] for name in names]
    colours = [LIGHT["adam"] if name in OURS else LIGHT["plain"] for name in names]
    axes.barh(range(len(names)), speeds, color=colours, height=0.62)
    limit = facts.gigabytes["triad"]
    axes.axvline(limit, color=LIGHT["dropout"], linestyle="--")
    axes.text(
        limit, -0.75, "reads and writes alone ", color=LIGHT["dropout"], ha="right", va="center"
    )
    labels = [f"{NAMES[name]}: {speed:.1f}" for name, speed in zip(names, speeds, strict=True)]
    axes.set_yticks(range(len(names)), labels)
    axes.set_ylim(len(names) - 0.4, -1.2)
    axes.set_xlim(0, 1.15 * max(*speeds, limit))
    axes.grid(visible=False)
    axes.set_xlabel("28 bytes a weight, over the time (GB/s)")
    return figure


def words(facts: Facts) -> str:
    """All bars, in words."""
    return "; ".join(
        f"{NAMES[name]} {facts.gigabytes[name]:.1f}" for name in NAMES if name != "triad"
    )


EXPERIMENT = Experiment(
    question="Which Adam is fast, and what stops it from being faster?",
    measure=measure,
    claims=(
        Claim(
            id="compiled_is_fused",
            sentence=lambda f: (
                "The compiled formula takes "
                f"{f.ratio['medium']['compiled']:.2f} times as long as `fused=True` for "
                f"{f.weights['medium'] / 1e6:.0f} million weights, and "
                f"{f.ratio['large']['compiled']:.2f} times for "
                f"{f.weights['large'] / 1e6:.0f} million."
            ),
            check=lambda f: max(f.ratio[s]["compiled"] for s in ("medium", "large")) <= 1.05,
            without={"compiled": "custom"},
        ),
        Claim(
            id="compiled_at_the_limit",
            sentence=lambda f: (
                f"For {f.weights['large'] / 1e6:.0f} million weights it takes "
                f"{f.ratio['large']['compiled'] / f.ratio['large']['triad']:.2f} times as long as "
                "a loop in C that only adds, over the same "
                f"{TRAFFIC} bytes a weight."
            ),
            check=lambda f: f.ratio["large"]["compiled"] < 1.15 * f.ratio["large"]["triad"],
            without={"compiled": "torch_foreach"},
        ),
        Claim(
            id="lists_save_calls",
            sentence=lambda f: (
                f"Lists save calls, not traffic: with {f.tensors['small']} small tensors they take "
                f"{f.ratio['small']['multi_tensor']:.1f} times as long as `fused=True`, the loop "
                f"over tensors {f.ratio['small']['custom']:.1f} times; with "
                f"{f.tensors['large']} large ones they still take "
                f"{f.ratio['large']['multi_tensor']:.1f} times as long."
            ),
            check=lambda f: (
                f.ratio["small"]["multi_tensor"] < 0.8 * f.ratio["small"]["custom"]
                and f.ratio["large"]["multi_tensor"] > 3
            ),
            without={"lists": "custom"},
        ),
    ),
    figures=(
        Figure(
            name="limit",
            title=lambda _: "Memory sets the limit, and the compiled formula comes near it",
            caption=lambda f: (
                f"{f.weights['large'] / 1e6:.0f} million weights in {f.tensors['large']} tensors; "
                f"{f.device}, {f.threads} threads, PyTorch {f.torch}. Green is ours. The dashed "
                "line is a loop in C that reads and writes as much as Adam must, and only adds."
            ),
            alt=lambda f: (
                "Bars of bandwidth in GB/s for "
                f"{f.weights['large'] / 1e6:.0f} million weights: {words(f)}. "
                f"Reads and writes alone reach {f.gigabytes['triad']:.1f}."
            ),
            draw=draw_limit,
        ),
    ),
)
