import pytest
import torch
from torch import nn

from snippets.pytorch.grid_search import grid_search


@pytest.fixture
def problem():
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(23, 3, generator=generator, dtype=torch.float64)
    labels = (features[:, 0] + torch.randn(23, generator=generator) > 0).long()
    model = nn.Linear(3, 2).double()
    with torch.no_grad():
        model.weight.copy_(torch.arange(6).view(2, 3) / 8)
        model.bias.copy_(torch.tensor([0.5, -0.5]))
    return model, features, labels


def test_against_plain_gradient_descent(problem):
    model, features, labels = problem
    _, errors = grid_search(model, features, labels, [0.0, 0.25], folds=4, lr=0.5, epochs=40)
    assert errors.shape == (4, 2)
    out = torch.arange(12, 18)  # 23 rows: three folds of 6, one of 5
    x = torch.cat([features[:12], features[18:]])
    y = nn.functional.one_hot(torch.cat([labels[:12], labels[18:]]), 2).double()
    weight, bias = model.weight.detach().clone(), model.bias.detach().clone()
    for _ in range(40):
        wrong = ((x @ weight.T + bias).softmax(1) - y) / len(x)
        weight, bias = (
            weight - 0.5 * (wrong.T @ x + 2 * 0.25 * weight),
            bias - 0.5 * wrong.sum(0),
        )
    chances = (features[out] @ weight.T + bias).log_softmax(1)
    expected = -chances[torch.arange(6), labels[out]].mean()
    assert errors[2, 1].item() == pytest.approx(expected.item(), rel=1e-12)


def test_the_model_stays_as_it_was(problem):
    model, features, labels = problem
    before = [p.detach().clone() for p in model.parameters()]
    first, errors = grid_search(model, features, labels, [0.1, 0.2], folds=2, epochs=5)
    assert all(map(torch.equal, before, model.parameters()))
    again, same = grid_search(model, features, labels, [0.1, 0.2], folds=2, epochs=5)
    assert first == again
    assert torch.equal(errors, same)


def test_best_has_the_smallest_mean(problem):
    strengths = [0.5, 0.03, 0.0, 0.2]
    best, errors = grid_search(*problem, strengths, lr=1.0, epochs=300)
    assert best == strengths[int(errors.mean(0).argmin())]
    assert errors.mean(0).unique().numel() == 4


@pytest.mark.parametrize("folds", [1, 24])
def test_refuses_folds(problem, folds):
    with pytest.raises(ValueError, match=f"folds must be from 2 to 23, got {folds}"):
        grid_search(*problem, [0.1], folds=folds)


@pytest.mark.parametrize("strengths", [[], [-0.1], [0.1, float("inf")], [float("nan")]])
def test_refuses_strengths(problem, strengths):
    with pytest.raises(ValueError, match=r"strengths must be finite and >= 0, got \["):
        grid_search(*problem, strengths)


def test_a_training_that_diverges_does_not_win(problem):
    best, errors = grid_search(*problem, [0.0, 10.0], lr=0.5, epochs=400)
    assert errors[:, 1].isnan().all()
    assert best == 0.0
    with pytest.raises(ValueError, match=r"every training diverged, lower lr, got 0\.5"):
        grid_search(*problem, [10.0, 20.0], lr=0.5, epochs=400)


def test_folds_are_judged_without_dropout(problem):
    model, features, labels = problem
    network = nn.Sequential(model, nn.Dropout(0.5))
    torch.manual_seed(0)
    _, first = grid_search(network, features, labels, [0.0], folds=2, lr=1e-9, epochs=1)
    torch.manual_seed(1)
    _, again = grid_search(network, features, labels, [0.0], folds=2, lr=1e-9, epochs=1)
    assert torch.allclose(first, again, rtol=1e-6)


def test_a_copy_of_a_model_in_evaluation_mode_is_trained_in_training_mode(problem):
    model, features, labels = problem
    network = nn.Sequential(nn.BatchNorm1d(3, dtype=torch.float64), model).eval()
    _, errors = grid_search(network, features, labels, [0.0], folds=2, epochs=3)
    _, expected = grid_search(network.train(), features, labels, [0.0], folds=2, epochs=3)
    assert torch.equal(errors, expected)


def test_as_many_folds_as_rows(problem):
    model, features, labels = problem
    _, errors = grid_search(model, features[:3], labels[:3], [0.1], folds=3, epochs=1)
    assert errors.shape == (3, 1)
