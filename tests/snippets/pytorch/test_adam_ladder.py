"""Every PyTorch Adam of the ladder as an optimizer among others: one list of demands for all."""

import copy
import io
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from snippets.pytorch import compiled_adam, low_memory_adam
from snippets.pytorch.compiled_adam import SMALL, CompiledAdam
from snippets.pytorch.custom_adam import CustomAdam
from snippets.pytorch.custom_adamw import CustomAdamW
from snippets.pytorch.custom_amsgrad import CustomAMSGrad
from snippets.pytorch.fully_sharded import shard
from snippets.pytorch.low_memory_adam import LowMemoryAdam, random_bits, round_stochastically
from snippets.pytorch.multi_tensor_adam import CACHE, MultiTensorAdam
from snippets.pytorch.process_group import process_group

Make = Callable[..., torch.optim.Optimizer]
LADDER: list[Any] = [
    *(CustomAdam, MultiTensorAdam, CompiledAdam, LowMemoryAdam, CustomAMSGrad, CustomAdamW)
]
BOTH = [CompiledAdam, MultiTensorAdam]  # Adam, and AdamW by an option
COMPILED = [compiled_adam, low_memory_adam]
COMPILED_UPDATES: list[Any] = [module.compiled_update for module in COMPILED]  # see below
every = pytest.mark.parametrize("make", LADDER, ids=lambda make: make.__name__)


@pytest.fixture(autouse=True)
def uncompiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is compiled, as Python runs it; tests/parity compares the two."""
    for module in COMPILED:
        monkeypatch.setattr(module, "compiled_update", lambda module=module: module.update)


def torchs(make: Make, params: Any, **options: Any) -> torch.optim.Adam:
    """PyTorch's own for each of ours; the low-memory one has none, so Adam stands in."""
    if make is CustomAdamW:
        return torch.optim.AdamW(params, foreach=False, **options)
    return torch.optim.Adam(params, amsgrad=make is CustomAMSGrad, foreach=False, **options)


def tolerance(make: Make) -> dict[str, float]:
    """How near each is to PyTorch's own."""
    if make is LowMemoryAdam:
        return {"rtol": 0.05, "atol": 0.02}
    if make is CompiledAdam:
        return {"rtol": 0, "atol": 5e-6}
    return {"rtol": 0, "atol": 0}


def parameters(dtype: torch.dtype = torch.float32) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes: tuple[tuple[int, ...], ...] = ((4, 3), (3,), ())
    return [
        torch.randn(s, generator=generator).to(dtype).requires_grad_()  # type: ignore[arg-type]
        for s in shapes
    ]


def give_gradients(params: list[torch.Tensor], t: int) -> None:
    """Gradients that depend on the step alone, of different sizes."""
    generator = torch.Generator().manual_seed(t)
    for p in params:
        size = 10 ** (2 * torch.randn((), generator=generator))
        p.grad = (size * torch.randn(p.shape, generator=generator)).to(p.dtype)


def steps(optimizer: torch.optim.Optimizer, first: int, last: int) -> None:
    params = [p for group in optimizer.param_groups for p in group["params"]]
    for t in range(first, last + 1):
        give_gradients(params, t)
        optimizer.step()


def close(make: Make, ours: list[torch.Tensor], theirs: list[torch.Tensor]) -> None:
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, **tolerance(make))


def same(left: list[torch.Tensor], right: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(left, right, strict=True))


@every
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_first_step_by_hand(make: Make, dtype: torch.dtype) -> None:
    w = torch.ones(4, dtype=dtype, requires_grad=True)
    w.grad = torch.tensor([3.0, -0.002, 1e-8, 0.0], dtype=dtype)
    make([w], lr=0.1, weight_decay=0.0).step()
    expected = 1 - 0.1 * w.grad / (w.grad.abs() + 1e-8)
    exact = dtype == torch.float64 and make is not LowMemoryAdam  # it computes in float32
    torch.testing.assert_close(w.detach(), expected, rtol=1e-14 if exact else 1e-6, atol=0)


