"""What an experiment is: a question, a measurement, the claims it supports, the pictures of it.

A module of this package answers one question and ends in ``EXPERIMENT = Experiment(...)``. Its
facts are a frozen dataclass of numbers, strings and (nested) tuples of them, so that they survive
JSON and a page can take any of them by name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import altair
from matplotlib.figure import Figure as MatplotlibFigure

Facts = TypeVar("Facts")


@dataclass(frozen=True)
class Claim(Generic[Facts]):
    """One sentence that the facts bear out, and stop bearing out when the effect is taken away.

    Args:
        id: Unique within the experiment, in ``snake_case``.
        sentence: The claim in Markdown; every number in it comes from the facts.
        check: Whether the facts bear the sentence out.
        without: Arguments for ``measure`` that take the effect away; ``check`` must fail on what
            that measures.
    """

    id: str
    sentence: Callable[[Facts], str]
    check: Callable[[Facts], bool]
    without: Mapping[str, Any]


@dataclass(frozen=True)
class Figure(Generic[Facts]):
    """One picture of the facts, static and where it helps also interactive.

    Args:
        name: Unique within the experiment, in ``snake_case``.
        title: States the insight in one line of Markdown.
        caption: What to look at, in Markdown; numbers come from the facts.
        alt: The picture in words for those who do not see it; plain text made from the facts.
        draw: The static picture.
        chart: The interactive one; it replaces the static picture where JavaScript runs.
    """

    name: str
    title: Callable[[Facts], str]
    caption: Callable[[Facts], str]
    alt: Callable[[Facts], str]
    draw: Callable[[Facts], MatplotlibFigure]
    chart: Callable[[Facts], altair.TopLevelMixin] | None = None


@dataclass(frozen=True)
class Experiment(Generic[Facts]):
    """A question and what measures, states and draws the answer.

    Args:
        question: What is asked, in one sentence.
        measure: Returns the facts; same arguments, same facts. Under 30 seconds on two cores.
        claims: The statements that pages may make about the answer.
        figures: The pictures that pages may show of it.
    """

    question: str
    measure: Callable[..., Facts]
    claims: tuple[Claim[Facts], ...] = ()
    figures: tuple[Figure[Facts], ...] = ()
