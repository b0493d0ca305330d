"""What makes the site handy: ways in, Markdown, downloads, origins, cards, Colab, a kind 404."""

import ast
import json
import os
import posixpath
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import material
import pytest
import yaml
from bs4 import BeautifulSoup, Tag
from jinja2 import Environment, FileSystemLoader
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from site_build import ROOT, labs, listings, results, verdicts
from tests.blocks import blocks, pages
from tests.conftest import REPO_URL, SITE_URL
from tests.site.browsing import SOURCES, URLS, draw_charts, open_page

ADDRESSES = dict(zip(URLS, [*SOURCES, *labs.lab_sources()], strict=True))
QUOTED = re.compile(r"^[> ]+", re.MULTILINE)
CODE = re.compile(r"^(`{3,}).*?^\1$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def html(site: Path) -> dict[str, BeautifulSoup]:
    def read(url: str) -> BeautifulSoup:
        text = (site / url.lstrip("/") / "index.html").read_text(encoding="utf-8")
        return BeautifulSoup(text, "html.parser")

    return {url: read(url) for url in URLS}


def target(url: str, link: object) -> str:
    """The address from the site's root that a link of a page leads to."""
    return posixpath.normpath(posixpath.join(url, urlsplit(str(link)).path)).lstrip("/")


def meta(page: BeautifulSoup, name: str) -> str:
    tag = page.select_one(f'meta[property="{name}"], meta[name="{name}"]')
    assert tag is not None, f"no {name}"
    return str(tag["content"])


# ------------------------------------------------------------------------------ Markdown


@pytest.fixture(scope="module")
def plain(site: Path, html: dict[str, BeautifulSoup]) -> dict[str, tuple[str, str]]:
    """The address and the text of each page's Markdown, found as a program would find it."""
    found = {}
    for url, page in html.items():
        link = page.select_one('link[rel="alternate"][type="text/markdown"]')
        assert link is not None, url
        place = target(url, link["href"])
        found[url] = place, (site / place).read_text(encoding="utf-8")
    return found


def test_a_pages_markdown_holds_its_code_as_it_runs(plain: dict[str, tuple[str, str]]) -> None:
    for source in SOURCES:
        url = URLS[SOURCES.index(source)]
        text = QUOTED.sub("", plain[url][1])
        for block in blocks(source):
            code = QUOTED.sub("", block.fence.text)
            assert code.strip() in text, f"{block.place} is not in {plain[url][0]}"


def test_a_pages_markdown_has_its_numbers_and_claims_filled_in(
    plain: dict[str, tuple[str, str]],
) -> None:
    claims = 0
    for url, (place, text) in plain.items():
        prose = CODE.sub("", QUOTED.sub("", text))
        for mark in ("{{ ", "[[figure", "[[claim", "[[all", "--8<--", "\n=== ", "\n!!! ", "\n??? "):
            assert mark not in prose, f"{place}: {mark}"
        for kind, path in listings.SHOWN.findall(ADDRESSES[url].read_text(encoding="utf-8")):
            name, _, wanted = path.partition(".")
            for claim, found in results.load(name).claims.items():
                if kind == "claims" or claim == wanted:
                    assert found["sentence"] in prose, f"{place}: {name}.{claim}"
                    claims += 1
    assert claims > 100
    saving = results.lookup("l2_shrinkage.saving_large", ".2f")
    assert f"saves {saving} $" in plain["/weight-penalties/l2/"][1]


def test_links_and_pictures_of_the_markdown_lead_to_files(
    site: Path, plain: dict[str, tuple[str, str]]
) -> None:
    checked = 0
    for place, text in plain.values():
        for link in re.findall(
            r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)", CODE.sub("", QUOTED.sub("", text))
        ):
            if not urlsplit(link).scheme:
                file = site / posixpath.join(posixpath.dirname(place), link)
                assert file.is_file(), f"{place}: {link}"
                checked += 1
    assert checked > 500


def test_llms_txt_leads_to_the_markdown_of_every_page(
    site: Path, plain: dict[str, tuple[str, str]]
) -> None:
    text = (site / "llms.txt").read_text(encoding="utf-8")
    assert text.startswith("# Regularization by Example\n\n> ")
    listed = re.findall(r"^- \[.+\]\((.+)\): .{20,}$", text, re.MULTILINE)
    assert sorted(listed) == sorted(SITE_URL + place for place, _ in plain.values())
    whole = (site / "llms-full.txt").read_text(encoding="utf-8")
    assert all(content.strip() in whole for _, content in plain.values())


