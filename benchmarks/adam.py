"""How long one step of each Adam takes: ``make bench``, some minutes on an idle machine.

Every round runs the contestants one after the other, so that what else the machine does meets
all of them, and only medians and ratios of one process are kept. Each set of tensors has
processes of its own: one for what is not compiled, and one for each that is. Two yardsticks run
in all of them: ``fused=True``, and a loop in C that reads and writes as many bytes as Adam must,
28 for each weight.

The result goes to experiments/adam_speed.json, which the experiment of that name reads.
"""

import ctypes
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from snippets.numpy.custom_adam import CustomAdam as NumpyAdam
from snippets.pytorch.compiled_adam import CompiledAdam
from snippets.pytorch.custom_adam import CustomAdam
from snippets.pytorch.low_memory_adam import LowMemoryAdam
from snippets.pytorch.multi_tensor_adam import MultiTensorAdam

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "experiments" / "adam_speed.json"
THREADS = 2
SETS = {"small": (100, 1_000), "medium": (20, 1_000_000), "large": (4, 10_000_000)}
"""Number of tensors, and weights in each."""
ROUNDS = {"small": 120, "medium": 96, "large": 72}
STEPS = {"small": 10, "medium": 1, "large": 1}
"""Rounds of all contestants, and steps of each in one round."""
PARTS = ("plain", "compiled", "low_memory", "torch_compiled")
"""One process for each."""
ALWAYS, EVERY = ("triad", "torch_fused", *PARTS), 4
"""These take part in every round, the others, which are slow, in every fourth."""
PAIRS = {"custom": "torch_loop", "multi_tensor": "torch_foreach"}
"""Which of PyTorch's own does the same as ours, bit for bit."""
LONG, SHORT = 1_000, (16, 3)
"""Steps and shape for the difference from torch.optim.Adam."""
TRIAD = r"""
#include <stddef.h>
void triad(float *p, const float *g, float *m, float *v, size_t n) {
    #pragma omp parallel for simd num_threads(THREADS)
    for (size_t i = 0; i < n; i++) { m[i] += g[i]; v[i] += g[i]; p[i] += g[i]; }
}
"""
Step = Callable[[], object]


def build_triad(folder: str) -> Any:
    """Compile the yardstick; returns the C function."""
    source, library = Path(folder, "triad.c"), Path(folder, "triad.so")
    source.write_text(TRIAD.replace("THREADS", str(THREADS)), encoding="utf-8")
    flags = ["-O3", "-march=native", "-fopenmp", "-shared", "-fPIC"]
    subprocess.run(["cc", *flags, str(source), "-o", str(library)], check=True)
    function = ctypes.CDLL(str(library)).triad
    function.argtypes = [ctypes.c_void_p] * 4 + [ctypes.c_size_t]
    return function


def tensors(size: str) -> list[torch.Tensor]:
    """Parameters with gradients; all contestants share them."""
    number, weights = SETS[size]
    generator = torch.Generator().manual_seed(0)
    params = [torch.randn(weights, generator=generator) for _ in range(number)]
    for p in params:
        p.requires_grad_()
        p.grad = torch.randn(weights, generator=generator)
    return params


def contestants(params: list[torch.Tensor], folder: str, part: str) -> dict[str, Step]:
    """One step of each, by name; the two yardsticks first."""
    adam = torch.optim.Adam
    triad = build_triad(folder)
    means = [(torch.zeros_like(p), torch.zeros_like(p)) for p in params]
    pointers = [
        (p.data_ptr(), p.grad.data_ptr(), m.data_ptr(), v.data_ptr(), p.numel())
        for p, (m, v) in zip(params, means, strict=True)
        if p.grad is not None
    ]

    def stream() -> object:
        for addresses in pointers:
            triad(*addresses)
        return means  # the addresses live as long as this closure

    yardsticks: dict[str, Step] = {"triad": stream, "torch_fused": adam(params, fused=True).step}
    if part == "compiled":
        return {**yardsticks, part: CompiledAdam(params).step}
    if part == "low_memory":
        return {**yardsticks, part: LowMemoryAdam(params).step}
    if part == "torch_compiled":
        return {**yardsticks, part: torch.compile(adam(params).step)}
    arrays = [p.detach().numpy() for p in params]
    gradients = [p.grad.numpy() for p in params if p.grad is not None]
    textbook = NumpyAdam()
    textbook.exp_avg = [np.zeros_like(a) for a in arrays]  # float32, like the others
    textbook.exp_avg_sq = [np.zeros_like(a) for a in arrays]
    return {
        **yardsticks,
        "textbook": lambda: textbook.step(arrays, gradients),
        "custom": CustomAdam(params).step,
        "torch_loop": adam(params, foreach=False).step,
        "multi_tensor": MultiTensorAdam(params).step,
        "torch_foreach": adam(params, foreach=True).step,
    }


