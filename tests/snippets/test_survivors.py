"""The list of mutants that survive is about the snippets as they are."""

from pathlib import Path

import pytest

from site_build import ROOT
from tests.mutants import survivors

LISTED = survivors.listed()


@pytest.mark.parametrize("snippet", LISTED)
def test_listed_survivors_are_of_lines_that_exist(snippet: str) -> None:
    source = (ROOT / "snippets" / f"{snippet}.py").read_text(encoding="utf-8")
    text = " ".join(line.strip() for line in source.splitlines())
    for name, reason in LISTED[snippet].items():
        _, _, change = name.partition(": ")
        was, arrow, now = change.partition(" -> ")
        assert arrow, name
        assert was != now
        assert was in text, f"{snippet}.py has no such line any more: {was}"
        assert len(reason) > 15


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ("- reason:\n  mutants: {numpy/l1: ['f: a -> b']}", "has no reason"),
        (
            "- {reason: One., mutants: {numpy/l1: ['f: a -> b']}}\n"
            "- {reason: Two., mutants: {numpy/l1: ['f: a -> b']}}",
            "stands there twice",
        ),
    ],
)
def test_refuses(entries: str, message: str, tmp_path: Path, monkeypatch) -> None:
    file = tmp_path / "survivors.yml"
    file.write_text(entries, encoding="utf-8")
    monkeypatch.setattr(survivors, "LIST", file)
    with pytest.raises(ValueError, match=message):
        survivors.listed()
