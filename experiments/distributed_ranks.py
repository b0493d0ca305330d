"""What each process of ``torchrun -m experiments.distributed_ranks OUT FOLDER`` measures."""

import functools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed._functional_collectives import all_reduce
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from snippets.pytorch import data_parallel, fully_sharded
from snippets.pytorch.custom_adam import CustomAdam
from snippets.pytorch.fully_sharded import shard, whole
from snippets.pytorch.group_lasso import group_lasso_penalty
from snippets.pytorch.l1_penalty import l1_penalty
from snippets.pytorch.l2_penalty import l2_penalty
from snippets.pytorch.multi_tensor_adam import MultiTensorAdam
from snippets.pytorch.process_group import process_group
from snippets.pytorch.sharded_checkpoint import load_checkpoint, save_checkpoint

ROWS, STEPS, L1, LR = 11, 20, 0.01, 0.01
Penalty = Callable[[nn.Module], Tensor]


def network() -> nn.Sequential:
    """The same weights in every process."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3)).double()


def data() -> tuple[Tensor, Tensor]:
    """The same rows in every process; two processes have six and five of them."""
    torch.manual_seed(1)
    return torch.randn(ROWS, 6).double(), torch.arange(ROWS) % 3


def penalty(model: nn.Module) -> Tensor:
    """L1, as on its page."""
    return l1_penalty(model, L1)


def of_one_process(steps: int = STEPS) -> list[Tensor]:
    """What all must equal: ``torch.optim.Adam`` and all rows."""
    model, (x, y) = network(), data()
    optimizer = torch.optim.Adam(model.parameters(), lr=LR)
    for _ in range(steps):
        optimizer.zero_grad()
        (F.cross_entropy(model(x), y) + penalty(model)).backward()
        optimizer.step()
    return [p.detach() for p in model.parameters()]


def apart(model: nn.Module, others: list[Tensor]) -> float:
    """The largest difference of any weight."""
    pairs = zip(model.parameters(), others, strict=True)
    return max((whole(p.detach()) - q).abs().max().item() for p, q in pairs)


def trainings() -> dict[str, float]:
    """How far each kind of training is from that of one process."""
    expected, (x, y), found = of_one_process(), data(), {}
    for kind in (CustomAdam, MultiTensorAdam):
        make = functools.partial(kind, lr=LR)
        model = network()
        data_parallel.train(model, x, y, make, penalty, epochs=STEPS)
        found[f"ddp_{kind.__name__}"] = apart(model, expected)
        shard(model := network())
        fully_sharded.train(model, x, y, make, penalty, epochs=STEPS)
        found[f"fsdp_{kind.__name__}"] = apart(model, expected)

    def by_hand(average: Callable[[nn.Module], nn.Module]) -> float:
        model = network()
        rank, ranks = dist.get_rank(), dist.get_world_size()
        optimizer = CustomAdam(model.parameters(), lr=LR)
        parallel = average(model)
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = F.cross_entropy(parallel(x[rank::ranks]), y[rank::ranks])
            (loss + penalty(model)).backward()
            optimizer.step()
        return apart(model, expected)

    found["own_mean"] = by_hand(DistributedDataParallel)
    found["not_averaged"] = by_hand(lambda model: model)
    return found


def counted() -> dict[str, tuple[float, float]]:
    """Penalty on the first layer by each way: its value and its gradient, true ones = 1.

    The value is what rank 0 sees.
    """

    def l1(w: Any) -> Any:
        return w.abs().sum()

    def group(w: Any) -> Any:
        return group_lasso_penalty(w, 1.0)

    def early_sum(w: Any) -> Any:
        return torch.linalg.vector_norm(w, dim=0).sum()

    def first(model: Any) -> Any:
        return model[0].weight

    every: Any = dist.group.WORLD

    def ratios(way: Callable[[Any], Any], of: Any, sharded: bool) -> tuple[float, float]:
        exact: Any = network()[0].weight
        value = of(exact)
        value.backward()
        model: Any = network()
        if sharded:
            shard(model)
            parallel: nn.Module = model
        else:
            parallel = DistributedDataParallel(model)
        rows = data()[0]
        got = way(model)
        (0 * parallel(rows).sum() + got).backward()
        gradient = whole(model[0].weight.grad)
        size = (gradient.norm() / exact.grad.norm()).item()
        return (got / value).item(), size

    on_first_rank = 1.0 if dist.get_rank() == 0 else 0.0
    return {
        "ddp": ratios(lambda m: l1(first(m)), l1, False),
        "ddp_rank_0": ratios(lambda m: on_first_rank * l1(first(m)), l1, False),
        "whole": ratios(lambda m: whole(l1(first(m))), l1, True),
        "whole_l2": ratios(
            lambda m: whole(l2_penalty(m[:1], 1.0)), lambda w: w.square().sum(), True
        ),
        "whole_group": ratios(lambda m: whole(group(first(m))), group, True),
        "local": ratios(lambda m: l1(first(m).to_local()), l1, True),
        "local_group": ratios(lambda m: early_sum(first(m).to_local()), early_sum, True),
        "reduced": ratios(lambda m: all_reduce(l1(first(m).to_local()), "sum", every), l1, True),
        "early_sum": ratios(lambda m: whole(early_sum(first(m))), early_sum, True),
    }


def early_optimizer() -> float:
    """How far an optimizer moves weights if it was made before they were sharded."""
    model = network()
    optimizer = CustomAdam(model.parameters(), lr=LR)
    shard(model)
    model(data()[0]).square().mean().backward()
    optimizer.step()
    return apart(model, [p.detach() for p in network().parameters()])


def checkpoint(folder: Path) -> None:
    """Train, and write what is needed to go on."""
    made = []

    def make(params: Any) -> CustomAdam:
        made.append(CustomAdam(params, lr=LR))
        return made[0]

    shard(model := network())
    fully_sharded.train(model, *data(), make, penalty, epochs=STEPS // 2)
    save_checkpoint(folder, model, made[0])


def resumed(folder: Path, state: bool) -> float:
    """Go on in one process; how far that is from training that never stopped."""
    model = network()
    optimizer = CustomAdam(model.parameters(), lr=0.5)  # the file knows better
    load_checkpoint(folder, model, optimizer)
    if not state:
        optimizer = CustomAdam(model.parameters(), lr=LR)
    data_parallel.train(model, *data(), lambda _: optimizer, penalty, epochs=STEPS // 2)
    return apart(model, of_one_process())


def main(out: str, folder: str) -> None:
    """Measure everything; rank 0 writes it."""
    torch.set_num_threads(1)
    with process_group() as (rank, ranks):
        facts: dict[str, Any] = {"apart": trainings(), "counted": counted()}
        facts["early_optimizer"] = early_optimizer()
        if ranks > 1:
            checkpoint(Path(folder))
        else:
            facts["resumed"] = resumed(Path(folder), state=True)
            facts["weights_alone"] = resumed(Path(folder), state=False)
        if rank == 0:
            Path(out).write_text(json.dumps(facts), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
