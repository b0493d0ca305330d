"""Decay before Adam is AdamW (paths, and what each library's option is: test_matrix)."""

import numpy as np
import pytest
import torch

from snippets.pytorch.weight_decay import decay_weights as torch_decay

LR, DECAY = 2.0**-6, 2.0**-3
STEPS = 200
RNG = np.random.default_rng(0)
START = RNG.normal(size=(3, 2))
GRADIENTS = RNG.normal(size=(STEPS, 3, 2))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_before_adam_it_makes_adamw_bit_for_bit(dtype: torch.dtype) -> None:
    ours = torch.tensor(START, dtype=dtype, requires_grad=True)
    theirs = torch.tensor(START, dtype=dtype, requires_grad=True)
    adam = torch.optim.Adam([ours], lr=LR)
    adamw = torch.optim.AdamW([theirs], lr=LR, weight_decay=DECAY)
    for g in GRADIENTS:
        ours.grad, theirs.grad = torch.tensor(g, dtype=dtype), torch.tensor(g, dtype=dtype)
        torch_decay([ours], LR, DECAY)
        adam.step()
        adamw.step()
    assert torch.equal(ours, theirs)
    assert abs(ours.detach().numpy() - START).max() > 0.1