@every
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_a_long_way_beside_torchs_own(make: Make, weight_decay: float) -> None:
    ours, theirs, start = parameters(), parameters(), parameters()
    options = {"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-6, "weight_decay": weight_decay}
    steps(make(ours, **options), 1, 1000)
    steps(torchs(make, theirs, **options), 1, 1000)
    close(make, ours, theirs)
    assert all((a - b).abs().max() > 0.1 for a, b in zip(theirs, start, strict=True))


@every
def test_groups_have_their_own_options_and_later_ones_their_own_count(make: Make) -> None:
    a, b, c = parameters()
    optimizer = make([{"params": [a], "lr": 0.5}, {"params": [b]}], lr=0.25, weight_decay=0.0)
    before = [p.detach().clone() for p in (a, b, c)]
    steps(optimizer, 1, 1)
    for p, old, lr in zip((a, b), before, (0.5, 0.25), strict=False):
        torch.testing.assert_close((p.detach() - old).abs(), torch.full_like(old, lr))
    optimizer.add_param_group({"params": [c], "lr": 0.125})
    steps(optimizer, 2, 2)
    torch.testing.assert_close((c.detach() - before[2]).abs(), torch.full_like(before[2], 0.125))
    assert [optimizer.state[p]["step"] for p in (a, b, c)] == [2, 2, 1]


@every
def test_a_parameter_that_misses_steps_keeps_its_own_count(make: Make) -> None:
    ours, theirs = parameters(), parameters()
    pairs = (make(ours, lr=0.01), ours), (torchs(make, theirs, lr=0.01), theirs)
    for optimizer, params in pairs:
        for t in range(1, 31):
            give_gradients(params, t)
            if t % 3 == 0:
                params[1].grad = None
            optimizer.step()
    close(make, ours, theirs)
    assert [pairs[0][0].state[p]["step"] for p in ours] == [30, 20, 30]


@every
def test_closure_may_call_backward_and_its_loss_is_returned(make: Make) -> None:
    w = torch.tensor([2.0], requires_grad=True)
    optimizer = make([w], lr=0.1, weight_decay=0.0)

    def closure() -> float:
        optimizer.zero_grad()
        loss = (w**2).sum()
        loss.backward()
        return loss.item()

    losses = [optimizer.step(closure), optimizer.step(closure)]
    assert losses == [4.0, pytest.approx(1.9**2)]
    assert optimizer.step() is None


@every
def test_step_makes_no_graph_and_leaves_the_gradient_as_it_was(make: Make) -> None:
    w, g = parameters()[0], torch.ones(4, 3, requires_grad=True)
    w.grad = g * 2
    optimizer = make([w], weight_decay=0.1)
    optimizer.step()
    assert w.is_leaf
    assert not optimizer.state[w]["exp_avg"].requires_grad
    assert torch.equal(w.grad, torch.full((4, 3), 2.0))


@every
def test_parameters_without_gradient_are_left_alone(make: Make) -> None:
    a, b, c = parameters()
    before = b.detach().clone()
    a.grad = torch.ones_like(a)
    optimizer = make([{"params": [a, b]}, {"params": [c]}], weight_decay=0.1)
    optimizer.step()
    assert torch.equal(b, before)
    assert b not in optimizer.state
    for p in (a, b, c):
        p.grad = None
    optimizer.step()  # none at all
    assert optimizer.state[a]["step"] == 1


@every
def test_a_parameter_without_elements_is_no_obstacle(make: Make) -> None:
    ours, theirs = parameters(), parameters()
    for params in (ours, theirs):
        params.append(torch.empty(0, 3, requires_grad=True))
    steps(make(ours, lr=0.01), 1, 5)
    steps(torchs(make, theirs, lr=0.01), 1, 5)
    close(make, ours, theirs)


@every
def test_state_has_the_layout_of_torchs_adam(make: Make) -> None:
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        a, b = (torch.ones(3, dtype=dtype, requires_grad=True) for _ in range(2))
        a.grad, b.grad = torch.ones_like(a), torch.ones_like(b)
        ours, theirs = make([a]), torchs(make, [b])
        ours.step()
        theirs.step()
        mine, reference = (o.state_dict()["state"][0] for o in (ours, theirs))
        assert list(mine) == list(reference)
        kept = torch.bfloat16 if make is LowMemoryAdam else dtype
        assert mine["exp_avg"].dtype == mine["exp_avg_sq"].dtype == kept
        assert reference["exp_avg"].dtype == dtype
        assert mine["step"].dtype == torch.float32
        assert mine["step"].shape == reference["step"].shape == ()
        assert mine["step"].device.type == "cpu"


def reload(state: dict[str, Any]) -> dict[str, Any]:
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    loaded: dict[str, Any] = torch.load(file)
    return loaded


@every
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_a_loaded_one_goes_on_bit_for_bit(make: Make, dtype: torch.dtype) -> None:
    straight, params = parameters(dtype), parameters(dtype)
    steps(make(straight, lr=0.01, weight_decay=0.1), 1, 20)
    before = make(params, lr=0.01, weight_decay=0.1)
    steps(before, 1, 8)
    after = make(params, lr=5.0, betas=(0.1, 0.2))  # overwritten by loading
    after.load_state_dict(reload(before.state_dict()))
    steps(after, 9, 20)
    assert same(params, straight)
    assert before.state[params[0]]["step"] == 8


@every
@pytest.mark.parametrize("first", ["ours", "torchs"])
def test_either_goes_on_where_the_other_stopped(make: Make, first: str) -> None:
    straight, params = parameters(), parameters()
    steps(torchs(make, straight, lr=0.01), 1, 20)
    ours, theirs = make(params, lr=0.01), torchs(make, params, lr=0.01)
    before, after = (ours, theirs) if first == "ours" else (theirs, ours)
    steps(before, 1, 8)
    after.load_state_dict(reload(before.state_dict()))
    steps(after, 9, 20)
    close(make, params, straight)


@every
def test_loading_brings_the_state_to_the_parameters_dtype(make: Make) -> None:
    small, large = parameters(torch.float32), parameters(torch.float64)
    before, after = make(small), make(large)
    steps(before, 1, 3)
    after.load_state_dict(before.state_dict())
    for p, q in zip(small, large, strict=True):
        kept = torch.bfloat16 if make is LowMemoryAdam else torch.float64
        assert after.state[q]["exp_avg"].dtype == kept
        assert torch.equal(after.state[q]["exp_avg_sq"].double(), before.state[p]["exp_avg_sq"])
        assert after.state[q]["step"].dtype == torch.float32
    steps(after, 4, 4)


@every
@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
def test_copies_go_on_by_themselves(make: Make, duplicate: Callable[[Any], Any]) -> None:
    straight, params = parameters(), parameters()
    steps(make(straight), 1, 10)
    optimizer = make(params)
    steps(optimizer, 1, 5)
    frozen = [p.detach().clone() for p in params]
    twin = duplicate(optimizer)
    steps(twin, 6, 10)
    assert same(twin.param_groups[0]["params"], straight)
    assert same(params, frozen)


@every
@pytest.mark.parametrize("schedule", ["exponential", "one cycle"])
def test_schedulers_change_lr_and_betas(make: Make, schedule: str) -> None:
    ours, theirs = parameters(), parameters()
    for optimizer in (make(ours, lr=0.01), torchs(make, theirs, lr=0.01)):
        if schedule == "one cycle":
            scheduler: Any = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.02, total_steps=40)
        else:
            scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)
        seen = set()
        for t in range(1, 40):
            seen.add((optimizer.param_groups[0]["lr"], *optimizer.param_groups[0]["betas"]))
            steps(optimizer, t, t)
            scheduler.step()
        assert len(seen) > 30
        assert (len({betas for _, *betas in map(tuple, seen) for betas in [tuple(betas)]}) > 1) == (
            schedule == "one cycle"
        )
    close(make, ours, theirs)


