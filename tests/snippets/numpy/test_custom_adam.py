"""The NumPy Adam: its first steps by hand, its means, what it refuses."""

import numpy as np
import pytest

from snippets.numpy.custom_adam import CustomAdam


def test_first_step_is_lr_times_the_sign_of_the_gradient() -> None:
    w = np.array([1.0, 1.0, 1.0, 1.0])
    g = np.array([3.0, -0.002, 1e-8, 0.0])
    CustomAdam(lr=0.1).step([w], [g])
    # m_hat = g and v_hat = g^2, so the step is lr * g / (|g| + eps)
    np.testing.assert_allclose(w, 1 - 0.1 * g / (abs(g) + 1e-8), rtol=1e-14)
    np.testing.assert_allclose(1 - w, [0.1, -0.1, 0.05, 0.0], rtol=1e-5)


def test_second_step_by_hand() -> None:
    w = np.array([5.0])
    adam = CustomAdam(lr=1.0, betas=(0.5, 0.75), eps=0.0)
    adam.step([w], [np.array([4.0])])  # m = 2, v = 4: m_hat = 4, v_hat = 16, step 1
    adam.step([w], [np.array([1.0])])  # m = 1.5, v = 3.25: m_hat = 2, v_hat = 3.25/0.4375
    np.testing.assert_allclose(w, 5 - 1 - 2 / (3.25 / 0.4375) ** 0.5, rtol=1e-15)
    assert adam.exp_avg[0] == pytest.approx(1.5)
    assert adam.exp_avg_sq[0] == pytest.approx(3.25)


def test_correction_gives_the_weighted_mean_of_the_gradients() -> None:
    """m_t / (1 - beta^t) weighs g_1 ... g_t with weights that sum to one."""
    rng = np.random.default_rng(0)
    grads = rng.normal(size=(20, 3))
    adam = CustomAdam(betas=(0.8, 0.9))
    w = np.zeros(3)
    for g in grads:
        adam.step([w], [g])
    for beta, moment, values in (
        (0.8, adam.exp_avg[0], grads),
        (0.9, adam.exp_avg_sq[0], grads**2),
    ):
        weights = beta ** np.arange(19, -1, -1)
        expected = np.average(values, axis=0, weights=weights)
        np.testing.assert_allclose(moment / (1 - beta**20), expected, rtol=1e-12)


def test_weight_decay_is_the_gradient_of_an_l2_penalty() -> None:
    rng = np.random.default_rng(1)
    start, grads = rng.normal(size=4), rng.normal(size=(30, 4))
    with_option, by_hand = start.copy(), start.copy()
    adam, plain = CustomAdam(lr=0.01, weight_decay=0.5), CustomAdam(lr=0.01)
    for g in grads:
        adam.step([with_option], [g])
        plain.step([by_hand], [g + 0.5 * by_hand])
    np.testing.assert_array_equal(with_option, by_hand)
    assert not np.allclose(with_option, start)


def test_gradients_stay_as_they_were() -> None:
    g = np.array([1.0, 2.0])
    CustomAdam(weight_decay=0.1).step([np.ones(2)], [g])
    np.testing.assert_array_equal(g, [1.0, 2.0])


@pytest.mark.parametrize("name", ["lr", "eps", "weight_decay"])
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_bad_numbers_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} must be a finite number >= 0, got"):
        CustomAdam(**{name: value})


@pytest.mark.parametrize("betas", [(1.0, 0.9), (0.9, -0.1), (0.9, float("nan")), (0.9,)])
def test_bad_betas_are_refused(betas: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"betas must be two numbers in \[0, 1\), got"):
        CustomAdam(betas=betas)


def test_other_shapes_are_refused_before_anything_changes() -> None:
    w = np.ones(2)
    adam = CustomAdam()
    with pytest.raises(ValueError, match=r"grads must have the shapes \[\(2,\)\], got \[\(3,\)\]"):
        adam.step([w], [np.ones(3)])
    adam.step([w], [np.ones(2)])
    before = w.copy()
    with pytest.raises(ValueError, match=r"params must have the shapes \[\(2,\)\], got \[\(3,\)\]"):
        adam.step([np.ones(3)], [np.ones(3)])
    with pytest.raises(ValueError, match="grads must have the shapes"):
        adam.step([w], [])
    np.testing.assert_array_equal(w, before)
    assert adam.t == 1
