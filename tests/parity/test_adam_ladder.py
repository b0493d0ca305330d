"""The textbook, the loop, the lists and the compiled graph: one Adam, as fast as fused or not."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from snippets.numpy.custom_adam import CustomAdam as NumpyAdam
from snippets.pytorch import compiled_adam, low_memory_adam
from snippets.pytorch.compiled_adam import CompiledAdam
from snippets.pytorch.custom_adam import CustomAdam
from snippets.pytorch.custom_amsgrad import CustomAMSGrad
from snippets.pytorch.low_memory_adam import LowMemoryAdam
from snippets.pytorch.multi_tensor_adam import CACHE, MultiTensorAdam

SHAPES: tuple[tuple[int, ...], ...] = ((40, 30), (30,), (130, 130), ())
"""The third is above the size up to which the compiled one joins tensors."""
STEPS = 1000
BACKEND = "inductor" if shutil.which(os.environ.get("CXX", "g++")) else "aot_eager"
"""Without a C++ compiler the graph is the same and is checked, but runs as PyTorch's own code."""


class Counted:
    """What torch.compile gave, and how many graphs it took."""

    graphs = 0


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Counted]]:
    """The compiled update of this test alone."""
    from torch._dynamo import lookup_backend, reset

    compile_graph: Callable[..., Any] = lookup_backend(BACKEND)

    def backend(graph: Any, inputs: Any) -> Any:
        Counted.graphs += 1
        return compile_graph(graph, inputs)

    reset()
    Counted.graphs = 0
    compiled = torch.compile(compiled_adam.update, dynamic=False, backend=backend)
    monkeypatch.setattr(compiled_adam, "compiled_update", lambda: compiled)
    yield Counted
    reset()


def start(dtype: torch.dtype) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [
        torch.randn(s, generator=generator).to(dtype).requires_grad_()  # type: ignore[arg-type]
        for s in SHAPES
    ]


def gradients(t: int, dtype: torch.dtype) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(t)
    return [
        (torch.randn(s, generator=generator) * 10 ** torch.randn((), generator=generator)).to(dtype)
        for s in SHAPES
    ]


def travel(
    make: Callable[..., torch.optim.Optimizer],
    dtype: torch.dtype = torch.float32,
    schedule: Callable[[torch.optim.Optimizer], Any] | None = None,
    steps: int = STEPS,
    **options: Any,
) -> list[torch.Tensor]:
    params = start(dtype)
    optimizer = make(params, lr=0.01, **options)
    scheduler = schedule(optimizer) if schedule else None
    for t in range(1, steps + 1):
        for p, g in zip(params, gradients(t, dtype), strict=True):
            p.grad = g
        optimizer.step()
        if scheduler:
            scheduler.step()
    return [p.detach() for p in params]


