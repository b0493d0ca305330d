"""The Adams of this site beside the libraries' own, on one sequence of real gradients."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import torch
from numpy.typing import NDArray

from experiments.adam_digits import train
from experiments.experiment import Claim, Experiment
from snippets.keras.custom_adam import CustomAdam as KerasAdam
from snippets.numpy.custom_adam import CustomAdam as NumpyAdam
from snippets.pytorch.custom_adam import CustomAdam as TorchAdam

Array = NDArray[np.float64]

STEPS = 300
# Keras on TensorFlow rounds its hyperparameters to float32; these are exact in it.
LR, BETAS = 2.0**-7, (0.875, 1 - 2.0**-10)
DEFAULT_LR, DEFAULT_BETAS = 0.001, (0.9, 0.999)
EPS, EPS_HAT = 1e-8, 1e-7


@dataclass(frozen=True)
class Facts:
    """Defaults, and largest differences of any weight in float64 after ``steps`` updates."""

    lr: float
    beta1: float
    beta2: float
    torch_defaults: dict[str, float]
    keras_defaults: dict[str, float]
    steps: int
    weights: int
    travelled: float
    torch_own: float
    torch_own_bfloat16: float
    numpy_torch: float
    keras_own: float
    keras_torch_mapped: float
    keras_torch_unmapped: float
    keras_torch_default_settings: float


def measure(our_eps: float = EPS, mapped: bool = True) -> Facts:
    """Replay one recorded sequence of gradients through every implementation.

    Args:
        our_eps: The epsilon of our PyTorch Adam.
        mapped: Whether PyTorch gets epsilon hat / sqrt(1 - beta2^t) at every step.
    """
    torch.set_num_threads(1)
    recorded = train(0, lr=LR, betas=BETAS, steps=STEPS, record=True).gradients
    grads = [step[2].numpy() for step in recorded]
    options: dict[str, Any] = {"lr": LR, "betas": BETAS}

    ours = _torch(TorchAdam, grads, eps=our_eps, **options)
    theirs = _torch(torch.optim.Adam, grads, eps=EPS, foreach=False, **options)
    small = {"dtype": torch.bfloat16, **options}
    ours_small = _torch(TorchAdam, grads, eps=our_eps, **small)
    theirs_small = _torch(torch.optim.Adam, grads, eps=EPS, foreach=False, **small)

    w = np.zeros_like(grads[0])
    adam = NumpyAdam(eps=EPS, **options)
    for g in grads:
        adam.step([w], [g])

    keras_ours = _keras(KerasAdam, grads, **options)
    keras_theirs = _keras(keras.optimizers.Adam, grads, **options)
    like_keras = _torch(TorchAdam, grads, eps=EPS_HAT, eps_hat=mapped, **options)
    unmapped = _torch(TorchAdam, grads, eps=EPS_HAT, **options)
    usual: dict[str, Any] = {"lr": DEFAULT_LR, "betas": DEFAULT_BETAS}
    keras_usual = _keras(keras.optimizers.Adam, grads, **usual)
    torch_usual = _torch(TorchAdam, grads, eps=EPS_HAT, eps_hat=mapped, **usual)
    defaults = torch.optim.Adam([torch.zeros(1)]).defaults
    config = keras.optimizers.Adam().get_config()
    return Facts(
        lr=LR,
        beta1=BETAS[0],
        beta2=BETAS[1],
        torch_defaults={
            "lr": defaults["lr"],
            "beta1": defaults["betas"][0],
            "beta2": defaults["betas"][1],
            "eps": defaults["eps"],
        },
        keras_defaults={
            "lr": round(config["learning_rate"], 9),  # float32 in Keras
            "beta1": config["beta_1"],
            "beta2": config["beta_2"],
            "eps": config["epsilon"],
        },
        steps=STEPS,
        weights=w.size,
        travelled=_difference(theirs, np.zeros_like(w)),
        torch_own=_difference(ours, theirs),
        torch_own_bfloat16=_difference(ours_small, theirs_small),
        numpy_torch=_difference(w, theirs),
        keras_own=_difference(keras_ours, keras_theirs),
        keras_torch_mapped=_difference(like_keras, keras_theirs),
        keras_torch_unmapped=_difference(unmapped, keras_theirs),
        keras_torch_default_settings=_difference(torch_usual, keras_usual),
    )


def _torch(
    make: Any,
    grads: list[Array],
    *,
    eps_hat: bool = False,
    dtype: torch.dtype = torch.float64,
    eps: float,
    **options: Any,
) -> Array:
    w = torch.zeros(grads[0].shape, dtype=dtype, requires_grad=True)
    optimizer = make([w], eps=eps, **options)
    for t, g in enumerate(grads, start=1):
        if eps_hat:
            beta2 = optimizer.param_groups[0]["betas"][1]
            optimizer.param_groups[0]["eps"] = eps / (1 - beta2**t) ** 0.5
        w.grad = torch.tensor(g, dtype=dtype)
        optimizer.step()
    return w.detach().double().numpy()


def _keras(make: Any, grads: list[Array], *, lr: float, betas: tuple[float, float]) -> Array:
    w = keras.Variable(np.zeros(grads[0].shape), dtype="float64")
    optimizer = make(lr, beta_1=betas[0], beta_2=betas[1], epsilon=EPS_HAT)
    for g in grads:
        optimizer.apply([keras.ops.convert_to_tensor(g)], [w])
    return np.asarray(keras.ops.convert_to_numpy(w.value))


def _difference(left: Array, right: Array) -> float:
    return float(abs(left - right).max())


EXPERIMENT = Experiment(
    question="Do the Adams of this page and the libraries' own take the same steps?",
    measure=measure,
    claims=(
        Claim(
            id="bit_for_bit",
            sentence=lambda f: (
                f"After {f.steps} updates with real gradients, `CustomAdam` and "
                "`torch.optim.Adam(foreach=False)` agree to the last bit, in float64 and in "
                "bfloat16."
            ),
            check=lambda f: f.torch_own == 0 and f.torch_own_bfloat16 == 0 and f.travelled > 0.1,
            without={"our_eps": 1e-3},
        ),
        Claim(
            id="keras_with_mapped_epsilon",
            sentence=lambda f: (
                "PyTorch takes Keras's steps once epsilon is mapped at every update: the largest "
                f"difference is {f.keras_torch_mapped:.0e}; with the same number in both places "
                f"it is {f.keras_torch_unmapped:.1g}."
            ),
            check=lambda f: f.keras_torch_mapped < 1e-12 and f.keras_torch_unmapped > 1e-9,
            without={"mapped": False},
        ),
    ),
)
