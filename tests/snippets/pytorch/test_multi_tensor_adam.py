"""How work is divided among caches; what the optimizer does stands in test_adam_ladder.py."""

from typing import Any

import pytest
import torch
from torch import Tensor

from snippets.pytorch import multi_tensor_adam
from snippets.pytorch.multi_tensor_adam import MultiTensorAdam, multi_tensor_update, portions


@pytest.fixture(autouse=True)
def small_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multi_tensor_adam, "CACHE", 8)


def row(size: int, device: str = "cpu") -> tuple[Any, ...]:
    return (*(torch.zeros(size, device=device) for _ in range(4)), float(size))


def sizes(rows: list[tuple[Any, ...]]) -> list[list[int]]:
    """Sizes of what each portion holds; all its columns must agree."""
    found = []
    for *columns, counts in portions(rows):
        here = [[x.numel() for x in column] for column in columns]
        assert len(columns) == 4
        assert all(each == here[0] for each in here)
        assert len(counts) == len(here[0])
        found.append(here[0])
    return found


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([3, 5], [[3, 5]]),
        ([4, 5], [[4], [5]]),
        ([3, 4, 2], [[3, 4], [2]]),
        ([4, 4, 1], [[4, 4], [1]]),
        ([1, 8, 1], [[1], [8], [1]]),
        ([8, 4, 4], [[8], [4, 4]]),
        ([20], [[8], [8], [4]]),
        ([20, 3, 2], [[8], [8], [4, 3], [2]]),
        ([7, 9], [[7], [8], [1]]),
    ],
)
def test_a_portion_holds_what_a_cache_does(given: list[int], expected: list[list[int]]) -> None:
    assert sizes([row(size) for size in given]) == expected


def test_small_tensors_are_handed_on_and_large_ones_looked_into() -> None:
    small, large = row(8), row(12)
    first, second, third = portions([small, large])
    assert [column[0] is x for column, x in zip(first, small, strict=True)] == [True] * 5
    for column, x in zip(second[:4], large[:4], strict=True):
        column[0].fill_(1)
        assert x.tolist() == [1] * 8 + [0] * 4
    assert (second[4], third[4]) == ([12.0], [12.0])


def turned(x: Tensor) -> Tensor:
    return x.view(4, -1).T


@pytest.mark.parametrize("place", range(4))
def test_what_does_not_lie_in_one_piece_stays_whole(place: int) -> None:
    *tensors, count = row(20)
    tensors[place] = turned(tensors[place])
    assert sizes([(*tensors, count)]) == [[20]]


def test_a_shard_stays_whole() -> None:
    shard = row(20)
    shard[0].to_local = None
    assert sizes([shard]) == [[20]]


def test_another_device_gets_all_at_once() -> None:
    assert sizes([row(20, "meta"), row(3, "meta"), row(30, "meta")]) == [[20, 3, 30]]


@pytest.mark.parametrize("decoupled", [False, True])
def test_a_decay_of_1_is_one(decoupled: bool) -> None:
    w, g, m, v = ([torch.tensor([x], dtype=torch.float64)] for x in (2.0, 3.0, 0.0, 0.0))
    multi_tensor_update(w, g, m, v, [1.0], 0.25, (0.5, 0.5), 0.0, 1.0, decoupled)
    # the first step of Adam is as long as lr
    assert w[0].item() == pytest.approx(2 * 0.75 - 0.25 if decoupled else 1.75)
    assert m[0].item() == (1.5 if decoupled else 2.5)


def test_a_group_without_gradients_does_not_keep_the_next_from_its_step() -> None:
    frozen, free = (torch.ones(2, requires_grad=True) for _ in range(2))
    free.grad = torch.ones(2)
    MultiTensorAdam([{"params": [frozen]}, {"params": [free]}], lr=0.25).step()
    assert frozen.tolist() == [1.0, 1.0]
    assert free.tolist() == pytest.approx([0.75, 0.75])
