"""The built site in a real Chromium: what a reader sees, clicks and copies."""

import json
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Page, expect

from site_build import ROOT, labs
from tests.blocks import blocks
from tests.site.browsing import (
    SOURCES,
    URLS,
    draw_charts,
    matched,
    open_page,
    slow_down,
    unfocused,
    until,
)

VIEWS: dict[str, tuple[Literal["light", "dark"], int]] = {
    "desktop, light": ("light", 1280),
    "desktop, dark": ("dark", 1280),
    "phone": ("light", 360),
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


SEARCHED = {
    "lasso": "weight-penalties/l1",
    "ridge": "weight-penalties/l2",
    "L2": "weight-penalties/l2",
    "L1": "weight-penalties/l1",
    "weight decay": "weight-decay/l2-or-decay",
    "AdamW": "weight-decay/adamw",
    "soft threshold": "weight-penalties/l1",
    "kernel_regularizer": "weight-penalties/l2",
    "inverted dropout": "dropout/dropout",
    "nn.Dropout": "dropout/dropout",
    "model.eval": "dropout/dropout",
    "Monte Carlo dropout": "dropout/why-it-works",
    "co-adaptation": "dropout/why-it-works",
    "early stopping": "dropout/early-stopping",
    "patience": "dropout/early-stopping",
    "batch normalization": "dropout/batch-norm",
    "BatchNorm1d": "dropout/batch-norm",
    "bias correction": "optimizers/adam",
    "CustomAdam": "optimizers/adam",
    "epsilon": "optimizers/adam",
    "momentum": "optimizers/update-rules",
    "nesterov": "optimizers/update-rules",
    "RMSprop": "optimizers/update-rules",
    "elastic net": "weight-penalties/elastic-net",
    "l1_l2": "weight-penalties/elastic-net",
    "l1_ratio": "weight-penalties/elastic-net",
    "feature selection": "weight-penalties/feature-selection",
    "functools.partial": "weight-penalties/many-layers",
    "parameter groups": "weight-penalties/many-layers",
    "GradientTape": "weight-penalties/many-layers",
    "GridSearchCV": "weight-penalties/choosing-lambda",
    "cross-validation": "weight-penalties/choosing-lambda",
    "Keras Tuner": "weight-penalties/choosing-lambda",
    "lambda": "weight-penalties/choosing-lambda",
    "bias variance": "weight-penalties/why-it-works",
    "condition number": "weight-penalties/why-it-works",
    "group lasso": "weight-penalties/beyond",
    "hard concrete": "weight-penalties/beyond",
    "max norm": "weight-penalties/constraints",
    "non-negative": "weight-penalties/constraints",
    "smoothness": "weight-penalties/beyond",
    "overfitting": "foundations/overfitting",
    "learning curves": "foundations/overfitting",
    "backpropagation": "foundations/backpropagation",
    "vanishing gradient": "foundations/what-changes",
    "cross-entropy": "foundations/what-changes",
    "equivalents": "reference/equivalents",
}
"""What a reader types, and the page that should be among the first three results."""

RESULTS = (
    "[...document.querySelectorAll('.md-search-result__item > a:first-child')].map(a => a.pathname)"
)
FIRST_THREE = f"target => {RESULTS}.slice(0, 3).some(path => path.endsWith(target))"


@pytest.mark.parametrize("url", URLS)
def test_page_is_quiet_fits_and_is_open_to_everyone(
    browser: Browser, base: str, url: str, purged: list[str]
) -> None:
    page, wrong = open_page(browser, base, url)
    for view, (scheme, width) in VIEWS.items():
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        draw_charts(page)
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        needed = page.evaluate("document.documentElement.scrollWidth")
        assert needed <= width, f"{url} ({view}) scrolls sideways: {needed} px"
        found = violations(page)
        assert not found, f"{url} ({view}):\n" + "\n".join(found)
        assert not (found := unfocused(page)), f"{url} ({view}):\n" + "\n".join(found)
    move_sliders(page)
    assert not wrong
    assert matched(page, purged) == [], "rules that site_build/purge.py took out of the style sheet"
    page.context.close()


def violations(page: Page) -> list[str]:
    """What axe-core finds with its default rules.

    Contrast takes nine tenths of its time, most of it for thousands of code tokens. It depends
    on the colours, the font and what shines through from behind, so one element of each such
    kind is judged.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found = page.evaluate(RUN_AXE, ["html", {"rules": {CONTRAST: {"enabled": False}}}])
    kinds = page.evaluate(MARK_KINDS)
    assert kinds > 5
    found += page.evaluate(RUN_AXE, [KINDS, {"runOnly": {"type": "rule", "values": [CONTRAST]}}])
    return [
        f"{rule['id']}: {node['html'][:160]} ({node['failureSummary'].splitlines()[1].strip()})"
        for rule in found
        for node in rule["nodes"]
    ]


RUN_AXE = """async ([context, options]) =>
    (await axe.run(context, {...options, resultTypes: ["violations"]})).violations"""
CONTRAST = "color-contrast"
KINDS = "[data-kind]"
MARK_KINDS = """(() => {
    document.querySelectorAll("[data-kind]").forEach(e => e.removeAttribute("data-kind"));
    const seen = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const behind = (element) => {
        const found = [];
        for (let e = element; e; e = e.parentElement) {
            const { backgroundColor, backgroundImage, opacity, position } = getComputedStyle(e);
            found.push(backgroundColor, backgroundImage, opacity, position);
        }
        return [...new Set(found)].join();
    };
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
        const { color, fontSize, fontWeight } = getComputedStyle(element);
        const kind = [color, fontSize, fontWeight, behind(element)].join();
        if (!seen.has(kind)) element.setAttribute("data-kind", seen.add(kind).size);
    }
    return seen.size;
})()"""
"""Marks one element of each kind that contrast can depend on, and counts them."""


def move_sliders(page: Page) -> None:
    """Each slider moves by keyboard, and the chart with it."""
    for slider in page.locator(".rx-chart input[type=range]").all():
        before = slider.input_value()
        figure = slider.locator("xpath=ancestor::figure").locator("svg").first
        drawn = figure.inner_html()
        slider.focus()
        page.keyboard.press("ArrowRight" if before != slider.get_attribute("max") else "ArrowLeft")
        assert slider.input_value() != before
        expect(figure).not_to_have_js_property("innerHTML", drawn)


PYTHON = ".language-python.highlight"
COPY_EACH = f"""(async () => {{
    const copied = [];
    for (const button of document.querySelectorAll("{PYTHON} .md-code__button")) {{
        await navigator.clipboard.writeText("nothing was copied");
        button.click();
        copied.push(await navigator.clipboard.readText());
    }}
    return copied;
}})()"""


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_copy_buttons_give_the_code_that_was_tested(
    browser: Browser, base: str, source: Path
) -> None:
    url = URLS[SOURCES.index(source)]
    page, _ = open_page(browser, base, f"{url}#the-whole-tree")  # the chooser hides the rest
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tested = [block.fence.text for block in blocks(source)]
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    expect(page.locator(f"{PYTHON} .md-code__button")).to_have_count(len(tested))
    copied = page.evaluate(COPY_EACH)
    for number, (found, text) in enumerate(zip(copied, tested, strict=True), 1):
        assert found.strip() == text.strip(), f"{url}, block {number}"
    page.context.close()


@pytest.mark.parametrize("source", labs.lab_sources(), ids=lambda path: path.stem)
def test_copy_buttons_of_labs_give_the_cells_that_ran(
    browser: Browser, base: str, source: Path
) -> None:
    page, _ = open_page(browser, base, f"/labs/{source.stem}/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    cells = [cell for cell in labs.executed(source).cells if cell["cell_type"] == "code"]
    expect(page.locator(f"{PYTHON} .md-code__button")).to_have_count(len(cells))
    copied = page.evaluate(COPY_EACH)
    assert [text.strip() for text in copied] == [cell["source"].strip() for cell in cells]
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


def test_without_javascript_pictures_math_and_code_are_there(browser: Browser, base: str) -> None:
    page, _ = open_page(browser, base, "/404.html", java_script_enabled=False)
    for url in URLS:
        page.goto(base + url)
        hidden, formulas, drawn = page.evaluate(SHOWN)
        assert not hidden, f"{url}: not visible without JavaScript: {hidden}"
        assert formulas == drawn, url
    page.context.close()


SHOWN = """[
    [...document.querySelectorAll("article img")]
        .filter(image => !image.checkVisibility() || !image.offsetWidth || !image.offsetHeight)
        .map(image => image.src),
    document.querySelectorAll(".arithmatex").length,
    document.querySelectorAll(".arithmatex math").length,
]"""
"""Pictures that are not seen, and how many formulas there are and are drawn."""


def test_instant_navigation_draws_charts_and_finds_the_way_back(
    browser: Browser, base: str
) -> None:
    page, wrong = open_page(browser, base, "/")
    page.wait_for_load_state("networkidle")  # the theme takes over links once it has the sitemap
    page.evaluate("window.stayed = true")
    page.locator(".md-tabs__link", has_text="Weight penalties").click()
    page.wait_for_url("**/weight-penalties/**")
    expect(page.locator("h1")).to_contain_text("L2")
    assert page.evaluate("window.stayed"), "the whole page was loaded anew"
    draw_charts(page)
    page.go_back()
    until(page, "!location.pathname.includes('weight')")
    assert not wrong
    page.context.close()


def test_search_leads_to_the_page_within_three_results(browser: Browser, base: str) -> None:
    page, _ = open_page(browser, base, "/")
    page.keyboard.press("/")
    field = page.locator(".md-search__input")
    missed = []
    for term, target in SEARCHED.items():
        field.fill(term)
        field.press("End")  # the theme listens to keys
        try:
            until(page, FIRST_THREE, f"/{target}/")
        except TimeoutError:
            missed.append(f"'{term}' does not lead to {target}: {page.evaluate(RESULTS)}")
    assert not missed, "\n".join(missed)
    page.context.close()


def test_lists_are_searched_and_filtered_and_the_address_keeps_it(
    browser: Browser, base: str
) -> None:
    page, wrong = open_page(browser, base, "/reference/snippets/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    shown = page.locator("[data-rx-item]:visible")
    everything = shown.count()
    page.get_by_label("Framework").select_option("Keras")
    of_keras = shown.count()
    assert 0 < of_keras < everything
    page.get_by_label("Contains").fill("custom_adam")
    page.reload()
    assert 0 < shown.count() < of_keras
    assert "custom_adam" in shown.first.inner_text()
    page.get_by_role("button", name="Copy the Keras file custom_adam.py").click()
    expect(page.get_by_role("button", name="Copied")).to_have_count(0)  # the name stays the same
    expect(page.locator(".rx-copy", has_text="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == (ROOT / "snippets/keras/custom_adam.py").read_text(encoding="utf-8")
    page.get_by_label("Contains").fill("no such thing")
    assert shown.count() == 0
    expect(page.get_by_text("Nothing fits")).to_be_visible()
    assert not wrong
    page.context.close()


def test_a_term_explains_itself_by_keyboard(browser: Browser, base: str) -> None:
    page, _ = open_page(browser, base, "/weight-penalties/l1/")
    term = page.locator("a.rx-term").first
    line = str(term.get_attribute("title"))
    term.focus()
    tip = page.get_by_role("tooltip").filter(has_text=line)
    expect(tip).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/reference/glossary/#term-*")
    expect(page.locator("dt:target")).to_be_visible()
    page.context.close()


def test_a_link_within_a_page_leaves_all_else_alone(browser: Browser, base: str) -> None:
    page, _ = open_page(browser, base, "/weight-penalties/l1/")
    page.wait_for_load_state("networkidle")
    page.evaluate("document.querySelector('article').dataset.seen = 'before'")
    for number in (2, 4):
        link = page.locator(".md-nav--secondary a:visible").nth(number)
        target = str(link.get_attribute("href")).partition("#")[2]
        link.click()
        expect(page.locator(f"#{target}:target")).to_be_in_viewport()
    page.mouse.move(700, 400)
    for away in (1000, 2000):
        page.mouse.wheel(0, -1000)
        until(page, f"document.querySelector(':target').getBoundingClientRect().top > {away}")
        page.wait_for_timeout(600)
    assert page.url.endswith(f"#{target}"), "the chosen address stays while one reads"
    expect(page.locator("article[data-seen=before]")).to_be_visible()
    page.go_back()
    expect(page.locator(":target")).to_be_in_viewport()
    page.context.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_the_chooser_asks_one_question_at_a_time(
    browser: Browser, base: str, scripts: bool
) -> None:
    page, _ = open_page(browser, base, "/which-one/", java_script_enabled=scripts)
    slow_down(page)
    shown = page.locator(".rx-chooser > section:visible")
    for answer_text in ("Yes, there is a gap", "A linear or logistic regression", "Few of them"):
        expect(shown).to_have_count(1)
        link = page.locator(".rx-chooser a:visible", has_text=answer_text)
        target = str(link.get_attribute("href")).partition("#")[2]
        link.click()
        page.wait_for_url(f"**/which-one/#{target}")
    expect(shown).to_have_count(1)
    expect(shown.locator("h3")).to_contain_text("Lasso")
    assert page.url.endswith("#lasso")
    if scripts:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        shown.locator(".md-code__button").first.click()
        until(page, "navigator.clipboard.readText().then(t => t.includes('LassoCV'))")
    page.go_back()
    expect(shown.locator("h3")).to_contain_text("What do you believe")
    page.get_by_role("link", name="Show all of it").click()
    expect(shown).to_have_count(page.locator(".rx-chooser > section").count())
    page.context.close()


def test_every_answer_of_the_chooser_ends_in_a_recommendation(site: Path) -> None:
    html = BeautifulSoup((site / "which-one/index.html").read_text(encoding="utf-8"), "html.parser")
    sections = {part.h3["id"]: part for part in html.select(".rx-chooser > section")}
    questions = {name for name, part in sections.items() if part.find("ul", recursive=False)}
    reached = {next(iter(sections))}
    for _ in sections:
        links = [a["href"] for name in reached & questions for a in sections[name].select("ul a")]
        assert all(link.startswith("#") for link in links)
        reached |= {link[1:] for link in links}
    assert reached == set(sections), "every part can be reached"
    assert len(sections) - len(questions) >= 8


def test_every_chart_can_be_taken_as_vega_lite_and_is_drawn_from_vega(site: Path) -> None:
    charts = list(site.glob("assets/measured/*/*.vl.json"))
    assert len(charts) > 10
    for file in charts:
        compiled = file.with_name(file.name.replace(".vl.", ".vg."))
        for part, language in ((file, "vega-lite"), (compiled, "vega")):
            spec = json.loads(part.read_text(encoding="utf-8"))
            assert spec["$schema"].startswith(f"https://vega.github.io/schema/{language}/")
            assert part.stat().st_size < 120_000, f"{part.name} is heavy"
