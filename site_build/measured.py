"""Markdown extension: pages take numbers, claims and pictures from what was measured.

``{{ experiment.fact:.2f }}`` is a number, ``{{ build.claims }}`` one of the build itself,
``[[figure: experiment.name]]`` a picture, ``[[claim: experiment.id]]`` one claim and
``[[claims: experiment]]`` all of them; ``[[all: claims]]``, ``[[all: verdicts]]`` and
``[[all: snippets]]`` list what the whole project holds. Each is a paragraph of its own.
"""

import re
import xml.etree.ElementTree as etree  # noqa: N813
from collections.abc import Mapping
from typing import Any

from markdown import Markdown
from markdown.blockprocessors import BlockProcessor
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString
from mkdocs.exceptions import BuildError

from site_build import listings, verdicts
from site_build.results import Result, load, lookup, part

NUMBER = re.compile(r"\{\{ *([a-z]\w*(?:\.\w+)+)(?::([^{}\n]*?))? *\}\}")
ANY_NUMBER = re.compile(r"\{\{.*?\}\}")
WHOLE = r"(?<![\w.])(\d[\d.,]*%? ± \d+(?:\.\d+)?%?|\d[\d.]*e-\d+)"
"""A number with its spread, or with a negative exponent: no line ends in it."""
BLOCK = re.compile(r"^\[\[(\w+): *([\w.]+)\]\]$")
ASSETS = "/assets/measured"


class Numbers(Preprocessor):
    """Writes the facts into the text; code is already out of the way when it runs."""

    def run(self, lines: list[str]) -> list[str]:
        """The page with its numbers."""
        return [with_numbers(line) for line in lines]


def with_numbers(text: str) -> str:
    """The text with the facts it asks for."""
    written = NUMBER.sub(number, text)
    if left := ANY_NUMBER.search(written):
        raise BuildError(
            f"'{left[0]}' is no fact; write {{{{ experiment.fact }}}} or "
            "{{ experiment.fact:.2f }}"
        )
    return written


def number(match: re.Match[str]) -> str:
    """One number, of an experiment or of this build."""
    path, spec = match[1], match[2] or ""
    if path.startswith("build."):
        counts = {**listings.build_facts(), "verdicts": len(verdicts.verdicts())}
        name = path.removeprefix("build.")
        if name not in counts:
            raise BuildError(f"no fact '{path}': there are {', '.join(counts)}")
        return format(counts[name], spec)
    return lookup(path, spec)


class Whole(InlineProcessor):
    """Keeps the parts of a number on one line."""

    def handleMatch(  # type: ignore[override]  # noqa: N802
        self, match: re.Match[str], data: str
    ) -> tuple[etree.Element, int, int]:
        """One number."""
        element = etree.Element("span", {"class": "rx-keep"})
        element.text = AtomicString(match[1])
        return element, match.start(), match.end()


class Blocks(BlockProcessor):
    """Turns ``[[figure: ...]]`` and its like into elements, whose links MkDocs then checks."""

    def test(self, parent: etree.Element, block: str) -> bool:
        """Whether the block is one of ours."""
        return block.lstrip().startswith("[[")

    def run(self, parent: etree.Element, blocks: list[str]) -> None:
        """Build the elements."""
        show(parent, blocks.pop(0).strip())


class Pictures(Treeprocessor):
    """Has the first picture of a page loaded at once, and the others when they come near."""

    def run(self, root: etree.Element) -> None:
        """Tell the browser."""
        for number, picture in enumerate(root.iter("img")):
            picture.set(*(("loading", "lazy") if number else ("fetchpriority", "high")))


def show(parent: etree.Element, block: str) -> None:
    """The elements of one block."""
    match = BLOCK.match(block)
    if match is None or match[1] not in {"figure", "claim", "claims", "all"}:
        raise BuildError(
            f"'{block.splitlines()[0]}': write [[figure: experiment.name]], "
            "[[claim: experiment.id]] or [[claims: experiment]] as a paragraph of its own"
        )
    kind, path = match.groups()
    if kind == "all":
        everything(parent, path)
    elif kind == "figure":
        figure(parent, path)
    elif kind == "claim":
        claims(parent, path.partition(".")[0], [path])
    else:
        claims(parent, path, [f"{path}.{claim}" for claim in load(path).claims])


def everything(parent: etree.Element, kind: str) -> None:
    """All claims, verdicts or snippets."""
    if kind == "claims":
        all_claims(parent)
    elif kind == "verdicts":
        verdicts.all_verdicts(parent, with_numbers)
    elif kind == "snippets":
        listings.snippets(parent)
    else:
        raise BuildError(f"'[[all: {kind}]]': there are claims, verdicts and snippets")


