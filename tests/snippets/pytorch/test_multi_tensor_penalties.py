import pytest
import torch
from torch import nn

from snippets.pytorch.l1_penalty import l1_penalty
from snippets.pytorch.l2_penalty import l2_penalty
from snippets.pytorch.multi_tensor_penalties import multi_tensor_l1, multi_tensor_l2

PAIRS = [(multi_tensor_l1, l1_penalty), (multi_tensor_l2, l2_penalty)]


def network(dtype):
    torch.manual_seed(0)
    layers = [nn.Linear(5, 7), nn.LayerNorm(7), nn.Conv2d(2, 3, 3), nn.Linear(7, 2)]
    model = nn.Sequential(*layers).to(dtype)
    with torch.no_grad():
        model[0].weight[0, :3] = 0  # weights at the kink
        model[3].weight.zero_()  # a tensor of zeros, whose 2-norm has no slope
    return model


@pytest.mark.parametrize(("dtype", "rtol"), [(torch.float64, 1e-14), (torch.float32, 1e-6)])
@pytest.mark.parametrize(("lists", "loop"), PAIRS)
def test_equals_the_loop_in_value_and_gradient(lists, loop, dtype, rtol):
    found = []
    for penalty in (lists, loop):
        model = network(dtype)
        value = penalty(model, 0.25)
        value.backward()
        found.append([value, *(p.grad for p in model.parameters() if p.ndim >= 2)])
        assert all(p.grad is None for p in model.parameters() if p.ndim < 2)
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=rtol, atol=0)


@pytest.mark.parametrize(("lists", "loop"), PAIRS)
def test_calls_do_not_grow_with_the_number_of_tensors(lists, loop):
    def calls(penalty, layers):
        model = nn.Sequential(*(nn.Linear(2, 2) for _ in range(layers)))
        with torch.profiler.profile() as profile:
            penalty(model, 0.1)
        names = ["aten::_foreach_norm", "aten::abs", "aten::square", "aten::sum"]
        return sum(event.name in names for event in profile.events())

    assert calls(lists, 2) == calls(lists, 9)
    assert calls(loop, 2) < calls(loop, 9)


@pytest.mark.parametrize("penalty", [multi_tensor_l1, multi_tensor_l2])
def test_a_model_without_weights_is_refused(penalty):
    with pytest.raises(ValueError, match=r"needs a parameter with ndim >= 2, got LayerNorm"):
        penalty(nn.LayerNorm(3), 0.1)
