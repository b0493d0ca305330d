"""What PyTorch's processes must agree on, and how often they count a penalty."""

import json
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure as MatplotlibFigure

from experiments import distributed_ranks
from experiments.distributed_launch import torchrun
from experiments.drawing import LIGHT, new_figure
from experiments.experiment import Claim, Experiment, Figure


@dataclass(frozen=True)
class Counted:
    """A penalty of the first layer over the same penalty in one process."""

    value: float
    """What rank 0 sees."""
    gradient: float
    """The length of the gradient that the optimizer gets."""


@dataclass(frozen=True)
class Facts:
    """Two processes beside one; float64, CustomAdam where nothing else is said."""

    ranks: int
    rows: int
    steps: int
    lr: float
    l1: float
    ddp: float
    """Largest difference of any weight from ``torch.optim.Adam`` in one process."""
    fsdp: float
    multi_tensor_ddp: float
    multi_tensor_fsdp: float
    own_mean: float
    """The same if each rank divides by the number of its own rows."""
    not_averaged: float
    """The same if nothing averages gradients."""
    early_optimizer: float
    """How far weights move if the optimizer was made before ``fully_shard``."""
    resumed: float
    """Saved on two ranks, gone on with in one: distance from training that never stopped."""
    counted: dict[str, Counted]


