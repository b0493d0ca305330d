"""The PyTorch AdamW as an optimizer among others: groups, closure, saving, refusals."""

import pytest
import torch

from snippets.pytorch.custom_adamw import CustomAdamW


def test_first_step_by_hand() -> None:
    w = torch.tensor([2.0, 2.0, -4.0], requires_grad=True)
    w.grad = torch.tensor([3.0, -0.002, 0.0])
    CustomAdamW([w], lr=0.1, weight_decay=0.5).step()
    torch.testing.assert_close(w.detach(), torch.tensor([1.8, 2.0, -3.8]), rtol=1e-5, atol=0)
    assert w.grad.tolist() == pytest.approx([3.0, -0.002, 0.0])


def test_groups_have_their_own_decay() -> None:
    a, b = (torch.ones(1, requires_grad=True) for _ in range(2))
    groups = [{"params": [a], "weight_decay": 1.0}, {"params": [b], "weight_decay": 0.0}]
    a.grad = b.grad = torch.zeros(1)
    CustomAdamW(groups, lr=0.5).step()
    assert (a.item(), b.item()) == (0.5, 1.0)


def test_a_weight_without_gradient_is_not_decayed() -> None:
    w = torch.ones(1, requires_grad=True)
    for optimizer in (CustomAdamW([w], lr=0.5), torch.optim.AdamW([w], lr=0.5)):
        optimizer.step()
        assert w.item() == 1.0


def test_closure_may_call_backward_and_its_loss_is_returned() -> None:
    w = torch.tensor([2.0], requires_grad=True)
    optimizer = CustomAdamW([w], lr=0.1, weight_decay=0.0)

    def closure() -> float:
        optimizer.zero_grad()
        loss = (w**2).sum()
        loss.backward()
        return loss.item()

    assert [optimizer.step(closure), optimizer.step(closure)] == [4.0, pytest.approx(1.9**2)]
    assert optimizer.step() is None


def test_the_librarys_adamw_goes_on_from_its_state() -> None:
    def steps(optimizer: torch.optim.Optimizer, w: torch.Tensor, first: int, last: int) -> None:
        for t in range(first, last):
            w.grad = torch.full_like(w, float(t % 3) - 0.5)
            optimizer.step()

    straight, changed = (torch.ones(3, requires_grad=True) for _ in range(2))
    ours = CustomAdamW([straight], lr=0.1)
    steps(ours, straight, 0, 20)
    before = CustomAdamW([changed], lr=0.1)
    steps(before, changed, 0, 10)
    after = torch.optim.AdamW([changed], lr=0.1, foreach=False)
    state = before.state_dict()
    for group, own in zip(state["param_groups"], after.state_dict()["param_groups"], strict=True):
        group.update({k: v for k, v in own.items() if k not in group})
    after.load_state_dict(state)
    steps(after, changed, 10, 20)
    assert torch.equal(straight, changed)


@pytest.mark.parametrize("name", ["lr", "eps", "weight_decay"])
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_bad_numbers_are_refused(name: str, value: float) -> None:
    w = torch.ones(1, requires_grad=True)
    with pytest.raises(ValueError, match=f"{name} must be a finite number >= 0, got"):
        CustomAdamW([w], **{name: value})
    with pytest.raises(ValueError, match=f"{name} must be a finite number >= 0, got"):
        CustomAdamW([{"params": [w], name: value}])


@pytest.mark.parametrize("betas", [(1.0, 0.9), (0.9, -0.1), (0.9, float("nan")), (0.9,)])
def test_bad_betas_are_refused(betas: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"betas must be two numbers in \[0, 1\), got"):
        CustomAdamW([torch.ones(1, requires_grad=True)], betas=betas)
