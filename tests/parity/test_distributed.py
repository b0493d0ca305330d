"""Programs of the page on two ranks, started by torchrun, say what they say on one."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import torch
from filelock import FileLock
from torch import nn

from experiments.distributed_launch import torchrun
from site_build import ROOT
from site_build.results import load
from snippets.pytorch import data_parallel as torch_parallel
from snippets.pytorch.custom_adam import CustomAdam
from snippets.pytorch.l2_penalty import l2_penalty
from snippets.pytorch.process_group import process_group
from snippets.pytorch.sharded_checkpoint import load_checkpoint
from tests.blocks import Block, blocks
from tests.conftest import shared_folder

PAGE = ROOT / "docs" / "optimizers" / "distributed.md"
HERE = Path(__file__).parent
PENALTY_OF_A_SHARD = "to_local()"


def programs() -> list[Block]:
    return [b for b in blocks(PAGE) if "with process_group()" in b.fence.text]


@pytest.fixture(scope="module")
def two_ranks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One start of torchrun, for all workers, runs every program of the page and our optimizers."""
    folder = shared_folder(tmp_path_factory) / "ranks"
    with FileLock(f"{folder}.lock"):
        if not (folder / "found.json").exists():
            folder.mkdir(exist_ok=True)
            for number, program in enumerate(programs()):
                path = folder / f"program{number:02}.py"
                path.write_text(program.fence.text, encoding="utf-8")
            shutil.copy(HERE / "distributed_program.py", folder)
            torchrun(2, "distributed_program.py", str(ROOT), folder=folder)
    found: dict[str, Any] = json.loads((folder / "found.json").read_text(encoding="utf-8"))
    return {**found, "folder": folder}


def test_every_program_says_the_same_on_two_ranks(two_ranks: dict[str, Any]) -> None:
    for number, program in enumerate(programs()):
        assert program.shown is not None
        said = two_ranks["said"][f"program{number:02}.py"]
        if PENALTY_OF_A_SHARD in program.fence.text:
            value = load("distributed_ddp_fsdp").facts["counted"]["local"]["value"]
            alone = "of its own shard 1.00 of the penalty\n"
            assert alone in program.shown.text
            own = f"of its own shard {value:.2f} of the penalty\n"
            assert said == program.shown.text.replace(alone, own)
        else:
            assert said == program.shown.text, program.place


def test_a_user_starts_the_first_program_with_torchrun(tmp_path: Path) -> None:
    program = next(p for p in programs() if "DistributedDataParallel(model)" in p.fence.text)
    (tmp_path / "train.py").write_text(program.fence.text, encoding="utf-8")
    assert program.shown is not None
    assert torchrun(2, "train.py", folder=tmp_path) == program.shown.text


@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
@pytest.mark.parametrize(
    "optimizer", ["CustomAdam", "MultiTensorAdam", "CompiledAdam", "CustomAdamW", "CustomAMSGrad"]
)
def test_two_ranks_take_the_steps_of_one(
    two_ranks: dict[str, Any], optimizer: str, kind: str
) -> None:
    assert two_ranks["apart"][f"{kind} {optimizer}"] < 1e-12


def test_large_shards_are_moved_too(two_ranks: dict[str, Any]) -> None:
    assert len(two_ranks["large"]) == 5
    assert max(two_ranks["large"].values()) < 1e-5, two_ranks["large"]


@pytest.mark.parametrize("penalty", ["l1", "l2", "group"])
def test_penalties_of_shards_are_sums_over_all(two_ranks: dict[str, Any], penalty: str) -> None:
    value, gradient, after_training = two_ranks["penalties"][penalty]
    assert (value, gradient) == pytest.approx((1.0, 1.0), rel=1e-12)
    assert after_training < 1e-12


def test_one_process_goes_on_from_a_checkpoint_of_two(two_ranks: dict[str, Any]) -> None:
    with process_group() as (_, ranks):
        assert ranks == 1
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3)).double()
        optimizer = CustomAdam(model.parameters(), lr=0.5)
        load_checkpoint(two_ranks["folder"] / "checkpoint", model, optimizer)
        torch.manual_seed(1)
        rows, classes = torch.randn(11, 6).double(), torch.arange(11) % 3
        torch_parallel.train(
            model, rows, classes, lambda _: optimizer, lambda m: l2_penalty(m, 0.01), epochs=10
        )
    assert optimizer.param_groups[0]["lr"] == 0.01
    for name, p in model.named_parameters():
        torch.testing.assert_close(
            p.detach(),
            torch.tensor(two_ranks["never_stopped"][name], dtype=torch.float64),
            rtol=0,
            atol=1e-12,
        )


def test_keras_and_pytorch_take_the_same_steps() -> None:
    if keras.backend.backend() != "tensorflow":
        pytest.skip("tf.distribute is TensorFlow's")
    import tensorflow as tf

    from snippets.keras import data_parallel as keras_parallel

    rng = np.random.default_rng(0)
    rows, classes = rng.normal(size=(11, 6)).astype("float32"), np.arange(11) % 3
    kernels = [rng.normal(size=s).astype("float32") for s in ((6, 8), (8, 3))]

    def make_model() -> Any:
        layers = [
            keras.layers.Dense(8, "relu", kernel_regularizer=keras.regularizers.l2(0.03125)),
            keras.layers.Dense(3, kernel_regularizer=keras.regularizers.l2(0.03125)),
        ]
        model = keras.Sequential([keras.Input((6,)), *layers])
        for layer, kernel in zip(layers, kernels, strict=True):
            layer.kernel.assign(kernel)
        return model

    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    made = lambda: keras.optimizers.SGD(0.125)  # noqa: E731
    theirs, losses = keras_parallel.train(strategy, make_model, rows, classes, made, epochs=20)

    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
    with torch.no_grad():
        for layer, kernel in zip((model[0], model[2]), kernels, strict=True):
            layer.weight.copy_(torch.tensor(kernel.T))
            layer.bias.zero_()
    with process_group():
        ours = torch_parallel.train(
            model,
            torch.tensor(rows),
            torch.tensor(classes),
            lambda params: torch.optim.SGD(params, lr=0.125),
            lambda m: l2_penalty(m, 0.03125),
            epochs=20,
        )
    np.testing.assert_allclose(losses, ours, rtol=1e-5)
    for layer, kept in zip((model[0], model[2]), theirs.layers, strict=True):
        np.testing.assert_allclose(layer.weight.detach().T, kept.kernel.numpy(), atol=1e-5)


def test_the_page_names_the_command_that_the_test_runs() -> None:
    assert re.search(r"torchrun --standalone --nproc-per-node 2", PAGE.read_text(encoding="utf-8"))
