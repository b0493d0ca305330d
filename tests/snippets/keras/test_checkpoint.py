import os
import signal
import warnings

import keras
import numpy as np
import pytest

from snippets.keras.checkpoint import SaveCheckpoint, load_checkpoint, save_checkpoint
from snippets.keras.custom_adam import CustomAdam
from snippets.keras.dropout import Dropout

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(8, 4)).astype("float32"), np.arange(8) % 3


def fresh():
    keras.utils.set_random_seed(1)
    layers = [keras.layers.Dense(6), Dropout(0.5, seed=2), keras.layers.Dense(3)]
    model = keras.Sequential([keras.Input((4,)), *layers])
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 20)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(CustomAdam(schedule), loss)
    return model


def everything(model):
    return [v.numpy() for v in [*model.variables, *model.optimizer.variables]]


def train(model, start, end, **options):
    model.fit(X, Y, 4, end, initial_epoch=start, shuffle=False, verbose=0, **options)


def test_stopped_and_gone_on_is_never_stopped_bit_for_bit(tmp_path):
    path = tmp_path / "run.keras"
    never = fresh()
    train(never, 0, 5)
    train(fresh(), 0, 2, callbacks=[SaveCheckpoint(path)])
    second = load_checkpoint(path)
    start = int(second.optimizer.iterations) // 2  # two batches an epoch
    assert start == 2
    train(second, start, 5)
    found, expected = everything(second), everything(never)
    assert len(found) == len(expected) > 6
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert [file.name for file in tmp_path.iterdir()] == ["run.keras"]


def killed(work):
    """Whether a copy of this process that does this work is killed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads: saving starts none
        child = os.fork()
    if child == 0:
        signal.alarm(60)
        try:
            work()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, which Windows has not")
def test_killed_while_saving_leaves_the_last_complete_checkpoint(tmp_path):
    path = tmp_path / "run.keras"
    model = fresh()
    save_checkpoint(path, model)
    expected = model.get_weights()
    model.set_weights([w + 1 for w in expected])
    whole = model.save

    def half_written(draft):
        whole(draft)
        os.truncate(draft, draft.stat().st_size // 2)
        os.kill(os.getpid(), signal.SIGKILL)

    def save_the_next():
        model.save = half_written  # in the child alone
        save_checkpoint(path, model)

    assert killed(save_the_next)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["run.keras", "run.part.keras"]
    for ours, theirs in zip(load_checkpoint(path).get_weights(), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(ValueError):  # noqa: PT011  # whatever Keras says of half a file
        keras.models.load_model(tmp_path / "run.part.keras")
    save_checkpoint(path, model)  # what the crash left is in nobody's way
    assert [file.name for file in tmp_path.iterdir()] == ["run.keras"]


def test_refuses_another_name_and_a_model_without_an_optimizer(tmp_path):
    with pytest.raises(ValueError, match=r'path must end in ".keras", got \'run.h5\''):
        save_checkpoint(tmp_path / "run.h5", fresh())
    bare = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)], name="bare")
    with pytest.raises(ValueError, match="model must be compiled, got 'bare', which is not"):
        save_checkpoint(tmp_path / "run.keras", bare)
