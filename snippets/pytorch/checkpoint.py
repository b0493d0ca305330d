"""Checkpoints from which training goes on as if it had never stopped."""

import os
from pathlib import Path
from typing import Any

import torch


def save_checkpoint(path: str | Path, epoch: int, **parts: Any) -> None:
    """Write all that training needs to one file, or leave the old file whole.

    It is written under another name, and gets its own in one step that cannot stop
    halfway: a crash or a full disk leaves the last complete checkpoint in place.

    Args:
        path: The file.
        epoch: How many epochs are done, at least 0.
        **parts: All that has a ``state_dict``, each under a name of its own:
            ``model=model, optimizer=optimizer, scheduler=scheduler``.

    Raises:
        ValueError: If ``epoch`` is below 0, or there are no parts.
    """
    if epoch < 0:
        raise ValueError(f"epoch must be at least 0, got {epoch!r}")
    if not parts:
        raise ValueError("parts must have one or more, got none")
    states = {name: part.state_dict() for name, part in parts.items()}
    rng = torch.get_rng_state()  # of the CPU: dropout, shuffling
    draft = Path(f"{path}.part")
    with draft.open("wb") as file:
        torch.save({"epoch": epoch, "rng": rng, "parts": states}, file)
        file.flush()
        os.fsync(file.fileno())  # the bytes are on the disk before the name is
    draft.replace(path)


def load_checkpoint(path: str | Path, **parts: Any) -> int:
    """Bring the parts and the random numbers back to where they were saved.

    Args:
        path: The file.
        **parts: The same names as in ``save_checkpoint``, newly made.

    Returns:
        How many epochs are done.

    Raises:
        ValueError: If the names are others than the saved ones.
    """
    saved = torch.load(path, weights_only=True)  # data alone: it runs no code
    if (names := set(saved["parts"])) != set(parts):
        raise ValueError(f"parts must be {sorted(names)}, got {sorted(parts)}")
    for name, part in parts.items():
        part.load_state_dict(saved["parts"][name])
    torch.set_rng_state(saved["rng"])
    epoch: int = saved["epoch"]
    return epoch
