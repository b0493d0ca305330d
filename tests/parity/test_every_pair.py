"""Every idea that two frameworks have is compared by some test of this folder."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

from site_build import ROOT

FOLDERS = ("numpy", "pytorch", "keras", "sklearn")


def topics() -> dict[str, set[str]]:
    """The frameworks of each idea that more than one of them has."""
    found: dict[str, set[str]] = defaultdict(set)
    for folder in FOLDERS:
        for path in (ROOT / "snippets" / folder).glob("[!_]*.py"):
            found[path.stem].add(folder)
    return {topic: folders for topic, folders in found.items() if len(folders) > 1}


def imported(source: str) -> set[str]:
    """Every module that a file may import, by its full name."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def compared(topic: str, folders: set[str], imports: list[set[str]]) -> set[str]:
    """The frameworks that tests connect, one with the next, to the first of them."""
    together = [{f for f in folders if f"snippets.{f}.{topic}" in names} for names in imports]
    reached = {min(folders)}
    while more := [group for group in together if group & reached and not group <= reached]:
        reached |= set().union(*more)
    return reached


IMPORTS = [imported(p.read_text(encoding="utf-8")) for p in Path(__file__).parent.glob("test_*.py")]


@pytest.mark.parametrize("topic", sorted(topics()))
def test_is_compared_in_all_its_frameworks(topic: str) -> None:
    folders = topics()[topic]
    assert compared(topic, folders, IMPORTS) == folders


def test_a_pair_that_no_test_connects_is_seen() -> None:
    names = [{"snippets.numpy.l2", "snippets.pytorch.l2"}, {"snippets.keras.l2"}]
    assert compared("l2", {"numpy", "pytorch", "keras"}, names) == {"keras"}
    names.append({"snippets.numpy.l2", "snippets.keras.l2"})
    assert compared("l2", {"numpy", "pytorch", "keras"}, names) == {"numpy", "pytorch", "keras"}
