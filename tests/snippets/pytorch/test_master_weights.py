"""Float32 weights behind bfloat16 parameters: the optimizer never notices the rounding."""

import copy
from functools import partial
from typing import Any

import pytest
import torch

from snippets.pytorch.custom_adam import CustomAdam
from snippets.pytorch.master_weights import MasterWeights

MAKE = partial(torch.optim.Adam, lr=1e-3)


def parameters(dtype: torch.dtype = torch.bfloat16) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [
        torch.randn(shape, generator=generator).to(dtype).requires_grad_()
        for shape in ((4, 3), (3,))
    ]


def steps(optimizer: Any, params: list[torch.Tensor], first: int, last: int) -> None:
    for t in range(first, last + 1):
        generator = torch.Generator().manual_seed(t)
        for p in params:
            p.grad = torch.randn(p.shape, generator=generator).bfloat16().to(p.dtype)
        optimizer.step()


def same(left: list[torch.Tensor], right: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(left, right, strict=True))


@pytest.mark.parametrize("make", [MAKE, partial(CustomAdam, lr=1e-3)])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_the_copies_are_trained_as_if_all_were_float32(make: Any, dtype: torch.dtype) -> None:
    params = parameters(dtype)
    straight = [p.detach().float().requires_grad_() for p in params]
    masters = MasterWeights(params, make)
    steps(masters, params, 1, 50)
    steps(make(straight), straight, 1, 50)
    assert same(masters.weights, straight)
    assert same(params, [w.to(dtype) for w in straight])
    state = masters.optimizer.state[masters.weights[0]]
    assert state["exp_avg"].dtype == state["exp_avg_sq"].dtype == torch.float32


def test_steps_below_the_rounding_add_up() -> None:
    alone, led = (torch.ones(1, dtype=torch.bfloat16, requires_grad=True) for _ in range(2))
    masters = MasterWeights([led], MAKE)
    steps_of = {"alone": MAKE([alone]), "led": masters}
    for _ in range(100):
        for p, optimizer in zip((alone, led), steps_of.values(), strict=True):
            p.grad = torch.ones_like(p)
            optimizer.step()
    assert alone.item() == 1.0
    assert led.item() == pytest.approx(0.9, rel=2**-8)
    assert masters.weights[0].item() == pytest.approx(0.9, rel=1e-5)


def test_parameters_without_gradient_stay() -> None:
    params = parameters()
    masters = MasterWeights(params, MAKE)
    steps(masters, params, 1, 2)
    before = params[1].detach().clone()
    params[0].grad, params[1].grad = torch.ones_like(params[0]), None
    masters.step()
    assert torch.equal(params[1], before)
    assert [masters.optimizer.state[w]["step"] for w in masters.weights] == [3, 2]


def test_no_gradient_of_a_copy_is_kept_and_zero_grad_forgets_the_others() -> None:
    params = parameters()
    masters = MasterWeights(params, MAKE)
    steps(masters, params, 1, 1)
    assert all(w.grad is None for w in masters.weights)
    assert all(p.grad is not None for p in params)
    masters.zero_grad()
    assert all(p.grad is None for p in params)


def test_a_scheduler_takes_the_optimizer() -> None:
    params = parameters()
    masters = MasterWeights(params, MAKE)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(masters.optimizer, gamma=0.5)
    steps(masters, params, 1, 1)
    scheduler.step()
    assert masters.optimizer.param_groups[0]["lr"] == 5e-4


def test_a_loaded_one_goes_on_bit_for_bit() -> None:
    straight, params = parameters(), parameters()
    steps(MasterWeights(straight, MAKE), straight, 1, 20)
    before = MasterWeights(params, MAKE)
    steps(before, params, 1, 8)
    saved = copy.deepcopy(before.state_dict())
    resumed = [torch.zeros_like(p).requires_grad_() for p in params]
    after = MasterWeights(resumed, partial(torch.optim.Adam, lr=5.0))
    after.load_state_dict(saved)
    assert same(resumed, params)
    steps(after, resumed, 9, 20)
    assert same(resumed, straight)


def test_bad_parameters_are_refused() -> None:
    with pytest.raises(ValueError, match="params must hold at least one parameter, got none"):
        MasterWeights([], MAKE)
    with pytest.raises(ValueError, match=r"must be bfloat16 or float16, got one of torch\.float32"):
        MasterWeights(parameters(torch.float32), MAKE)


def test_weights_of_other_shapes_are_refused_before_anything_changes() -> None:
    params = parameters()
    before = [p.detach().clone() for p in params]
    master = MasterWeights(params, MAKE)
    state = master.state_dict()
    state["weights"] = [torch.zeros(4, 3), torch.zeros(1)]  # copy_ would repeat the 0
    with pytest.raises(ValueError, match=r"weights must have shape \(3,\), got \(1,\)"):
        master.load_state_dict(state)
    assert all(map(torch.equal, params, before))
