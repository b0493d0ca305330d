import io
import os
import pickle
import signal
import warnings

import pytest
import torch
from torch import nn

from snippets.pytorch.checkpoint import load_checkpoint, save_checkpoint
from snippets.pytorch.custom_adam import CustomAdam
from snippets.pytorch.custom_adamw import CustomAdamW
from snippets.pytorch.low_memory_adam import LowMemoryAdam
from snippets.pytorch.multi_tensor_adam import MultiTensorAdam

OPTIMIZERS = [CustomAdam, CustomAdamW, LowMemoryAdam, MultiTensorAdam, torch.optim.Adam]
X, Y = torch.randn(8, 4, generator=torch.Generator().manual_seed(0)), torch.arange(8) % 3


def fresh(make=torch.optim.Adam):
    """What a training script makes before its first epoch."""
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout(0.5), nn.Linear(6, 3))
    optimizer = make(model.parameters(), lr=0.01)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=12)
    return {"model": model, "optimizer": optimizer, "scheduler": cycle}


def train(epochs, model, optimizer, scheduler):
    for _ in epochs:
        rows = torch.randperm(len(X))[:6]
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(X[rows]), Y[rows]).backward()
        optimizer.step()
        scheduler.step()


def everything(parts):
    """All numbers that training has left, and the next random one."""
    state = parts["model"].state_dict()
    means = [t for s in parts["optimizer"].state.values() for t in s.values()]
    rate = torch.tensor(parts["scheduler"].get_last_lr())
    return [*state.values(), *means, rate, torch.rand(3)]


@pytest.mark.parametrize("make", OPTIMIZERS)
def test_stopped_and_gone_on_is_never_stopped_bit_for_bit(make, tmp_path):
    never = fresh(make)
    train(range(10), **never)
    expected = everything(never)

    first = fresh(make)
    train(range(4), **first)
    save_checkpoint(tmp_path / "run.pt", 4, **first)
    second = fresh(make)
    torch.rand(5)
    epoch = load_checkpoint(tmp_path / "run.pt", **second)
    assert epoch == 4
    train(range(epoch, 10), **second)
    found = everything(second)
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert torch.equal(ours, theirs)


def killed(work):
    """Whether a copy of this process that does this work, which uses no threads, is killed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads: the child starts none
        child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def half_written(monkeypatch):
    whole = torch.save

    def save(state, file):
        buffer = io.BytesIO()
        whole(state, buffer)
        file.write(buffer.getvalue()[: buffer.tell() // 2])
        file.flush()
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(torch, "save", save)


def not_yet_named(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: os.kill(os.getpid(), signal.SIGKILL))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, which Windows has not")
@pytest.mark.parametrize("moment", [half_written, not_yet_named])
def test_killed_while_saving_leaves_the_last_complete_checkpoint(moment, tmp_path, monkeypatch):
    path = tmp_path / "run.pt"
    never = fresh()
    train(range(3), **never)
    save_checkpoint(path, 3, **never)

    train(range(3, 4), **never)

    def save_the_next():
        moment(monkeypatch)  # in the child alone
        save_checkpoint(path, 4, **never)

    assert killed(save_the_next)
    assert path.with_name("run.pt.part").exists(), "it was killed too early"
    second = fresh()
    assert load_checkpoint(path, **second) == 3
    save_checkpoint(path, 5, **second)  # what the crash left is in nobody's way
    assert load_checkpoint(path, **second) == 5
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]


def test_refuses_no_parts_and_other_parts(tmp_path):
    parts = fresh()
    with pytest.raises(ValueError, match="parts must have one or more, got none"):
        save_checkpoint(tmp_path / "run.pt", 1)
    save_checkpoint(tmp_path / "run.pt", 1, **parts)
    with pytest.raises(ValueError, match=r"parts must be \['model', 'opt.*, got \['model'\]"):
        load_checkpoint(tmp_path / "run.pt", model=parts["model"])


def test_before_the_first_epoch_it_can_be_saved_too(tmp_path):
    parts = fresh()
    save_checkpoint(tmp_path / "0.pt", 0, **parts)
    assert load_checkpoint(tmp_path / "0.pt", **parts) == 0


class Harmful:
    def __reduce__(self):
        return print, ("run by loading",)


def test_a_file_with_code_in_it_is_not_run(tmp_path, capsys):
    torch.save({"epoch": 0, "rng": torch.get_rng_state(), "parts": Harmful()}, tmp_path / "bad.pt")
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        load_checkpoint(tmp_path / "bad.pt", **fresh())
    assert capsys.readouterr().out == ""
