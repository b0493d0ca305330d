import copy
import math

import pytest
import torch
from torch import nn

from snippets.pytorch.l1_network import make_network, train


@pytest.fixture
def problem():
    torch.manual_seed(0)
    return make_network(4, 3, hidden=5), torch.randn(12, 4), torch.arange(12) % 3


def test_shapes(problem):
    model, features, _ = problem
    assert model(features).shape == (12, 3)
    assert [tuple(p.shape) for p in model.parameters()] == [(5, 4), (5,), (3, 5), (3,)]


def test_loss_holds_the_penalty_and_cross_entropy_does_not(problem):
    model, features, labels = problem
    bare = nn.functional.cross_entropy(model(features), labels).item()
    penalty = 0.25 * sum(p.abs().sum().item() for p in (model[0].weight, model[2].weight))
    losses, cross_entropies = train(model, features, labels, l1=0.25, epochs=3)
    assert len(losses) == len(cross_entropies) == 3
    assert cross_entropies[0] == bare
    assert losses[0] - bare == pytest.approx(penalty, rel=1e-5)


def test_first_gradient_is_that_of_the_data_plus_the_sign(problem):
    model, features, labels = problem
    before = copy.deepcopy(model)
    nn.functional.cross_entropy(before(features), labels).backward()
    train(model, features, labels, l1=0.25, epochs=1)
    for ours, theirs in zip(model.parameters(), before.parameters(), strict=True):
        sign = torch.sign(theirs) if theirs.ndim == 2 else 0  # biases stay free
        torch.testing.assert_close(ours.grad, (theirs.grad + 0.25 * sign).detach())


def test_shrinks_the_weights(problem):
    model, features, labels = problem
    free = copy.deepcopy(model)
    train(free, features, labels, lr=0.01, l1=0.0, epochs=200)
    train(model, features, labels, lr=0.01, l1=0.1, epochs=200)
    for k in (0, 2):
        assert model[k].weight.abs().sum() < 0.2 * free[k].weight.abs().sum()


@pytest.mark.parametrize("l1", [-1.0, math.inf, math.nan])
def test_refuses_strength(problem, l1):
    with pytest.raises(ValueError, match=f"l1 must be a finite number >= 0, got {l1}"):
        train(*problem, l1=l1)


@pytest.mark.parametrize("lr", [0.0, -1.0, math.inf, math.nan])
def test_refuses_learning_rate(problem, lr):
    with pytest.raises(ValueError, match=f"lr must be a finite number > 0, got {lr}"):
        train(*problem, lr=lr)
