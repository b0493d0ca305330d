"""Markdown extension: the first use of a glossary term on a page explains itself.

The glossary page is the only source: its terms get an anchor each, and elsewhere their first use
in running text becomes a link there, whose title is the term's first line. A link, so that the
keyboard, a finger and a browser without JavaScript reach the explanation, too.
"""

import re
import xml.etree.ElementTree as etree  # noqa: N813
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor
from mkdocs.exceptions import BuildError

from site_build import ROOT

PAGE = "reference/glossary.md"
ENTRY = re.compile(r"((?:[^\n:#].*\n)+)\n:   (.+\n(?:    .+\n)*)((?:\n    .+\n(?:    .+\n)*)*)")
TEACHES = re.compile(r"\]\(\.\./([\w/-]+\.md)")
MARKUP = re.compile(r"[`*]")
TEXT = {"p", "li", "dd"}
CLOSED = {"a", "code", "pre", "table", "figure", "label", "summary"}
CLOSED |= {f"h{level}" for level in range(1, 7)}
CLOSED_CLASSES = {"admonition-title", "rx-claims", "arithmatex", "rx-files"}


@dataclass(frozen=True)
class Term:
    """A term, other words for it, what it means in a line, and the page that teaches it."""

    names: tuple[str, ...]
    line: str
    page: str

    @property
    def anchor(self) -> str:
        """Its id on the glossary page."""
        return "term-" + re.sub(r"\W+", "-", self.names[0].lower())


def terms() -> list[Term]:
    """The glossary, read from its page; a project without that page has none."""
    file = ROOT / "docs" / PAGE
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    found = []
    for names, line, more in ENTRY.findall(text):
        teaches = TEACHES.search(more)
        plain = MARKUP.sub("", " ".join(line.split()))
        found.append(Term(tuple(names.splitlines()), plain, teaches[1] if teaches else ""))
    return found


def finder(names: Iterable[str]) -> re.Pattern[str]:
    """Finds names as whole words, whatever their capital, number and line ends; longest first."""
    words = (
        rf"[{name[0].upper()}{name[0].lower()}]" + r"\s+".join(map(re.escape, name[1:].split()))
        for name in sorted(names, key=len, reverse=True)
    )
    return re.compile(rf"(?<![\w-])({'|'.join(words)})(?:e?s)?(?![\w-])")


class Terms(Treeprocessor):
    """Marks the terms of one page."""

    def run(self, root: etree.Element) -> None:
        """Give the glossary its anchors; elsewhere link the first use of each term."""
        # MkDocs tells the page's name to no extension but its own
        relpath: Any = "relpath" in self.md.treeprocessors and self.md.treeprocessors["relpath"]
        page = relpath.file.src_uri if relpath else ""
        self.terms = {name.lower(): term for term in terms() for name in term.names}
        if page == PAGE:
            self.name_entries(root)
        else:
            self.explained = {t for t in self.terms.values() if page and t.page == page}
            self.finder = finder(self.terms)
            for part in root if self.terms else ():
                if part.tag == "h2" and part.text == "References":
                    break  # what follows are other people's titles
                self.walk(part, inside=False)

    def name_entries(self, root: etree.Element) -> None:
        """Anchors for the entries."""
        for entry in root.iter("dt"):
            name = "".join(entry.itertext())
            if name.lower() not in self.terms:
                raise BuildError(f"{PAGE}: write '{name}' as term, empty line, ':   ' and text")
            term = self.terms[name.lower()]
            if name == term.names[0]:
                entry.set("id", term.anchor)

    def walk(self, element: etree.Element, inside: bool) -> None:
        """Link terms in the running text of an element, from its start to its end."""
        classes = element.get("class", "").split()
        if element.tag in CLOSED or CLOSED_CLASSES.intersection(classes):
            return
        inside = inside or element.tag in TEXT
        if inside:
            self.link(element, None)
        for child in list(element):
            self.walk(child, inside)
            if inside:
                self.link(element, child)

    def link(self, parent: etree.Element, before: etree.Element | None) -> None:
        """Link the terms of the text that opens ``parent``, or follows ``before`` in it."""
        text = (parent.text if before is None else before.tail) or ""
        place = 0 if before is None else list(parent).index(before) + 1
        pieces, end = [], 0
        for match in self.finder.finditer(text):
            term = self.terms[" ".join(match[1].lower().split())]
            if term not in self.explained:
                self.explained.add(term)
                target = {"class": "rx-term", "href": f"/{PAGE}#{term.anchor}", "title": term.line}
                link = etree.Element("a", target)
                link.text = match[0]
                pieces.append((text[end : match.start()], link))
                end = match.end()
        for lead, link in pieces:
            if before is None:
                parent.text = lead
            else:
                before.tail = lead
            parent.insert(place, link)
            before, place = link, place + 1
        if before is not None and pieces:
            before.tail = text[end:]


class GlossaryExtension(Extension):
    """Registers it."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802
        """After inline markup (20) has become elements, before links are checked (0)."""
        md.treeprocessors.register(Terms(md), "glossary", 12)


def makeExtension(**options: Any) -> GlossaryExtension:  # noqa: N802
    """Python-Markdown's entry point."""
    return GlossaryExtension(**options)
