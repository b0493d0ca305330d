"""A strength of 1 is a strength, and no switch."""

from collections.abc import Callable

import pytest
import torch

from snippets.pytorch.custom_adam import CustomAdam
from snippets.pytorch.custom_adamw import CustomAdamW
from snippets.pytorch.custom_amsgrad import CustomAMSGrad
from snippets.pytorch.multi_tensor_adam import MultiTensorAdam


@pytest.mark.parametrize("make", [CustomAdam, CustomAMSGrad, MultiTensorAdam, CustomAdamW])
def test_a_decay_of_1_is_one(make: Callable[..., torch.optim.Optimizer]) -> None:
    w = torch.tensor([2.0], requires_grad=True)
    w.grad = torch.tensor([-1.0])
    make([w], lr=0.25, weight_decay=1.0).step()
    # L2 turns the gradient to 1; AdamW takes a quarter of 2 away, and adds a quarter
    assert w.item() == pytest.approx(1.75)
