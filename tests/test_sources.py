"""Snippets and the pages that show them: nothing doubled, missing, unused or leaning on another."""

import ast
import re
from collections.abc import Mapping

import pytest

from site_build import ROOT
from site_build.listings import FRAMEWORKS, INCLUDE, snippet_files
from tests.blocks import pages

REGION = re.compile(r"--8<-- \[(start|end):(\w+)\]")
SNIPPETS = {
    f"{file.parent.name}/{file.name}": file.read_text(encoding="utf-8") for file in snippet_files()
}
PAGES = {
    page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8")
    for page in pages()
    if page.name != "README.md"
}


def wrong_regions(snippets: Mapping[str, str]) -> list[str]:
    """Regions that start twice, or do not end: pymdownx takes the first and is silent."""
    found = []
    for name, text in snippets.items():
        marks = REGION.findall(text)
        for region in {region for _, region in marks}:
            if [kind for kind, other in marks if other == region] != ["start", "end"]:
                found.append(f"{name}: region '{region}' must start once and end once")
    return found


def neighbours(snippets: Mapping[str, str]) -> list[str]:
    """Snippets that import what the reader who copied one file does not have."""
    ours = {"snippets", "experiments", "site_build", "tests", "benchmarks"}
    ours |= {name.partition("/")[2].removesuffix(".py") for name in snippets}
    found = []
    for name, text in snippets.items():
        for node in ast.walk(ast.parse(text)):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                modules = ["." * node.level + (node.module or "")]
            for module in modules:
                if module.startswith(".") or module.partition(".")[0] in ours:
                    found.append(f"{name}:{node.lineno}: imports {module}, which is ours")
    return found


def missing_tabs(snippets: Mapping[str, str], shown: Mapping[str, str]) -> list[str]:
    """Files that stand on no page, or not on the one that shows the most of their idea."""
    found = []
    for idea in sorted({name.partition("/")[2].removesuffix(".py") for name in snippets}):
        there = {fw for fw in FRAMEWORKS if f"{fw}/{idea}.py" in snippets}
        on_page = {
            page: {fw for fw, other in INCLUDE.findall(text) if other == idea}
            for page, text in shown.items()
        }
        best = max(on_page, key=lambda page: len(on_page[page]))
        for framework in sorted(there - on_page[best]):
            where = (
                f"{best} has no tab {FRAMEWORKS[framework]}"
                if on_page[best]
                else "no page shows it"
            )
            found.append(f"{framework}/{idea}.py: {where}")
    return found


def test_regions_start_once_and_end_once() -> None:
    assert not wrong_regions(SNIPPETS)


def test_no_snippet_imports_another_file_of_ours() -> None:
    assert not neighbours(SNIPPETS)


def test_an_idea_is_shown_in_every_framework_that_has_it() -> None:
    assert not missing_tabs(SNIPPETS, PAGES)


TWICE = "# --8<-- [start:body]\nx = 1\n# --8<-- [end:body]\n"
SHOWN = {"docs/l1.md": '--8<-- "numpy/l1.py"\n--8<-- "keras/l1.py:body"'}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (TWICE + TWICE, "numpy/l1.py: region 'body' must start once"),
        (TWICE.replace("end:", "end:other_"), "numpy/l1.py: region 'body' must start once"),
    ],
)
def test_a_doubled_or_open_region_is_named(text: str, says: str) -> None:
    assert not wrong_regions({"numpy/l1.py": TWICE})
    assert any(says in line for line in wrong_regions({"numpy/l1.py": text}))


@pytest.mark.parametrize(
    "line", ["import l2", "from l2 import a", "from .l2 import a", "import snippets.numpy.l2"]
)
def test_an_imported_neighbour_is_named(line: str) -> None:
    snippets = {"numpy/l1.py": f"import numpy\n{line}\n", "numpy/l2.py": "import numpy\n"}
    (found,) = neighbours(snippets)
    assert found.startswith("numpy/l1.py:2: imports ")


def test_a_missing_tab_and_an_unused_snippet_are_named() -> None:
    snippets = {"numpy/l1.py": "", "keras/l1.py": ""}
    assert not missing_tabs(snippets, SHOWN)
    assert missing_tabs({**snippets, "pytorch/l1.py": ""}, SHOWN) == [
        "pytorch/l1.py: docs/l1.md has no tab PyTorch"
    ]
    assert missing_tabs({"keras/l2.py": ""}, SHOWN) == ["keras/l2.py: no page shows it"]
