import math

import pytest
import torch

from snippets.pytorch.hard_concrete import HardConcrete, sample_gates


def test_by_hand():
    gates = sample_gates(torch.tensor([0.0, 10.0, -10.0]), torch.full((3,), 0.5))
    torch.testing.assert_close(gates, torch.tensor([0.5, 1.0, 0.0]))
    # 2/3 log 3 over a temperature of 2/3 is log 3, and sigmoid(log 3) is 3/4.
    gates = sample_gates(torch.tensor([2 / 3 * math.log(3)]), torch.tensor([0.5]))
    torch.testing.assert_close(gates, torch.tensor([0.8]))
    assert HardConcrete(1, log_alpha=10.0).eval().gates().item() == 1.0
    assert HardConcrete(1, log_alpha=-10.0).eval().gates().item() == 0.0
    layer = HardConcrete(2, log_alpha=math.log(3)).eval()
    torch.testing.assert_close(layer(torch.ones(4, 2)), torch.full((4, 2), 0.8))
    layer = HardConcrete(3, log_alpha=-2 / 3 * math.log(11))
    assert layer.expected_l0().item() == pytest.approx(1.5, rel=1e-6)


def test_random_in_training_fixed_after():
    layer = HardConcrete(1000, log_alpha=0.0)
    torch.manual_seed(0)
    first, second = layer.gates(), layer.gates()
    assert not torch.equal(first, second)
    assert (first == 0).any()
    assert (first == 1).any()
    layer.eval()
    assert torch.equal(layer.gates(), layer.gates())


def test_penalty_lowers_log_alpha():
    layer = HardConcrete(3)
    layer.expected_l0().backward()
    p = torch.sigmoid(torch.tensor(2 + 2 / 3 * math.log(11)))
    torch.testing.assert_close(layer.log_alpha.grad, (p * (1 - p)).expand(3))


def test_refuses_no_inputs():
    with pytest.raises(ValueError, match="inputs must be at least 1, got 0"):
        HardConcrete(0)


def test_takes_a_whole_number_as_start():
    layer = HardConcrete(3, log_alpha=2)
    assert layer.log_alpha.tolist() == [2.0, 2.0, 2.0]
    assert layer.log_alpha.requires_grad
