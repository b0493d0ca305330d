"""What ``weight_decay`` does in every optimizer of PyTorch and Keras that has one."""

import inspect
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import torch
from numpy.typing import NDArray

from experiments.experiment import Claim, Experiment
from snippets.keras.weight_decay import decay_weights as keras_decay
from snippets.pytorch.weight_decay import decay_weights as torch_decay

Array = NDArray[np.float64]

STEPS = 8
# Exact in float32, to which Keras on TensorFlow rounds hyperparameters.
LR, DECAY = 2.0**-7, 2.0**-2
SAME = 1e-9
TORCH: tuple[tuple[str, dict[str, Any]], ...] = (
    ("SGD", {"momentum": 0.5}),
    ("Adam", {}),
    ("Adam", {"decoupled_weight_decay": True}),
    ("AdamW", {}),
    ("NAdam", {}),
    ("NAdam", {"decoupled_weight_decay": True}),
    ("RAdam", {}),
    ("RAdam", {"decoupled_weight_decay": True}),
    ("Adamax", {}),
    ("Adagrad", {}),
    ("Adadelta", {}),
    ("RMSprop", {}),
    ("ASGD", {}),
    ("Adafactor", {}),
    ("Muon", {}),
)
KERAS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("SGD", {"momentum": 0.5}),
    ("Adam", {}),
    ("AdamW", {}),
    ("Nadam", {}),
    ("Adamax", {}),
    ("Adagrad", {}),
    ("Adadelta", {}),
    ("RMSprop", {}),
    ("Adafactor", {}),
    ("Lion", {}),
    ("Lamb", {}),
    ("Ftrl", {}),
    ("Muon", {}),
    ("ScheduleFreeAdamW", {}),
)


@dataclass(frozen=True)
class Row:
    """One optimizer; differences are the largest of any weight, after ``steps`` steps."""

    name: str
    default: str
    kind: str
    to_l2: float
    to_decay: float


@dataclass(frozen=True)
class Facts:
    """What each optimizer's ``weight_decay`` does."""

    steps: int
    lr: float
    decay: float
    torch: tuple[Row, ...]
    keras: tuple[Row, ...]
    torch_l2: int
    torch_decay: int
    keras_decay: int
    unlisted: tuple[str, ...]
    """Optimizers with a ``weight_decay`` that this table lacks."""
    keras_adam_adamw: float
    """Largest difference between Keras Adam and AdamW with the same weight_decay."""
    torch_adam_adamw: float
    decay_first: float
    """Largest distance of either library's AdamW from (1 - lr decay) w - step, one step."""
    decay_last: float
    """Smallest distance from (1 - lr decay) (w - step)."""


def start_and_gradients() -> tuple[Array, Array]:
    """A weight matrix and a gradient for each step, of sizes that differ from weight to weight."""
    rng = np.random.default_rng(0)
    sizes = 10.0 ** rng.uniform(-2, 1, size=(4, 3))
    return rng.normal(size=(4, 3)), sizes * rng.normal(size=(STEPS, 4, 3))


def torch_run(
    name: str,
    options: dict[str, Any],
    *,
    own: float = 0.0,
    l2: float = 0.0,
    decay: float = 0.0,
    steps: int = STEPS,
) -> Array:
    """The weights after a run with the optimizer's own option, or L2 or decay by hand."""
    start, gradients = start_and_gradients()
    w = torch.tensor(start, requires_grad=True)
    optimizer = getattr(torch.optim, name)([w], lr=LR, weight_decay=own, **options)
    for g in gradients[:steps]:
        w.grad = torch.tensor(g) + l2 * w.detach()
        torch_decay([w], LR, decay)
        optimizer.step()
    return np.asarray(w.detach().numpy())


def keras_run(
    name: str,
    options: dict[str, Any],
    *,
    own: float = 0.0,
    l2: float = 0.0,
    decay: float = 0.0,
    steps: int = STEPS,
) -> Array:
    """The same in Keras."""
    start, gradients = start_and_gradients()
    dtype = "float32" if name == "Muon" else "float64"  # Keras's Muon has no float64
    w = keras.Variable(start, dtype=dtype)
    optimizer = getattr(keras.optimizers, name)(LR, weight_decay=own, **options)
    for g in gradients[:steps]:
        gradient = keras.ops.convert_to_tensor(g, dtype) + l2 * w
        keras_decay([w], LR, decay)
        optimizer.apply([gradient], [w])
    return np.array(keras.ops.convert_to_numpy(w.value))


