"""What a long run must not leave behind: memory that grows, and graphs that nobody needs."""

import gc
import sys
import weakref

import pytest
import torch
from torch import Tensor, nn

from snippets.pytorch.custom_adam import CustomAdam
from snippets.pytorch.custom_adamw import CustomAdamW
from snippets.pytorch.custom_amsgrad import CustomAMSGrad
from snippets.pytorch.low_memory_adam import LowMemoryAdam
from snippets.pytorch.multi_tensor_adam import MultiTensorAdam

OPTIMIZERS = [CustomAdam, CustomAdamW, CustomAMSGrad, LowMemoryAdam, MultiTensorAdam]


def alive():
    """Blocks of memory that Python has given out, and tensors that it knows."""
    gc.collect()
    tensors = sum(issubclass(type(found), Tensor) for found in gc.get_objects())
    return sys.getallocatedblocks(), tensors


@pytest.mark.parametrize("make", [CustomAdam, CustomAdamW, MultiTensorAdam])
def test_ten_thousand_steps_leave_memory_flat(make):
    w = nn.Parameter(torch.ones(3))
    optimizer = make([w], lr=1e-3)

    def go_on(steps):
        for _ in range(steps):
            w.grad = w.detach() - 0.5
            optimizer.step()

    go_on(50)  # the first ones fill caches
    blocks, tensors = alive()
    go_on(10_000)
    more_blocks, more_tensors = alive()
    assert more_tensors == tensors
    assert more_blocks - blocks < 1_000  # less than one for ten steps
    assert optimizer.state[w]["step"] == 10_050


class Saved:
    """What a graph keeps of one tensor for its backward pass."""

    def __init__(self, tensor):
        self.tensor = tensor


@pytest.mark.parametrize("make", OPTIMIZERS)
def test_a_step_holds_no_graph(make):
    kept = weakref.WeakSet()

    def pack(tensor):
        kept.add(saved := Saved(tensor.detach()))
        return saved

    w = nn.Parameter(torch.ones(3))
    optimizer = make([w], weight_decay=0.1)
    for _ in range(3):
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda saved: saved.tensor):
            # a gradient that has a graph itself, as for a penalty on gradients
            (w.grad,) = torch.autograd.grad((w**4).sum(), w, create_graph=True)
        assert kept
        optimizer.step()
        w.grad = None
        assert not kept
    state = [value for value in optimizer.state[w].values() if isinstance(value, Tensor)]
    assert len(state) >= 3
    assert not any(tensor.requires_grad for tensor in state)
    assert w.is_leaf