def furthest(left: list[torch.Tensor], right: list[torch.Tensor]) -> float:
    return max((a - b).abs().max().item() for a, b in zip(left, right, strict=True))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16], ids=str)
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_lists_are_torchs_foreach_and_the_loop_bit_for_bit(
    dtype: torch.dtype, weight_decay: float
) -> None:
    ours = travel(MultiTensorAdam, dtype, weight_decay=weight_decay)
    assert furthest(ours, start(dtype)) > 0.1
    for theirs in (
        travel(torch.optim.Adam, dtype, weight_decay=weight_decay, foreach=True),
        travel(CustomAdam, dtype, weight_decay=weight_decay),
    ):
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16], ids=str)
def test_lists_with_decoupled_decay_are_torchs_adamw_bit_for_bit(dtype: torch.dtype) -> None:
    ours = travel(MultiTensorAdam, dtype, weight_decay=0.1, decoupled_weight_decay=True)
    assert furthest(ours, travel(MultiTensorAdam, dtype, weight_decay=0.1)) > 0.01
    theirs = travel(torch.optim.AdamW, dtype, weight_decay=0.1, foreach=True)
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("foreach", [False, True])
def test_large_tensors_in_portions_are_torchs_bit_for_bit(foreach: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    sizes = (5, CACHE - 3, 2 * CACHE + 7, 11)
    ours = [torch.randn(size, generator=generator).requires_grad_() for size in sizes]
    theirs = [p.detach().clone().requires_grad_() for p in ours]
    optimizers = MultiTensorAdam(ours, lr=0.01), torch.optim.Adam(theirs, lr=0.01, foreach=foreach)
    for _ in range(5):
        for p, q in zip(ours, theirs, strict=True):
            p.grad = torch.randn(p.shape, generator=generator)
            q.grad = p.grad.clone()
        for optimizer in optimizers:
            optimizer.step()
    assert all(torch.equal(p, q) for p, q in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("foreach", [False, True])
def test_amsgrad_is_torchs_bit_for_bit(foreach: bool) -> None:
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        ours = travel(CustomAMSGrad, dtype)
        theirs = travel(torch.optim.Adam, dtype, amsgrad=True, foreach=foreach)
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
        plain = furthest(ours, travel(CustomAdam, dtype))
        # at the default beta2, a mean of squares in bfloat16 never falls: see the page
        assert plain == 0 if dtype == torch.bfloat16 else plain > 1e-3


def test_the_textbook_is_the_loop_and_the_lists() -> None:
    textbook = [np.atleast_1d(p.detach().numpy()).copy() for p in start(torch.float64)]
    adam = NumpyAdam(lr=0.01)
    for t in range(1, STEPS + 1):
        adam.step(textbook, [np.atleast_1d(g.numpy()) for g in gradients(t, torch.float64)])
    for ours in (travel(CustomAdam, torch.float64), travel(MultiTensorAdam, torch.float64)):
        for a, b in zip(textbook, ours, strict=True):
            np.testing.assert_allclose(np.atleast_1d(b.numpy()), a, rtol=1e-12)


DECAYS: dict[str, dict[str, Any]] = {
    "none": {},
    "l2": {"weight_decay": 0.1},
    "decoupled": {"weight_decay": 0.1, "decoupled_weight_decay": True},
}


@pytest.mark.parametrize("decay", DECAYS)
def test_the_compiled_one_is_torchs_but_for_rounding(decay: str, counted: type[Counted]) -> None:
    ours = travel(CompiledAdam, **DECAYS[decay])
    assert furthest(ours, travel(torch.optim.Adam, foreach=False, **DECAYS[decay])) <= 5e-6
    assert counted.graphs == 1


def test_the_compiled_one_in_float64(counted: type[Counted]) -> None:
    ours = travel(CompiledAdam, torch.float64, weight_decay=0.1)
    assert furthest(ours, travel(CustomAdam, torch.float64, weight_decay=0.1)) < 1e-13
    assert counted.graphs == 1


SCHEDULES: dict[str, Callable[[torch.optim.Optimizer], Any]] = {
    "exponential": lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.995),
    "one cycle": lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 0.02, total_steps=STEPS + 1),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_one_graph_whatever_a_scheduler_does(name: str, counted: type[Counted]) -> None:
    """A scheduler changes Python numbers at every step; none of them is in the graph."""
    ours = travel(CompiledAdam, schedule=SCHEDULES[name])
    theirs = travel(torch.optim.Adam, schedule=SCHEDULES[name], foreach=False)
    assert furthest(ours, theirs) <= 5e-6
    assert counted.graphs == 1


def test_one_graph_for_several_groups_and_dtypes(counted: type[Counted]) -> None:
    """And a second one only while a parameter misses its gradient."""
    ours, theirs = (
        [
            p.detach().to(d).requires_grad_()
            for p, d in zip(start(torch.float32), types, strict=True)
        ]
        for types in [(torch.float32, torch.float64, torch.bfloat16, torch.float32)] * 2
    )
    graphs = []
    groups = [({"params": p[:1], "lr": 0.02}, {"params": p[1:]}) for p in (ours, theirs)]
    optimizers = CompiledAdam(groups[0]), torch.optim.Adam(groups[1], foreach=False)
    for t in range(1, 13):
        for params, optimizer in zip((ours, theirs), optimizers, strict=True):
            for p, g in zip(params, gradients(t, torch.float32), strict=True):
                p.grad = g.to(p.dtype)
            if t in (5, 6):
                params[0].grad = None
            optimizer.step()
        graphs.append(counted.graphs)
    assert graphs == [1] * 4 + [2] * 2 + [2] * 6
    for a, b in zip(ours, theirs, strict=True):
        near = 0.05 if a.dtype == torch.bfloat16 else 5e-6
        torch.testing.assert_close(a, b, rtol=0, atol=near)


def test_the_low_memory_one_compiled_rounds_as_uncompiled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Same numbers and same noise; a last bit before rounding may differ."""
    compiled = torch.compile(low_memory_adam.update, dynamic=False, backend=BACKEND)
    found = []
    for update in (compiled, low_memory_adam.update):
        monkeypatch.setattr(low_memory_adam, "compiled_update", lambda update=update: update)
        params = start(torch.float32)
        optimizer = LowMemoryAdam(params, lr=0.01, weight_decay=0.1)
        for t in range(1, 4):
            for p, g in zip(params, gradients(t, torch.float32), strict=True):
                p.grad = g
            optimizer.step()
        found.append((params, [optimizer.state[p] for p in params]))
    assert furthest(found[0][0], found[1][0]) < 1e-3
    for left, right in zip(found[0][1], found[1][1], strict=True):
        for name in ("exp_avg", "exp_avg_sq"):
            same = (left[name] == right[name]).double().mean()
            assert same > 0.99
            torch.testing.assert_close(left[name], right[name], rtol=2**-6, atol=0)
