import copy
import math

import pytest
import torch
from torch import nn

from snippets.pytorch.elastic_net_network import make_network, train


@pytest.fixture
def problem():
    torch.manual_seed(0)
    return make_network(4, 3, hidden=5), torch.randn(12, 4), torch.arange(12) % 3


def test_shapes(problem):
    model, features, _ = problem
    assert model(features).shape == (12, 3)
    assert [tuple(p.shape) for p in model.parameters()] == [(5, 4), (5,), (3, 5), (3,)]


def test_loss_holds_l1_alone(problem):
    model, features, labels = problem
    bare = nn.functional.cross_entropy(model(features), labels).item()
    penalty = 0.25 * sum(p.abs().sum().item() for p in (model[0].weight, model[2].weight))
    losses, cross_entropies = train(model, features, labels, l1=0.25, l2=0.5, epochs=3)
    assert len(losses) == len(cross_entropies) == 3
    assert cross_entropies[0] == bare
    assert losses[0] - bare == pytest.approx(penalty, rel=1e-5)


def test_equals_adam_on_the_whole_loss(problem):
    model, features, labels = problem
    other = copy.deepcopy(model)
    start = [p.clone() for p in model.parameters()]
    optimizer = torch.optim.Adam(other.parameters(), lr=0.01)
    for _ in range(20):
        optimizer.zero_grad()
        weights = [other[0].weight, other[2].weight]
        penalty = sum(0.125 * w.abs().sum() + 0.25 * w.square().sum() for w in weights)
        (nn.functional.cross_entropy(other(features), labels) + penalty).backward()
        optimizer.step()
    train(model, features, labels, l1=0.125, l2=0.25, lr=0.01, epochs=20)
    for ours, theirs, first in zip(model.parameters(), other.parameters(), start, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=2e-5)
        assert (ours - first).abs().max() > 0.02


@pytest.mark.parametrize("strength", [-1.0, math.inf, math.nan])
@pytest.mark.parametrize("name", ["l1", "l2"])
def test_refuses_strength(problem, name, strength):
    with pytest.raises(ValueError, match=f"{name} must be a finite number >= 0, got {strength}"):
        train(*problem, **{name: strength})


@pytest.mark.parametrize("lr", [0.0, -1.0, math.inf, math.nan])
def test_refuses_learning_rate(problem, lr):
    with pytest.raises(ValueError, match=f"lr must be a finite number > 0, got {lr}"):
        train(*problem, lr=lr)
