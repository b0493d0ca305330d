"""The PyTorch Adam as an optimizer among others: groups, closure, saving, refusals."""

import copy
import io
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch

from snippets.pytorch.custom_adam import CustomAdam

Make = Callable[[list[torch.Tensor]], torch.optim.Optimizer]


def parameters(seed: int = 0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(s, generator=generator).requires_grad_() for s in ((4, 3), (3,))]


def steps(optimizer: torch.optim.Optimizer, first: int, last: int) -> None:
    """Steps number first to last, with gradients that depend on the step alone."""
    params = [p for group in optimizer.param_groups for p in group["params"]]
    for t in range(first, last + 1):
        generator = torch.Generator().manual_seed(t)
        for p in params:
            p.grad = torch.randn(p.shape, generator=generator)
        optimizer.step()


def same(left: list[torch.Tensor], right: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(left, right, strict=True))


def test_first_step_by_hand() -> None:
    w = torch.ones(4, dtype=torch.float64, requires_grad=True)
    w.grad = torch.tensor([3.0, -0.002, 1e-8, 0.0], dtype=torch.float64)
    CustomAdam([w], lr=0.1).step()
    expected = 1 - 0.1 * w.grad / (w.grad.abs() + 1e-8)
    torch.testing.assert_close(w.detach(), expected, rtol=1e-14, atol=0)


def test_groups_have_their_own_options() -> None:
    a, b = parameters()
    optimizer = CustomAdam([{"params": [a], "lr": 0.5}, {"params": [b]}], lr=0.25)
    before = [p.detach().clone() for p in (a, b)]
    steps(optimizer, 1, 1)
    for p, old, lr in zip((a, b), before, (0.5, 0.25), strict=True):
        torch.testing.assert_close((p.detach() - old).abs(), torch.full_like(old, lr))


def test_a_group_added_later_starts_its_own_count() -> None:
    a, b = parameters()
    optimizer = CustomAdam([a])
    steps(optimizer, 1, 3)
    optimizer.add_param_group({"params": [b], "lr": 0.5})
    before = b.detach().clone()
    steps(optimizer, 4, 4)
    assert optimizer.state[a]["step"] == 4
    assert optimizer.state[b]["step"] == 1
    torch.testing.assert_close((b.detach() - before).abs(), torch.full_like(before, 0.5))


def test_closure_may_call_backward_and_its_loss_is_returned() -> None:
    w = torch.tensor([2.0], requires_grad=True)
    optimizer = CustomAdam([w], lr=0.1)

    def closure() -> float:
        optimizer.zero_grad()
        loss = (w**2).sum()
        loss.backward()
        return loss.item()

    assert [optimizer.step(closure), optimizer.step(closure)] == [4.0, pytest.approx(1.9**2)]
    assert optimizer.step() is None


def test_step_makes_no_graph() -> None:
    (w, _), g = parameters(), torch.ones(4, 3, requires_grad=True)
    w.grad = g * 2
    optimizer = CustomAdam([w], weight_decay=0.1)
    optimizer.step()
    assert w.is_leaf
    assert not optimizer.state[w]["exp_avg"].requires_grad


def test_parameters_without_gradient_are_left_alone() -> None:
    a, b = parameters()
    before = b.detach().clone()
    a.grad = torch.ones_like(a)
    optimizer = CustomAdam([a, b], weight_decay=0.1)
    optimizer.step()
    assert torch.equal(b, before)
    assert b not in optimizer.state


def test_weight_decay_leaves_the_gradient_as_it_was() -> None:
    a, _ = parameters()
    a.grad = torch.ones_like(a)
    CustomAdam([a], weight_decay=0.5).step()
    assert torch.equal(a.grad, torch.ones_like(a))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_state_has_the_layout_of_torchs_adam(dtype: torch.dtype) -> None:
    torch.set_default_dtype(dtype)
    try:
        a = torch.ones(3, requires_grad=True)
        a.grad = torch.ones(3)
        ours, theirs = CustomAdam([a]), torch.optim.Adam([a])
        ours.step()
        theirs.step()
    finally:
        torch.set_default_dtype(torch.float32)
    mine, reference = (o.state_dict()["state"][0] for o in (ours, theirs))
    assert list(mine) == list(reference) == ["step", "exp_avg", "exp_avg_sq"]
    assert mine["exp_avg"].dtype == reference["exp_avg"].dtype == dtype
    assert mine["step"].dtype == torch.float32
    assert mine["step"].shape == reference["step"].shape == ()
    assert mine["step"].device.type == "cpu"


MAKERS: dict[str, Make] = {
    "ours": lambda p: CustomAdam(p, lr=0.01, weight_decay=0.1),
    "torch": lambda p: torch.optim.Adam(p, lr=0.01, weight_decay=0.1, foreach=False),
}


@pytest.mark.parametrize(
    ("first", "then"), [("ours", "torch"), ("torch", "ours"), ("ours", "ours")]
)
def test_either_goes_on_where_the_other_stopped(first: str, then: str) -> None:
    straight = parameters()
    steps(MAKERS["torch"](straight), 1, 20)

    params = parameters()
    before = MAKERS[first](params)
    steps(before, 1, 8)
    file = io.BytesIO()
    torch.save(before.state_dict(), file)
    file.seek(0)
    wrong = {"lr": 5.0, "betas": (0.1, 0.2), "weight_decay": 0.0}  # overwritten by loading
    after = (CustomAdam if then == "ours" else torch.optim.Adam)(params, **wrong)
    after.load_state_dict(torch.load(file))
    assert after.param_groups[0]["betas"] == (0.9, 0.999)
    steps(after, 9, 20)
    assert same(params, straight)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
