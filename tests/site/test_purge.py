"""The style sheet lacks what no page uses, and nothing else."""

import pytest
from playwright.sync_api import Browser, expect

from site_build.purge import purge, words
from tests.site.browsing import matched, open_page

KNOWN = words(
    [
        '<html dir=ltr><p class="a b-c" id="here" data-md-color-primary="custom">gone</p>',
        '<input id="__tabbed_7_1"><input id="__tabbed_7_2"><i class="md-tag">',
    ],
    ['x="--on"; y=`tab--${z}`; f("md-tag md-version")'],
)


@pytest.mark.parametrize(
    "rule",
    [
        ".a{color:red}",
        "p.a .b-c>a{color:red}",
        ".tab--next{color:red}",
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
        ".md-tag{color:red}",
        "input:nth-child(2):checked~.a>:nth-child(9){color:red}",
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
        (".a{--unused:url(\"data:x;y,<svg d='f(1)'/>\");color:red}", ".a{color:red}"),
        (".a{--unused:calc(1px*(2 + 3));color:red}", ".a{color:red}"),
        (".a{}", ""),
        (".md-version{color:red}", ""),
        (
            "input:nth-child(2):checked,input:nth-child(3):checked{--on:1}",
            "input:nth-child(2):checked{--on:1}",
        ),
    ],
)
def test_what_nothing_asks_for_goes(rule: str, left: str) -> None:
    assert purge(rule, KNOWN) == left


def test_no_rule_that_matches_is_missing(browser: Browser, base: str, purged: list[str]) -> None:
    """Where the search answers, and on the 404 page; test_browser.py asks all others."""
    assert len(purged) > 300
    page, _ = open_page(browser, base, "/404.html")
    known = [".md-header:hover::before", "main>:first-child"]
    assert matched(page, [*known, ".gone"]) == known
    assert matched(page, purged) == []
    page.keyboard.press("/")
    page.locator(".md-search__input").press_sequentially("dropout")
    expect(page.locator(".md-search-result__item > a").first).to_be_visible(timeout=20_000)
    assert matched(page, purged) == []
    page.context.close()
