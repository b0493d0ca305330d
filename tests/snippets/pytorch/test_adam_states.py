"""States: counts are float32 on the CPU, as in torch.optim; older ones are taken."""

from collections.abc import Callable, Iterator

import pytest
import torch

from snippets.pytorch.custom_adam import CustomAdam
from snippets.pytorch.custom_adamw import CustomAdamW
from snippets.pytorch.custom_amsgrad import CustomAMSGrad
from snippets.pytorch.multi_tensor_adam import MultiTensorAdam

Make = Callable[..., torch.optim.Optimizer]
every = pytest.mark.parametrize("make", [CustomAdam, CustomAMSGrad, MultiTensorAdam, CustomAdamW])


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def stepped(make: Make) -> tuple[torch.Tensor, torch.optim.Optimizer]:
    w = torch.ones(2, device="cpu", requires_grad=True)
    w.grad = torch.ones(2, device="cpu")
    optimizer = make([w])
    optimizer.step()
    return w, optimizer


@every
def test_made_by_the_first_step(make: Make) -> None:
    w, optimizer = stepped(make)
    assert optimizer.state[w]["step"].dtype == torch.float32


@every
def test_made_of_a_number_that_was_saved(make: Make) -> None:
    w, optimizer = stepped(make)
    saved = optimizer.state_dict()
    saved["state"][0]["step"] = 7
    optimizer.load_state_dict(saved)
    count = optimizer.state[w]["step"]
    assert (count.dtype, count.item()) == (torch.float32, 7)


def test_on_the_cpu_where_another_device_is_the_default() -> None:
    with torch.device("meta"):
        w, optimizer = stepped(CustomAdam)
    assert optimizer.state[w]["step"].device.type == "cpu"


def test_an_older_state_of_adamw_is_decoupled() -> None:
    _, optimizer = stepped(CustomAdamW)
    saved = optimizer.state_dict()
    del saved["param_groups"][0]["decoupled_weight_decay"]
    optimizer.load_state_dict(saved)
    assert optimizer.param_groups[0]["decoupled_weight_decay"] is True
