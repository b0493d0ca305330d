import pytest
import torch
from torch import nn

from snippets.pytorch.regularized_network import make_network, train


def data(rows, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, 8, generator=generator)
    noise = torch.randn(rows, generator=generator)
    return x, (x[:, 0] + noise > 0).long()


def network(p=0.25):
    torch.manual_seed(0)
    return make_network(8, 2, hidden=16, p=p)


def test_layers():
    model = network(0.3)
    kinds = [type(layer).__name__ for layer in model]
    assert kinds.index("Dropout") > len(kinds) - 1 - kinds[::-1].index("BatchNorm1d")
    assert [layer.bias is None for layer in model if isinstance(layer, nn.Linear)] == [
        True,
        True,
        False,
    ]
    assert model[6].p == 0.3


def test_stops_and_restores():
    rows = data(40, 0), data(200, 1)
    model = network()
    losses, best = train(model, *rows, patience=8)
    assert len(losses) == best + 1 + 8 < 300
    assert losses[best] == min(losses) < losses[-1]
    with torch.no_grad():
        again = nn.functional.cross_entropy(model(rows[1][0]), rows[1][1]).item()
    assert again == losses[best]


def test_runs_to_the_end_and_restores():
    rows = data(40, 0), data(200, 1)
    losses, best = train(network(), *rows, epochs=30, patience=100)
    assert len(losses) == 30 > best + 1


@pytest.mark.parametrize("weight_decay", [0.0, 0.5])
def test_one_step_decays_weights_alone(weight_decay):
    def step(decay):
        model = network(p=0.0)
        with torch.no_grad():
            for p in model.parameters():
                if p.ndim == 1:
                    p.add_(0.5)
        start = [p.detach().clone() for p in model.parameters()]
        train(model, data(40, 0), data(40, 1), weight_decay=decay, lr=0.1, epochs=1)
        return start, [p.detach() for p in model.parameters()]

    start, free = step(0.0)
    _, decayed = step(weight_decay)
    for before, one, other in zip(start, free, decayed, strict=True):
        expected = 0.1 * weight_decay * before if before.ndim == 2 else 0 * before
        torch.testing.assert_close(one - other, expected, rtol=0, atol=1e-6)
        assert (one != before).any(), "left out of the training"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("lr", 0.0, "lr must be a finite number > 0, got 0.0"),
        ("lr", float("nan"), "lr must be a finite number > 0, got nan"),
        ("weight_decay", -0.1, "weight_decay must be a finite number >= 0, got -0.1"),
        ("weight_decay", float("inf"), "weight_decay must be a finite number >= 0, got inf"),
    ],
)
def test_refuses(name, value, words):
    with pytest.raises(ValueError, match=words):
        train(network(), data(4, 0), data(4, 1), **{name: value})
