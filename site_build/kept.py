"""Hooks that keep what a build need not do again: converted pages, and what search finds in them.

A page's key holds its own text and all that pages can take in, so that editing one page converts
this page alone, and editing a snippet all of them.
"""

import functools
import json
import logging
import re
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import CombinedEvent, event_priority
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import AnchorLink, TableOfContents

from site_build import ROOT, listings, plain, provenance
from site_build.memory import digest, keep, kept, once
from site_build.results import RENDERED

EVERYWHERE: tuple[str, ...] = ("mkdocs.yml", "constraints.txt", "docs/reference/glossary.md")
EVERYWHERE += ("experiments/verdicts.yml", "snippets/**/*.py", "site_build/*.py")
"""What any page may take in."""
SEARCH_MARK = re.compile(r"\s?data-search-\w+=\"[^\"]+\"")


class Warned(logging.Handler):
    """Notices whether anything was warned of; what warns is converted, and warns, every time."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.seen = False

    def emit(self, record: logging.LogRecord) -> None:
        """Remember it."""
        self.seen = True


surroundings: list[str] = []
"""The digest of what any page may take in; made anew by each build."""


@event_priority(-100)  # after everybody has added theirs
def on_files(files: Files, config: MkDocsConfig) -> None:
    """All files are known and rendered: look at everything that pages can take in."""
    names = (*EVERYWHERE, (RENDERED / "*/current").relative_to(ROOT).as_posix())
    every = sorted(file for name in names for file in ROOT.glob(name))
    surroundings[:] = [
        digest(
            *(f"{file.relative_to(ROOT)} {file.read_text(encoding='utf-8')}" for file in every),
            *sorted(files.src_uris),
        )
    ]


@event_priority(-100)  # when everybody has changed the text
def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let the page look into the cache before it is converted."""
    page.render = functools.partial(render, page)  # type: ignore[method-assign]
    return markdown


def render(page: Page, config: MkDocsConfig, files: Files) -> None:
    """What ``Page.render`` does, or what it did for the same text in the same surroundings."""
    meta = json.dumps(page.meta, sort_keys=True, default=str)
    key = digest(page.file.src_uri, page.markdown or "", meta, *surroundings)
    found = kept(f"pages/{page.file.src_uri}", key)
    if found is None or found["others"] not in {"", others()}:
        convert(page, config, files, key)
        return
    page.content = found["content"]
    page.toc = TableOfContents([_link(item) for item in found["toc"]])
    if page.toc.items:
        page.toc.items[0].active = True  # type: ignore[attr-defined]
    page._title_from_render = found["title"]
    page.present_anchor_ids = set(found["anchors"])
    targets = {files.get_file_from_path(uri): links for uri, links in found["links"].items()}
    page.links_to_anchors = {file: links for file, links in targets.items() if file}


def convert(page: Page, config: MkDocsConfig, files: Files, key: str) -> None:
    """Convert the page and keep the result, unless something was warned of."""
    warned = Warned()
    log = logging.getLogger("mkdocs")
    log.addHandler(warned)
    listings.asked.clear()
    try:
        Page.render(page, config, files)
    finally:
        log.removeHandler(warned)
    if warned.seen:
        return
    value = {
        "others": others() if listings.asked else "",
        "content": page.content,
        "toc": [_item(link) for link in page.toc],
        "title": page._title_from_render,
        "anchors": sorted(page.present_anchor_ids or ()),
        "links": {file.src_uri: links for file, links in (page.links_to_anchors or {}).items()},
    }
    keep(f"pages/{page.file.src_uri}", key, value)


def others() -> str:
    """A digest of what lists of everything show of the other pages."""
    return digest(repr(listings.pages()))


def _item(link: AnchorLink) -> list[Any]:
    return [link.title, link.id, link.level, [_item(child) for child in link.children]]


def _link(item: list[Any]) -> AnchorLink:
    title, anchor, level, children = item
    link = AnchorLink(title, anchor, level)
    link.children = [_link(child) for child in children]
    return link


@event_priority(50)  # before others want it
def on_env(env: Any, config: MkDocsConfig, files: Files) -> None:
    """All pages are converted: tell their templates what stands beside each, made once."""

    def beside(page: Page) -> dict[str, Any]:
        text = page.markdown or ""
        return {
            "markdown": plain.address(page),
            "plain": plain.of_page(page, config),
            "measurements": provenance.measurements(text),
        }

    rest, tested = others(), provenance.tests()
    for page in plain.in_order(files):
        key = digest(page.markdown or "", str(page.canonical_url), rest, *surroundings)
        page.meta |= once(f"beside/{page.file.src_uri}", key, functools.partial(beside, page))
        page.meta["snippets"] = provenance.snippets(page.markdown or "", tested)


contents: dict[str, str] = {}
"""The content of a page while the theme's search plugin is kept from reading it again."""


@event_priority(100)
def before_search(context: Any, page: Page, config: MkDocsConfig, nav: Navigation) -> Any:
    """Give the search index what it would find in the page, found once."""
    index = _search_index(config)
    if index is None or not page.content:
        return context
    uri = page.file.src_uri
    meta = json.dumps([page.meta.get(name) for name in ("title", "tags", "search")])
    key = digest(page.content, page.url, str(page.title), meta)
    number = len(index.entries)

    def read() -> list[Any]:
        index.add_entry_from_context(page)
        found = index.entries[number:]
        del index.entries[number:]
        return list(found)

    index.entries += once(f"search/{uri}", key, read)
    contents[uri] = page.content
    if "data-search-" in page.content:
        contents[uri] = SEARCH_MARK.sub("", page.content)
    page.content = ""
    return context


@event_priority(-100)
def after_search(context: Any, page: Page, config: MkDocsConfig, nav: Navigation) -> Any:
    """Give the page its content back."""
    page.content = contents.pop(page.file.src_uri, page.content)
    return context


on_page_context = CombinedEvent(before_search, after_search)


def _search_index(config: MkDocsConfig) -> Any:
    plugin = config.plugins.get("material/search")
    return getattr(plugin, "search_index", None)
