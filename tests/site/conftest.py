"""The browser, and the address that it finds the built site at."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests import chromium
from tests.conftest import SITE_URL
from tests.site.browsing import FOLDER


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