# ------------------------------------------------------------------------ files and origins


def test_a_block_that_shows_a_whole_snippet_offers_the_file(
    site: Path, html: dict[str, BeautifulSoup]
) -> None:
    offered = 0
    for source in SOURCES:
        url = URLS[SOURCES.index(source)]
        lines = source.read_text(encoding="utf-8").splitlines()
        shown = html[url].select(".language-python.highlight")
        for block, box in zip(blocks(source), shown, strict=True):
            body = "\n".join(lines[block.fence.line : block.fence.last_line - 1])
            wanted = re.findall(r'--8<-- "(\w+/\w+\.py)"', body)
            links = [target(url, a["href"]) for a in box.select(".rx-file a[download]")]
            assert links == [f"assets/snippets/{file}" for file in wanted], block.place
            for link in links:
                content = (site / link).read_text(encoding="utf-8")
                whole = re.sub(r"^ *# --8<-- .*\n", "", content, flags=re.MULTILINE)
                assert " ".join(whole.split()) in " ".join(block.fence.text.split()), link
            offered += len(links)
    assert offered > 100


def test_a_page_names_the_experiments_and_tests_behind_it(
    site: Path, html: dict[str, BeautifulSoup]
) -> None:
    named = 0
    for url, page in html.items():
        if url == "/":
            continue
        origin = page.select_one("details.rx-provenance")
        assert origin is not None, url
        text = origin.get_text()
        for name, version in {"PyTorch": "torch", "Keras": "keras", "NumPy": "numpy"}.items():
            assert f"{name} {listings.pins()[version]}" in text, url
        links = {target(url, a["href"]) for a in origin.select("a")}
        boxes = page.select("article .rx-claims[data-rx-experiment]")
        for experiment in {str(box["data-rx-experiment"]) for box in boxes}:
            source = f"assets/experiments/{experiment}.py"
            assert source in links, f"{url}: {experiment}"
            assert (site / source).read_bytes() == (ROOT / source[7:]).read_bytes()
            assert f"assets/measured/{experiment}/result.json" in links
            assert results.load(experiment).folder.name in text
            named += 1
        for item in origin.select("li"):
            if "tested by" in item.get_text():
                assert item.select('a[href*="/tests/"]'), f"{url}: {item.get_text()}"
    assert named > 50


def test_a_page_names_the_day_of_its_commit_and_not_today(html: dict[str, BeautifulSoup]) -> None:
    for url, page in html.items():
        if url != "/":
            text = page.select_one(".rx-provenance").get_text()
            assert "Built from the commit of 2026-01-01." in text, url


def test_every_page_leads_on_back_and_to_its_source(html: dict[str, BeautifulSoup]) -> None:
    for url, page in html.items():
        edit = page.select_one('a[rel="edit"]')
        assert edit is not None, url
        file = str(edit["href"]).removeprefix(f"{REPO_URL}/edit/main/")
        assert (ROOT / file).is_file(), f"{url}: {file}"
        assert file == ADDRESSES[url].relative_to(ROOT).as_posix()
    following = {url: page.select_one(".md-footer__link--next") for url, page in html.items()}
    url, seen = "/", []
    while link := following[url]:
        seen.append(url)
        url = f"/{target(url, link['href'])}/"
        back = html[url].select_one(".md-footer__link--prev")
        assert back is not None
        assert f"/{target(url, back['href'])}/".replace("//", "/") == seen[-1].replace("/./", "/")
    assert {*seen, url} == set(URLS)


# ------------------------------------------------------------------------------- elsewhere


def test_every_page_has_a_card_of_its_own(site: Path, html: dict[str, BeautifulSoup]) -> None:
    drawn = set()
    for url, page in html.items():
        assert page.title is not None
        assert meta(page, "og:title") == page.title.get_text()
        assert meta(page, "og:description") == meta(page, "description")
        assert meta(page, "og:url") == SITE_URL + url.lstrip("/")
        assert meta(page, "twitter:card") == "summary_large_image"
        image = meta(page, "og:image")
        assert image.startswith(SITE_URL)
        file = site / image.removeprefix(SITE_URL)
        assert file.stat().st_size < 60_000, url
        with Image.open(file) as picture:
            assert picture.size == (1200, 630)
        drawn.add(file.read_bytes())
    assert len(drawn) == len(html)


def test_the_icon_for_phones_is_there(site: Path) -> None:
    with Image.open(site / "assets/images/apple-touch-icon.png") as picture:
        assert picture.size == (180, 180)
        assert picture.convert("RGB").getpixel((90, 2)) == (18, 50, 74)


