import math

import numpy as np
import pytest

from snippets.keras.update_rules import RULES, train


def problem():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 4)), np.arange(30) % 3
    return x, y


@pytest.mark.parametrize("rule", RULES)
def test_the_loss_starts_at_that_of_a_guess_and_falls(rule: str) -> None:
    losses = train(*problem(), rule=rule, lr=0.05, steps=20)
    assert len(losses) == 20
    assert losses[0] == pytest.approx(math.log(3), rel=1e-6)
    assert losses[-1] < losses[0] - 0.02


def test_the_rules_have_their_names() -> None:
    assert [(name, make.__name__) for name, (make, _) in RULES.items()] == [
        ("gradient descent", "SGD"),
        ("momentum", "SGD"),
        ("Nesterov", "SGD"),
        ("Adagrad", "Adagrad"),
        ("RMSprop", "RMSprop"),
        ("Adam", "Adam"),
    ]


def test_the_rules_differ() -> None:
    last = [train(*problem(), rule=rule, lr=0.05, steps=5)[-1] for rule in RULES]
    assert len({round(loss, 6) for loss in last}) == 6


def test_bad_input_is_refused() -> None:
    x, y = problem()
    with pytest.raises(ValueError, match=r"rule must be one of \['gradient descent', .*got 'SGD'"):
        train(x, y, rule="SGD", lr=0.1)
    with pytest.raises(ValueError, match="lr must be a finite number > 0, got 0"):
        train(x, y, rule="Adam", lr=0.0)
    with pytest.raises(ValueError, match=r"labels must have shape \(30,\), got \(29,\)"):
        train(x, y[:29], rule="Adam", lr=0.1)
