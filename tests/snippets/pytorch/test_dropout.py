import pytest
import torch
from torch import nn

from snippets.pytorch.dropout import Dropout, dropout_mask


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_bit_for_bit_the_own_module(p, dtype):
    x = torch.randn(20, 100, dtype=dtype, generator=torch.Generator().manual_seed(0))
    results = []
    for make in (Dropout, nn.Dropout):
        leaf = x.clone().requires_grad_()
        torch.manual_seed(1)
        y = make(p)(leaf)
        y.square().sum().backward()
        results.append((y, leaf.grad))
    (ours, our_gradient), (theirs, their_gradient) = results
    assert torch.equal(ours, theirs)
    assert torch.equal(our_gradient, their_gradient)
    assert 0 < (ours == 0).sum() < x.numel()


def test_mask_is_zero_or_scaled():
    torch.manual_seed(0)
    mask = dropout_mask(torch.empty(300, 300), 0.3)
    assert mask.unique().tolist() == [0.0, torch.tensor(1 / 0.7).item()]
    assert (mask == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert len({tuple(row.tolist()) for row in mask}) == 300


def test_modes():
    model = nn.Sequential(nn.Identity(), Dropout(0.5))
    x = torch.ones(50, 50)
    model.eval()
    assert model(x) is x
    model.train()
    assert (model(x) == 0).any()


@pytest.mark.parametrize("p", [-0.1, 1.0, 1.1, float("nan")])
def test_refuses_rate(p):
    with pytest.raises(ValueError, match=rf"p must be in \[0, 1\), got {p}"):
        Dropout(p)