@cache
def measured() -> dict[int, dict[str, Any]]:
    """What two ranks measured, then what one did, which goes on from the checkpoint of two."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for ranks in (2, 1):
            out = Path(folder) / f"{ranks}.json"
            program = ("-m", distributed_ranks.__name__, str(out), f"{folder}/checkpoint")
            torchrun(ranks, *program)
            found[ranks] = json.loads(out.read_text(encoding="utf-8"))
    return found


def measure(
    ranks: int = 2, averaged: bool = True, shares: bool = True, state: bool = True
) -> Facts:
    """Train on two ranks and on one.

    Args:
        ranks: How many processes there are, 1 or 2.
        averaged: Whether gradients are averaged over the ranks at all.
        shares: Whether a rank's loss is divided by the rows of all.
        state: Whether the checkpoint's means of Adam are used, or its weights alone.
    """
    found = measured()[ranks]
    apart = found["apart"]
    ddp = apart["ddp_CustomAdam"] if shares else apart["own_mean"]
    return Facts(
        ranks=ranks,
        rows=distributed_ranks.ROWS,
        steps=distributed_ranks.STEPS,
        lr=distributed_ranks.LR,
        l1=distributed_ranks.L1,
        ddp=ddp if averaged else apart["not_averaged"],
        fsdp=apart["fsdp_CustomAdam"] if averaged else apart["not_averaged"],
        multi_tensor_ddp=apart["ddp_MultiTensorAdam"],
        multi_tensor_fsdp=apart["fsdp_MultiTensorAdam"],
        own_mean=apart["own_mean"],
        not_averaged=apart["not_averaged"],
        early_optimizer=found["early_optimizer"],
        resumed=measured()[1]["resumed" if state else "weights_alone"],
        counted={name: Counted(*pair) for name, pair in found["counted"].items()},
    )


WAYS = {
    "ddp": "DDP: added on every rank",
    "ddp_rank_0": "DDP: added on rank 0 alone",
    "whole": "FSDP2: whole(...), L1",
    "whole_group": "FSDP2: whole(...), group lasso",
    "local": "FSDP2: L1 of a shard",
    "local_group": "FSDP2: group lasso of a shard",
    "reduced": "FSDP2: shards' L1, all-reduced",
}


def draw_counts(facts: Facts) -> MatplotlibFigure:
    """Each way to add a penalty: how often it counts."""
    figure = new_figure(width=6.2, height=4.2)
    axes = figure.subplots()
    places = range(len(WAYS), 0, -1)
    axes.axvline(1.0, color=LIGHT["muted"], linewidth=1.2)
    found = [facts.counted[name] for name in WAYS]
    axes.plot(
        [c.value for c in found],
        places,
        "o",
        markersize=11,
        markerfacecolor="none",
        markeredgewidth=2,
        color=LIGHT["muted"],
        label="value printed on rank 0",
    )
    axes.plot(
        [c.gradient for c in found],
        places,
        "D",
        markersize=5,
        color=LIGHT["ink"],
        label="gradient the optimizer gets",
    )
    axes.set_yticks(list(places), list(WAYS.values()))
    axes.set_ylim(0.5, len(WAYS) + 0.5)
    axes.set_xlim(0, 2.2)
    axes.set_xlabel("over the same in one process")
    axes.legend(
        loc="lower center", bbox_to_anchor=(0.22, 1.0), ncols=2, columnspacing=1, fontsize=11
    )
    return figure


def right(found: Counted) -> bool:
    """Whether value and gradient are those of one process."""
    return abs(found.value - 1) < 1e-12 and abs(found.gradient - 1) < 1e-12


EXPERIMENT = Experiment(
    question="Does training on two processes equal training on one?",
    measure=measure,
    claims=(
        Claim(
            id="ddp_equals_one_process",
            sentence=lambda f: (
                f"{f.rows} rows on {f.ranks} ranks, {f.steps} steps: under DDP, `CustomAdam` ends "
                f"at most {f.ddp:.0e} from `torch.optim.Adam` in one process with all rows. "
                f"Without the average over ranks some weight is {f.not_averaged:.2f} away."
            ),
            check=lambda f: f.ddp < 1e-12,
            without={"averaged": False},
        ),
        Claim(
            id="fsdp_equals_one_process",
            sentence=lambda f: (
                f"Under FSDP2, with every parameter cut in {f.ranks}, the distance is {f.fsdp:.0e} "
                f"for `CustomAdam` and {f.multi_tensor_fsdp:.0e} for `MultiTensorAdam`."
            ),
            check=lambda f: f.fsdp < 1e-12 and f.multi_tensor_fsdp < 1e-12,
            without={"averaged": False},
        ),
        Claim(
            id="own_mean",
            sentence=lambda f: (
                f"With {f.rows} rows on {f.ranks} ranks, a loss that each rank divides by the "
                f"number of *its* rows leads a weight {f.own_mean:.2f} away in {f.steps} steps of "
                f"at most about {f.lr}."
            ),
            check=lambda f: f.own_mean > 1e-3 and f.ddp < 1e-12,
            without={"shares": False},
        ),
        Claim(
            id="penalty_on_one_rank",
            sentence=lambda f: (
                f"Under DDP, a penalty that rank 0 alone adds has "
                f"{f.counted['ddp_rank_0'].gradient:.1f} of its gradient; added on every rank, it "
                f"counts {f.counted['ddp'].gradient:.1f} times."
            ),
            check=lambda f: (
                abs(f.counted["ddp_rank_0"].gradient - 0.5) < 1e-9 and right(f.counted["ddp"])
            ),
            without={"ranks": 1},
        ),
        Claim(
            id="shard_is_not_the_sum",
            sentence=lambda f: (
                f"The L1 penalty of `to_local()` is {f.counted['local'].value:.2f} of the true "
                f"one on rank 0; its gradient is right. For the group lasso, whose groups are "
                f"cut, the value is {f.counted['local_group'].value:.2f} and the gradient "
                f"{f.counted['local_group'].gradient:.2f} times as long."
            ),
            check=lambda f: (
                f.counted["local"].value < 0.7
                and f.counted["local_group"].value < 0.8
                and f.counted["local_group"].gradient > 1.3
            ),
            without={"ranks": 1},
        ),
        Claim(
            id="all_reduce_counts_twice",
            sentence=lambda f: (
                f"All-reducing that sum mends the value ({f.counted['reduced'].value:.2f}) and "
                f"breaks the gradient: {f.counted['reduced'].gradient:.2f} times, because its "
                "backward pass adds up over the ranks, too."
            ),
            check=lambda f: (
                abs(f.counted["reduced"].value - 1) < 1e-12
                and abs(f.counted["reduced"].gradient - 2) < 1e-9
            ),
            without={"ranks": 1},
        ),
        Claim(
            id="norms_summed_too_early",
            sentence=lambda f: (
                "`torch.linalg.vector_norm(w, dim=0).sum()` of a weight that is sharded by rows "
                f"gives {f.counted['early_sum'].value:.4f} of the true sum, with the right "
                "gradient and no message."
            ),
            check=lambda f: (
                f.counted["early_sum"].value < 0.999
                and abs(f.counted["early_sum"].gradient - 1) < 1e-9
            ),
            without={"ranks": 1},
        ),
        Claim(
            id="checkpoint_of_two_on_one",
            sentence=lambda f: (
                f"Saved on 2 ranks after {f.steps // 2} steps and gone on with in one process: "
                f"after {f.steps} steps every weight is within {f.resumed:.0e} of training that "
                "never stopped."
            ),
            check=lambda f: f.resumed < 1e-12,
            without={"state": False},
        ),
    ),
    figures=(
        Figure(
            name="counts",
            title=lambda _: "A penalty should count once",
            caption=lambda f: (
                f"Penalties of one weight matrix on {f.ranks} ranks, over those in one process. "
                "Each row is a way to write it; circle and diamond belong on the line."
            ),
            alt=lambda f: (
                "Value and gradient of a penalty on two ranks, over those in one process. "
                + " ".join(
                    f"{label}: value {f.counted[name].value:.2f}, "
                    f"gradient {f.counted[name].gradient:.2f}."
                    for name, label in WAYS.items()
                )
            ),
            draw=draw_counts,
        ),
    ),
)
