"""The two ``update_rules`` snippets train the same (rules step by step: test_matrix)."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

import snippets.keras.update_rules
import snippets.pytorch.update_rules


@pytest.mark.parametrize(
    ("rule", "lr"),
    [
        ("gradient descent", 0.1),
        ("momentum", 0.1),
        ("Nesterov", 0.1),
        ("Adagrad", 0.1),
        ("RMSprop", 0.01),
        ("Adam", 0.01),
    ],
)
def test_both_libraries_train_the_same(rule: str, lr: float) -> None:
    x, y = load_digits(return_X_y=True)
    x, y = x[:300] / 16, y[:300]
    ours = snippets.pytorch.update_rules.train(
        torch.tensor(x, dtype=torch.float32), torch.tensor(y), rule=rule, lr=lr, steps=60
    )
    theirs = snippets.keras.update_rules.train(x, y, rule=rule, lr=lr, steps=60)
    np.testing.assert_allclose(ours, theirs, rtol=2e-3)
    assert ours[-1] < 0.9 * ours[0]
