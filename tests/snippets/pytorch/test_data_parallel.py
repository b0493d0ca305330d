"""On one rank; tests/parity/test_distributed.py starts two."""

import functools

import pytest
import torch
from torch import nn
from torch.distributed.fsdp import FSDPModule

from snippets.pytorch import data_parallel, fully_sharded
from snippets.pytorch.process_group import process_group


def problem():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3)).double()
    return model, torch.randn(7, 4).double(), torch.arange(7) % 3


def penalty(model):
    return 0.25 * torch.stack([p.square().sum() for p in model.parameters()]).sum()


def train(module, model, *data, **options):
    with process_group():
        if module is fully_sharded:
            fully_sharded.shard(model)
        make = functools.partial(torch.optim.SGD, lr=0.125)
        return module.train(model, *data, make, penalty, **options)


@pytest.mark.parametrize("module", [data_parallel, fully_sharded])
def test_first_loss_and_first_step(module):
    model, rows, classes = problem()
    loss = nn.functional.cross_entropy(model(rows), classes) + penalty(model)
    loss.backward()
    expected = [p.detach() - 0.125 * p.grad for p in model.parameters()]
    model, *data = problem()
    losses = train(module, model, *data, epochs=1)
    assert losses == pytest.approx([loss.item()], rel=1e-12)
    with process_group():
        for p, q in zip(model.parameters(), expected, strict=True):
            local = p.detach()
            local = local.to_local() if module is fully_sharded else local
            torch.testing.assert_close(local, q, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("module", [data_parallel, fully_sharded])
def test_defaults(module):
    assert len(train(module, *problem())) == 100


@pytest.mark.parametrize("module", [data_parallel, fully_sharded])
def test_refuses_fewer_rows_than_ranks(module):
    model, rows, classes = problem()
    with pytest.raises(ValueError, match="a row for each of 1 ranks, got 0"):
        train(module, model, rows[:0], classes[:0])


def test_refuses_a_model_without_parameters():
    with process_group(), pytest.raises(ValueError, match=r"must have parameters, got ReLU\(\)"):
        fully_sharded.shard(nn.ReLU())


def test_each_layer_is_gathered_by_itself():
    model, *_ = problem()
    with process_group():
        fully_sharded.shard(model)
        assert all(isinstance(part, FSDPModule) for part in model.modules())


def test_whole_leaves_a_plain_tensor():
    plain = torch.ones(2)
    assert fully_sharded.whole(plain) is plain
