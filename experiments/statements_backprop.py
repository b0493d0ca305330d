"""Sentences about one layer's backward pass, in two conventions for samples."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.experiment import Claim, Experiment

Array = NDArray[np.float64]

SAMPLES, OUT, INPUTS = 7, 3, 5


@dataclass(frozen=True)
class Facts:
    """What fits, what does not, and what fits and is wrong; errors as share of the right value."""

    samples: int
    units: int
    inputs: int
    vector_bias_fails: bool
    right_transpose_fails: bool
    left_transpose_fails: bool
    """For error times W transposed, and input transposed times error."""
    square_error: float
    square_gradient: float
    """How far off the two are where all sizes are equal and nothing fails."""
    bias_shape: str
    """Of the bias after one update without a sum over the batch."""
    step_is_half_sse: float
    """Distance of error times input from minus the gradient of half the summed squared error."""
    step_to_mse: float
    """How many times the gradient of the mean squared error it is."""


def fails(work: object) -> bool:
    """Whether calling it raises a ValueError."""
    assert callable(work)
    try:
        work()
    except ValueError:
        return True
    return False


def off(wrong: Array, right: Array) -> float:
    """Relative distance."""
    return float(np.linalg.norm(wrong - right) / np.linalg.norm(right))


def measure(rows: bool = False, sign: float = 1.0, samples: int = SAMPLES) -> Facts:
    """Apply the often printed rules: error W^T, input^T error, bias plus error.

    Args:
        rows: Let each sample be a row, and the layer compute x W, instead of W x.
        sign: Of the error; 1 is target minus output.
        samples: In the batch.
    """
    rng = np.random.default_rng(0)
    shape = (INPUTS, OUT) if rows else (OUT, INPUTS)
    weights = rng.normal(size=shape)
    x = rng.normal(size=(samples, INPUTS) if rows else (INPUTS, samples))
    y = rng.uniform(size=(samples, OUT) if rows else (OUT, samples))

    def forward(w: Array) -> Array:
        return np.asarray(1 / (1 + np.exp(-(x @ w if rows else w @ x))))

    output = forward(weights)
    error = sign * (y - output) * output * (1 - output)
    bias = np.zeros(OUT)
    step = x.T @ error if rows else error @ x.T
    gradient = np.zeros_like(weights)
    for place in np.ndindex(*weights.shape):
        moved = np.zeros_like(weights)
        moved[place] = 1e-5
        up, down = forward(weights + moved), forward(weights - moved)
        gradient[place] = 0.5 * (((up - y) ** 2).sum() - ((down - y) ** 2).sum()) / 2e-5
    square, delta, inputs = (rng.normal(size=(4, 4)) for _ in range(3))
    right = (delta @ square.T, inputs.T @ delta) if rows else (square.T @ delta, delta @ inputs.T)
    added = (np.zeros((1, OUT)) + error.sum(0)) if rows else (np.zeros((OUT, 1)) + error)
    return Facts(
        samples=samples,
        units=OUT,
        inputs=INPUTS,
        vector_bias_fails=fails(lambda: (x @ weights if rows else weights @ x) + bias),
        right_transpose_fails=fails(lambda: error @ weights.T),
        left_transpose_fails=fails(lambda: x.T @ error),
        square_error=off(delta @ square.T, right[0]),
        square_gradient=off(inputs.T @ delta, right[1]),
        bias_shape=f"{added.shape[0]} × {added.shape[1]}",
        step_is_half_sse=off(step, -gradient),
        step_to_mse=float(np.linalg.norm(step) / np.linalg.norm(2 * gradient / y.size)),
    )


EXPERIMENT = Experiment(
    question="Which rules of the backward pass fit samples as columns?",
    measure=measure,
    claims=(
        Claim(
            id="bias_is_a_column",
            sentence=lambda f: (
                f"With samples as columns, a bias of shape ({f.units},) cannot be added to the "
                f"{f.units} × {f.samples} numbers of $W x$. It has to be a {f.units} × 1 column."
            ),
            check=lambda f: f.vector_bias_fails,
            without={"rows": True},
        ),
        Claim(
            id="transposes_of_the_other_convention",
            sentence=lambda f: (
                "Error times $W^\\top$ and input transposed times error belong to samples as rows. "
                "With samples as columns both products fail; where all sizes are equal they run, "
                f"and are off by {f.square_error:.0%} and {f.square_gradient:.0%}."
            ),
            check=lambda f: (
                f.right_transpose_fails
                and f.left_transpose_fails
                and min(f.square_error, f.square_gradient) > 0.1
            ),
            without={"rows": True},
        ),
        Claim(
            id="bias_needs_the_sum",
            sentence=lambda f: (
                f"Add the error of {f.samples} samples to the bias as it is, and the bias is "
                f"{f.bias_shape} from then on: no message, one column for each sample."
            ),
            check=lambda f: f.bias_shape != f"{f.units} × 1",
            without={"samples": 1},
        ),
        Claim(
            id="plus_with_target_minus_output",
            sentence=lambda f: (
                "With the error as target minus output, *adding* lr times error times input is "
                f"gradient descent on half the summed squared error, to {f.step_is_half_sse:.0e}; "
                f"the gradient of the mean squared error is {f.step_to_mse:g} times smaller here."
            ),
            check=lambda f: f.step_is_half_sse < 1e-7,
            without={"sign": -1.0},
        ),
    ),
)
