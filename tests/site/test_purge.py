"""The style sheet without unused rules looks like the whole one, in every state of a page."""

from pathlib import Path
from typing import Any

import material
import pytest
from playwright.sync_api import Browser, Page, expect

from site_build import ROOT, light
from site_build.purge import purge, words
from tests.site.browsing import draw_charts, open_page

KNOWN = words(
    ['<html dir=ltr><p class="a b-c" id="here" data-md-color-primary="custom">', 'x="--on"']
)
PAGES = ["/", "/weight-penalties/l2/", "/optimizers/fast-adam/", "/labs/digits/", "/which-one/"]
PROPERTIES = """
align-items background-color background-image border-bottom border-left border-radius border-right
border-top bottom box-shadow clip-path color content cursor display fill flex font float grid-area
grid-template height justify-content left letter-spacing line-height list-style margin-bottom
margin-left margin-right margin-top mask-image max-height max-width min-width opacity order
outline overflow-x overflow-y padding-bottom padding-left padding-right padding-top
pointer-events position right stroke text-align text-decoration text-transform top transform
vertical-align visibility white-space width word-break z-index
"""
LOOK = """(names) => {
    const look = (element, part) => {
        const style = getComputedStyle(element, part);
        return names.map((name) => style.getPropertyValue(name)).join("|");
    };
    let hash = 0;
    const mix = (text) => {
        for (let i = 0; i < text.length; i++) hash = (hash * 31 + text.charCodeAt(i)) | 0;
        return hash;
    };
    return [...document.querySelectorAll("*")].map((element) => {
        hash = 0;
        for (const part of [null, "::before", "::after", "::marker"]) mix(look(element, part));
        return `${element.tagName}.${element.getAttribute("class") || ""} ${hash}`;
    });
}"""


@pytest.mark.parametrize(
    "rule",
    [
        ".a{color:red}",
        "p.a .b-c>a{color:red}",
        "#here:hover::before{color:red}",
        "html[dir=ltr] p{color:red}",
        "[data-md-color-primary=custom]{color:red}",
        ".a:not(.gone){color:red}",
        "@media print{.a{color:red}}",
        "@media print{@media (hover){.a{color:red}}}",
        "@font-face{font-family:x;src:url(x)}",
        "@keyframes gone{to{opacity:0}}",
        ".a{--used:1;color:var(--used)}",
        ".a{--on:1}",
    ],
)
def test_what_may_be_needed_stays(rule: str) -> None:
    assert purge(rule, KNOWN) == rule


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        (".gone{color:red}", ""),
        (".a .gone,.a{color:red}", ".a{color:red}"),
        ("ul.a{color:red}", ""),
        ("#gone{color:red}", ""),
        ("[gone]{color:red}", ""),
        ("[dir=rtl] p{color:red}", ""),
        ("[data-md-color-primary=here]{color:red}", ""),
        ("@media print{.gone{color:red}}", ""),
        (".a{--unused:url(data:image/svg+xml;x);color:red}", ".a{color:red}"),
        (".a{}", ""),
    ],
)
def test_what_nothing_asks_for_goes(rule: str, left: str) -> None:
    assert purge(rule, KNOWN) == left


def whole_sheet() -> str:
    folder = Path(material.__file__).parent / "templates" / "assets" / "stylesheets"
    own = ROOT / "docs" / "assets" / "stylesheets" / "site.css"
    sheets = [next(folder.glob(name)) for name in light.STYLES[:2]] + [own]
    return "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets)


def states(page: Page) -> list[Any]:
    """How everything looks at first, on paper, with the search open and with all details open."""
    draw_charts(page)
    found = [page.evaluate(LOOK, PROPERTIES.split())]
    page.emulate_media(media="print")
    found.append(page.evaluate(LOOK, PROPERTIES.split()))
    page.emulate_media(media="screen")
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    found.append(page.evaluate(LOOK, PROPERTIES.split()))
    page.keyboard.press("/")
    page.locator(".md-search__input").press_sequentially("dropout")
    expect(page.locator(".md-search-result__item > a").first).to_be_visible(timeout=20_000)
    page.wait_for_timeout(500)
    found.append(page.evaluate(LOOK, PROPERTIES.split()))
    return found


@pytest.mark.parametrize("url", PAGES)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (390, "light")])
def test_a_page_looks_as_with_the_whole_sheet(
    browser: Browser, base: str, url: str, width: int, scheme: Any
) -> None:
    looks = []
    for whole in (False, True):
        page, _ = open_page(
            browser,
            base,
            "/404.html",
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        if whole:
            sheet = whole_sheet()
            page.route(
                "**/main.*.css", lambda r, s=sheet: r.fulfill(body=s, content_type="text/css")
            )
        page.goto(base + url)
        looks.append(states(page))
        page.context.close()
    for purged, expected in zip(*looks, strict=True):
        assert purged == expected
