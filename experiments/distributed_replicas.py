"""How often TensorFlow's replicas count the penalties that Keras's layers declare."""

import json
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from experiments import distributed_workers
from experiments.distributed_launch import workers
from experiments.experiment import Claim, Experiment


@dataclass(frozen=True)
class Outcome:
    """One training beside ``fit`` on one device."""

    loss: float
    """The first loss, with the penalties."""
    apart: float
    """The largest difference of any weight at the end."""


@dataclass(frozen=True)
class Facts:
    """Two replicas beside one."""

    replicas: int
    rows: int
    steps: int
    loss: float
    """The first loss of ``fit`` on one device."""
    penalty: float
    """What it would lack without the penalties."""
    mirrored_fit: Outcome
    mirrored_loop: Outcome
    workers_fit: Outcome
    workers_loop: Outcome
    mirrored_summed: Outcome
    """The loop that adds ``sum(model.losses)`` on each replica."""
    workers_summed: Outcome
    plain_fit: str
    """How Keras's own ``fit`` ends on several workers."""


@cache
def measured() -> dict[str, Any]:
    """What one process with two replicas, and two with one each, found."""
    with tempfile.TemporaryDirectory() as folder:
        kinds = ("mirrored", "worker", "worker")
        outs = [Path(folder) / f"{number}.json" for number in range(len(kinds))]
        module = distributed_workers.__name__
        pairs = zip(outs, kinds, strict=True)
        workers(*(["-m", module, str(out), kind] for out, kind in pairs))
        found = [json.loads(out.read_text(encoding="utf-8")) for out in outs]
    return {**found[1], **found[0]}


def measure(replicas: int = 2, scaled: bool = True) -> Facts:
    """Train by ``fit`` and by a loop.

    Args:
        replicas: How many replicas the loop that only sums has, 1 or 2.
        scaled: Whether the loop divides the penalties by the number of replicas.
    """
    found = measured()
    one = found["one_fit"]

    def beside(name: str) -> Outcome:
        pairs = zip(found[name]["weights"], one["weights"], strict=True)
        return Outcome(found[name]["loss"], max(abs(a - b) for a, b in pairs))

    summed = "_loop" if scaled else "_loop_summed"
    alone = replicas == 1
    return Facts(
        replicas=replicas,
        rows=distributed_workers.ROWS,
        steps=distributed_workers.STEPS,
        loss=one["loss"],
        penalty=found["mirrored_loop_summed"]["loss"] - one["loss"],
        mirrored_fit=beside("mirrored_fit" if scaled else "mirrored_loop_summed"),
        mirrored_loop=beside(f"mirrored{summed}"),
        workers_fit=beside("workers_fit" if scaled else "workers_loop_summed"),
        workers_loop=beside(f"workers{summed}"),
        mirrored_summed=beside("one_loop_summed" if alone else "mirrored_loop_summed"),
        workers_summed=beside("one_loop_summed" if alone else "workers_loop_summed"),
        plain_fit="" if alone else found["workers_plain_fit"]["error"],
    )


def once(f: Facts, found: Outcome) -> bool:
    """Whether loss and weights are those of one device, to float32."""
    return abs(found.loss - f.loss) < 1e-5 and found.apart < 1e-4


EXPERIMENT = Experiment(
    question="Do Keras's penalties count once under tf.distribute?",
    measure=measure,
    claims=(
        Claim(
            id="mirrored_counts_once",
            sentence=lambda f: (
                f"`MirroredStrategy`, {f.replicas} replicas: the first loss is "
                f"{f.mirrored_fit.loss:.4f} in `fit` and {f.mirrored_loop.loss:.4f} in the loop "
                f"above, and {f.loss:.4f} on one device. After {f.steps} steps of Adam the weights "
                f"are at most {f.mirrored_fit.apart:.0e} and {f.mirrored_loop.apart:.0e} apart."
            ),
            check=lambda f: once(f, f.mirrored_fit) and once(f, f.mirrored_loop),
            without={"scaled": False},
        ),
        Claim(
            id="workers_count_once",
            sentence=lambda f: (
                f"`MultiWorkerMirroredStrategy`, {f.replicas} processes: {f.workers_fit.loss:.4f} "
                f"in the `fit` of `WorkersModel`, {f.workers_loop.loss:.4f} in the loop; at most "
                f"{max(f.workers_fit.apart, f.workers_loop.apart):.0e} apart."
            ),
            check=lambda f: once(f, f.workers_fit) and once(f, f.workers_loop),
            without={"scaled": False},
        ),
        Claim(
            id="summed_counts_twice",
            sentence=lambda f: (
                f"With `sum(model.losses)` on each of {f.replicas} replicas the first loss is "
                f"{f.mirrored_summed.loss:.4f} ({f.workers_summed.loss:.4f} in two processes) "
                f"instead of {f.loss:.4f}: the penalty of {f.penalty:.4f} is in it twice, and "
                f"after {f.steps} steps a weight is {f.mirrored_summed.apart:.2f} away."
            ),
            check=lambda f: (
                f.mirrored_summed.loss - f.loss > 0.5
                and f.workers_summed.loss - f.loss > 0.5
                and f.mirrored_summed.apart > 1e-3
            ),
            without={"replicas": 1},
        ),
        Claim(
            id="plain_fit_stops",
            sentence=lambda f: (
                "Keras's own `fit` stops in two processes before its first step, with "
                f"a `{f.plain_fit}`."
            ),
            check=lambda f: f.plain_fit == "ValueError",
            without={"replicas": 1},
        ),
    ),
)
