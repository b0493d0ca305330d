"""What must hold for any weights: penalties, proximal steps, projections, dropout, optimizers."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from snippets.pytorch.custom_adam import CustomAdam
from snippets.pytorch.custom_adamw import CustomAdamW
from snippets.pytorch.custom_amsgrad import CustomAMSGrad
from snippets.pytorch.dropout import Dropout
from snippets.pytorch.group_lasso import group_lasso_penalty
from snippets.pytorch.group_threshold import group_threshold
from snippets.pytorch.l1_penalty import l1_penalty
from snippets.pytorch.l2_penalty import l2_penalty
from snippets.pytorch.low_memory_adam import LowMemoryAdam
from snippets.pytorch.max_norm import max_norm
from snippets.pytorch.multi_tensor_adam import MultiTensorAdam
from snippets.pytorch.multi_tensor_penalties import multi_tensor_l1, multi_tensor_l2
from snippets.pytorch.smoothness_penalty import smoothness_penalty
from snippets.pytorch.soft_threshold import soft_threshold
from snippets.pytorch.weight_decay import decay_weights

always_the_same = settings(derandomize=True, database=None, deadline=None, max_examples=25)
PAIRS = [(0, 1), (1, 2), (0, 3)]
SEED = st.integers(0, 2**32)
STRENGTH = st.floats(0, 10, width=32)
SHARE = st.floats(0, 1, width=32)


def weights(seed, shape=(4, 2)):
    """Numbers of many sizes, a quarter of them exactly 0."""
    dice = torch.Generator().manual_seed(seed)
    options = {"generator": dice, "dtype": torch.float64}
    sizes = 10 ** (4 * torch.rand(shape, **options) - 2)
    return torch.randn(shape, **options) * sizes * (torch.rand(shape, **options) > 0.25)


class Holder(nn.Module):
    """A model whose only parameter is a tensor, which need not be a leaf."""

    def __init__(self, w):
        super().__init__()
        self.w = w

    def parameters(self, recurse=True):
        return iter([self.w])


def of_model(penalty):
    """A penalty of a model as one of a matrix."""
    return lambda w, strength: penalty(Holder(w), strength)


PENALTIES = {
    "l1": (of_model(l1_penalty), 1),
    "l2": (of_model(l2_penalty), 2),
    "l1 of lists": (of_model(multi_tensor_l1), 1),
    "l2 of lists": (of_model(multi_tensor_l2), 2),
    "group lasso": (group_lasso_penalty, 1),
    "smoothness": (lambda w, s: smoothness_penalty(w, PAIRS, s), 2),
}
"""The penalty, and the power with which it grows."""
STEPS = {
    "soft threshold": soft_threshold,
    "group threshold": group_threshold,
    "max norm": lambda w, s: max_norm(w, s + 0.1),
}
OPTIMIZERS = [CustomAdam, CustomAdamW, CustomAMSGrad, MultiTensorAdam, LowMemoryAdam]


@pytest.mark.parametrize("kind", PENALTIES)
@always_the_same
@given(one=SEED, other=SEED, strength=STRENGTH, share=SHARE)
def test_a_penalty_is_even_convex_and_zero_at_zero(kind, one, other, strength, share):
    penalty, power = PENALTIES[kind]
    v, w = weights(one).requires_grad_(), weights(other)
    at_v, at_w = penalty(v, strength), penalty(w, strength).item()
    (slope,) = torch.autograd.grad(at_v, v)
    at_v, v = at_v.item(), v.detach()
    room = 1e-9 * (1 + at_v + at_w)
    zero = torch.zeros_like(w).requires_grad_()
    (flat,) = torch.autograd.grad(penalty(zero, strength), zero)
    assert penalty(zero, strength) == 0
    assert not flat.any()
    assert penalty(-w, strength) == at_w >= 0
    between = penalty(share * v + (1 - share) * w, strength)
    assert between <= share * at_v + (1 - share) * at_w + room
    below = at_v + (slope * (w - v)).sum().item()  # a tangent lies below a convex curve
    assert below <= at_w + room + 1e-9 * (slope * (w - v)).abs().sum()
    assert penalty(3 * w, strength).item() == pytest.approx(3**power * at_w)
    assert penalty(w, 2 * strength).item() == pytest.approx(2 * at_w)


@pytest.mark.parametrize("kind", STEPS)
@always_the_same
@given(one=SEED, other=SEED, strength=STRENGTH)
def test_a_proximal_step_brings_nothing_further_apart_and_keeps_zero(kind, one, other, strength):
    step, v, w = STEPS[kind], weights(one), weights(other)
    apart = torch.linalg.vector_norm(step(v, strength) - step(w, strength))
    assert apart <= torch.linalg.vector_norm(v - w) * (1 + 1e-12) + 1e-12
    assert not step(0 * w, strength).any()
    assert torch.equal(step(-w, strength), -step(w, strength))
    assert (step(w, strength).abs() <= w.abs() * (1 + 1e-12)).all()


@always_the_same
@given(seed=SEED, strength=STRENGTH)
def test_a_projection_done_twice_is_done_once(seed, strength):
    once = max_norm(weights(seed), strength + 0.1)
    torch.testing.assert_close(max_norm(once, strength + 0.1), once, rtol=1e-12, atol=0)


@always_the_same
@given(p=st.floats(0, 0.9), seed=SEED)
def test_dropout_keeps_the_mean(p, seed):
    torch.manual_seed(seed)
    kept = Dropout(p)(torch.ones(20_000, dtype=torch.float64))
    deviation = (p / (1 - p) / len(kept)) ** 0.5  # of the mean of a mask
    assert abs(kept.mean().item() - 1) <= 6 * deviation + 1e-12


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@always_the_same
@given(seed=SEED, lr=STRENGTH)
def test_no_gradient_and_no_decay_change_nothing(optimizer, seed, lr):
    w = weights(seed)
    moved = nn.Parameter(w.clone())
    moved.grad = torch.zeros_like(w)
    optimizer([moved], lr=lr, weight_decay=0.0).step()
    decay_weights([moved], lr, 0.0)
    assert torch.equal(moved.detach(), w)


@pytest.mark.parametrize("optimizer", OPTIMIZERS[:-1])  # the last throws dice in their order
@always_the_same
@given(one=SEED, other=SEED, order=st.permutations(range(4)))
def test_another_order_of_parameters_is_another_order_of_results(optimizer, one, other, order):
    def travel(rows):
        params = [nn.Parameter(weights(one)[i].clone()) for i in rows]
        made = optimizer(params, lr=0.1)
        for _ in range(3):
            for p, i in zip(params, rows, strict=True):
                p.grad = weights(other)[i]
            made.step()
        return [p.detach() for p in params]

    plain, moved = travel(range(4)), travel(order)
    for p, i in zip(moved, order, strict=True):
        assert torch.equal(p, plain[i])
