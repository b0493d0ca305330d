"""The two ``regularized_network`` snippets are one network, trained alike."""

import keras
import numpy as np
import pytest
import torch
from torch import nn

import snippets.keras.regularized_network
import snippets.pytorch.regularized_network


@pytest.fixture
def networks():
    torch.manual_seed(0)
    torch_model = snippets.pytorch.regularized_network.make_network(6, 3, hidden=8)
    keras_model = snippets.keras.regularized_network.make_network(6, 3, hidden=8)
    rng = np.random.default_rng(0)
    arrays = []
    with torch.no_grad():
        for module in torch_model:
            if isinstance(module, nn.BatchNorm1d):  # gamma, beta, mean, variance in both
                for name in ("weight", "bias", "running_mean", "running_var"):
                    tensor = getattr(module, name)
                    tensor.copy_(torch.from_numpy(rng.uniform(0.5, 1.5, size=8)))
                    arrays.append(tensor.numpy().copy())
            else:
                arrays += [p.numpy().T.copy() for p in module.parameters()]
    keras_model.set_weights(arrays)
    return torch_model, keras_model


def test_same_answers_in_evaluation(networks):
    torch_model, keras_model = networks
    x = np.random.default_rng(1).normal(size=(20, 6)).astype("float32")
    with torch.no_grad():
        ours = torch_model.eval()(torch.from_numpy(x)).numpy()
    theirs = keras.ops.convert_to_numpy(keras_model(x, training=False))
    np.testing.assert_allclose(theirs, ours, rtol=1e-5, atol=1e-6)
    in_training = keras.ops.convert_to_numpy(keras_model(x, training=True))
    assert np.abs(in_training - ours).max() > 1e-2


def test_same_training_without_dropout(networks):
    torch_model, keras_model = networks
    torch_model[6].p = 0.0
    keras_model.layers[6].rate = 0.0
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200, 6)).astype("float32")
    y = (x[:, 0] + rng.normal(size=200) > 0).astype("int64")
    rows = (x[:60], y[:60]), (x[60:], y[60:])
    tensors = tuple(tuple(map(torch.from_numpy, pair)) for pair in rows)
    settings = {"epochs": 15, "patience": 15, "lr": 2.0**-7, "weight_decay": 0.5}
    one, _ = snippets.pytorch.regularized_network.train(torch_model, *tensors, **settings)
    two, _ = snippets.keras.regularized_network.train(keras_model, *rows, **settings)
    # The two epsilons differ, and the running variance divides by 59 or by 60.
    assert one == pytest.approx(two, rel=2e-2)
    assert one[-1] < 0.95 * one[0]