def probe(library: str, name: str, options: dict[str, Any], weight_decay: float) -> Row:
    """Compare the option with L2 by hand and with decay by hand."""
    run = torch_run if library == "torch" else keras_run
    own = run(name, options, own=weight_decay)
    to_l2 = float(abs(own - run(name, options, l2=weight_decay)).max())
    to_decay = float(abs(own - run(name, options, decay=weight_decay)).max())
    if max(to_l2, to_decay) < SAME:
        kind = "nothing"
    elif to_l2 < SAME:
        kind = "L2"
    elif to_decay < SAME:
        kind = "decay"
    else:
        kind = "nearly decay" if to_decay < 0.01 * to_l2 else "its own"
    module = torch.optim if library == "torch" else keras.optimizers
    default = inspect.signature(getattr(module, name)).parameters["weight_decay"].default
    shown = f"{name}, decoupled" if "decoupled_weight_decay" in options else name
    return Row(shown, f"{default}", kind, to_l2, to_decay)


def unlisted() -> tuple[str, ...]:
    """Optimizer classes with a ``weight_decay`` that the lists above lack."""
    found = []
    for module, base, listed in (
        (torch.optim, torch.optim.Optimizer, TORCH),
        (keras.optimizers, keras.optimizers.Optimizer, KERAS),
    ):
        names = {name for name, _ in listed}
        for name, made in vars(module).items():
            if not (isinstance(made, type) and issubclass(made, base)):
                continue
            has = "weight_decay" in inspect.signature(made).parameters
            if has and made is not base and name not in names:
                found.append(f"{module.__name__}.{name}")
    return tuple(found)


def measure(weight_decay: float = DECAY) -> Facts:
    """Probe every optimizer on the same start and the same gradients, in float64.

    Args:
        weight_decay: What every optimizer is given.
    """
    torch.set_num_threads(1)
    in_torch = tuple(probe("torch", *row, weight_decay) for row in TORCH)
    in_keras = tuple(probe("keras", *row, weight_decay) for row in KERAS)

    start, _ = start_and_gradients()
    distances = []
    for run in (torch_run, keras_run):
        step = start - run("Adam", {}, steps=1)
        adamw = run("AdamW", {}, own=weight_decay, steps=1)
        factor = 1 - LR * weight_decay
        distances.append(
            [abs(adamw - (factor * start - step)).max(), abs(adamw - factor * (start - step)).max()]
        )
    first, last = zip(*distances, strict=True)

    def between(run: Any) -> float:
        pair = (run(name, {}, own=weight_decay) for name in ("Adam", "AdamW"))
        return float(abs(next(pair) - next(pair)).max())

    return Facts(
        steps=STEPS,
        lr=LR,
        decay=weight_decay,
        torch=in_torch,
        keras=in_keras,
        torch_l2=sum(row.kind == "L2" for row in in_torch),
        torch_decay=sum(row.kind == "decay" for row in in_torch),
        keras_decay=sum(row.kind == "decay" for row in in_keras),
        unlisted=unlisted(),
        keras_adam_adamw=between(keras_run),
        torch_adam_adamw=between(torch_run),
        decay_first=float(max(first)),
        decay_last=float(min(last)),
    )


EXPERIMENT = Experiment(
    question="What does `weight_decay` do in each optimizer of PyTorch and Keras?",
    measure=measure,
    claims=(
        Claim(
            id="same_word",
            sentence=lambda f: (
                f"The same word, two meanings: of {len(f.torch)} optimizers in PyTorch (those with "
                f"a switch counted twice) it is L2 in {f.torch_l2} and decoupled decay in "
                f"{f.torch_decay}; of {len(f.keras)} in Keras it is decoupled decay in "
                f"{f.keras_decay} and L2 in none."
            ),
            check=lambda f: (
                f.torch_l2 >= 8
                and f.torch_decay >= 4
                and f.keras_decay == len(f.keras) - 1
                and not f.unlisted
            ),
            without={"weight_decay": 0.0},
        ),
        Claim(
            id="keras_adam_is_adamw",
            sentence=lambda f: (
                "Keras `Adam(weight_decay=...)` is `AdamW`, bit for bit: the largest difference is "
                f"{f.keras_adam_adamw:g}. In PyTorch, the same two lines are "
                f"{f.torch_adam_adamw:.2g} apart after {f.steps} steps."
            ),
            check=lambda f: f.keras_adam_adamw == 0 and f.torch_adam_adamw > 0.01,
            without={"weight_decay": 0.0},
        ),
        Claim(
            id="decay_first",
            sentence=lambda f: (
                "Both libraries' AdamW decay first, and then step with the gradient from before "
                f"the decay: {f.decay_first:.1g} from $(1 - \\eta \\delta) w - \\text{{step}}$, "
                f"and {f.decay_last:.0e} or more from decaying after the step."
            ),
            check=lambda f: f.decay_first < 1e-12 and f.decay_last > 1e-6,
            without={"weight_decay": 0.0},
        ),
    ),
)
