"""The NumPy AdamW: its first steps by hand, what it refuses."""

import numpy as np
import pytest

from snippets.numpy.custom_adam import CustomAdam
from snippets.numpy.custom_adamw import CustomAdamW


def test_first_step_by_hand() -> None:
    w = np.array([2.0, 2.0, -4.0])
    CustomAdamW(lr=0.1, weight_decay=0.5).step([w], [np.array([3.0, -0.002, 0.0])])
    # decay by 1 - 0.1 * 0.5, then lr times the sign of the gradient
    np.testing.assert_allclose(w, [1.9 - 0.1, 1.9 + 0.1, -3.8], rtol=1e-5)


def test_without_decay_it_is_adam() -> None:
    rng = np.random.default_rng(0)
    ours, theirs = np.ones(3), np.ones(3)
    adamw, adam = CustomAdamW(lr=0.1, weight_decay=0.0), CustomAdam(lr=0.1)
    for g in rng.normal(size=(20, 3)):
        adamw.step([ours], [g])
        adam.step([theirs], [g])
    np.testing.assert_array_equal(ours, theirs)


def test_the_means_know_nothing_of_the_decay() -> None:
    rng = np.random.default_rng(0)
    optimizers = [CustomAdamW(weight_decay=c) for c in (0.0, 100.0)]
    weights = [np.ones(3), np.ones(3)]
    for g in rng.normal(size=(20, 3)):
        for optimizer, w in zip(optimizers, weights, strict=True):
            optimizer.step([w], [g])
    for state in ("exp_avg", "exp_avg_sq"):
        one, other = (getattr(optimizer, state)[0] for optimizer in optimizers)
        np.testing.assert_array_equal(one, other)
    assert abs(weights[0] - weights[1]).max() > 0.5


@pytest.mark.parametrize("name", ["lr", "eps", "weight_decay"])
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_bad_numbers_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} must be a finite number >= 0, got"):
        CustomAdamW(**{name: value})


@pytest.mark.parametrize("betas", [(1.0, 0.9), (0.9, -0.1), (0.9, float("nan")), (0.9,)])
def test_bad_betas_are_refused(betas: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"betas must be two numbers in \[0, 1\), got"):
        CustomAdamW(betas=betas)


def test_other_shapes_are_refused_before_anything_changes() -> None:
    w = np.ones(2)
    adamw = CustomAdamW()
    with pytest.raises(ValueError, match=r"grads must have the shapes \[\(2,\)\], got \[\(3,\)\]"):
        adamw.step([w], [np.ones(3)])
    np.testing.assert_array_equal(w, [1.0, 1.0])
    assert adamw.t == 0
