"""The built site in a real Chromium: what a reader sees, clicks and copies."""

import collections
import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Page, Route, expect

from site_build import ROOT, labs
from tests import chromium
from tests.blocks import blocks, pages
from tests.conftest import SITE_URL

SOURCES = [page for page in pages() if page.name != "README.md"]
URLS = ["/" + re.sub(r"(index)?\.md$", "", str(p.relative_to(ROOT / "docs"))) for p in SOURCES]
URLS = [url if url.endswith("/") else f"{url}/" for url in URLS]
URLS += [f"/labs/{source.stem}/" for source in labs.lab_sources()]
VIEWS = {
    "desktop-light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "desktop-dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}, "color_scheme": "light"},
}


CHOSEN_TABS = """(() => {
    const sets = [...document.querySelectorAll(".tabbed-set")];
    const label = (set) => set.querySelector(`label[for="${set.querySelector(":checked").id}"]`);
    const names = (set) => [...set.querySelectorAll(":scope > .tabbed-labels label")];
    return [
        sets.map((set) => label(set).innerText),
        sets.map((set) => names(set).some((name) => name.innerText === "Keras")),
    ];
})()"""


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    path = chromium.find()
    if path is None:
        pytest.fail("no Chromium: run python -m tests.chromium, or set CHROMIUM to one's path")
    arguments = ["--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--no-sandbox")
    return {"executable_path": path, "args": arguments}


@pytest.fixture(scope="session")
def base(site: Path) -> str:
    """The address the site was built for; ``open_page`` answers it from the built files."""
    FOLDER.append(site)
    return SITE_URL.rstrip("/")


FOLDER: list[Path] = []


def answer(route: Route) -> None:
    """Play the web server of the site; anywhere else nobody answers."""
    path = unquote(urlsplit(route.request.url).path)
    file = FOLDER[-1] / path.removeprefix(urlsplit(SITE_URL).path)
    file = file / "index.html" if path.endswith("/") else file
    if foreign(route.request.url, SITE_URL):
        route.abort()
    elif file.is_file():
        route.fulfill(path=file)
    else:
        route.fulfill(status=404, path=FOLDER[-1] / "404.html")


def open_page(browser: Browser, base: str, url: str, **view: Any) -> tuple[Page, list[str]]:
    """The page, and a list that grows with everything that goes wrong in it."""
    context = browser.new_context(**view)
    context.route("**/*", answer)
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda m: wrong.append(m.text) if m.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", lambda r: wrong.append(f"failed: {r.url}"))
    page.on("request", lambda r: wrong.append(r.url) if foreign(r.url, base) else None)
    page.goto(base + url)
    page.wait_for_load_state("networkidle")
    return page, wrong


def foreign(url: str, base: str) -> bool:
    return not url.startswith((base, "data:", "blob:"))


def draw_charts(page: Page) -> None:
    """Bring every chart near the screen and wait until it stands."""
    for number in range(page.locator("[data-rx-chart]").count()):
        body = page.locator("[data-rx-chart]").nth(number)
        body.scroll_into_view_if_needed()
        expect(body.locator(".rx-chart svg").first).to_be_visible(timeout=20_000)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("url", URLS)
def test_page_is_quiet_fits_and_is_open_to_everyone(
    browser: Browser, base: str, url: str, view: str
) -> None:
    page, wrong = open_page(browser, base, url, **VIEWS[view])
    draw_charts(page)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= VIEWS[view]["viewport"]["width"], f"{url} scrolls sideways: {width} px"
    assert not wrong
    found = Axe().run(page).response["violations"]
    told = collections.Counter(
        f"{rule['id']}: {node['html'][:160]} ({node['failureSummary'].splitlines()[1].strip()})"
        for rule in found
        for node in rule["nodes"]
    )
    assert not told, f"{url} ({view}):\n" + "\n".join(told)
    page.context.close()


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_copy_buttons_give_the_code_that_was_tested(
    browser: Browser, base: str, source: Path
) -> None:
    url = URLS[SOURCES.index(source)]
    page, _ = open_page(browser, base, url)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tested = [block.fence.text for block in blocks(source)]
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    codes = page.locator(".language-python.highlight")
    assert codes.count() == len(tested)
    for number, text in enumerate(tested):
        codes.nth(number).locator(".md-code__button").first.dispatch_event("click")
        page.wait_for_timeout(50)
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.strip() == text.strip(), f"{url}, block {number + 1}"
    page.context.close()


