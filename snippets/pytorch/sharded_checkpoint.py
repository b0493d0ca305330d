"""Checkpoints that any number of processes can go on from."""

from pathlib import Path
from typing import Any

from torch import nn
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import save
from torch.optim import Optimizer


def save_checkpoint(folder: Path, model: nn.Module, optimizer: Optimizer) -> None:
    """Write weights and the optimizer's state; every rank writes what it has.

    Args:
        folder: The same on all ranks; need not exist.
        model: Plain, ``DistributedDataParallel`` or sharded.
        optimizer: Of this model's parameters.
    """
    save(_state(model, optimizer), checkpoint_id=folder)


def load_checkpoint(folder: Path, model: nn.Module, optimizer: Optimizer) -> None:
    """Read what ``save_checkpoint`` wrote, on as many ranks as there are now.

    Args:
        folder: The same on all ranks.
        model: Of the architecture that was saved; changed in place.
        optimizer: Of this model's parameters and of the class that was saved;
            changed in place, options included.
    """
    state = _state(model, optimizer)  # says which parts this rank needs
    load(state, checkpoint_id=folder)
    set_state_dict(
        model,
        optimizer,
        model_state_dict=state["model"],
        optim_state_dict=state["optimizer"],
    )


def _state(model: nn.Module, optimizer: Optimizer) -> dict[str, Any]:
    weights, state = get_state_dict(model, optimizer)  # by name, not by number
    return {"model": weights, "optimizer": state}