def measure(size: str, part: str) -> dict[str, Any]:
    """Medians in seconds a step, seconds of the first step, and temporary bytes a weight."""
    torch.set_num_threads(THREADS)
    params = tensors(size)
    weights = sum(p.numel() for p in params)
    with tempfile.TemporaryDirectory() as folder:
        steps = contestants(params, folder, part)
        first, extra = {}, {}
        for name, step in tqdm(steps.items(), desc=f"{size}, {part}: first steps", leave=False):
            start = time.perf_counter()
            step()
            first[name] = time.perf_counter() - start
            before = memory("VmRSS")
            Path("/proc/self/clear_refs").write_text("5")  # starts VmHWM, the peak, anew
            step()
            extra[name] = (memory("VmHWM") - before) / weights
        rounds: dict[str, dict[int, float]] = {name: {} for name in steps}
        for turn in tqdm(range(ROUNDS[size]), desc=f"{size}, {part}: rounds", leave=False):
            for name, step in steps.items():
                if name not in ALWAYS and turn % EVERY:
                    continue
                start = time.perf_counter()
                for _ in range(STEPS[size]):
                    step()
                rounds[name][turn] = (time.perf_counter() - start) / STEPS[size]
    found: dict[str, Any] = {"seconds": {}, "ratio": {}, "first": first, "extra": extra}
    for name, times in rounds.items():
        fused = rounds["torch_fused"]
        found["seconds"][name] = statistics.median(times.values())
        found["ratio"][name] = statistics.median(t / fused[turn] for turn, t in times.items())
        if theirs := rounds.get(PAIRS.get(name, "")):
            ratios = (t / theirs[turn] for turn, t in times.items())
            found.setdefault("pairs", {})[name] = statistics.median(ratios)
    return found


def memory(field: str) -> int:
    """Bytes that Linux counts for this process."""
    text = Path("/proc/self/status").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


def difference() -> dict[str, float]:
    """Largest difference from ``torch.optim.Adam`` of any weight, float32."""

    def travel(make: Callable[..., torch.optim.Optimizer], **options: Any) -> torch.Tensor:
        generator = torch.Generator().manual_seed(0)
        w = torch.randn(SHORT, generator=generator, requires_grad=True)
        optimizer = make([w], lr=0.01, **options)
        for _ in range(LONG):
            w.grad = torch.randn(SHORT, generator=generator)
            optimizer.step()
        return w.detach()

    reference = travel(torch.optim.Adam, foreach=False)
    others: dict[str, Any] = {
        "custom": (CustomAdam, {}),
        "multi_tensor": (MultiTensorAdam, {}),
        "compiled": (CompiledAdam, {}),
        "low_memory": (LowMemoryAdam, {}),
        "torch_foreach": (torch.optim.Adam, {"foreach": True}),
        "torch_fused": (torch.optim.Adam, {"fused": True}),
    }
    found = {name: travel(make, **options) for name, (make, options) in others.items()}
    return {name: (w - reference).abs().max().item() for name, w in found.items()}


def child(*arguments: str) -> Any:
    """Run a part of this program in a process of its own; returns what it printed."""
    with tempfile.TemporaryDirectory() as cache:  # compile anew, so that its time is measured
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.adam", *arguments],
            cwd=ROOT,
            env={**os.environ, "TORCHINDUCTOR_CACHE_DIR": cache},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return json.loads(done.stdout)


def device() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main() -> None:
    """Measure everything and write the result."""
    result: dict[str, Any] = {
        "device": device(),
        "threads": THREADS,
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),  # noqa: UP017
        "steps": LONG,
        "sets": {},
    }
    with tqdm(total=len(PARTS) * len(SETS) + 1, desc="Benchmark", unit="part") as bar:
        for size, (number, weights) in SETS.items():
            found = {"tensors": number, "weights": weights, "rounds": ROUNDS[size]}
            for part in PARTS:
                found[part] = child(size, part)
                bar.update()
            result["sets"][size] = found
        result["difference"] = child("difference")
        bar.update()
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8", newline="\n")
    print(f"written to {RESULT.relative_to(ROOT).as_posix()}")


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    elif sys.argv[1] == "difference":
        print(json.dumps(difference()))
    else:
        print(json.dumps(measure(sys.argv[1], sys.argv[2])))
