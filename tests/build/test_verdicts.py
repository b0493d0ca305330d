"""A verdict names what it rests on, and the build stops where it rests on nothing."""

import itertools
import re
import xml.etree.ElementTree as etree  # noqa: N813
from pathlib import Path

import pytest
from mkdocs.exceptions import BuildError

from site_build import ROOT, listings, verdicts
from site_build.listings import Page
from site_build.results import load

ENTRY = """
- id: first
  statement: A statement.
  topic: L2
  verdict: misleading
  because: Twice {{ a.b }}.
  claims: [l2_shrinkage.norm_falls]
"""


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / verdicts.SOURCE
    file.parent.mkdir()
    file.write_text(ENTRY, encoding="utf-8")
    monkeypatch.setattr(verdicts, "ROOT", tmp_path)
    return file


def html(pages: str = "[[claims: l2_shrinkage]]") -> str:
    parent = etree.Element("div")
    page = Page("l2.md", "The page", (), tuple(listings.SHOWN.findall(pages)), blocks=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listings, "pages", lambda: [page])
        verdicts.all_verdicts(parent, lambda text: text.replace("{{ a.b }}", "2"))
    return etree.tostring(parent, encoding="unicode")


def test_an_entry_shows_verdict_statement_reason_claim_and_page(source: Path) -> None:
    text = html()
    assert 'id="verdict-first"' in text
    assert 'data-rx-verdict="misleading"' in text
    assert "Twice 2." in text
    assert load("l2_shrinkage").claims["norm_falls"]["sentence"].split("$")[0] in text
    assert 'href="/l2.md#claim-l2-shrinkage-norm-falls">The page<' in text
    assert 'href="/assets/experiments/l2_shrinkage.py"' in text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("verdict: misleading", "verdict: perhaps", "'first' needs a verdict"),
        ("claims: [l2_shrinkage.norm_falls]", "claims: []", "'first' needs a verdict"),
        ("  topic: L2\n", "", "entry 1: .*topic"),
        ("norm_falls", "norm_rises", "norm_rises"),
        (ENTRY, ENTRY + ENTRY, "two entries are called 'first'"),
    ],
)
def test_a_faulty_entry_stops_the_build(source: Path, old: str, new: str, message: str) -> None:
    source.write_text(source.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(BuildError, match=message):
        html()


def test_a_claim_that_no_page_teaches_bears_no_verdict(source: Path) -> None:
    with pytest.raises(BuildError, match="'first' rests on l2_shrinkage"):
        html(pages="")


def test_every_verdict_of_the_project_is_of_use() -> None:
    found = verdicts.verdicts()
    assert len(found) >= 110
    assert {verdict.verdict for verdict in found} == set(verdicts.KINDS)
    for verdict in found:
        assert verdict.statement.endswith("."), verdict.id
        assert len(verdict.because) > 20, verdict.id
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", verdict.id)
        assert len(set(verdict.claims)) == len(verdict.claims), verdict.id


def test_no_statement_stands_twice() -> None:
    found = [verdict.statement for verdict in verdicts.verdicts()]
    assert len(set(found)) == len(found)


def test_topics_are_few_and_each_stands_in_one_piece() -> None:
    pieces = [topic for topic, _ in itertools.groupby(v.topic for v in verdicts.verdicts())]
    assert len(set(pieces)) == len(pieces) <= 8


def test_every_claim_about_a_statement_bears_a_verdict() -> None:
    # Experiments of this name are there for the list; a claim that no verdict rests on is lost.
    used = {path for verdict in verdicts.verdicts() for path in verdict.claims}
    for file in sorted((ROOT / "experiments").glob("statements_*.py")):
        for claim in load(file.stem).claims:
            assert f"{file.stem}.{claim}" in used
