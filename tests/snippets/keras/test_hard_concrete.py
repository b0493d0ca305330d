import math

import keras
import numpy as np
import pytest

from snippets.keras.hard_concrete import HardConcrete, sample_gates


def test_by_hand():
    log_alpha, noise = keras.ops.array([0.0, 10.0, -10.0]), keras.ops.full((3,), 0.5)
    gates = keras.ops.convert_to_numpy(sample_gates(log_alpha, noise))
    np.testing.assert_allclose(gates, [0.5, 1.0, 0.0], atol=1e-7)
    layer = HardConcrete(0.5, log_alpha=math.log(3))
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(layer(np.ones((4, 2)))), np.full((4, 2), 0.8), rtol=1e-6
    )
    layer = HardConcrete(0.5, log_alpha=-2 / 3 * math.log(11))
    layer(np.ones((4, 3)))
    assert float(keras.ops.convert_to_numpy(layer.expected_l0())) == pytest.approx(1.5, rel=1e-6)
    assert [float(keras.ops.convert_to_numpy(loss)) for loss in layer.losses] == pytest.approx(
        [0.75], rel=1e-6
    )


def test_random_in_training_fixed_after():
    layer = HardConcrete(0.0, log_alpha=0.0, seed=0)
    ones = np.ones((1, 1000), "float32")
    first, second = (keras.ops.convert_to_numpy(layer(ones, training=True)) for _ in range(2))
    assert not np.array_equal(first, second)
    assert 0 in first
    assert 1 in first
    fixed = (keras.ops.convert_to_numpy(layer(ones, training=t)) for t in (None, False))
    np.testing.assert_array_equal(*fixed)


def test_fit_closes_gates():
    layer = HardConcrete(1.0, log_alpha=0.0, seed=0)
    model = keras.Sequential([keras.Input((3,)), layer, keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(1.0), loss="mean_squared_error")
    model.fit(np.zeros((8, 3)), np.zeros((8, 1)), epochs=30, verbose=0)
    assert keras.ops.convert_to_numpy(layer.gates()).tolist() == [0, 0, 0]


# Keras itself: keras.src.backend.tensorflow.core.convert_to_numpy calls np.array(variable).
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")
def test_saved_and_loaded(tmp_path):
    model = keras.Sequential([keras.Input((3,)), HardConcrete(0.25, log_alpha=1.0, seed=4)])
    model.save(tmp_path / "model.keras")
    layer = keras.saving.load_model(tmp_path / "model.keras").layers[0]
    assert (type(layer), layer.strength, layer.start, layer.seed) == (HardConcrete, 0.25, 1.0, 4)
    assert layer.get_weights()[0].tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("strength", [-1e-9, math.inf, math.nan])
def test_refuses_strength(strength):
    with pytest.raises(ValueError, match=f"strength must be .* >= 0, got {strength}"):
        HardConcrete(strength)


def test_noise_moves_the_gate_by_its_logit_over_beta():
    log_alpha = keras.ops.array([0.5])
    gate = keras.ops.convert_to_numpy(sample_gates(log_alpha, keras.ops.array([0.25])))
    expected = 1.2 / (1 + math.exp(-(math.log(1 / 3) + 0.5) / (2 / 3))) - 0.1
    assert float(gate[0]) == pytest.approx(expected, rel=1e-6)


def test_an_open_gate_is_1_and_fixed_unless_asked_otherwise():
    layer = HardConcrete(0.5, log_alpha=10.0)
    layer(np.ones((2, 5, 3)))  # inputs stand in the last axis
    assert keras.ops.convert_to_numpy(layer.gates()).tolist() == [1.0, 1.0, 1.0]
    layer.log_alpha.assign([0.0, 0.0, 0.0])
    assert keras.ops.convert_to_numpy(layer.gates()).tolist() == [0.5, 0.5, 0.5]


def test_a_seed_fixes_the_noise():
    ones = np.ones((1, 50), "float32")
    first, again, other = (
        keras.ops.convert_to_numpy(HardConcrete(0.0, 0.0, seed=seed)(ones, training=True)).tolist()
        for seed in (1, 1, 2)
    )
    assert first == again != other


def test_noise_has_the_dtype_of_the_layer():
    gates = HardConcrete(0.0, dtype="float64")(np.ones((2, 3)), training=True)
    assert keras.backend.standardize_dtype(gates.dtype) == "float64"