def test_copies_go_on_by_themselves(duplicate: Callable[[Any], Any]) -> None:
    straight, params = parameters(), parameters()
    steps(CustomAdam(straight), 1, 10)
    optimizer = CustomAdam(params)
    steps(optimizer, 1, 5)
    frozen = [p.detach().clone() for p in params]
    twin = duplicate(optimizer)
    steps(twin, 6, 10)
    assert same(twin.param_groups[0]["params"], straight)
    assert same(params, frozen)


def test_schedulers_change_the_learning_rate() -> None:
    (a, _) = parameters()
    optimizer = CustomAdam([a], lr=1.0)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    steps(optimizer, 1, 1)
    scheduler.step()
    before = a.detach().clone()
    optimizer.state.clear()  # so that the next step is a first one, of length lr
    a.grad = torch.ones_like(a)
    optimizer.step()
    torch.testing.assert_close(before - a.detach(), torch.full_like(a, 0.5).detach())


@pytest.mark.parametrize("name", ["lr", "eps", "weight_decay"])
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf"), "0.1", torch.tensor([0.1])])
def test_bad_numbers_are_refused(name: str, value: Any) -> None:
    message = f"{name} must be a finite number >= 0, got "
    with pytest.raises(ValueError, match=message):
        CustomAdam(parameters(), **{name: value})
    with pytest.raises(ValueError, match=message):
        CustomAdam([{"params": parameters(), name: value}])


@pytest.mark.parametrize("betas", [(1.0, 0.9), (0.9, -0.1), (0.9, float("nan")), (0.9,)])
def test_bad_betas_are_refused(betas: Any) -> None:
    with pytest.raises(ValueError, match=r"betas must be two numbers in \[0, 1\), got"):
        CustomAdam(parameters(), betas=betas)


@pytest.mark.parametrize("option", ["amsgrad", "maximize", "decoupled_weight_decay"])
def test_what_another_adam_computes_is_not_taken_over_silently(option: str) -> None:
    message = f"{option} must be False, got True: not in this class"
    with pytest.raises(ValueError, match=message):
        CustomAdam([{"params": parameters(), option: True}])
    params = parameters()
    other = torch.optim.Adam(params, **{option: True})
    steps(other, 1, 2)
    ours = CustomAdam(params, lr=0.5)
    with pytest.raises(ValueError, match=message):
        ours.load_state_dict(other.state_dict())
    assert ours.param_groups[0]["lr"] == 0.5
    assert not ours.state


def test_the_state_of_another_algorithm_is_refused() -> None:
    params = parameters()
    with pytest.raises(ValueError, match="eps must be a finite number >= 0, got None"):
        CustomAdam(params).load_state_dict(torch.optim.SGD(params, lr=0.1).state_dict())


@pytest.mark.parametrize("name", ["NAdam", "RAdam", "Adamax"])
def test_the_state_of_a_relative_of_adam_is_refused(name: str) -> None:
    params = parameters()
    relative = getattr(torch.optim, name)(params)
    with pytest.raises(ValueError, match=r"not the options of torch\.optim\.Adam"):
        CustomAdam(params).load_state_dict(relative.state_dict())


def test_a_step_count_saved_as_a_number_goes_on() -> None:
    a = torch.ones(3, requires_grad=True)
    b = torch.ones(3, requires_grad=True)
    a.grad, b.grad = torch.full((3,), 0.5), torch.full((3,), 0.5)
    never_stopped, stopped = CustomAdam([a]), CustomAdam([b])
    never_stopped.step()
    stopped.step()
    saved = stopped.state_dict()
    saved["state"][0]["step"] = 1  # as before PyTorch 1.12
    resumed = CustomAdam([b])
    resumed.load_state_dict(saved)
    never_stopped.step()
    resumed.step()
    assert torch.equal(a, b)


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(ValueError, match="empty parameter list"):
        CustomAdam([])


def test_sparse_and_complex_gradients_are_refused_before_anything_changes() -> None:
    dense = torch.ones(3, requires_grad=True)
    dense.grad = torch.ones(3)
    table = torch.nn.Embedding(5, 2, sparse=True)
    table(torch.tensor([1])).sum().backward()
    wave = torch.ones(2, dtype=torch.complex64, requires_grad=True)
    wave.grad = torch.ones_like(wave)
    for bad, words in ((table.weight, "sparse_coo"), (wave, "complex64")):
        optimizer = CustomAdam([dense, bad])
        with pytest.raises(ValueError, match=f"gradients must be dense and real, got.*{words}"):
            optimizer.step()
        assert torch.equal(dense, torch.ones(3))
        assert not optimizer.state


def test_a_step_that_was_saved_as_an_integer_becomes_a_float32_tensor():
    w = torch.nn.Parameter(torch.ones(2))
    w.grad = torch.ones(2)
    optimizer = CustomAdam([w])
    optimizer.step()
    state = optimizer.__getstate__()
    for saved in state["state"].values():
        saved["step"] = 1
    optimizer.__setstate__(state)
    assert optimizer.state[w]["step"].dtype == torch.float32
