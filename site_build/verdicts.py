"""Statements that readers meet elsewhere, each with a verdict and the claims that bear it out."""

import functools
import xml.etree.ElementTree as etree  # noqa: N813
from collections.abc import Callable
from dataclasses import dataclass

import yaml
from mkdocs.exceptions import BuildError

from site_build import ROOT, listings
from site_build.results import part

SOURCE = "experiments/verdicts.yml"
KINDS = {
    "true": "true",
    "false": "false",
    "misleading": "misleading",
    "depends": "it depends",
}


@dataclass(frozen=True)
class Verdict:
    """One statement.

    Args:
        id: Unique, in ``kebab-case``.
        statement: What people say, in our words and in their sense.
        topic: The part of the field it belongs to.
        verdict: One of ``KINDS``.
        because: What is right instead, or under which condition; Markdown, facts in braces.
        claims: ``experiment.claim`` for each claim that bears the verdict out; pages teach them.
    """

    id: str
    statement: str
    topic: str
    verdict: str
    because: str
    claims: tuple[str, ...]


def verdicts() -> list[Verdict]:
    """All of them, in the order of the file.

    Raises:
        BuildError: If an entry lacks something, or its verdict or id is none.
    """
    file = ROOT / SOURCE
    return _read(file.read_bytes()) if file.exists() else []


@functools.lru_cache(maxsize=2)
def _read(source: bytes) -> list[Verdict]:
    entries = yaml.safe_load(source)
    found: list[Verdict] = []
    for number, entry in enumerate(entries, start=1):
        try:
            verdict = Verdict(**{**entry, "claims": tuple(entry["claims"])})
        except (TypeError, KeyError) as error:
            raise BuildError(f"{SOURCE}, entry {number}: {error}") from None
        if verdict.verdict not in KINDS or not verdict.claims:
            raise BuildError(
                f"{SOURCE}: '{verdict.id}' needs a verdict of {list(KINDS)} and claims"
            )
        if verdict.id in {other.id for other in found}:
            raise BuildError(f"{SOURCE}: two entries are called '{verdict.id}'")
        found.append(verdict)
    return found


def all_verdicts(parent: etree.Element, with_numbers: Callable[[str], str]) -> None:
    """Every statement with its verdict and its claims: where each is taught, what measured it."""
    places = listings.claim_pages()
    listing = listings.filterable(parent, "Verdict", "Topic")
    groups: dict[str, etree.Element] = {}
    for verdict in verdicts():
        if verdict.topic not in groups:
            etree.SubElement(listing, "h2").text = verdict.topic
            groups[verdict.topic] = etree.SubElement(etree.SubElement(listing, "div"), "ul")
        values = {"Verdict": [KINDS[verdict.verdict]], "Topic": [verdict.topic]}
        item = listings.item_of(groups[verdict.topic], values, id=f"verdict-{verdict.id}")
        line = etree.SubElement(item, "p")
        kind = etree.SubElement(
            line, "strong", {"class": f"rx-verdict rx-verdict--{verdict.verdict}"}
        )
        kind.text = KINDS[verdict.verdict]
        etree.SubElement(line, "a", {"href": f"#verdict-{verdict.id}"}).text = verdict.statement
        etree.SubElement(item, "p").text = with_numbers(verdict.because)
        proofs = etree.SubElement(item, "ul", {"class": "rx-proofs"})
        for path in verdict.claims:
            _, found = part(path, "claims")
            name, _, claim = path.partition(".")
            taught = [page for wanted, page in places.get(name, []) if wanted in {"*", claim}]
            if not taught:
                raise BuildError(f"{SOURCE}: '{verdict.id}' rests on {path}, which no page teaches")
            proof = etree.SubElement(etree.SubElement(proofs, "li"), "p")
            proof.text = f"{found['sentence']} "
            anchor = listings.anchor("claim", path)
            link = etree.SubElement(proof, "a", {"href": f"/{taught[0].path}#{anchor}"})
            link.text, link.tail = taught[0].title, ", measured by "
            listings.program(proof, name)
