import numpy as np
import pytest
import torch
from torch import nn

import snippets.numpy.early_stopping
from snippets.pytorch.early_stopping import EarlyStopping, train


def data(rows, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, 8, generator=generator)
    noise = torch.randn(rows, generator=generator)
    return x, (x[:, 0] + noise > 0).long()


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 2))


@pytest.mark.parametrize("patience", [1, 2, 5, 30])
@pytest.mark.parametrize("min_delta", [0.0, 0.125, 1.0])
def test_same_as_numpy(patience, min_delta):
    for seed in range(20):
        losses = np.random.default_rng(seed).normal(size=60).cumsum() - np.arange(60) / 4
        ours = EarlyStopping(patience, min_delta)
        theirs = snippets.numpy.early_stopping.EarlyStopping(patience, min_delta)
        layer, array = nn.Linear(1, 1, bias=False).double(), np.zeros((1, 1))
        for epoch, loss in enumerate(losses):
            with torch.no_grad():
                layer.weight.fill_(epoch)
            array[:] = epoch
            stops = ours.update(loss, layer), theirs.update(loss, [array])
            assert stops[0] == stops[1]
            if stops[0]:
                break
        assert (ours.best_epoch, ours.best_loss) == (theirs.best_epoch, theirs.best_loss)
        assert ours.best_state["weight"].item() == theirs.best_weights[0] == ours.best_epoch


def test_train_stops_and_restores():
    rows = data(40, 0), data(200, 1)
    model = network()
    losses, best = train(model, *rows, patience=5, lr=0.05)
    assert len(losses) == best + 1 + 5 < 500
    assert losses[best] == min(losses) < losses[-1]
    assert not model.training
    with torch.no_grad():  # running statistics are restored, too
        again = nn.functional.cross_entropy(model(rows[1][0]), rows[1][1]).item()
    assert again == losses[best]


def test_the_first_step_is_lr_long():
    model = network()
    before = [p.detach().clone() for p in model.parameters()]
    train(model, data(40, 0), data(200, 1), lr=0.25, epochs=1)
    moves = [(p - b).abs().max().item() for p, b in zip(model.parameters(), before, strict=True)]
    assert max(moves) == pytest.approx(0.25, rel=1e-3)


def test_train_restores_at_the_end_as_well():
    rows = data(40, 0), data(200, 1)
    full, best = train(network(), *rows, patience=100, lr=0.05, epochs=30)
    model = network()
    train(model, *rows, patience=100, lr=0.05, epochs=best + 1)
    stopped = network()
    assert train(stopped, *rows, patience=100, lr=0.05, epochs=30) == (full, best)
    assert len(full) == 30 > best + 1
    for one, other in zip(stopped.state_dict().values(), model.state_dict().values(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("patience", 0, "patience must be >= 1, got 0"),
        ("min_delta", -1.0, "min_delta must be a finite number >= 0, got -1.0"),
        ("min_delta", float("nan"), "min_delta must be a finite number >= 0, got nan"),
        ("lr", 0.0, "lr must be a finite number > 0, got 0.0"),
        ("lr", float("inf"), "lr must be a finite number > 0, got inf"),
    ],
)
def test_refuses(name, value, words):
    with pytest.raises(ValueError, match=words):
        train(network(), data(4, 0), data(4, 1), **{name: value})