def lab_links(repo_url: str) -> list[str]:
    """The links of a lab's page, where the site is told this repository."""
    theme = [ROOT / "overrides", Path(material.__file__).parent / "templates"]
    template = Environment(loader=FileSystemLoader(theme)).get_template("partials/actions.html")
    page = SimpleNamespace(nb_url="labs/digits.ipynb", edit_url=None, meta={})
    text = template.render(page=page, config=SimpleNamespace(repo_url=repo_url))
    return [str(a["href"]) for a in BeautifulSoup(text, "html.parser").select("a")]


@pytest.mark.parametrize("end", ["regularization", "someone.github.io"])
@pytest.mark.parametrize("more", ["", "/", ".git"])
def test_a_lab_opens_in_colab_where_the_repository_is_on_github(end: str, more: str) -> None:
    place = f"https://colab.research.google.com/github/someone/{end}/blob/notebooks"
    found = lab_links(f"https://github.com/someone/{end}{more}")
    assert found[0] == f"{place}/labs/digits.ipynb"


@pytest.mark.parametrize("repo_url", ["", "https://gitlab.com/someone/regularization"])
def test_elsewhere_no_link_to_colab_is_shown(repo_url: str) -> None:
    assert not [link for link in lab_links(repo_url) if "colab" in link]


def test_the_workflow_puts_the_notebooks_where_colab_looks(tmp_path: Path) -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/site.yml").read_text(encoding="utf-8"))
    script = workflow["jobs"]["notebooks"]["steps"][-1]["run"]

    def git(*arguments: str) -> str:
        command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments]
        done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=True)
        return done.stdout

    work = tmp_path / "work"
    work.mkdir()
    git("init", "--quiet", "--bare", str(tmp_path / "origin"))
    git("init", "--quiet")
    git("remote", "add", "origin", str(tmp_path / "origin"))
    (work / "docs/labs").mkdir(parents=True)
    (work / "docs/labs/digits.py").write_text("main")
    git("add", "docs")
    git("commit", "--quiet", "--message", "main")
    main = git("rev-parse", "HEAD").strip()
    published = tmp_path / "site/labs/digits"
    published.mkdir(parents=True)
    (published / "digits.ipynb").write_text("{}")
    environment = {**os.environ, "SITE": f"{(tmp_path / 'site').as_uri()}/", "GITHUB_SHA": "main"}
    for _ in range(2):  # the branch is there the second time
        subprocess.run(["bash", "-e", "-c", script], cwd=work, env=environment, check=True)
        there = git("ls-tree", "-r", "--name-only", "origin/notebooks").split()
        assert there == ["labs/digits.ipynb"]
        git("checkout", "--quiet", main)
        git("branch", "--quiet", "-D", "notebooks")


