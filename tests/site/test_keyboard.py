"""Everything by keyboard: reached in the order of the page, seen when reached, left again."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.site.browsing import FOCUS_STYLE, draw_charts, open_page, until

TOUR = ("/", "/weight-penalties/l1/", "/labs/digits/", "/reference/snippets/?contains=dropout")
"""Of each kind one: a start page, charts and tabs and terms, a lab, a list with filters.

test_browser.py asks every page whether what can be reached shows it; here Tab is pressed.
"""

NEXT = """async () => {
    const style = STYLE;
    const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
    await frame();
    const now = document.activeElement;
    const before = window.visited ??= [];
    if (now === document.body || now === null || before.includes(now)) return null;
    const last = before.at(-1);
    before.push(now);
    const focused = style(now);
    const box = now.getBoundingClientRect();
    const order = last ? Boolean(last.compareDocumentPosition(now) & 4) : true;
    now.blur();
    await frame();
    const seen = style(now) !== focused;
    now.focus({ focusVisible: true });
    return {
        name: now.outerHTML.slice(0, 120), seen, order,
        inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    };
}""".replace("STYLE", FOCUS_STYLE)


def tour(page: Page) -> list[dict[str, object]]:
    """Press Tab until the page is left, and say what was met."""
    met: list[dict[str, object]] = []
    for _ in range(1000):
        page.keyboard.press("Tab")
        found = page.evaluate(NEXT)
        if found is None:
            return met
        met.append(found)
    raise AssertionError("Tab does not leave the page")


@pytest.mark.parametrize("url", TOUR)
def test_tab_meets_everything_in_order_and_shows_where_it_is(
    browser: Browser, base: str, url: str
) -> None:
    page, wrong = open_page(browser, base, url, reduced_motion="reduce")
    draw_charts(page)
    page.evaluate("scrollTo(0, 0)")
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    met = tour(page)
    assert len(met) > 20, met
    assert "md-skip" in str(met[0]["name"])
    hidden = [one["name"] for one in met if not one["seen"]]
    assert not hidden, "these do not show that they are reached"
    outside = [one["name"] for one in met if not one["inside"]]
    assert not outside, "these are reached, but not on the screen"
    astray = [one["name"] for one in met if not one["order"]]
    assert not astray, "these come before what stands above them"
    missed = page.evaluate(
        """() => [...document.querySelectorAll("a[href], button, summary, input, select")]
            .filter((e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
            .filter((e) => e.tabIndex >= 0 && !e.disabled && e.type !== "radio")
            .filter((e) => e.getBoundingClientRect().width > 0 && !window.visited.includes(e))
            .map((e) => e.outerHTML.slice(0, 120))"""
    )
    assert not missed, "these are never reached"
    assert not wrong
    page.context.close()


def test_the_first_key_skips_to_the_content(browser: Browser, base: str) -> None:
    page, _ = open_page(browser, base, "/weight-penalties/l1/")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Tab")
    link = page.locator(".md-skip")
    expect(link).to_be_focused()
    expect(link).to_have_css("opacity", "1")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('h1:target') !== null")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('article') !== null")
    page.context.close()