def test_tabs_are_remembered_across_groups_and_reloads(browser: Browser, base: str) -> None:
    url = next(url for url in URLS if "l2" in url)
    page, _ = open_page(browser, base, url)
    page.locator(".tabbed-labels label", has_text="Keras").first.click()
    for _ in range(2):
        chosen, has_keras = page.evaluate(CHOSEN_TABS)
        assert any(has_keras)
        for name, offered in zip(chosen, has_keras, strict=True):
            assert name == "Keras" or not offered
        page.reload()
        page.wait_for_load_state("networkidle")
    page.context.close()


def test_the_theme_switch_recolours_text_figures_and_charts(browser: Browser, base: str) -> None:
    page, _ = open_page(browser, base, next(u for u in URLS if "l2" in u), color_scheme="light")
    draw_charts(page)
    ink = "getComputedStyle(document.querySelector('.rx-chart svg text')).fill"
    scheme = "getComputedStyle(document.querySelector('.rx-figure img')).colorScheme"
    light = page.evaluate(ink), page.evaluate(scheme)
    for _ in range(2):
        page.locator("form[data-md-component=palette] label:visible").click()
    dark = page.evaluate(ink), page.evaluate(scheme)
    assert light[0] != dark[0]
    assert dark[1] == "dark"
    page.context.close()


def test_sliders_work_by_keyboard_and_show_their_value(browser: Browser, base: str) -> None:
    seen = 0
    for url in URLS:
        page, wrong = open_page(browser, base, url)
        draw_charts(page)
        for slider in page.locator(".rx-chart input[type=range]").all():
            before = slider.input_value()
            drawn = slider.locator("xpath=ancestor::figure").locator("svg").first.inner_html()
            slider.focus()
            page.keyboard.press(
                "ArrowRight" if before != slider.get_attribute("max") else "ArrowLeft"
            )
            page.wait_for_timeout(150)
            assert slider.input_value() != before, url
            now = slider.locator("xpath=ancestor::figure").locator("svg").first.inner_html()
            assert now != drawn, f"{url}: the slider changes nothing"
            seen += 1
        assert not wrong
        page.context.close()
    assert seen


def test_without_javascript_pictures_math_and_code_are_there(browser: Browser, base: str) -> None:
    for url in URLS:
        page, _ = open_page(browser, base, url, java_script_enabled=False)
        for picture in page.locator("article img").all():
            expect(picture).to_be_visible()
        html = BeautifulSoup(page.content(), "html.parser")
        assert len(html.select(".arithmatex math")) == len(html.select(".arithmatex"))
        page.context.close()


def test_instant_navigation_draws_charts_and_finds_the_way_back(
    browser: Browser, base: str
) -> None:
    page, wrong = open_page(browser, base, "/")
    page.evaluate("window.stayed = true")
    page.locator(".md-tabs__link", has_text="Weight penalties").click()
    page.wait_for_url("**/weight-penalties/**")
    assert page.evaluate("window.stayed"), "the whole page was loaded anew"
    draw_charts(page)
    page.go_back()
    page.wait_for_function("!location.pathname.includes('weight')")
    assert not wrong
    page.context.close()


def test_search_finds_an_identifier(browser: Browser, base: str) -> None:
    page, _ = open_page(browser, base, "/")
    page.keyboard.press("/")
    page.keyboard.type("kernel_regularizer", delay=10)
    first = page.locator(".md-search-result__link").first
    expect(first).to_be_visible()
    assert "weight-penalties" in str(first.get_attribute("href"))
    page.context.close()


def test_charts_draw_the_numbers_that_were_measured(site: Path) -> None:
    for file in site.glob("assets/measured/*/*.vl.json"):
        spec = json.loads(file.read_text(encoding="utf-8"))
        assert spec["$schema"].startswith("https://vega.github.io/schema/vega-lite/")
        assert file.stat().st_size < 120_000, f"{file.name} is heavy"
