"""Pages keep the arc that a reader has learned to expect."""

import re
from pathlib import Path

import pytest

from site_build import ROOT
from site_build.glossary import terms
from tests.blocks import blocks, pages

CHAPTERS = ("foundations", "weight-penalties", "weight-decay", "dropout", "optimizers")
PAGES = [page for chapter in CHAPTERS for page in sorted((ROOT / "docs" / chapter).glob("*.md"))]
LAST = [
    "What goes wrong",
    "Exercises",
    "Formulas to remember",
    "Takeaways",
    "In an interview",
    "References",
]
HEADING = re.compile(r'^(?:## |!!! tip ")(.+?)"?$', re.MULTILINE)
SECTION = re.compile(r'^(?:## |!!! tip ")', re.MULTILINE)
SOURCE = re.compile(r"doi\.org/10\.|arxiv\.org/abs/")


def section(text: str, title: str) -> str:
    """What stands below one heading."""
    start = re.search(rf'^(?:## |!!! tip "){re.escape(title)}"?$', text, re.MULTILINE)
    assert start, f"no section '{title}'"
    end = SECTION.search(text, start.end())
    return text[start.end() : end.start() if end else len(text)]


@pytest.mark.parametrize("file", PAGES, ids=lambda p: p.relative_to(ROOT / "docs").as_posix())
def test_a_technique_page_has_the_arc(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    lead = text.split("---\n", 2)[2].split("## ")[0]
    assert re.search(r"^\*\*", lead, re.MULTILINE), "the answer comes first, in bold"
    assert '!!! note "In everyday words"\n' in lead
    found = [heading for heading in HEADING.findall(text) if heading in LAST]
    assert found == LAST
    assert "[[figure:" in text
    assert "[[claim" in text
    wrong = section(text, "What goes wrong")
    assert wrong.count("```python") >= 2, "a failing program and the mended one"
    assert wrong.count("### ") >= 2, "two common mistakes"
    exercises = section(text, "Exercises")
    assert exercises.count("??? question") >= 2
    assert exercises.count("```python") >= 1, "answers run"
    assert "$" in section(text, "Formulas to remember")
    assert SOURCE.search(section(text, "References")), "a DOI or an arXiv number"


def test_the_glossary_is_sorted_and_explains_in_a_line() -> None:
    found = terms()
    names = [term.names[0].lower() for term in found]
    assert names == sorted(names)
    everything = [name.lower() for term in found for name in term.names]
    assert len(everything) == len(set(everything))
    for term in found:
        assert 20 < len(term.line) < 220, term
        assert term.line.endswith((".", ")")), term
        assert not term.page or (ROOT / "docs" / term.page).is_file(), term


SEEDS = {
    "Adam(weight_decay=0.001)": r"torch\.optim\.Adam\([^)]*\), lr=[\d.]+, weight_decay=0\.001\)",
    "Sequential with l2(0.01)": r"keras\.Sequential\((?s:.)*kernel_regularizer=l2\(0\.01\)",
    "the manual L1 loop": r"torch\.abs\(p\)\.sum\(\) for p in model\.parameters\(\)",
    "l1(0.01)": r"kernel_regularizer=l1\(0\.01\)",
    "l1_l2": r"l1_l2\(l1=[\w.]+, l2=[\w.]+\)",
    "nn.Dropout between hidden layers": r"nn\.Dropout\(",
    "Keras Dropout between hidden layers": r"keras\.layers\.Dropout\(",
    "train() and eval()": r"\.train\(\)(?s:.)*\.eval\(\)",
    "functools.partial": r"partial\(\s*(keras\.layers\.)?Dense",
    "a strength for each layer": r"l2\(0\.\d+\)(?s:.)*l2\(0\.\d+\)",
    "ElasticNet": r"ElasticNet\(alpha=[\w.]+, l1_ratio=[\w.]+\)",
    "GridSearchCV": r"GridSearchCV\(",
    "Keras Tuner": r"import keras_tuner",
    "CustomAdam": r"class CustomAdam\(torch\.optim\.Optimizer\)",
    "a Keras optimizer": r"\(keras\.optimizers\.Optimizer\)",
    "a Keras regularizer": r"\(keras\.regularizers\.Regularizer\)",
    "GradientTape": r"tf\.GradientTape\(\)",
}
"""What people look for by its exact spelling, in code that runs."""


@pytest.mark.parametrize("seed", SEEDS)
def test_what_people_look_for_stands_in_code_that_runs(seed: str) -> None:
    found = re.compile(SEEDS[seed])
    assert any(found.search(block.fence.text) for page in pages() for block in blocks(page))


def test_the_menu_calls_a_page_by_its_title() -> None:
    nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").split("\nnav:\n")[1]
    named = re.findall(r'^ +- "?(.+?)"?: ([\w/-]+)\.(?:md|ipynb)$', nav, re.MULTILINE)
    assert len(named) > 30
    for name, path in named:
        file = ROOT / "docs" / f"{path}.{'py' if (ROOT / f'docs/{path}.py').exists() else 'md'}"
        heading = re.search(r"^(?:# )?# ([A-Z].+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
        assert heading
        assert name == ("Home" if path == "index" else heading[1]), path


def test_every_page_has_a_description_of_its_own() -> None:
    """Without one a search engine shows the site's, which says nothing about the page."""
    for page in pages():
        if page.name != "README.md":
            head = page.read_text(encoding="utf-8").split("---\n")[1]
            assert re.search(r"^description: .{50,}", head, re.MULTILINE), page


def test_no_block_has_more_than_two_blank_lines() -> None:
    """An included file brings one of its own, which the page's source does not show."""
    found = [
        block.place for page in pages() for block in blocks(page) if "\n" * 4 in block.fence.text
    ]
    assert not found


def test_no_line_begins_with_a_number_that_markdown_takes_for_a_list() -> None:
    """A reference whose year begins a line becomes a new point, without the year."""
    for page in pages():
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
            assert not re.match(r"\s*\d{3,}\. ", line), f"{page}:{number}: {line.strip()[:40]}"