@every
def test_gradient_scaler_skips_what_overflows(make: Make) -> None:
    ours, theirs = parameters(), parameters()
    optimizer = make(ours, lr=0.01)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10, growth_interval=1000)
    plain = torchs(make, theirs, lr=0.01)
    for t in range(1, 11):
        give_gradients(ours, t)
        scale = scaler.scale(torch.ones(())).item()
        for p in ours:
            assert p.grad is not None
            p.grad = p.grad * scale
        if t == 4:
            ours[0].grad = torch.full_like(ours[0], float("inf"))
        else:
            steps(plain, t, t)
        scaler.step(optimizer)
        scaler.update()
    close(make, ours, theirs)
    assert scaler.get_scale() == 2.0**9
    assert optimizer.state[ours[0]]["step"] == 9


@every
def test_clipping_and_accumulation_happen_before_it(make: Make) -> None:
    ours, theirs = parameters(), parameters()
    pairs = (make(ours, lr=0.01), ours), (torchs(make, theirs, lr=0.01), theirs)
    for optimizer, params in pairs:
        for t in range(1, 21):
            if t % 2:
                optimizer.zero_grad()
            generator = torch.Generator().manual_seed(t)
            target = [torch.randn(p.shape, generator=generator) for p in params]
            loss = sum(((p - x) ** 2).sum() for p, x in zip(params, target, strict=True))
            assert isinstance(loss, torch.Tensor)
            loss.backward()
            if t % 2 == 0:
                torch.nn.utils.clip_grad_norm_(params, 0.5)
                optimizer.step()
    close(make, ours, theirs)
    assert pairs[0][0].state[ours[0]]["step"] == 10


