"""How long L1 and L2 of all weights take, as a loop over tensors and over lists of them.

Each round runs the contestants one after the other, value and gradient, so that what else the
machine does meets all of them; medians and ratios of one process are kept. The result goes to
experiments/penalty_speed.json, which the experiment of that name reads.
"""

import datetime
import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from benchmarks.adam import device
from snippets.pytorch.l1_penalty import l1_penalty
from snippets.pytorch.l2_penalty import l2_penalty
from snippets.pytorch.multi_tensor_penalties import multi_tensor_l1, multi_tensor_l2

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "experiments" / "penalty_speed.json"
THREADS = 2
SETS = {"small": (100, (10, 100)), "large": (20, (1_000, 1_000))}
"""Number of weight matrices, and the shape of each."""
ROUNDS = {"small": 200, "large": 15}
CONTESTANTS: dict[str, Callable[[nn.Module, float], Tensor]] = {
    "l1_loop": l1_penalty,
    "l1_lists": multi_tensor_l1,
    "l2_loop": l2_penalty,
    "l2_lists": multi_tensor_l2,
}


def model_of(size: str) -> nn.Module:
    """A model that is nothing but its weights."""
    number, shape = SETS[size]
    generator = torch.Generator().manual_seed(0)
    tensors = (torch.randn(shape, generator=generator) for _ in range(number))
    return nn.ParameterList(tensors)


def measure(size: str) -> dict[str, Any]:
    """Medians in seconds and of the ratio to the loop, and the largest differences from it."""
    model = model_of(size)
    times: dict[str, list[float]] = {name: [] for name in CONTESTANTS}
    values: dict[str, float] = {}
    slopes: dict[str, list[Tensor]] = {}
    for turn in tqdm(range(ROUNDS[size] + 3), desc=f"{size}: rounds", leave=False):
        for name, penalty in CONTESTANTS.items():
            model.zero_grad()
            start = time.perf_counter()
            value = penalty(model, 1.0)
            value.backward()
            if turn >= 3:  # the first ones warm up
                times[name].append(time.perf_counter() - start)
            if not turn:
                values[name] = value.item()
                slopes[name] = [p.grad.clone() for p in model.parameters() if p.grad is not None]
    found: dict[str, Any] = {"seconds": {}, "ratio": {}, "value": {}, "gradient": {}}
    for name, own in times.items():
        kind = name[:2]
        loop = times[f"{kind}_loop"]
        found["seconds"][name] = statistics.median(own)
        found["ratio"][name] = statistics.median(a / b for a, b in zip(own, loop, strict=True))
        found["value"][name] = abs(values[name] / values[f"{kind}_loop"] - 1)
        found["gradient"][name] = max(
            ((a - b).abs() / b.abs()).max().item()
            for a, b in zip(slopes[name], slopes[f"{kind}_loop"], strict=True)
        )
    return found


def main() -> None:
    """Measure both sets and write the result."""
    torch.set_num_threads(THREADS)
    result: dict[str, Any] = {
        "device": device(),
        "threads": THREADS,
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),  # noqa: UP017
        "sets": {},
    }
    for size, (number, shape) in SETS.items():
        result["sets"][size] = {"tensors": number, "shape": shape, **measure(size)}
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8", newline="\n")
    print(f"written to {RESULT.relative_to(ROOT).as_posix()}")


if __name__ == "__main__":
    main()
