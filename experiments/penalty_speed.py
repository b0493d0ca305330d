"""What a penalty over lists of tensors saves: read from what ``make bench`` measured."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.experiment import Claim, Experiment

RESULT = Path(__file__).with_suffix(".json")
SETS = ("small", "large")
LISTS = ("l1_lists", "l2_lists")
NAMES = ("l1_loop", "l1_lists", "l2_loop", "l2_lists")


@dataclass(frozen=True)
class Facts:
    """Medians of one run, value and gradient together; ratios are over the loop's time."""

    device: str
    threads: int
    torch: str
    date: str
    tensors: dict[str, int]
    weights: dict[str, int]
    """In each tensor."""
    milliseconds: dict[str, dict[str, float]]
    ratio: dict[str, dict[str, float]]
    value: dict[str, dict[str, float]]
    """Relative difference from the loop, of the penalty."""
    gradient: dict[str, dict[str, float]]
    """And of a derivative, the largest."""


def measure(lists: str = "lists") -> Facts:
    """Read the benchmark's result.

    Args:
        lists: Whose numbers stand for the lists'.
    """
    found: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8"))

    def table(part: str, scale: float = 1.0) -> dict[str, dict[str, float]]:
        return {
            size: {
                name: scale * found["sets"][size][part][name.replace("lists", lists)]
                for name in NAMES
            }
            for size in SETS
        }

    shapes = {size: found["sets"][size]["shape"] for size in SETS}
    return Facts(
        device=found["device"],
        threads=found["threads"],
        torch=found["versions"]["torch"],
        date=found["date"],
        tensors={size: found["sets"][size]["tensors"] for size in SETS},
        weights={size: rows * columns for size, (rows, columns) in shapes.items()},
        milliseconds=table("seconds", 1e3),
        ratio=table("ratio"),
        value=table("value"),
        gradient=table("gradient"),
    )


EXPERIMENT = Experiment(
    question="Is a penalty over lists of tensors faster than the loop over them?",
    measure=measure,
    claims=(
        Claim(
            id="lists_save_calls",
            sentence=lambda f: (
                f"Lists save calls: for {f.tensors['small']} matrices of "
                f"{f.weights['small']:,} weights, value and gradient take "
                f"{f.ratio['small']['l1_lists']:.2f} times as long as with the loop for L1, "
                f"{f.ratio['small']['l2_lists']:.2f} times for L2. For {f.tensors['large']} of "
                f"{f.weights['large']:,}, where calls hardly count, "
                f"{f.ratio['large']['l1_lists']:.2f} and {f.ratio['large']['l2_lists']:.2f} times."
            ),
            check=lambda f: max(f.ratio["small"][name] for name in LISTS) < 0.8,
            without={"lists": "loop"},
        ),
    ),
)
