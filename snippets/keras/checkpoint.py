"""Checkpoints from which training goes on as if it had never stopped."""

import json
import os
import zipfile
from pathlib import Path

import keras


def save_checkpoint(path: str | Path, model: keras.Model) -> None:
    """Write all that training needs to one file, or leave the old file whole.

    It is written under another name, and gets its own in one step that cannot stop
    halfway: a crash or a full disk leaves the last complete checkpoint in place.

    Args:
        path: The file; its name ends in ".keras".
        model: Compiled; the optimizer is saved with it.

    Raises:
        ValueError: If the name has another end, or the model is not compiled.
    """
    path = Path(path)
    if path.suffix != ".keras":
        raise ValueError(f'path must end in ".keras", got {path.name!r}')
    if not model.compiled:
        raise ValueError(
            f"model must be compiled, got {model.name!r}, which is not"
        )
    draft = path.with_suffix(".part.keras")
    model.optimizer.build(model.trainable_variables)  # no step may have done it yet
    model.save(draft)
    with zipfile.ZipFile(draft, "a") as file:  # a ".keras" file is a zip
        seeds = [seed.numpy().tolist() for seed in _seeds(model)]
        file.writestr("seeds.json", json.dumps(seeds))
    with draft.open("rb+") as written:
        os.fsync(written.fileno())  # the bytes are on the disk before the name is
    draft.replace(path)


def load_checkpoint(path: str | Path) -> keras.Model:
    """Return the model with its optimizer, where both were saved.

    Args:
        path: The file.

    Returns:
        The model; ``model.optimizer.iterations`` says how many steps are done.
    """
    model = keras.models.load_model(path)
    with zipfile.ZipFile(path) as file:
        saved = json.loads(file.read("seeds.json"))
    for seed, value in zip(_seeds(model), saved, strict=True):
        seed.assign(value)
    return model


class SaveCheckpoint(keras.callbacks.Callback):
    """Call ``save_checkpoint`` after every epoch of ``fit``.

    Args:
        path: The file; its name ends in ".keras".
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        self.path = path

    def on_epoch_end(
        self, epoch: int, logs: dict[str, float] | None = None
    ) -> None:
        """Save what the epoch has led to."""
        save_checkpoint(self.path, self.model)


def _seeds(model: keras.Model) -> list[keras.Variable]:
    # how far dropout has come with its random numbers: model.save leaves it out
    return [v for v in model.variables if v.name == "seed_generator_state"]
