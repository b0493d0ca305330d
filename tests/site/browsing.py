"""What browser tests share: every page's address, and a browser that meets only the built site."""

import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Browser, Page, Request, Route, expect

from site_build import ROOT, labs
from tests.blocks import pages
from tests.conftest import SITE_URL

SOURCES = [page for page in pages() if page.name != "README.md"]
URLS = ["/" + re.sub(r"(index)?\.md$", "", str(p.relative_to(ROOT / "docs"))) for p in SOURCES]
URLS = [url if url.endswith("/") else f"{url}/" for url in URLS]
URLS += [f"/labs/{source.stem}/" for source in labs.lab_sources()]

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


def open_page(
    browser: Browser, base: str, url: str, script: str = "", **view: Any
) -> tuple[Page, list[str]]:
    """The page, and a list that grows with everything that goes wrong in it.

    A ``script`` runs before those of the page.
    """
    context = browser.new_context(**view)
    context.route("**/*", answer)
    context.add_init_script(script)
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda m: wrong.append(m.text) if m.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", lambda r: wrong.append(f"failed: {r.url}") if broken(r) else None)
    page.on("request", lambda r: wrong.append(r.url) if foreign(r.url, base) else None)
    page.goto(base + url)
    return page, wrong


def until(page: Page, expression: str, argument: Any = None, seconds: float = 8.0) -> None:
    """Wait until it is true; asked from outside, because the page's policy forbids to evaluate.

    Raises:
        TimeoutError: If it takes longer.
    """
    end = time.monotonic() + seconds
    while not page.evaluate(expression, argument):
        if time.monotonic() > end:
            raise TimeoutError(f"not true after {seconds:g} seconds: {expression}")
        page.wait_for_timeout(30)


FOCUS_STYLE = """(element) => {
    const shown = element.matches("input.md-option, .tabbed-set > input")
        ? document.querySelector(`label[for="${element.id}"]`)
            ?? element.nextElementSibling : element;
    const label = element.matches("input.md-option") ? element.nextElementSibling : shown;
    const style = getComputedStyle(label);
    return [style.outlineStyle, style.outlineWidth, style.outlineColor, style.boxShadow,
        style.backgroundColor, style.color, style.borderColor, style.opacity].join(" ");
}"""
"""How something looks, or the label that stands for it."""

UNFOCUSED = """() => {
    const style = STYLE;
    const still = new CSSStyleSheet();
    still.replaceSync("* { transition: none !important }");
    document.adoptedStyleSheets = [still];
    const wrong = [], met = new Set();
    const controls = "a[href], button, summary, input, select, [tabindex]";
    for (const e of document.querySelectorAll(controls)) {
        const box = e.getBoundingClientRect();
        if (e.disabled || e.tabIndex < 0 || e.type === "radio") continue;
        if (!box.width || !box.height || !e.checkVisibility({ visibilityProperty: true })) continue;
        const names = [e, e.parentElement, e.parentElement.parentElement].map((x) => x.className);
        const kind = [e.tagName, e.type, ...names].join();
        if (met.has(kind)) continue;
        met.add(kind);
        e.focus({ focusVisible: true, preventScroll: true });
        const reached = document.activeElement === e, focused = style(e);
        e.blur();
        if (e.tabIndex > 0) wrong.push(`comes before what stands above it: ${e.outerHTML}`);
        else if (!reached) wrong.push(`cannot be reached: ${e.outerHTML}`);
        else if (style(e) === focused) wrong.push(`shows no focus: ${e.outerHTML}`);
    }
    document.adoptedStyleSheets = [];
    return [met.size, wrong.map((text) => text.slice(0, 200))];
}""".replace("STYLE", FOCUS_STYLE)


def unfocused(page: Page) -> list[str]:
    """What Tab cannot reach in the order of the page, or does not show; one of each kind."""
    kinds, wrong = page.evaluate(UNFOCUSED)
    assert kinds > 5
    return list(wrong)


MATCHED = """(selectors) => selectors.filter((selector) => {
    const plain = selector.replace(/::?[\\w-]+(\\((?:[^()]|\\([^()]*\\))*\\))?/g, "");
    for (const wide of [plain, selector.replace(/::[\\w-]+$/, "")]) {
        try { return document.querySelector(wide) !== null; } catch { /* not whole */ }
    }
    return false;
})"""


def matched(page: Page, selectors: list[str]) -> list[str]:
    """Which of the selectors match something, once states such as hover are left out."""
    found: list[str] = page.evaluate(MATCHED, selectors)
    return found


def broken(request: Request) -> bool:
    """Whether nobody answered; a request that leaving the page has ended is not broken."""
    return request.failure != "net::ERR_ABORTED"


def foreign(url: str, base: str) -> bool:
    return not url.startswith((base, "data:", "blob:"))


def slow_down(page: Page) -> None:
    """Six times, as a phone is: what races is seen to lose."""
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 6})


def draw_charts(page: Page) -> None:
    """Bring every chart near the screen, as a reader does, and wait until it stands."""
    page.keyboard.press("Shift")
    for number in range(page.locator("[data-rx-chart]").count()):
        body = page.locator("[data-rx-chart]").nth(number)
        body.scroll_into_view_if_needed()
        expect(body.locator(".rx-chart svg").first).to_be_visible(timeout=20_000)
