"""A first visit loads what the page needs; what it does not need waits until it is asked for."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from mkdocs.exceptions import BuildError
from playwright.sync_api import Browser, expect

from site_build import charts, light, math_font
from tests.site.browsing import open_page, until


def test_search_waits_until_it_is_opened_and_then_answers_and_marks_words(
    browser: Browser, base: str
) -> None:
    page, _ = open_page(browser, base, "/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.wait_for_load_state("networkidle")
    assert asked
    assert not [url for url in asked if "/search" in url]
    page.keyboard.press("/")
    page.locator(".md-search__input").press_sequentially("dropout")
    result = page.locator(".md-search-result__item > a").first
    expect(result).to_be_visible(timeout=20_000)
    assert len([url for url in asked if "/search" in url]) == 2, "the index and the engine"
    marked = str(result.get_attribute("href"))
    assert "h=dropout" in marked
    page.goto(marked)
    expect(page.locator("article mark").first).to_be_attached(timeout=20_000)
    page.context.close()


@pytest.mark.parametrize("change", [light.waiting, light.calmer])
def test_a_theme_that_says_it_otherwise_stops_the_build(change: Callable[[str], str]) -> None:
    with pytest.raises(BuildError, match=r"site_build/light\.py"):
        change("function f(){return new Worker(e)}")


def test_vega_of_another_version_stops_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    import vl_convert

    monkeypatch.setattr(charts, "SCRIPT", charts.SCRIPT + "another;")
    monkeypatch.setattr(vl_convert, "get_vega_version", lambda: "9.0.0")
    with pytest.raises(BuildError, match=r"carries Vega 9\.0\.0.* site_build/charts\.py"):
        charts.bundle()


SWITCHES = """
window.switches = 0;
new MutationObserver((all) => (window.switches += all.length))
    .observe(document, { subtree: true, attributeFilter: ["data-md-color-switching"] });
"""


def test_colors_are_switched_by_who_reads_and_not_by_the_start(browser: Browser, base: str) -> None:
    """At the start it would have all styles worked out twice more, for nothing."""
    page, wrong = open_page(browser, base, "/optimizers/adam/", SWITCHES, color_scheme="dark")
    page.wait_for_load_state("networkidle")
    slate = "document.body.dataset.mdColorScheme === 'slate'"
    until(page, f"{slate} && document.querySelectorAll('meta[name=color-scheme]').length === 1")
    assert page.evaluate("window.switches") == 0
    assert page.evaluate("document.querySelector('meta[name=color-scheme]').content") == "dark"
    page.locator(".md-header__button[for^=__palette]:visible").click()
    until(page, f"!({slate}) && window.switches >= 2")
    page.locator(".md-header__button[for^=__palette]:visible").click()
    until(page, f"{slate} && document.querySelectorAll('meta[name=color-scheme]').length === 1")
    assert not wrong
    page.context.close()


FIRST_SCHEME = """
new MutationObserver((_, observer) => {
    if (!document.querySelector("article")) return;
    window.first = document.body.dataset.mdColorScheme;
    observer.disconnect();
}).observe(document, { childList: true, subtree: true });
"""


@pytest.mark.parametrize(("scheme", "name"), [("dark", "slate"), ("light", "default")])
def test_a_first_visit_starts_in_the_colors_that_its_reader_prefers(
    browser: Browser, base: str, scheme: str, name: str
) -> None:
    """The theme's script would switch them, when the page has been shown in the wrong ones."""
    page, wrong = open_page(browser, base, "/optimizers/adam/", FIRST_SCHEME, color_scheme=scheme)
    assert page.evaluate("window.first") == name
    assert not wrong
    page.context.close()


def test_on_a_phone_a_chart_is_drawn_for_a_reader_and_not_for_a_page_being_opened(
    browser: Browser, base: str
) -> None:
    page, _ = open_page(browser, base, "/optimizers/adam/", viewport={"width": 390, "height": 844})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.wait_for_load_state("networkidle")
    assert asked
    assert not [url for url in asked if url.endswith(("/vega.js", ".vg.json"))]
    page.mouse.move(300, 300)
    expect(page.locator(".rx-chart svg").first).to_be_visible()
    page.goto(f"{base}/")  # its figure is what it has to say: there it does not wait
    expect(page.locator(".rx-chart svg").first).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{base}/optimizers/adam/")  # nor on a large screen
    expect(page.locator(".rx-chart svg").first).to_be_visible()
    page.context.close()


def test_wide_code_is_reached_by_keyboard_once_it_shows(browser: Browser, base: str) -> None:
    view = {"width": 400, "height": 800}
    page, _ = open_page(browser, base, "/weight-penalties/l2/", viewport=view)
    page.wait_for_load_state("networkidle")
    wide = "e => e.scrollWidth > e.clientWidth && e.tabIndex === 0"
    hidden = page.locator(".tabbed-block:not(:first-child) pre > code").first
    assert not hidden.evaluate(wide)
    page.locator(".tabbed-labels label").nth(1).click()
    expect(hidden).to_be_visible()
    until(
        page,
        f"[...document.querySelectorAll('.tabbed-block:nth-child(2) pre > code')].some({wide})",
    )
    page.context.close()


def test_the_first_picture_is_asked_for_at_once_and_the_others_wait(site: Path) -> None:
    html = (site / "weight-penalties/l2/index.html").read_text(encoding="utf-8")
    first, *others = re.findall(r'<img [^>]*src="[^"]*/measured/[^>]*>', html)
    (address,) = re.findall(r'<link rel="preload" href="([^"]*)" as="image"', html)
    assert f'src="{address}"' in first
    assert 'fetchpriority="high"' in first
    assert "loading" not in first
    assert others
    assert all('loading="lazy"' in other for other in others)


def test_one_style_sheet_is_loaded_and_holds_them_all(site: Path) -> None:
    for page in (site / "index.html", site / "404.html"):
        html = page.read_text(encoding="utf-8")
        assert html.count('rel="stylesheet"') == 1, page.name
    sheet = next((site / "assets/stylesheets").glob("main.*.css")).read_text(encoding="utf-8")
    assert "--rx-ink" in sheet
    assert '[data-md-color-scheme="slate"]' in sheet


def test_the_math_font_holds_every_character_of_the_formulas(site: Path) -> None:
    missing = math_font.used(site.rglob("*.html")) - math_font.covered()
    # the whole font lacks this one, too
    assert missing <= {ord("’")}, (
        f"run python -m site_build.math_font: {[chr(code) for code in missing]}"
    )


def test_the_math_font_is_asked_for_early_where_there_is_math_alone(site: Path) -> None:
    for page in site.rglob("index.html"):
        html = page.read_text(encoding="utf-8")
        assert ("<math" in html) == ('as="font"' in html), page


ROOTS = """[...document.querySelectorAll("article msqrt")]
    .filter((root) => root.checkVisibility())
    .map((root) => {
        const [first, last] = [root.firstElementChild, root.lastElementChild];
        const inner = last.getBoundingClientRect().right - first.getBoundingClientRect().left;
        const more = root.getBoundingClientRect().width - inner;
        return more / parseFloat(getComputedStyle(root).fontSize);
    })"""


@pytest.mark.parametrize("url", ["/optimizers/adam/", "/weight-decay/adamw/"])
def test_roots_are_drawn(browser: Browser, base: str, url: str) -> None:
    """Without the sign in the first font Chromium draws none: Adam's formula would be another."""
    page, _ = open_page(browser, base, url)
    page.evaluate("document.fonts.ready")
    signs = page.evaluate(ROOTS)
    assert signs
    assert min(signs) > 0.3, "ems that the sign takes"
    page.context.close()
