import pytest
import torch
from torch import nn

from snippets.pytorch.monte_carlo_dropout import monte_carlo_dropout


@pytest.fixture
def model():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3)
    ).eval()


@pytest.fixture
def x():
    return torch.randn(5, 4, generator=torch.Generator().manual_seed(1))


def test_mean_and_spread_of_known_answers(model, x, monkeypatch):
    logits = [torch.randn(5, 3), torch.randn(5, 3)]
    answers = iter(logits)
    monkeypatch.setattr(model, "forward", lambda _: next(answers))
    mean, spread = monte_carlo_dropout(model, x, samples=2)
    one, other = (z.softmax(1) for z in logits)
    torch.testing.assert_close(mean, (one + other) / 2)
    torch.testing.assert_close(spread, (one - other).abs() / 2)
    assert not mean.requires_grad


def test_mean_over_all_masks_of_one_softmax_layer():
    # Two units, so four masks of equal chance.
    x, weight = torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 0.5], [-1.0, 0.3]])
    model = nn.Sequential(nn.Dropout(0.5), nn.Linear(2, 2, bias=False))
    with torch.no_grad():
        model[1].weight.copy_(weight)
    masks = torch.tensor([[0.0, 0.0], [0.0, 2.0], [2.0, 0.0], [2.0, 2.0]])
    expected = ((masks * x) @ weight.T).softmax(1)
    torch.manual_seed(0)
    mean, spread = monte_carlo_dropout(model, x, samples=4000)
    torch.testing.assert_close(mean[0], expected.mean(0), atol=0.02, rtol=0)
    torch.testing.assert_close(spread[0], expected.std(0, correction=0), atol=0.02, rtol=0)


def test_only_dropout_drops_and_nothing_is_changed(model, x):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    _, spread = monte_carlo_dropout(model, x, samples=10)
    assert (spread > 0).all()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    alone, _ = monte_carlo_dropout(model[:2].append(nn.Dropout(0.0)), x[:1], samples=1)
    together, _ = monte_carlo_dropout(model[:2].append(nn.Dropout(0.0)), x, samples=1)
    torch.testing.assert_close(alone, together[:1])


@pytest.mark.parametrize("training", [True, False])
def test_every_module_keeps_its_mode(model, x, training):
    model.train(training)
    model[0].train(not training)
    modes = [module.training for module in model.modules()]
    monte_carlo_dropout(model, x, samples=2)
    assert [module.training for module in model.modules()] == modes
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        monte_carlo_dropout(model, x[:, :3], samples=2)
    assert [module.training for module in model.modules()] == modes


@pytest.mark.parametrize("samples", [0, -1])
def test_refuses_samples(model, x, samples):
    with pytest.raises(ValueError, match=f"samples must be at least 1, got {samples}"):
        monte_carlo_dropout(model, x, samples=samples)


def test_refuses_model_without_dropout(x):
    with pytest.raises(ValueError, match=r"model must contain nn.Dropout, got Linear\("):
        monte_carlo_dropout(nn.Linear(4, 3), x)


def test_a_model_in_training_is_asked_as_one_in_evaluation(model, x):
    torch.manual_seed(0)
    expected = monte_carlo_dropout(model, x, samples=3)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    torch.manual_seed(0)
    found = monte_carlo_dropout(model.train(), x, samples=3)
    assert all(map(torch.equal, found, expected))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(part.requires_grad for part in found)


def test_classes_stand_in_the_last_dimension(model, x):
    network = nn.Sequential(nn.Unflatten(1, (2, 2)), nn.Dropout(0.0), nn.Linear(2, 3))
    mean, _ = monte_carlo_dropout(network, x, samples=1)
    torch.testing.assert_close(mean.sum(-1), torch.ones(5, 2))