@every
def test_bfloat16_parameters_are_trained_in_their_own_way(make: Make) -> None:
    """The loops round after every operation, as PyTorch's do; the others once, at the end."""
    ours, theirs = (parameters(torch.bfloat16) for _ in range(2))
    steps(make(ours, lr=0.01), 1, 50)
    steps(torchs(make, theirs, lr=0.01), 1, 50)
    if make in (CompiledAdam, LowMemoryAdam):
        for a, b in zip(ours, theirs, strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=0.1)
        assert not same(ours, theirs)
    else:
        assert same(ours, theirs)
    assert all(p.dtype == torch.bfloat16 for p in ours)


@every
def test_parameters_of_several_dtypes_in_one_group(make: Make) -> None:
    ours, theirs = (
        [p.detach().to(d).requires_grad_() for p, d in zip(parameters(), dtypes, strict=True)]
        for dtypes in [(torch.float32, torch.float64, torch.float32)] * 2
    )
    steps(make(ours, lr=0.01), 1, 50)
    steps(torchs(make, theirs, lr=0.01), 1, 50)
    close(make, ours, theirs)
    assert ours[1].dtype == torch.float64


@every
def test_sparse_and_complex_gradients_are_refused_before_anything_changes(make: Make) -> None:
    dense = torch.ones(3, requires_grad=True)
    dense.grad = torch.ones(3)
    table = torch.nn.Embedding(5, 2, sparse=True)
    table(torch.tensor([1])).sum().backward()
    wave = torch.ones(2, dtype=torch.complex64, requires_grad=True)
    wave.grad = torch.ones_like(wave)
    for bad, words in ((table.weight, "sparse_coo"), (wave, "complex64")):
        optimizer = make([dense, bad])
        options = copy.deepcopy([{**g, "params": []} for g in optimizer.param_groups])
        message = f"gradients must be dense and real, got one of shape.*{words}"
        with pytest.raises(ValueError, match=message) as refusal:
            optimizer.step()
        assert "torch.optim.SparseAdam for sparse" in str(refusal.value)
        assert torch.equal(dense, torch.ones(3))
        assert not optimizer.state
        assert [{**g, "params": []} for g in optimizer.param_groups] == options


@every
@pytest.mark.parametrize("name", ["lr", "eps", "weight_decay"])
@pytest.mark.parametrize(
    "value", [-0.1, float("nan"), float("inf"), "0.1", torch.tensor([0.1]), torch.tensor(-0.1)]
)
def test_bad_numbers_are_refused(make: Make, name: str, value: Any) -> None:
    message = f"{name} must be a finite number >= 0, got "
    with pytest.raises(ValueError, match=message):
        make(parameters(), **{name: value})
    with pytest.raises(ValueError, match=message):
        make([{"params": parameters(), name: value}])


@every
@pytest.mark.parametrize("betas", [(1.0, 0.9), (0.9, -0.1), (0.9, float("nan")), (0.9,)])
def test_bad_betas_are_refused(make: Make, betas: Any) -> None:
    with pytest.raises(ValueError, match=r"betas must be two numbers in \[0, 1\), got"):
        make(parameters(), betas=betas)


@pytest.mark.parametrize("seed", [-1, 0.5, None])
def test_bad_seeds_are_refused(seed: Any) -> None:
    with pytest.raises(ValueError, match="seed must be an integer >= 0, got"):
        LowMemoryAdam(parameters(), seed=seed)


