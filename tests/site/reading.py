"""The built site read as files: its pages, what they point to, and what is wrong with them."""

import json
import re
import xml.etree.ElementTree as etree  # noqa: N813
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from bs4 import BeautifulSoup

Pages = Mapping[str, BeautifulSoup]
TAB_ORDER = ["NumPy", "PyTorch", "Keras", "scikit-learn"]
URL_IN_CSS = re.compile(r"url\(\s*[\"']?([^\"')]+)")
LOADED = "[src], [srcset], [poster], [data], [background], link[href]:not([rel=canonical])"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


def html_pages(site: Path) -> dict[str, BeautifulSoup]:
    """Every page of the site by its address, from the root."""
    return {
        "/" + file.relative_to(site).as_posix().removesuffix("index.html"): BeautifulSoup(
            file.read_text(encoding="utf-8"), "html.parser"
        )
        for file in sorted(site.rglob("*.html"))
    }


def targets(page: BeautifulSoup) -> Iterator[str]:
    """Whatever a page leads to or loads, as it is written there."""
    for tag in page.select("[href], [src], [srcset], [poster], [action]"):
        for name in ("href", "src", "poster", "action"):
            if found := tag.get(name):
                yield str(found)
        for candidate in str(tag.get("srcset", "")).split(","):
            if candidate.strip():
                yield candidate.split()[0]
    for tag in page.select("meta[property='og:image'], meta[property='og:url']"):
        yield str(tag["content"])
    for tag in page.select("[style]"):
        yield from URL_IN_CSS.findall(str(tag["style"]))


def broken_links(site: Path, built: Pages, address: str) -> list[str]:
    """Every link, anchor, picture, download, sheet, search entry and sitemap entry without target.

    Args:
        site: The folder of the built site.
        built: Its pages.
        address: Where it is published, with a slash at its end; links to other hosts are passed by.
    """
    ids = {url: {str(tag["id"]) for tag in page.select("[id]")} for url, page in built.items()}
    wanted = [(url, target) for url, page in built.items() for target in targets(page)]
    for sheet in site.rglob("*.css"):
        found = URL_IN_CSS.findall(sheet.read_text(encoding="utf-8"))
        wanted += [(f"/{sheet.relative_to(site).as_posix()}", target) for target in found]
    index = json.loads((site / "search/search_index.json").read_text(encoding="utf-8"))
    wanted += [("/", entry["location"]) for entry in index["docs"]]
    entries = etree.parse(site / "sitemap.xml").iter(SITEMAP)
    wanted += [("/sitemap.xml", str(entry.text)) for entry in entries]
    broken = []
    for url, target in wanted:
        whole = urljoin(address.rstrip("/") + url, target)
        if urlsplit(whole).netloc != urlsplit(address).netloc:
            continue
        path, _, anchor = whole.removeprefix(address).partition("#")
        path = unquote(path.partition("?")[0])
        file = site / path / "index.html" if path.endswith("/") or not path else site / path
        if not whole.startswith(address) or not file.is_file():
            broken.append(f"{url}: {target}")
        elif anchor and f"/{path}" in ids and unquote(anchor) not in ids[f"/{path}"]:
            broken.append(f"{url}: {target} (no such anchor)")
    return broken


def foreign_requests(site: Path, built: Pages) -> list[str]:
    """Whatever a page or a style sheet would load from another host."""
    loaded = [
        (url, f"{tag.get(name)}")
        for url, page in built.items()
        for tag in page.select(LOADED)
        for name in ("src", "srcset", "poster", "data", "background", "href")
        if tag.get(name) and (name != "href" or tag.name == "link")
    ]
    for url, page in built.items():
        styles = [tag.get_text() for tag in page.select("style")]
        styles += [str(tag["style"]) for tag in page.select("[style]")]
        loaded += [(url, found) for style in styles for found in URL_IN_CSS.findall(style)]
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        found = URL_IN_CSS.findall(text) + re.findall(r"@import\s+[^;]+", text)
        loaded += [(sheet.relative_to(site).as_posix(), target) for target in found]
    return [
        f"{url} loads {target}"
        for url, target in loaded
        if "//" in target and not target.startswith("data:")
    ]
