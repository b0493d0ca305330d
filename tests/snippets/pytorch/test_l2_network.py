import copy
import math

import pytest
import torch
from torch import nn

from snippets.pytorch.l2_network import make_network, train


@pytest.fixture
def problem():
    torch.manual_seed(0)
    return make_network(4, 3, hidden=5), torch.randn(12, 4), torch.arange(12) % 3


def test_shapes(problem):
    model, features, _ = problem
    assert model(features).shape == (12, 3)
    assert [tuple(p.shape) for p in model.parameters()] == [(5, 4), (5,), (3, 5), (3,)]


def test_losses_are_bare_cross_entropy(problem):
    model, features, labels = problem
    start = nn.functional.cross_entropy(model(features), labels).item()
    losses = train(model, features, labels, weight_decay=10.0, epochs=30)
    assert len(losses) == 30
    assert losses[0] == start


def test_equals_the_penalty_in_the_loss(problem):
    model, features, labels = problem
    model, features = model.double(), features.double()
    by_hand = copy.deepcopy(model)
    train(model, features, labels, lr=0.01, weight_decay=0.1, epochs=50)
    optimizer = torch.optim.Adam(by_hand.parameters(), lr=0.01)
    for _ in range(50):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(by_hand(features), labels)
        loss = loss + 0.1 / 2 * sum(p.square().sum() for p in by_hand.parameters())
        loss.backward()
        optimizer.step()
    for ours, theirs in zip(model.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


def test_decay_shrinks_weights_and_biases(problem):
    model, features, labels = problem
    free = copy.deepcopy(model)
    train(free, features, labels, lr=0.01, weight_decay=0.0, epochs=200)
    train(model, features, labels, lr=0.01, weight_decay=0.1, epochs=200)
    for ours, theirs in zip(model.parameters(), free.parameters(), strict=True):
        assert ours.norm() < 0.5 * theirs.norm()


@pytest.mark.parametrize("weight_decay", [-1.0, math.inf, math.nan])
def test_refuses_weight_decay(problem, weight_decay):
    message = f"weight_decay must be finite, >= 0, got {weight_decay}"
    with pytest.raises(ValueError, match=message):
        train(*problem, weight_decay=weight_decay)


@pytest.mark.parametrize("lr", [0.0, -1.0, math.inf, math.nan])
def test_refuses_learning_rate(problem, lr):
    with pytest.raises(ValueError, match=f"lr must be a finite number > 0, got {lr}"):
        train(*problem, lr=lr)