def test_a_lab_needs_only_what_it_names_and_colab_has() -> None:
    called = {"numpy": "NumPy", "torch": "PyTorch", "keras": "Keras", "sklearn": "scikit-learn"}
    called |= {"matplotlib": "Matplotlib"}
    for source in labs.lab_sources():
        cells = labs.read(source).cells
        opening = cells[0]["source"]
        code = "\n".join(c["source"] for c in cells if c["cell_type"] == "code")
        assert not re.search(r"^\s*[!%](?:pip|conda)", code, re.MULTILINE), source
        tree = ast.parse(re.sub(r"^%.*$", "", code, flags=re.MULTILINE))
        names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        names |= {str(n.module) for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        for name in {name.partition(".")[0] for name in names} - sys.stdlib_module_names:
            assert name in called, f"{source.name} imports {name}"
            assert called[name] in opening, f"{source.name} does not name {called[name]}"


def test_the_page_for_lost_readers_leads_everywhere_from_any_depth(site: Path) -> None:
    page = BeautifulSoup((site / "404.html").read_text(encoding="utf-8"), "html.parser")
    article = page.select_one("article")
    assert isinstance(article, Tag)
    root = urlsplit(SITE_URL).path
    links = [posixpath.normpath(urlsplit(str(a["href"])).path) + "/" for a in article.select("a")]
    assert {link.removeprefix(root.rstrip("/")) for link in links} == set(URLS)
    assert "search" in article.get_text()
    for sheet in page.select("link[rel=stylesheet], link[rel=icon]"):
        path = unquote(urlsplit(str(sheet["href"])).path)
        assert path.startswith(root)
        assert (site / path.removeprefix(root)).is_file()


# ------------------------------------------------------------------------------ in a browser


@pytest.fixture(scope="module")
def l2(browser: Browser, base: str) -> Iterator[Page]:
    page, wrong = open_page(browser, base, "/weight-penalties/l2/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield page
    assert not wrong
    page.context.close()


def test_the_page_is_copied_as_markdown(l2: Page, site: Path) -> None:
    l2.get_by_role("button", name="Copy this page as Markdown").click()
    expect(l2.get_by_text("The page is copied as Markdown")).to_be_visible()
    copied = l2.evaluate("navigator.clipboard.readText()")
    assert copied == (site / "weight-penalties/l2.md").read_text(encoding="utf-8")


def test_a_link_to_a_block_opens_the_tab_it_stands_in(l2: Page, base: str) -> None:
    for name in ("keras-l2-training", "sklearn-l2-training", "numpy-l2-penalty"):
        l2.evaluate(f"location.hash = 'file-{name}'")
        block = l2.locator(f"#file-{name}")
        expect(block).to_be_in_viewport()
        folder, idea = name.split("-", 1)
        file = ROOT / "snippets" / folder / f"{idea.replace('-', '_')}.py"
        link = block.locator("a[download]")
        assert link.get_attribute("download") == file.name
        got = link.evaluate("link => fetch(link.href).then(response => response.text())")
        assert got == file.read_text(encoding="utf-8")


def test_printed_it_is_the_text_with_everything_open(l2: Page) -> None:
    l2.emulate_media(media="print", reduced_motion="reduce")
    for part in (".md-header", ".md-tabs", ".md-sidebar", ".md-footer", ".md-content__button"):
        assert not [e for e in l2.locator(part).all() if e.is_visible()], part
    for part in (".tabbed-block", "details > .admonition", "figure img", "details p"):
        hidden = [e for e in l2.locator(f"article {part}").all() if not e.is_visible()]
        assert not hidden, f"{part}: {len(hidden)} hidden"
    assert not l2.locator(".rx-chart").all() or not l2.locator(".rx-chart").first.is_visible()
    moving = "getComputedStyle(document.querySelector('.md-header')).transitionDuration"
    assert float(l2.evaluate(moving).split(",")[0].rstrip("s")) < 0.001
    l2.emulate_media(media="screen", reduced_motion="no-preference")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_home_answers_on_one_screen(browser: Browser, base: str, width: int, height: int) -> None:
    page, _ = open_page(browser, base, "/", viewport={"width": width, "height": height})
    draw_charts(page)
    page.evaluate("scrollTo(0, 0)")
    for part in ("h1", ".rx-ways", ".rx-home .rx-chart svg", ".rx-home input[type=range]"):
        box = page.locator(part).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= height, part
    shown = page.locator(".rx-home").inner_text()
    counted = sum(len(blocks(source)) for source in pages() if source.name != "README.md")
    claims = listings.build_facts()["claims"]
    for number in (counted, claims, len(listings.snippet_files()), len(verdicts.verdicts())):
        assert str(number) in shown
    page.context.close()


def test_ways_in_work_by_keyboard_and_without_scripts(browser: Browser, base: str) -> None:
    page, _ = open_page(browser, base, "/", java_script_enabled=False)
    ways = page.locator(".rx-ways a")
    assert [way.inner_text().split()[0] for way in ways.all()] == [
        "understand",
        "choose",
        "copy",
        "check",
    ]
    ways.first.focus()
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/reference/verdicts/")
    assert page.get_by_role("link", name="View this page as Markdown").is_visible()
    assert not page.locator(".rx-copy-page").is_visible()
    page.context.close()


def test_links_of_a_downloaded_notebook_lead_to_the_site(site: Path) -> None:
    """On a reader's disk no page stands beside it."""
    found = set()
    for source in labs.lab_sources():
        notebook = json.loads((site / f"labs/{source.stem}/{source.stem}.ipynb").read_text("utf-8"))
        texts = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "markdown"]
        found |= set(re.findall(r"\]\(([^)\s]+)\)", "\n".join(texts)))
    assert all(link.startswith("https://") for link in found), found
    ours = {link.removeprefix(SITE_URL) for link in found if link.startswith(SITE_URL)}
    assert len(ours) > 5
    for link in ours:
        page, _, anchor = link.partition("#")
        html = (site / page / "index.html").read_text("utf-8")
        assert not anchor or f'id="{anchor}"' in html, link
