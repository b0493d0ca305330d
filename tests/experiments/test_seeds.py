"""Claims about training rest on several seeds, and experiments on one draw say why it is enough."""

import re

import pytest

from site_build.render import tasks
from site_build.results import load

SOURCES = {
    task.name: task.source.read_text(encoding="utf-8")
    for task in tasks()
    if task.kind == "experiment"
}
LEAST = 5
REPEATED = ("seeds", "splits", "starts", "sets", "draws")
RANDOM = re.compile(r"default_rng|manual_seed|set_random_seed|random_state|trajectories import")
ONE_DRAW = {
    "adamw_apis": "what two options do to the same numbers is equal or it is not",
    "backpropagation_trace": "gradients are exact or they are not",
    "cost_function_balance": "a minimum of fixed rows, found by a formula",
    "decay_sgd": "two algorithms from one start; their distance is not a matter of chance",
    "equivalents_trajectories": "the same: spellings agree to rounding or they do not",
    "l2_two_frameworks": "the same",
    "statements_backprop": "shapes and exact gradients",
    "statements_elastic_net": "values of two formulas",
    "statements_frameworks": "what libraries do with an option",
    "statements_l1": "values of formulas, and minima found by a solver on several data sets",
    "statements_l2": "values of formulas",
    "statements_losses": "values of formulas",
    "statements_optimizers": "averages of given gradients; nothing is trained",
    "what_changes_pieces": "gradients are exact or they are not",
}


@pytest.mark.parametrize("name", SOURCES)
def test_randomness_is_repeated(name: str) -> None:
    facts = load(name).facts
    found = {fact: facts[fact] for fact in REPEATED if isinstance(facts.get(fact), int)}
    if found:
        assert max(found.values()) >= LEAST, found
        assert name not in ONE_DRAW
    elif RANDOM.search(SOURCES[name]):
        assert name in ONE_DRAW, "its claims rest on one draw"


@pytest.mark.parametrize(
    "name", [name for name in SOURCES if isinstance(load(name).facts.get("seeds"), int)]
)
def test_spread_is_shown(name: str) -> None:
    """Each experiment over seeds tells how many, and how they differ or how many agree."""
    result = load(name)
    figures = [f[part] for f in result.figures.values() for part in ("caption", "alt")]
    words = " ".join([*(c["sentence"] for c in result.claims.values()), *figures])
    assert re.search(
        r"±|standard deviation|spread|\d+ of \d+|[Ee]ach dot|median|every seed|ranges", words
    ), words
