"""On one rank; tests/parity/test_distributed.py saves on two."""

import torch
from torch import nn

from snippets.pytorch.custom_adam import CustomAdam
from snippets.pytorch.process_group import process_group
from snippets.pytorch.sharded_checkpoint import load_checkpoint, save_checkpoint


def step(model, optimizer):
    optimizer.zero_grad()
    model(torch.ones(2, 3)).square().sum().backward()
    optimizer.step()


def test_going_on_from_it_is_never_having_stopped(tmp_path):
    with process_group():
        model, other = nn.Linear(3, 2), nn.Linear(3, 2)
        optimizer = CustomAdam(model.parameters(), lr=0.125, weight_decay=0.5)
        for _ in range(3):
            step(model, optimizer)
        save_checkpoint(tmp_path / "saved", model, optimizer)
        resumed = CustomAdam(other.parameters())
        load_checkpoint(tmp_path / "saved", other, resumed)
        assert resumed.param_groups[0]["lr"] == 0.125
        assert resumed.state[other.weight]["step"] == 3
        for _ in range(3):
            step(model, optimizer)
            step(other, resumed)
    for p, q in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(p, q)
