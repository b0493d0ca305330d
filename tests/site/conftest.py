"""The browser, and the address that it finds the built site at."""

import os
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

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
