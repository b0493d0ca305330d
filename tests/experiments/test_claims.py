"""The render step checks every claim, with its effect and without; here, that it does."""

import importlib
import inspect
from dataclasses import dataclass
from typing import Any

import pytest

from experiments.experiment import Claim, Experiment
from site_build.render import tasks
from site_build.results import load
from site_build.worker import ClaimError, check_claims, describe

NAMES = [task.name for task in tasks() if task.kind == "experiment"]


@pytest.mark.parametrize("name", NAMES)
def test_the_site_shows_what_the_experiment_states(name: str) -> None:
    asked: Experiment[Any] = importlib.import_module(f"experiments.{name}").EXPERIMENT
    shown = load(name)
    assert asked.question.endswith("?")
    assert shown.question == asked.question
    assert list(shown.claims) == [claim.id for claim in asked.claims]
    assert list(shown.figures) == [figure.name for figure in asked.figures]
    knobs = inspect.signature(asked.measure).parameters
    for claim in asked.claims:
        assert claim.without, f"{name}.{claim.id} names nothing that takes its effect away"
        assert set(claim.without) <= set(knobs), f"{name}.{claim.id}: {claim.without}"
        assert shown.claims[claim.id]["without"] == describe(claim.without)
    for figure in shown.figures.values():
        assert min(len(figure[part]) for part in ("title", "caption", "alt")) > 20


@dataclass(frozen=True)
class Facts:
    value: float


def measure(value: float = 1.0) -> Facts:
    return Facts(value)


def asking(claim: Claim[Facts]) -> Experiment[Facts]:
    return Experiment("One?", measure, (claim,))


def test_a_true_claim_passes_with_its_sentence() -> None:
    claim = Claim[Facts]("one", lambda f: f"{f.value:g}.", lambda f: f.value > 0.5, {"value": 0.0})
    shown = check_claims("demo", asking(claim), measure())
    assert shown == {"one": {"sentence": "1.", "without": "value=0.0"}}


def test_a_claim_that_does_not_hold_stops_the_render() -> None:
    claim = Claim[Facts]("no", lambda _: "Never.", lambda f: f.value > 2, {"value": 0.0})
    with pytest.raises(ClaimError, match=r"claim demo\.no does not hold: Never\.\n.*value=1\.0"):
        check_claims("demo", asking(claim), measure())


def test_a_claim_that_always_holds_stops_the_render() -> None:
    claim = Claim[Facts]("empty", lambda _: "Always.", lambda f: f.value > -1, {"value": 0.0})
    with pytest.raises(ClaimError, match=r"demo\.empty also holds .*\(value=0\.0\)"):
        check_claims("demo", asking(claim), measure())


def test_arguments_are_written_as_in_a_call() -> None:
    assert describe({"l2": 0.0, "betas": (0.9, 0.9)}) == "betas=(0.9, 0.9), l2=0.0"
