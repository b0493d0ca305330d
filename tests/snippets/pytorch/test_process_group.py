import socket

import pytest
import torch
import torch.distributed as dist

from snippets.pytorch.process_group import process_group


def test_run_plainly_it_is_a_group_of_one_and_ends():
    with process_group() as (rank, ranks):
        assert (rank, ranks) == (0, 1)
        dist.all_reduce(total := torch.tensor(3.0))
        assert total.item() == 3.0
    assert not dist.is_initialized()


def test_it_joins_the_group_that_the_environment_names(monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = {"RANK": 0, "WORLD_SIZE": 1, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    for name, value in given.items():
        monkeypatch.setenv(name, str(value))
    with process_group() as (rank, ranks):
        assert (rank, ranks) == (0, 1)
    assert not dist.is_initialized()


def test_it_ends_after_an_error():
    with pytest.raises(RuntimeError, match="stopped"), process_group():
        raise RuntimeError("stopped")
    assert not dist.is_initialized()


def test_refuses_backend():
    with (
        pytest.raises(ValueError, match="backend must be one like 'gloo', got 'nonsense'"),
        process_group("nonsense"),
    ):
        pass