@every
@pytest.mark.parametrize(
    "option", ["amsgrad", "maximize", "decoupled_weight_decay", "capturable", "differentiable"]
)
def test_what_a_class_does_not_have_is_refused(make: Make, option: str) -> None:
    if (make, option) in ((CustomAMSGrad, "amsgrad"), (CustomAdamW, "decoupled_weight_decay")):
        message = f"{option} must be True, got False"
        group = {"params": parameters(), option: False}
    elif make in BOTH and option == "decoupled_weight_decay":
        assert make([{"params": parameters(), option: True}]).param_groups[0][option]
        return
    else:
        message, group = f"{option} must be False, got True", {"params": parameters(), option: True}
    with pytest.raises(ValueError, match=message):
        make([group])
    ours = make(parameters(), lr=0.5)
    state = ours.state_dict()
    state["param_groups"][0][option] = group[option]
    with pytest.raises(ValueError, match=message):
        ours.load_state_dict(state)
    assert ours.param_groups[0]["lr"] == 0.5


@every
@pytest.mark.parametrize("name", ["NAdam", "RAdam", "Adamax", "SGD"])
def test_the_state_of_another_algorithm_is_refused(make: Make, name: str) -> None:
    params = parameters()
    with pytest.raises(ValueError, match=r"must be|torch\.optim\.Adam"):
        make(params).load_state_dict(getattr(torch.optim, name)(params, lr=0.1).state_dict())


@every
def test_a_step_count_saved_as_a_number_goes_on(make: Make) -> None:
    straight, params = parameters(), parameters()
    steps(make(straight), 1, 2)
    stopped = make(params)
    steps(stopped, 1, 1)
    saved = stopped.state_dict()
    for state in saved["state"].values():
        state["step"] = 1  # as before PyTorch 1.12
    resumed = make(params)
    resumed.load_state_dict(saved)
    steps(resumed, 2, 2)
    assert same(params, straight)


@pytest.mark.parametrize("make", BOTH)
def test_some_are_adamw_too(make: Make) -> None:
    ours, theirs = parameters(), parameters()
    options = {"lr": 0.01, "weight_decay": 0.1}
    steps(make(ours, decoupled_weight_decay=True, **options), 1, 300)
    steps(torch.optim.AdamW(theirs, **options), 1, 300)
    close(make, ours, theirs)


@pytest.mark.parametrize("make", BOTH)
def test_an_older_state_without_the_decoupled_option_is_taken(make: Make) -> None:
    params = parameters()
    optimizer = make(params, decoupled_weight_decay=True)
    steps(optimizer, 1, 1)
    state = optimizer.state_dict()
    del state["param_groups"][0]["decoupled_weight_decay"]
    optimizer.load_state_dict(state)
    assert optimizer.param_groups[0]["decoupled_weight_decay"] is False


def test_amsgrad_differs_from_adam_once_gradients_shrink() -> None:
    ours, theirs = (torch.zeros(1, requires_grad=True) for _ in range(2))
    optimizers = CustomAMSGrad([ours], lr=0.1), CustomAdam([theirs], lr=0.1)
    for g in [1.0, *[0.01] * 200]:
        for w, optimizer in zip((ours, theirs), optimizers, strict=True):
            w.grad = torch.tensor([g])
            optimizer.step()
    state = optimizers[0].state[ours]
    assert state["max_exp_avg_sq"] > state["exp_avg_sq"]
    assert ours.abs() < theirs.abs()


@pytest.mark.parametrize("number", [0, 1])
def test_the_compiled_function_is_made_once(number: int) -> None:
    assert COMPILED_UPDATES[number]() is COMPILED_UPDATES[number]()


