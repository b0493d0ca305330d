import math

import keras
import numpy as np
import pytest

from snippets.keras.smoothness_penalty import SmoothnessPenalty

PAIRS = [(0, 1), (1, 2), (2, 3), (0, 3)]


def test_by_hand():
    assert float(SmoothnessPenalty(PAIRS, 0.5)(np.array([1.0, 3.0, 3.0, 2.0]))) == 3.0
    values = np.array([[1.0, 0.0], [3.0, 0.0], [3.0, 1.0], [2.0, 1.0]])
    assert float(SmoothnessPenalty(PAIRS, 0.5)(values)) == 4.0


# Keras itself: keras.src.backend.tensorflow.core.convert_to_numpy calls np.array(variable).
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")
def test_saved_and_loaded(tmp_path):
    layer = keras.layers.Dense(1, kernel_regularizer=SmoothnessPenalty(PAIRS, 0.25))
    keras.Sequential([keras.Input((4,)), layer]).save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    penalty = model.layers[0].kernel_regularizer
    assert isinstance(penalty, SmoothnessPenalty)
    assert (penalty.pairs, penalty.strength) == (PAIRS, 0.25)
    assert len(model.losses) == 1


def test_no_pairs_cost_nothing():
    assert float(SmoothnessPenalty([], 1.0)(np.arange(4.0))) == 0


@pytest.mark.parametrize("strength", [-1e-9, math.inf, math.nan])
def test_refuses_strength(strength):
    with pytest.raises(ValueError, match=f"strength must be .* >= 0, got {strength}"):
        SmoothnessPenalty(PAIRS, strength)


@pytest.mark.parametrize("pair", [(0, 3), (-1, 0)])
def test_refuses_pair(pair):
    with pytest.raises(ValueError, match=rf"pairs must be in \[0, 3\), got \({pair[0]}, "):
        SmoothnessPenalty([(0, 1), pair], 0.1)(np.ones(3))
