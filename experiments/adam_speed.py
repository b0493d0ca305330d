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
    "low_memory": "LowMemoryAdam",
    "triad": "reads and writes alone",
}
OURS = ("textbook", "custom", "multi_tensor", "compiled", "low_memory")
TRAFFIC, LESS = 28, 20
"""Bytes that must move for a weight: g, w, m and v are read; w, m and v are written. The second
number is that of bfloat16 means."""
MARKS = {"small": "o", "medium": "s", "large": "D"}


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
    gigabytes: dict[str, dict[str, float]]
    """Adam's 28 bytes for a weight over the time of a step, in GB/s, by set and optimizer."""
    pairs: dict[str, dict[str, float]]
    """Time of ours over that of PyTorch's own with the same bits, by set and optimizer."""
    less: float
    """Bytes of LowMemoryAdam over those of Adam."""
    steps: int
    difference: dict[str, float]


def measure(
    compiled: str = "compiled", lists: str = "multi_tensor", low_memory: str = "low_memory"
) -> Facts:
    """Read the benchmark's result.

    Args:
        compiled: Whose numbers stand for the compiled Adam's.
        lists: Whose numbers stand for the Adam of lists.
        low_memory: Whose numbers stand for the Adam with bfloat16 means.
    """
    found: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8"))
    source = {"compiled": compiled, "multi_tensor": lists, "low_memory": low_memory}
    parts = ("compiled", "low_memory", "torch_compiled", "plain")  # the last one's yardsticks count

    def table(kind: str, scale: float = 1.0) -> dict[str, dict[str, float]]:
        rows = {}
        for size in SETS:
            merged: dict[str, float] = {}
            for part in parts:
                merged |= found["sets"][size][part][kind]
            rows[size] = {name: scale * merged[source.get(name, name)] for name in NAMES}
        return rows

    milliseconds, ratio = table("seconds", 1e3), table("ratio")
    weights = {s: found["sets"][s]["tensors"] * found["sets"][s]["weights"] for s in SETS}
    return Facts(
        device=found["device"],
        threads=found["threads"],
        torch=found["versions"]["torch"],
        date=found["date"],
        weights=weights,
        tensors={s: found["sets"][s]["tensors"] for s in SETS},
        ratio=ratio,
        milliseconds=milliseconds,
        first=table("first"),
        extra=table("extra")["large"],
        gigabytes={
            # by way of ratios: each process has its own fused=True to compare with
            s: {
                name: TRAFFIC * weights[s] / 1e6 / (milliseconds[s]["torch_fused"] * r)
                for name, r in ratio[s].items()
            }
            for s in SETS
        },
        pairs={s: found["sets"][s]["plain"]["pairs"] for s in SETS},
        less=LESS / TRAFFIC,
        steps=found["steps"],
        difference={
            name: found["difference"][source.get(name, name)] for name in found["difference"]
        },
    )


def draw_limit(facts: Facts) -> MatplotlibFigure:
    """Bandwidth that each version uses with each set, beside what the memory gives."""
    figure = new_figure(width=6.2, height=4.8)
    axes = figure.subplots()
    names = list(NAMES)
    limit = facts.gigabytes["large"]["triad"]
    axes.axvline(limit, color=LIGHT["ink"], linestyle="--")
    for size, mark in MARKS.items():
        for place, name in enumerate(names):
            axes.plot(
                facts.gigabytes[size][name],
                place,
                mark,
                markersize=8,
                color=LIGHT["adam"] if name in OURS else LIGHT["plain"],
                markerfacecolor="none" if size == "small" else None,
            )
        label = f"{facts.tensors[size]} x {facts.weights[size] // facts.tensors[size]:,} weights"
        axes.plot(
            [],
            [],
            mark,
            color=LIGHT["ink"],
            markersize=8,
            label=label,
            markerfacecolor="none" if size == "small" else None,
        )
    axes.set_yticks(range(len(names)), [NAMES[name] for name in names])
    axes.set_ylim(len(names) - 0.5, -0.6)
    axes.set_xscale("log")
    ticks = (1, 2, 5, 10, 20, 50, 100)
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("28 bytes a weight, over the time of a step (GB/s)")
    figure.legend(
        loc="outside upper center", ncols=3, fontsize=10, handletextpad=0.1, columnspacing=1
    )
    return figure


def words(facts: Facts, size: str) -> str:
    """All points of a set, in words."""
    return "; ".join(f"{NAMES[name]} {facts.gigabytes[size][name]:.1f}" for name in NAMES)


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
            check=lambda f: max(f.ratio[s]["compiled"] for s in ("medium", "large")) <= 1.03,
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
            id="joined_when_small",
            sentence=lambda f: (
                f"For {f.tensors['small']} tensors of 1,000 weights, where calls cost more than "
                f"memory, it takes {f.ratio['small']['compiled']:.2f} times as long as "
                f"`fused=True`: less. Lists take {f.ratio['small']['multi_tensor']:.2f} times."
            ),
            check=lambda f: f.ratio["small"]["compiled"] < 1,
            without={"compiled": "custom"},
        ),
        Claim(
            id="fewer_bytes",
            sentence=lambda f: (
                f"With bfloat16 means, {f.less:.0%} of the bytes, a step over "
                f"{f.weights['large'] / 1e6:.0f} million weights takes "
                f"{f.ratio['large']['low_memory']:.2f} times as long as `fused=True`."
            ),
            check=lambda f: f.ratio["large"]["low_memory"] < 0.95,
            without={"low_memory": "compiled"},
        ),
        Claim(
            id="lists_save_calls",
            sentence=lambda f: (
                f"With {f.tensors['small']} small tensors, lists take "
                f"{f.ratio['small']['multi_tensor']:.1f} times as long as `fused=True`, the loop "
                f"over tensors {f.ratio['small']['custom']:.1f} times."
            ),
            check=lambda f: f.ratio["small"]["multi_tensor"] < 0.8 * f.ratio["small"]["custom"],
            without={"lists": "custom"},
        ),
        Claim(
            id="portions_save_traffic",
            sentence=lambda f: (
                "Portions that fit into the processor's cache save traffic: with "
                f"{f.tensors['large']} large tensors `MultiTensorAdam` takes "
                f"{f.ratio['large']['multi_tensor']:.1f} times as long as `fused=True`, "
                f"`foreach=True` with the same bits {f.ratio['large']['torch_foreach']:.1f} times."
            ),
            check=lambda f: (
                f.ratio["large"]["multi_tensor"] < 0.8 * f.ratio["large"]["torch_foreach"]
            ),
            without={"lists": "torch_foreach"},
        ),
    ),
    figures=(
        Figure(
            name="limit",
            title=lambda _: "Memory sets the limit, and the compiled formula comes near it",
            caption=lambda f: (
                f"{f.device}, {f.threads} threads, PyTorch {f.torch}. Green is ours. The dashed "
                "line is a loop in C that reads and writes as much as Adam must, with the large "
                "tensors; the small ones stay in the processor's cache, where calls cost more. "
                f"LowMemoryAdam moves {LESS} bytes and is drawn as if it were {TRAFFIC}."
            ),
            alt=lambda f: (
                "Points of bandwidth in GB/s. "
                + " ".join(
                    f"{f.tensors[s]} tensors, {f.weights[s]:,} weights in all: {words(f, s)}."
                    for s in SETS
                )
            ),
            draw=draw_limit,
        ),
    ),
)
