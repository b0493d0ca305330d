"""Every claim holds on what was measured, and fails once its effect is taken away."""

import importlib
import json
from dataclasses import asdict
from typing import Any

import pytest

from experiments.experiment import Experiment
from site_build.render import tasks
from site_build.results import load
from site_build.worker import ClaimError, check_claims, describe

NAMES = [task.name for task in tasks() if task.kind == "experiment"]


def experiment(name: str) -> Experiment[Any]:
    found: Experiment[Any] = importlib.import_module(f"experiments.{name}").EXPERIMENT
    return found


@pytest.mark.parametrize("name", NAMES)
def test_claims_hold_now_and_fail_without_their_effect(name: str) -> None:
    asked = experiment(name)
    facts = asked.measure()
    claims = check_claims(name, asked, facts)
    assert claims == load(name).claims, "the site shows other claims than these facts give"
    assert json.loads(json.dumps(asdict(facts))) == load(name).facts, "the site shows other facts"


@pytest.mark.parametrize("name", NAMES)
def test_names_are_unique_and_every_figure_has_its_words(name: str) -> None:
    asked = experiment(name)
    ids = [claim.id for claim in asked.claims] + [figure.name for figure in asked.figures]
    assert len(ids) == len(set(ids))
    assert asked.question.endswith("?")
    for figure in load(name).figures.values():
        assert min(len(figure[part]) for part in ("title", "caption", "alt")) > 20


def test_a_claim_that_does_not_hold_stops_the_render() -> None:
    asked = experiment(NAMES[0])
    facts = asked.measure()
    broken = type(asked.claims[0])("false_one", lambda _: "Never.", lambda _: False, {})
    changed = type(asked)(asked.question, asked.measure, (broken,))
    with pytest.raises(ClaimError, match=rf"claim {NAMES[0]}\.false_one does not hold: Never\."):
        check_claims(NAMES[0], changed, facts)


def test_a_claim_that_always_holds_stops_the_render() -> None:
    asked = experiment(NAMES[0])
    empty = type(asked.claims[0])("empty_one", lambda _: "Always.", lambda _: True, {})
    changed = type(asked)(asked.question, asked.measure, (empty,))
    with pytest.raises(ClaimError, match="also holds when the effect is taken away"):
        check_claims(NAMES[0], changed, asked.measure())


def test_arguments_are_written_as_in_a_call() -> None:
    assert describe({"l2": 0.0, "betas": (0.9, 0.9)}) == "betas=(0.9, 0.9), l2=0.0"
