import math

import pytest
import torch
from torch.nn import functional

from snippets.pytorch.losses import binary_cross_entropy, cross_entropy, mean_squared_error

Z = torch.tensor([[2.0, -1.0, 0.5], [0.0, 1.0, -3.0]], dtype=torch.float64)
Y = torch.tensor([[1.0, 0.0, 0.25], [0.0, 1.0, 0.5]], dtype=torch.float64)
LABELS = torch.tensor([0, 2])


def test_by_hand():
    assert mean_squared_error(torch.tensor([3.0, 1.0]), torch.tensor([1.0, 1.0])).item() == 2
    loss = binary_cross_entropy(torch.zeros(2), torch.tensor([1.0, 0.0]))
    assert loss.item() == pytest.approx(math.log(2))
    loss = cross_entropy(torch.tensor([[0.0, math.log(3)]]), torch.tensor([0]))
    assert loss.item() == pytest.approx(math.log(4))


@pytest.mark.parametrize(
    ("ours", "theirs", "targets"),
    [
        (mean_squared_error, functional.mse_loss, Y),
        (binary_cross_entropy, functional.binary_cross_entropy_with_logits, Y),
        (cross_entropy, functional.cross_entropy, LABELS),
    ],
)
def test_same_as_the_own_loss(ours, theirs, targets):
    z, other = (Z.clone().requires_grad_() for _ in range(2))
    losses = ours(z, targets), theirs(other, targets)
    torch.testing.assert_close(*losses, rtol=1e-15, atol=0)
    for loss in losses:
        loss.backward()
    torch.testing.assert_close(z.grad, other.grad, rtol=0, atol=1e-16)


def test_logits_may_be_far_out():
    z = torch.tensor([[1000.0, -1000.0]])
    assert binary_cross_entropy(z, torch.tensor([[0.0, 1.0]])).item() == 1000
    assert cross_entropy(z, torch.tensor([1])).item() == 2000


def test_labels_may_be_bytes():
    assert cross_entropy(Z, LABELS.byte()) == cross_entropy(Z, LABELS)


def test_refuses():
    for loss in (mean_squared_error, binary_cross_entropy):
        with pytest.raises(ValueError, match=r"targets must have shape \(2, 3\), got \(2,\)"):
            loss(Z, torch.zeros(2))
    for bad in (-0.5, 1.5, math.nan):
        with pytest.raises(ValueError, match=rf"targets must be in \[0, 1\], got \[{bad}\]"):
            binary_cross_entropy(torch.zeros(1), torch.tensor([bad]))
    expected = r"labels must be integers of shape \(2,\), got "
    with pytest.raises(ValueError, match=expected + r"torch.float32"):
        cross_entropy(Z, torch.tensor([0.0, 1.0]))
    with pytest.raises(ValueError, match=expected + r"torch.int64 of shape \(2, 1\)"):
        cross_entropy(Z, torch.tensor([[0], [1]]))
    for bad in (-1, 3):
        with pytest.raises(ValueError, match=rf"labels must be in \[0, 3\), got \[0, {bad}\]"):
            cross_entropy(Z, torch.tensor([0, bad]))
