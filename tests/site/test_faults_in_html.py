"""What can be wrong in a built page, and the message that names the place."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from tests.conftest import SITE_URL
from tests.site import test_html as checks
from tests.site.reading import html_pages

PAGE = """<!doctype html>
<title>Page</title>
<meta name="description" content="A page with one of everything.">
<link rel="canonical" href="https://example.org/regularization/">
<link rel="stylesheet" href="assets/site.css">
<article>
<p id="first"><a href="#first">Here</a>, <a href="lab/">there</a>, <a href="assets/a.py" download>
a file</a>, <a href="https://doi.org/10.1/x">elsewhere</a>.</p>
<p><img src="assets/a.svg" srcset="assets/a.svg 1x, assets/b.svg 2x"
 alt="A line that rises to the right."></p>
<div class="tabbed-labels"><label>NumPy</label><label>PyTorch</label></div>
<div class="language-python highlight"><pre><code>print(1)</code></pre></div>
<span class="arithmatex"><math></math></span>
</article>
"""
FILES = {
    "index.html": PAGE,
    "lab/index.html": PAGE.replace("assets/", "../assets/")
    .replace('"lab/"', '"../"')
    .replace("larization/", "larization/lab/")
    .replace("<title>Page", "<title>Lab")
    .replace("everything", "all things"),
    "assets/a.py": "print(1)\n",
    "assets/a.svg": "<svg/>",
    "assets/b.svg": "<svg/>",
    "assets/site.css": "a { background: url('a.svg') }\n",
    "search/search_index.json": json.dumps({"docs": [{"location": "lab/#first"}]}),
    "sitemap.xml": '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    f"<url><loc>{SITE_URL}</loc></url><url><loc>{SITE_URL}lab/</loc></url></urlset>",
}

Check = Callable[[Path, dict[str, BeautifulSoup]], None]


def of_pages(check: Callable[[dict[str, BeautifulSoup]], None]) -> Check:
    return lambda site, built: check(built)


LINKS = checks.test_every_link_picture_and_anchor_leads_somewhere
FOREIGN = checks.test_nothing_is_loaded_from_elsewhere
IDS = of_pages(checks.test_no_id_stands_twice)
TABS = of_pages(checks.test_tabs_have_the_same_names_in_the_same_order)
MATH = of_pages(checks.test_math_is_mathml_and_nothing_is_left_raw)
WORDS = of_pages(checks.test_every_picture_has_words_and_a_size)
TITLES = of_pages(checks.test_titles_and_descriptions_are_there_and_differ)
HIDDEN = of_pages(checks.test_no_python_hides_behind_another_language)

FAULTS: dict[str, tuple[Check, str, str, str, str]] = {
    "raw broken link": (LINKS, "index.html", '"lab/"', '"lob/"', "/: lob/"),
    "raw link without its slash": (LINKS, "index.html", '"lab/"', '"lab"', "/: lab"),
    "link out of the site's folder": (LINKS, "index.html", '"lab/"', '"/lab/"', "/: /lab/"),
    "broken anchor": (LINKS, "index.html", '"#first"', '"#last"', "/: #last (no such anchor)"),
    "broken picture": (LINKS, "index.html", 'src="assets/a', 'src="assets/c', "/: assets/c.svg"),
    "broken srcset": (LINKS, "index.html", "assets/b.svg 2x", "assets/c.svg 2x", "assets/c.svg"),
    "broken download": (LINKS, "lab/index.html", "/a.py", "/b.py", "/lab/: ../assets/b.py"),
    "broken address in a style sheet": (LINKS, "assets/site.css", "a.svg", "c.svg", "site.css: c"),
    "search result without a page": (
        LINKS,
        "search/search_index.json",
        "lab/#first",
        "lab/#last",
        "/: lab/#last",
    ),
    "sitemap entry without a page": (
        LINKS,
        "sitemap.xml",
        "larization/lab/",
        "larization/lob/",
        "/sitemap.xml: https://example.org/regularization/lob/",
    ),
    "foreign picture": (
        FOREIGN,
        "index.html",
        'src="assets/a.svg"',
        'src="https://example.com/a.svg"',
        "/ loads https://example.com/a.svg",
    ),
    "foreign script": (
        FOREIGN,
        "index.html",
        "<article>",
        "<article><script src='//example.com/a.js'></script>",
        "/ loads //example.com/a.js",
    ),
    "foreign font in a style sheet": (
        FOREIGN,
        "assets/site.css",
        "'a.svg'",
        "https://example.com/font",
        "assets/site.css loads https://example.com/font",
    ),
    "id that stands twice": (IDS, "index.html", "<p><img", '<p id="first"><img', "/: ['first']"),
    "tabs in another order": (
        TABS,
        "index.html",
        "<label>NumPy</label><label>PyTorch</label>",
        "<label>PyTorch</label><label>NumPy</label>",
        "/: tabs ['PyTorch', 'NumPy']",
    ),
    "tab under another name": (TABS, "index.html", ">PyTorch<", ">Torch<", "/: tabs"),
    "formula that stays raw": (MATH, "index.html", "<math></math>", r"\(x\)", r"/: \(x\)"),
    "dollars that stay raw": (MATH, "index.html", ">Here<", ">$x$<", "/: $ in"),
    "link without its address": (MATH, "index.html", ">Here<", ">[Here][gone]<", "/: ][ in"),
    "footnote without its text": (MATH, "index.html", ">Here<", ">Here[^1]<", "/: [^ in"),
    "picture without words": (
        WORDS,
        "lab/index.html",
        "A line that rises to the right.",
        "",
        "/lab/: ../ass",
    ),
    "title that stands twice": (TITLES, "lab/index.html", ">Lab<", ">Page<", "/lab/: title 'Page'"),
    "description that is missing": (TITLES, "lab/index.html", '"description"', '"d"', "/lab/: ''"),
    "code under another name": (
        HIDDEN,
        "lab/index.html",
        "language-python",
        "language-py",
        "/lab/: {'language-py'}",
    ),
    "code without a language": (
        HIDDEN,
        "index.html",
        "<article>",
        '<article><div class="language-text highlight"><pre>import os</pre></div>',
        "/: {'language-text'} of 'import os'",
    ),
    "code that no fence holds": (
        HIDDEN,
        "index.html",
        "<article>",
        '<article><pre><code class="language-python">import os</code></pre>',
        "/: {'none'} of 'import os'",
    ),
}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_the_html_is_named(small: Path, name: str) -> None:
    check, file, old, new, says = FAULTS[name]
    check(small, html_pages(small))
    text = (small / file).read_text(encoding="utf-8")
    assert old in text
    (small / file).write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(AssertionError) as stopped:
        check(small, html_pages(small))
    assert says in str(stopped.value)


def test_a_block_that_stands_on_no_page_is_named(built: dict[str, BeautifulSoup]) -> None:
    """Added to the HTML by whatever means, it would be code that never ran."""
    page = BeautifulSoup(str(built["/weight-penalties/l1/"]), "html.parser")
    block = page.select_one(".language-python.highlight")
    assert block is not None
    block.insert_after(BeautifulSoup(str(block), "html.parser"))
    with pytest.raises(AssertionError, match=r"l1\.md"):
        checks.test_every_python_block_in_the_html_is_one_that_runs(
            {**built, "/weight-penalties/l1/": page}, lambda name, value: None
        )
