"""What each rank of test_distributed.py runs: ``torchrun distributed_program.py ROOT``."""

import contextlib
import functools
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, sys.argv[1])

import torch
import torch.distributed as dist
from torch import Tensor, nn

from snippets.pytorch import compiled_adam, data_parallel, fully_sharded
from snippets.pytorch.compiled_adam import CompiledAdam
from snippets.pytorch.custom_adam import CustomAdam
from snippets.pytorch.custom_adamw import CustomAdamW
from snippets.pytorch.custom_amsgrad import CustomAMSGrad
from snippets.pytorch.fully_sharded import shard, whole
from snippets.pytorch.group_lasso import group_lasso_penalty
from snippets.pytorch.l1_penalty import l1_penalty
from snippets.pytorch.l2_penalty import l2_penalty
from snippets.pytorch.multi_tensor_adam import MultiTensorAdam
from snippets.pytorch.process_group import process_group
from snippets.pytorch.sharded_checkpoint import save_checkpoint

OPTIMIZERS: dict[Any, Callable[..., torch.optim.Optimizer]] = {
    CustomAdam: functools.partial(torch.optim.Adam, lr=0.01),
    MultiTensorAdam: functools.partial(torch.optim.Adam, lr=0.01),
    CompiledAdam: functools.partial(torch.optim.Adam, lr=0.01),
    CustomAdamW: functools.partial(torch.optim.AdamW, lr=0.01),
    CustomAMSGrad: functools.partial(torch.optim.Adam, lr=0.01, amsgrad=True),
}
PENALTIES: dict[str, Callable[[Any], Tensor]] = {
    "l1": lambda model: l1_penalty(model, 0.01),
    "l2": lambda model: l2_penalty(model, 0.01),
    "group": lambda model: group_lasso_penalty(model[0].weight, 0.01),
}


def network() -> Any:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3)).double()


def data() -> tuple[Tensor, Tensor]:
    torch.manual_seed(1)
    return torch.randn(11, 6).double(), torch.arange(11) % 3


def of_one_process(make: Any, penalty: Any, steps: int = 20) -> Any:
    """The oracle: PyTorch's own optimizer, all rows, no group."""
    model, (x, y) = network(), data()
    optimizer = make(model.parameters())
    for _ in range(steps):
        optimizer.zero_grad()
        (nn.functional.cross_entropy(model(x), y) + penalty(model)).backward()
        optimizer.step()
    return model


def apart(model: nn.Module, other: nn.Module) -> float:
    pairs = zip(model.parameters(), other.parameters(), strict=True)
    return max((whole(p.detach()) - q.detach()).abs().max().item() for p, q in pairs)


def optimizers() -> dict[str, float]:
    # as test_adam_ladder.py: the same graph, without a C++ compiler
    compiled = torch.compile(compiled_adam.update, dynamic=False, backend="aot_eager")
    compiled_adam.compiled_update = lambda: compiled
    found = {}
    for kind, oracle in OPTIMIZERS.items():
        expected = of_one_process(oracle, PENALTIES["l2"])
        make = functools.partial(kind, lr=0.01)
        model = network()
        data_parallel.train(model, *data(), make, PENALTIES["l2"], epochs=20)
        found[f"ddp {kind.__name__}"] = apart(model, expected)
        shard(model := network())
        fully_sharded.train(model, *data(), make, PENALTIES["l2"], epochs=20)
        found[f"fsdp {kind.__name__}"] = apart(model, expected)
    return found


def large() -> dict[str, float]:
    """One step of a matrix that our optimizers would divide into portions."""
    torch.manual_seed(0)
    start = torch.randn(601, 500)
    found = {}
    for kind, oracle in OPTIMIZERS.items():
        layers = [nn.Linear(500, 601, bias=False) for _ in range(2)]
        for layer in layers:
            layer.weight.data.copy_(start)
        shard(layers[0])
        for layer, make in zip(layers, (functools.partial(kind, lr=0.01), oracle), strict=True):
            optimizer = make(layer.parameters())
            layer(torch.ones(2, 500)).square().mean().backward()
            optimizer.step()
        found[kind.__name__] = apart(*layers)
    return found


def penalties() -> dict[str, tuple[float, float, float]]:
    """Value, length of the gradient, and training under FSDP2, beside one process."""
    found = {}
    for name, penalty in PENALTIES.items():
        exact = network()
        true = penalty(exact)
        true.backward()
        shard(model := network())
        got = whole(penalty(model))
        got.backward()
        gradient = whole(model[0].weight.grad).norm() / exact[0].weight.grad.norm()
        shard(trained := network())
        make = functools.partial(CustomAdam, lr=0.01)
        fully_sharded.train(trained, *data(), make, penalty, epochs=20)
        expected = of_one_process(OPTIMIZERS[CustomAdam], penalty)
        found[name] = ((got / true).item(), gradient.item(), apart(trained, expected))
    return found


def checkpoint() -> None:
    made: list[torch.optim.Optimizer] = []

    def make(params: Any) -> torch.optim.Optimizer:
        made.append(CustomAdam(params, lr=0.01))
        return made[0]

    shard(model := network())
    fully_sharded.train(model, *data(), make, PENALTIES["l2"], epochs=10)
    save_checkpoint(Path("checkpoint"), model, made[0])


def say(file: Path) -> str:
    """What a program of the page prints; it makes a group of its own."""
    # one store serves one group: each program meets at a port of its own
    os.environ["TORCHELASTIC_USE_AGENT_STORE"] = "False"
    os.environ["MASTER_PORT"] = str(int(os.environ["MASTER_PORT"]) + 1)
    output = io.StringIO()
    stopped = ""
    with contextlib.redirect_stdout(output):
        try:
            exec(compile(file.read_text(encoding="utf-8"), file.name, "exec"), {"__name__": "x"})
        except RuntimeError as error:
            stopped = f"{type(error).__name__}: {error}\n"
    return output.getvalue() + stopped


with process_group() as (rank, ranks):
    assert ranks == 2
    found: dict[str, Any] = {"apart": optimizers(), "penalties": penalties()}
    found["large"] = large()
    checkpoint()
    dist.barrier()
never_stopped = of_one_process(OPTIMIZERS[CustomAdam], PENALTIES["l2"])
found["never_stopped"] = {n: p.tolist() for n, p in never_stopped.named_parameters()}
found["said"] = {file.name: say(file) for file in sorted(Path().glob("program*.py"))}
if rank == 0:
    Path("found.json").write_text(json.dumps(found), encoding="utf-8")