@pytest.mark.parametrize("number", [0, 1])
def test_twelve_optimizers_are_all_compiled(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch's limit is eight for one piece of code."""
    from torch._dynamo import reset
    from torch._dynamo.testing import CompileCounter

    graphs, torch_compile = CompileCounter(), torch.compile
    with monkeypatch.context() as patch:
        patch.setattr(
            torch,
            "compile",
            lambda f, options, **others: torch_compile(f, backend=graphs, **others),
        )
        compiled = COMPILED_UPDATES[number].__wrapped__()
    monkeypatch.setattr(COMPILED[number], "compiled_update", lambda: compiled)
    reset()
    for size in range(2, 14):
        w = torch.ones(size, requires_grad=True)
        w.grad = torch.ones(size)
        (CompiledAdam, LowMemoryAdam)[number]([w]).step()
    reset()
    assert graphs.frame_count == 12


def shaped(shape: tuple[int, ...]) -> list[torch.Tensor]:
    """Tensors that do not lie in memory in the order of their indices, and one that does."""
    generator = torch.Generator().manual_seed(0)
    straight = torch.randn(shape, generator=generator)
    turned = torch.randn(shape[::-1], generator=generator).t()
    image = torch.randn(2, 3, 4, 5, generator=generator).to(memory_format=torch.channels_last)
    return [p.requires_grad_() for p in (straight, turned, image)]


@every
@pytest.mark.parametrize("size", [12, SMALL + 3, CACHE + 5])
def test_every_size_and_order_in_memory(make: Make, size: int) -> None:
    ours, theirs = shaped((1, size)), shaped((1, size))
    optimizers = make(ours, lr=0.01), torchs(make, theirs, lr=0.01)
    for t in range(1, 4):
        for params, optimizer in zip((ours, theirs), optimizers, strict=True):
            give_gradients(params, t)
            assert params[0].grad is not None
            params[0].grad = params[0].grad.t().clone().t()  # as some operations leave it
            optimizer.step()
    close(make, ours, theirs)
    assert not ours[2].is_contiguous()


@every
@pytest.mark.parametrize("first", ["ours", "torchs"])
def test_a_learning_rate_may_be_a_tensor(make: Make, first: str) -> None:
    straight, params = parameters(), parameters()
    steps(torchs(make, straight, lr=torch.tensor(0.01)), 1, 20)
    ours, theirs = (
        m(params, lr=torch.tensor(0.01)) for m in (make, lambda p, lr: torchs(make, p, lr=lr))
    )
    before, after = (ours, theirs) if first == "ours" else (theirs, ours)
    steps(before, 1, 8)
    after.load_state_dict(reload(before.state_dict()))
    steps(after, 9, 20)
    near = {"rtol": 0.05, "atol": 0.02} if make is LowMemoryAdam else {"rtol": 0, "atol": 5e-6}
    for a, b in zip(params, straight, strict=True):
        torch.testing.assert_close(a, b, **near)


@every
def test_a_scheduler_changes_a_learning_rate_in_a_tensor(make: Make) -> None:
    w = torch.zeros(1, requires_grad=True)
    optimizer = make([w], lr=torch.tensor(0.5), weight_decay=0.0)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    places = []
    for _ in range(3):
        w.grad = torch.ones(1)
        optimizer.step()
        scheduler.step()
        places.append(w.item())
    assert places == pytest.approx([-0.5, -0.75, -0.875], rel=5e-3)


@every
def test_hooks_run_before_and_after_a_step(make: Make) -> None:
    params, seen = parameters(), []
    optimizer = make(params)
    optimizer.register_step_pre_hook(lambda *_: seen.append(params[0].detach().clone()))
    optimizer.register_step_post_hook(lambda *_: seen.append(params[0].detach().clone()))
    steps(optimizer, 1, 1)
    assert len(seen) == 2
    assert not torch.equal(*seen)


@every
def test_a_state_that_was_emptied_starts_anew(make: Make) -> None:
    ours, theirs = parameters(), parameters()
    for optimizer in (make(ours, lr=0.01), torchs(make, theirs, lr=0.01)):
        steps(optimizer, 1, 3)
        optimizer.state.clear()
        steps(optimizer, 4, 6)
    close(make, ours, theirs)


@every
def test_a_state_changed_by_hand_is_used(make: Make) -> None:
    """Resetting the means of one parameter, as some training loops do."""
    ours, theirs = parameters(), parameters()
    for params, optimizer in (
        (ours, make(ours, lr=0.01)),
        (theirs, torchs(make, theirs, lr=0.01)),
    ):
        steps(optimizer, 1, 3)
        optimizer.state[params[0]]["exp_avg"].zero_()
        old = optimizer.state[params[1]]["exp_avg"]
        start = old.storage_offset()  # so that the new one looks like the old one
        fresh = torch.zeros(start + old.numel(), dtype=old.dtype)[start:].view(old.shape)
        optimizer.state[params[1]]["exp_avg"] = fresh
        steps(optimizer, 4, 6)
    close(make, ours, theirs)


@every
def test_frozen_parameters_and_replaced_data(make: Make) -> None:
    """``requires_grad_(False)`` in the middle, and a model that loads other weights."""
    ours, theirs = parameters(), parameters()
    for params, optimizer in (
        (ours, make(ours, lr=0.01)),
        (theirs, torchs(make, theirs, lr=0.01)),
    ):
        for t in range(1, 10):
            optimizer.zero_grad(set_to_none=t % 2 == 0)
            sum((p**2).sum() for p in params if p.requires_grad).backward()  # type: ignore[union-attr]
            optimizer.step()
            if t == 4:
                params[1].requires_grad_(False)
                params[1].grad = None
            if t == 6:
                params[0].data = torch.ones_like(params[0])
    close(make, ours, theirs)


def test_small_states_lie_side_by_side_and_stay_so() -> None:
    """And each still has the shape of its parameter; loading brings them together again."""
    params = parameters()
    optimizer = CompiledAdam(params)
    steps(optimizer, 1, 2)
    first = optimizer.state[params[0]]["exp_avg"]._base
    steps(optimizer, 3, 4)
    states = [optimizer.state[p]["exp_avg"] for p in params]
    assert all(state._base is first for state in states)
    assert [state.shape for state in states] == [p.shape for p in params]
    assert first.numel() == sum(p.numel() for p in params)
    optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    steps(optimizer, 5, 5)
    again = {id(optimizer.state[p]["exp_avg"]._base) for p in params}
    assert len(again) == 1
    assert again != {id(first)}


@pytest.fixture
def float16() -> Iterator[torch.Tensor]:
    w = torch.ones(3, dtype=torch.float16, requires_grad=True)
    w.grad = torch.ones_like(w)
    return w  # type: ignore[return-value]


def test_the_low_memory_one_refuses_float16(float16: torch.Tensor) -> None:
    optimizer = LowMemoryAdam([float16])
    with pytest.raises(ValueError, match=r"must be float32, float64 or bfloat16, got.*float16"):
        optimizer.step()
    assert optimizer.param_groups[0]["seed"] == 0


def test_the_low_memory_one_refuses_shards() -> None:
    with process_group():
        model = torch.nn.Linear(3, 2)
        shard(model)
        optimizer = LowMemoryAdam(model.parameters())
        model(torch.ones(1, 3)).sum().backward()
        with pytest.raises(ValueError, match=r"must be whole, got a shard.*\(2, 3\).*CompiledAdam"):
            optimizer.step()
    assert optimizer.param_groups[0]["seed"] == 0


def test_the_low_memory_one_repeats_itself_for_one_seed_alone() -> None:
    runs = []
    for seed in (0, 0, 50):
        params = parameters()
        steps(LowMemoryAdam(params, seed=seed), 1, 10)
        runs.append(params)
    assert same(runs[0], runs[1])
    assert not same(runs[0], runs[2])


@pytest.mark.parametrize("value", [1.0 + 2**-10, -3.14159, 1e-12, -1e20, 1e-40])
def test_rounding_is_right_on_average(value: float) -> None:
    x = torch.full((65536,), value)
    noise = torch.arange(65536, dtype=torch.int32)  # each value of the noise once
    rounded = round_stochastically(x, noise).double()
    assert rounded.unique().numel() == 2
    below, above = rounded.unique().tolist()
    assert below < x[0].double() < above
    assert rounded.mean().item() == pytest.approx(x[0].double().item(), rel=1e-12, abs=0)


@pytest.mark.parametrize("kind", ["counts", "gradients"])
def test_random_bits_are_even_and_independent(kind: str) -> None:
    x = torch.arange(2**16, dtype=torch.int32)
    if kind == "gradients":
        generator = torch.Generator().manual_seed(0)
        x = torch.randn(2**16, generator=generator).view(torch.int32)
    seeds = [torch.tensor([seed], dtype=torch.int32) for seed in (7, 8)]
    rows = [random_bits(x, seed) for seed in seeds]
    # of each half the bits that decide most often whether a number goes up
    bits = torch.stack([(row >> k) & 1 for row in rows for k in (13, 14, 15, 29, 30, 31)]).double()
    assert (bits.mean(1) - 0.5).abs().max() < 5 * 0.5 / 2**8  # standard errors
    together = torch.corrcoef(bits) - torch.eye(len(bits))
    assert together.abs().max() < 5 / 2**8
    one_later = torch.corrcoef(torch.stack([bits[2, 1:], bits[2, :-1]]))[0, 1]
    assert abs(one_later) < 5 / 2**8
    assert torch.equal(random_bits(x[10:15], seeds[0]), rows[0][10:15])


def test_random_bits_of_one_number_change_with_the_seed() -> None:
    x = torch.tensor([0.25]).view(torch.int32)
    optimizer = LowMemoryAdam(parameters())
    seeds = [
        low_memory_adam._seed(seed, 0, optimizer.param_groups[0]["params"][0])
        for seed in range(4000)
    ]
    halves = [
        random_bits(x, torch.cat(seeds)) & 65535,
        (random_bits(x, torch.cat(seeds)) >> 16) & 65535,
    ]
    for half in halves:
        share = half.double() / 65536
        assert abs(share.mean() - 0.5) < 4 * (1 / 12) ** 0.5 / 4000**0.5
        assert abs(share.std() - (1 / 12) ** 0.5) < 0.01


def test_rounding_keeps_what_bfloat16_holds_and_what_is_not_finite() -> None:
    noise = torch.full((6,), 65535, dtype=torch.int32)
    kept = torch.tensor([0.0, -1.5, 2.0**100, float("inf"), -float("inf"), float("nan")])
    rounded = round_stochastically(kept, noise)
    assert torch.equal(rounded[:5], kept[:5])
    assert torch.equal(rounded[:5], rounded[:5].bfloat16().float())
    assert rounded[5].isnan()


def test_both_means_are_rounded_without_bias() -> None:
    """Many weights with nearly one gradient: their mean is what float32 keeps in each."""
    w, one = (torch.zeros(size, requires_grad=True) for size in (40_000, 1))
    each = torch.linspace(1 - 1e-3, 1 + 1e-3, len(w))  # equal ones would round alike
    ours, exact = LowMemoryAdam([w]), CustomAdam([one])
    for t in range(1, 101):
        g = 1.0 + 0.3 * (-1) ** t + 0.01 * t
        w.grad, one.grad = g * each, torch.full_like(one, g)
        ours.step()
        exact.step()
    for name in ("exp_avg", "exp_avg_sq"):
        found = ours.state[w][name].double()
        error = found.std() / len(found) ** 0.5
        assert found.unique().numel() > 2
        assert abs(found.mean() - exact.state[one][name].item()) < 4 * error
    both = torch.stack([ours.state[w][name].double() for name in ("exp_avg", "exp_avg_sq")])
    assert abs(torch.corrcoef(both)[0, 1]) < 0.03  # the two halves of the noise


def test_the_low_memory_one_keeps_both_means_in_one_tensor_and_loads_any() -> None:
    w = torch.ones(6, requires_grad=True)
    optimizer = LowMemoryAdam([w])
    places = set()
    for gradient in (1.0, float("inf"), float("nan")):
        w.grad = torch.full_like(w, gradient)
        optimizer.step()
        state = optimizer.state[w]
        both = state["exp_avg"]._base
        assert both is state["exp_avg_sq"]._base
        assert both.nbytes == 4 * len(w)
        places.add(both.data_ptr())
    assert len(places) == 1
    assert state["exp_avg"].isnan().all()
    w.data.zero_()
    loaded = LowMemoryAdam([w])
    loaded.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    values = torch.arange(1.0, 7.0)
    loaded.state[w]["exp_avg"].copy_(values)
    loaded.state[w]["exp_avg_sq"].copy_(10 * values)
    w.grad = torch.zeros_like(w)
    loaded.step()
    torch.testing.assert_close(loaded.state[w]["exp_avg"].float(), 0.9 * values, rtol=2**-7, atol=0)
    torch.testing.assert_close(
        loaded.state[w]["exp_avg_sq"].float(), 9.99 * values, rtol=2**-7, atol=0
    )
