"""The browser, and the address that it finds the built site at."""

import os
from pathlib import Path
from typing import Any

import material
import pytest
import tinycss2
from bs4 import BeautifulSoup

from site_build import ROOT, light, purge
from tests import chromium
from tests.conftest import SITE_URL
from tests.site.browsing import FOLDER
from tests.site.reading import html_pages


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


@pytest.fixture(scope="session")
def built(site: Path) -> dict[str, BeautifulSoup]:
    """Every page of the site, read once; whoever takes something out works on a copy."""
    return html_pages(site)


@pytest.fixture(scope="session")
def purged(site: Path) -> list[str]:
    """The selectors of all style sheets that the one of the site lacks."""
    theme = Path(material.__file__).parent / "templates" / "assets" / "stylesheets"
    sheets = [next(theme.glob(name)) for name in light.STYLES[:2]]
    sheets.append(ROOT / "docs" / "assets" / "stylesheets" / "site.css")
    whole = "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets)
    left = next((site / "assets" / "stylesheets").glob("main.*.css")).read_text(encoding="utf-8")
    return sorted(selectors(whole) - selectors(left))


def selectors(sheet: str) -> set[str]:
    """Every selector of a style sheet, one by one."""
    found, left = set(), [*tinycss2.parse_stylesheet(sheet)]
    while left:
        rule = left.pop()
        if rule.type == "qualified-rule":
            found |= {tinycss2.serialize(each).strip() for each in purge.selectors(rule.prelude)}
        elif rule.type == "at-rule" and rule.lower_at_keyword in purge.NESTED:
            left += tinycss2.parse_rule_list(rule.content)
    return found
