"""What the project holds, listed from its files: every snippet, every claim, and their pages."""

import ast
import re
import xml.etree.ElementTree as etree  # noqa: N813
from dataclasses import dataclass
from pathlib import Path

import yaml

from site_build import ROOT
from site_build.results import load

FRAMEWORKS = {
    "numpy": "NumPy",
    "pytorch": "PyTorch",
    "keras": "Keras",
    "sklearn": "scikit-learn",
}
INCLUDE = re.compile(r'--8<-- "(\w+)/(\w+)\.py')
SHOWN = re.compile(r"^\[\[(claims?): *([\w.]+)\]\]$", re.MULTILINE)


@dataclass(frozen=True)
class Page:
    """A page of the site: its path below ``docs``, its title and its text."""

    path: str
    title: str
    text: str


def pages() -> list[Page]:
    """The pages in the order of the navigation; home and pages beside it come last."""
    found = []
    for file in sorted((ROOT / "docs").rglob("*.md")):
        text = file.read_text(encoding="utf-8")
        front = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
        title = (yaml.safe_load(front[1]) if front else {}).get("title", file.stem)
        found.append(Page(file.relative_to(ROOT / "docs").as_posix(), title, text))
    nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    return sorted(found, key=lambda page: (page.path == "index.md", nav.find(page.path) % 10**6))


def snippet_files() -> list[Path]:
    """Every snippet, without the packages' own files."""
    found = (ROOT / "snippets").glob("*/*.py")
    return sorted(file for file in found if file.stem != "__init__")


def snippets(parent: etree.Element) -> None:
    """A row for each idea: what it is, its file in each framework, the page that explains it."""
    where: dict[str, Page] = {}
    for page in reversed(pages()):
        where |= {idea: page for _, idea in INCLUDE.findall(page.text)}
    ideas: dict[str, dict[str, Path]] = {}
    for file in snippet_files():
        ideas.setdefault(file.stem, {})[file.parent.name] = file
    table = etree.SubElement(parent, "table")
    head = etree.SubElement(etree.SubElement(table, "thead"), "tr")
    for text in ("Snippet", "Download", "Explained on"):
        etree.SubElement(head, "th").text = text
    body = etree.SubElement(table, "tbody")
    order = [page.path for page in pages()]
    for idea in sorted(ideas, key=lambda idea: (order.index(where[idea].path), idea)):
        row = etree.SubElement(body, "tr")
        cell = etree.SubElement(row, "td")
        etree.SubElement(cell, "code").text = idea
        first = next(ideas[idea][name] for name in FRAMEWORKS if name in ideas[idea])
        docstring = ast.get_docstring(ast.parse(first.read_text(encoding="utf-8"))) or ""
        etree.SubElement(cell, "br").tail = docstring.splitlines()[0].replace("``", "`")
        files = etree.SubElement(etree.SubElement(row, "td"), "ul", {"class": "rx-downloads"})
        for name in (name for name in FRAMEWORKS if name in ideas[idea]):
            target = {"href": f"/assets/snippets/{name}/{idea}.py", "download": f"{idea}.py"}
            link = etree.SubElement(etree.SubElement(files, "li"), "a", target)
            link.text = FRAMEWORKS[name]
        link = etree.SubElement(etree.SubElement(row, "td"), "a", {"href": f"/{where[idea].path}"})
        link.text = where[idea].title


def claim_pages() -> dict[str, list[tuple[str, Page]]]:
    """For each experiment, the claims that a page teaches, and the page; ``*`` is all of them."""
    found: dict[str, list[tuple[str, Page]]] = {}
    for page in pages():
        for kind, path in SHOWN.findall(page.text):
            name, _, claim = path.partition(".")
            found.setdefault(name, []).append(("*" if kind == "claims" else claim, page))
    return found


def build_facts() -> dict[str, int | str]:
    """What this build holds, for pages to quote as ``{{ build.name }}``."""
    pins = dict(
        line.split("==")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    )
    taught = {
        (name, claim)
        for name, places in claim_pages().items()
        for claim in load(name).claims
        if any(wanted in {"*", claim} for wanted, _ in places)
    }
    fences = re.compile(r"^ *```python$", re.MULTILINE)
    versions = {name: pins[name] for name in ("numpy", "torch", "tensorflow", "keras")}
    return {
        "blocks": sum(len(fences.findall(page.text)) for page in pages()),
        "claims": len(taught),
        "snippets": len(snippet_files()),
        **versions,
        "sklearn": pins["scikit-learn"],
    }