def figure(parent: etree.Element, path: str) -> None:
    """The static picture with title and caption; a script may put the chart in its place."""
    result, found = part(path, "figures")
    width, height = found["size"]
    name = path.partition(".")[2]
    files = f"{ASSETS}/{result.name}/{name}"
    box = etree.SubElement(
        parent, "figure", {"class": "rx-figure", "id": listings.anchor("figure", path)}
    )
    etree.SubElement(box, "p", {"class": "rx-figure__title"}).text = found["title"]
    body = etree.SubElement(box, "div", {"class": "rx-figure__body"})
    image = {
        "src": f"{files}.svg",
        "alt": found["alt"],
        "width": f"{width * 4 / 3:.0f}",
        "height": f"{height * 4 / 3:.0f}",
        "style": f"max-width:{width / 15:.1f}rem",  # its words no larger than the page's
    }
    etree.SubElement(body, "img", image)
    caption = etree.SubElement(box, "figcaption")
    etree.SubElement(caption, "p").text = found["caption"]
    links = etree.SubElement(caption, "p", {"class": "rx-figure__links"})
    _link(links, f"#{listings.anchor('figure', path)}", "Link to this figure")
    if chart := found["chart"]:
        body.set("data-rx-chart", "")  # the place it will take is kept free, so nothing jumps
        body.set("style", f"--rx-chart:{chart['height']:.0f}px;--rx-sliders:{chart['sliders']}")
        _link(links, f"{files}.vl.json", "Chart as Vega-Lite", {"class": "rx-chart-source"})


def claims(parent: etree.Element, name: str, paths: list[str]) -> None:
    """Sentences that this build has checked, each with the change that makes its check fail.

    Claims of one experiment that follow each other stand in one box.
    """
    result = load(name)
    before = parent[-1] if len(parent) else None
    if before is not None and before.get("data-rx-experiment") == name:
        box, listing = before, before[0]
        box.remove(box[-1])  # the line about the experiment goes below the last claim
    else:
        box = etree.SubElement(parent, "div", {"class": "rx-claims", "data-rx-experiment": name})
        listing = etree.SubElement(box, "ul")
    for path in paths:
        _, found = part(path, "claims")
        item = etree.SubElement(listing, "li", {"id": listings.anchor("claim", path)})
        etree.SubElement(item, "p").text = found["sentence"]
        proof = etree.SubElement(item, "p", {"class": "rx-claims__proof"})
        _link(proof, f"#{listings.anchor('claim', path)}", path)
        link = proof[-1]
        link.tail = " holds in this build. With the effect taken away ("
        etree.SubElement(proof, "code").text = found["without"]
        proof[-1].tail = ") its check fails, as it should."
    _measured_by(box, result)


def all_claims(parent: etree.Element) -> None:
    """Every claim that a page teaches, by page, each with a link to its place there."""
    taught: dict[listings.Page, list[tuple[str, Mapping[str, str]]]] = {}
    seen = set()
    for name, places in listings.claim_pages().items():
        for claim, found in load(name).claims.items():
            page = next((page for wanted, page in places if wanted in {"*", claim}), None)
            if page is not None and (name, claim) not in seen:
                seen.add((name, claim))
                taught.setdefault(page, []).append((f"{name}.{claim}", found))
    listing = listings.filterable(parent, "Topic", "Page")
    topics = listings.topics()
    for page in sorted(taught, key=listings.pages().index):
        etree.SubElement(listing, "h2").text = page.title
        box = etree.SubElement(etree.SubElement(listing, "div", {"class": "rx-claims"}), "ul")
        for path, found in taught[page]:
            topic = topics.get(page.path, page.title)
            item = listings.item_of(box, {"Topic": [topic], "Page": [page.title]})
            etree.SubElement(item, "p").text = found["sentence"]
            proof = etree.SubElement(item, "p", {"class": "rx-claims__proof"})
            _link(proof, f"/{page.path}#{listings.anchor('claim', path)}", path)
            proof[-1].tail = " holds in this build. With the effect taken away ("
            etree.SubElement(proof, "code").text = found["without"]
            proof[-1].tail = ") its check fails, as it should."


def _measured_by(parent: etree.Element, result: Result) -> None:
    source = etree.SubElement(parent, "p", {"class": "rx-claims__source"})
    source.text = "Measured by "
    listings.program(source, result.name)
    source[-1].tail = f": {result.question}"


def _link(
    parent: etree.Element, target: str, text: str, extra: dict[str, str] | None = None
) -> None:
    etree.SubElement(parent, "a", {"href": target, **(extra or {})}).text = text


class MeasuredExtension(Extension):
    """Registers them all."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802
        """Numbers after fences (25) are put away, blocks before links are looked for.

        Numbers are kept whole once code and links (above 60) are put away; pictures are looked at
        once those are there (20) that pages bring in Markdown.
        """
        md.preprocessors.register(Numbers(md), "measured_numbers", 22)
        md.treeprocessors.register(Pictures(md), "pictures", 15)
        md.parser.blockprocessors.register(Blocks(md.parser), "measured_blocks", 175)
        md.inlinePatterns.register(Whole(WHOLE, md), "measured_whole", 55)


def makeExtension(**options: Any) -> MeasuredExtension:  # noqa: N802
    """Python-Markdown's entry point."""
    return MeasuredExtension(**options)
