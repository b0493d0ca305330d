"""The built site, read as files: nothing untested, nothing broken, nothing foreign."""

import gzip
import xml.etree.ElementTree as etree  # noqa: N813
from collections.abc import Callable
from pathlib import Path

from bs4 import BeautifulSoup, Tag

from site_build import ROOT, labs
from tests.blocks import blocks, pages
from tests.conftest import SITE_URL
from tests.page_code import ON_SITE
from tests.site.reading import (
    SITEMAP,
    TAB_ORDER,
    broken_links,
    foreign_requests,
)


def python_blocks(page: BeautifulSoup) -> list[str]:
    return [block.get_text() for block in page.select(".language-python.highlight pre code")]


def address(page: Path) -> str:
    """Where a Markdown page ends up."""
    rel = page.relative_to(ROOT / "docs").with_suffix("").as_posix()
    return "/" + (rel.removesuffix("index") if rel.endswith("index") else f"{rel}/")


def test_every_python_block_in_the_html_is_one_that_runs(
    built: dict[str, BeautifulSoup], record_property: Callable[[str, object], None]
) -> None:
    count = 0
    for page in pages():
        if page.name == "README.md":
            continue
        shown = python_blocks(built[address(page)])
        tested = [block.fence.text for block in blocks(page)]
        assert [s.strip("\n") for s in shown] == [t.strip("\n") for t in tested], page
        count += len(shown)
    record_property(ON_SITE, count)
    assert count > 0


def test_every_lab_cell_in_the_html_is_one_that_ran(built: dict[str, BeautifulSoup]) -> None:
    for source in labs.lab_sources():
        cells = [c for c in labs.executed(source).cells if c["cell_type"] == "code"]
        shown = python_blocks(built[f"/labs/{source.stem}/"])
        assert [s.strip() for s in shown] == [cell["source"].strip() for cell in cells], source


def test_no_python_hides_behind_another_language(built: dict[str, BeautifulSoup]) -> None:
    for url, page in built.items():
        for block in page.select("pre:not(.rx-output, .rx-error)"):
            around = block.find_parent("div", class_="highlight")
            names = set(around.get("class") or []) - {"highlight"} if around else {"none"}
            assert names <= {"language-python", "language-console"}, (
                f"{url}: {names} of {block.get_text()[:40]!r}; use python or console, and output "
                "or error for what is printed"
            )


def test_every_link_picture_and_anchor_leads_somewhere(
    site: Path, built: dict[str, BeautifulSoup]
) -> None:
    broken = broken_links(site, built, SITE_URL)
    assert not broken, "\n".join(broken)


def test_nothing_is_loaded_from_elsewhere(site: Path, built: dict[str, BeautifulSoup]) -> None:
    assert not foreign_requests(site, built)


def test_every_page_has_its_one_address_and_the_sitemap_lists_them_all(
    site: Path, built: dict[str, BeautifulSoup]
) -> None:
    entries = etree.parse(site / "sitemap.xml").iter(SITEMAP)
    listed = [str(entry.text) for entry in entries]
    wanted = {url: SITE_URL.rstrip("/") + url for url in built if url != "/404.html"}
    assert sorted(listed) == sorted(wanted.values())
    for url, address in wanted.items():
        named = [str(tag["href"]) for tag in built[url].select("link[rel=canonical]")]
        assert named == [address], url
    packed = gzip.decompress((site / "sitemap.xml.gz").read_bytes())
    assert packed == (site / "sitemap.xml").read_bytes()


def test_no_id_stands_twice(built: dict[str, BeautifulSoup]) -> None:
    for url, page in built.items():
        ids = [tag["id"] for tag in page.select("[id]")]
        assert len(ids) == len(set(ids)), f"{url}: {sorted({i for i in ids if ids.count(i) > 1})}"


def test_tabs_have_the_same_names_in_the_same_order(built: dict[str, BeautifulSoup]) -> None:
    for url, page in built.items():
        for group in page.select(".tabbed-labels"):
            labels = [label.get_text(strip=True) for label in group.select("label")]
            in_order = [label for label in TAB_ORDER if label in labels]
            assert labels == in_order, f"{url}: tabs {labels}; expected some of {TAB_ORDER}"


RAW = ("$", "\\(", "\\[", "\\frac", "{{", "}}", "[[", "[^", "][", "](", "**", "```")


def test_math_is_mathml_and_nothing_is_left_raw(built: dict[str, BeautifulSoup]) -> None:
    for url, page in built.items():
        for formula in page.select(".arithmatex"):
            assert formula.find("math") is not None, f"{url}: {formula.get_text()}"
        article = page.select_one("article") or Tag(name="article")
        hidden = {"code", "script", "style", "math"}
        read = (s for s in article.strings if not hidden & {parent.name for parent in s.parents})
        text = "".join(read)
        for raw in RAW:
            assert raw not in text, f"{url}: {raw} in …{text[max(0, text.find(raw) - 60) :][:120]}"


def test_every_picture_has_words_and_a_size(built: dict[str, BeautifulSoup]) -> None:
    for url, page in built.items():
        for image in page.select("article img"):
            assert len(str(image.get("alt", ""))) > 20, f"{url}: {image.get('src')}"


def test_titles_and_descriptions_are_there_and_differ(built: dict[str, BeautifulSoup]) -> None:
    titles, descriptions = set(), set()
    for url, page in built.items():
        if url == "/404.html":
            continue
        title = page.title.get_text() if page.title else ""
        meta = page.select_one('meta[name="description"]')
        description = str(meta["content"]) if meta else ""
        assert title and title not in titles, f"{url}: title {title!r}"  # noqa: PT018
        assert description and description not in descriptions, f"{url}: {description!r}"  # noqa: PT018
        titles.add(title)
        descriptions.add(description)


def test_labs_are_light_and_offer_their_notebook(site: Path) -> None:
    for source in labs.lab_sources():
        folder = site / "labs" / source.stem
        assert (folder / "index.html").stat().st_size < 100_000
        assert (folder / f"{source.stem}.ipynb").is_file()
