"""What the project holds, listed from its files: every snippet, every claim, and their pages."""

import ast
import functools
import re
import sys
import xml.etree.ElementTree as etree  # noqa: N813
from collections.abc import Mapping
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
PACKAGES = {"keras_tuner": "keras-tuner, tensorboard", "sklearn": "scikit-learn"}
INCLUDE = re.compile(r'--8<-- "(\w+)/(\w+)\.py')
FENCE = re.compile(r"^ *```python$", re.MULTILINE)
SHOWN = re.compile(r"^\[\[(claims?): *([\w.]+)\]\]$", re.MULTILINE)


@dataclass(frozen=True)
class Page:
    """A page of the site: its path below ``docs``, its title, and what it shows of the project.

    Args:
        path: Below ``docs``.
        title: As its front matter has it.
        includes: Framework and idea of each snippet.
        claims: Kind and path of each claim or box of claims.
        blocks: How many blocks of Python it has.
    """

    path: str
    title: str
    includes: tuple[tuple[str, str], ...]
    claims: tuple[tuple[str, str], ...]
    blocks: int


asked: list[bool] = []
"""Grows whenever somebody asks for all pages, because what he makes then depends on them."""


def pages() -> list[Page]:
    """The pages in the order of the navigation; home and pages beside it come last."""
    asked.append(True)
    files = sorted((ROOT / "docs").rglob("*.md"))
    found = [_page(file, (stat := file.stat()).st_mtime_ns, stat.st_size) for file in files]
    nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    return sorted(found, key=lambda page: (page.path == "index.md", nav.find(page.path) % 10**6))


@functools.lru_cache(maxsize=1024)  # read again when its time or size is another
def _page(file: Path, time: int, size: int) -> Page:
    text = file.read_text(encoding="utf-8")
    front = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    return Page(
        path=file.relative_to(ROOT / "docs").as_posix(),
        title=(yaml.safe_load(front[1]) if front else {}).get("title", file.stem),
        includes=tuple(INCLUDE.findall(text)),
        claims=tuple(SHOWN.findall(text)),
        blocks=len(FENCE.findall(text)),
    )


def snippet_files() -> list[Path]:
    """Every snippet, without the packages' own files."""
    found = (ROOT / "snippets").glob("*/*.py")
    return sorted(file for file in found if file.stem != "__init__")


def topics() -> dict[str, str]:
    """For each page, the part of the navigation it stands in."""
    nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    entries = re.findall(r"^  - ([^:\n]+):|([\w/-]+\.(?:md|ipynb))$", nav, re.MULTILINE)
    found, topic = {}, ""
    for heading, path in entries:
        topic = heading or topic
        if path:
            found[path] = topic
    return found


def needs(source: ast.Module) -> list[str]:
    """What a file imports that Python does not bring."""
    imported = set()
    for node in ast.walk(source):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
    names = {name.partition(".")[0] for name in imported}
    return sorted(PACKAGES.get(name, name) for name in names - sys.stdlib_module_names)


def anchor(kind: str, path: str) -> str:
    """The id of a figure or claim in its page."""
    return f"{kind}-{path.replace('.', '-').replace('_', '-')}"


def program(parent: etree.Element, experiment: str) -> None:
    """A link to the code of an experiment, which the site holds."""
    link = etree.SubElement(parent, "a", {"href": f"/assets/experiments/{experiment}.py"})
    etree.SubElement(link, "code").text = f"experiments/{experiment}.py"


def filterable(parent: etree.Element, *filters: str) -> etree.Element:
    """A list that a script gives a search field and a choice for each of the filters."""
    return etree.SubElement(
        parent, "div", {"class": "rx-filterable", "data-rx-filters": ", ".join(filters)}
    )


def item_of(parent: etree.Element, values: Mapping[str, list[str]], **extra: str) -> etree.Element:
    """One entry of such a list, with what it answers to each filter."""
    marks = {f"data-rx-{name.lower()}": "|".join(found) for name, found in values.items()}
    return etree.SubElement(parent, "li", {"data-rx-item": "", **marks, **extra})


def snippets(parent: etree.Element) -> None:
    """An entry for each idea: the page that explains it, its files, and what each of them is."""
    where: dict[str, Page] = {}
    for page in reversed(pages()):
        where |= {idea: page for _, idea in page.includes}
    ideas: dict[str, dict[str, Path]] = {}
    for file in snippet_files():
        ideas.setdefault(file.stem, {})[file.parent.name] = file
    topic, order = topics(), [page.path for page in pages()]
    listing = etree.SubElement(filterable(parent, "Framework", "Topic"), "ul")
    for idea in sorted(ideas, key=lambda idea: (order.index(where[idea].path), idea)):
        page = where[idea]
        there = [name for name in FRAMEWORKS if name in ideas[idea]]
        sources = {name: ast.parse(ideas[idea][name].read_text(encoding="utf-8")) for name in there}
        values = {
            "Framework": [FRAMEWORKS[name] for name in there],
            "Topic": [topic.get(page.path, "")],
        }
        name = f"snippet-{idea.replace('_', '-')}"
        entry = item_of(listing, values, id=name)
        line = etree.SubElement(entry, "p")
        etree.SubElement(etree.SubElement(line, "a", {"href": f"#{name}"}), "code").text = idea
        said = {name: _first_line(sources[name]) for name in there}
        alike = len(set(said.values())) == 1
        line[0].tail = f" {said[there[0]]} Explained on " if alike else " Explained on "
        link = etree.SubElement(line, "a", {"href": f"/{page.path}"})
        link.text, link.tail = page.title, "."
        kind = "rx-files" if alike else "rx-files rx-files--each"
        files = etree.SubElement(entry, "ul", {"class": kind})
        for name in there:
            target = {"href": f"/assets/snippets/{name}/{idea}.py", "download": f"{idea}.py"}
            one = etree.SubElement(files, "li")
            link = etree.SubElement(one, "a", target)
            link.text = FRAMEWORKS[name]
            link.tail = " "
            if not alike:
                one = etree.SubElement(one, "span")
                one.text = f"{said[name]} "
            wanted = ", ".join(needs(sources[name])) or "Python alone"
            etree.SubElement(one, "small").text = f"needs {wanted}"


def _first_line(source: ast.Module) -> str:
    return (ast.get_docstring(source) or "").split("\n")[0].replace("``", "`")


def claim_pages() -> dict[str, list[tuple[str, Page]]]:
    """For each experiment, the claims that a page teaches, and the page; ``*`` is all of them."""
    found: dict[str, list[tuple[str, Page]]] = {}
    for page in pages():
        for kind, path in page.claims:
            name, _, claim = path.partition(".")
            found.setdefault(name, []).append(("*" if kind == "claims" else claim, page))
    return found


def pins() -> dict[str, str]:
    """The locked version of each package."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


def build_facts() -> dict[str, int | str]:
    """What this build holds, for pages to quote as ``{{ build.name }}``."""
    taught = {
        (name, claim)
        for name, places in claim_pages().items()
        for claim in load(name).claims
        if any(wanted in {"*", claim} for wanted, _ in places)
    }
    locked = pins()
    versions = {name: locked[name] for name in ("numpy", "torch", "tensorflow", "keras")}
    return {
        "blocks": sum(page.blocks for page in pages()),
        "claims": len(taught),
        "snippets": len(snippet_files()),
        **versions,
        "sklearn": locked["scikit-learn"],
    }
