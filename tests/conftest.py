"""The built site, once for all tests."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from site_build import ROOT

SITE_URL = "https://example.org/regularization/"
"""A public address below a folder, as project pages have."""
REPO_URL = "https://github.com/someone/regularization"

COMMITTED_AT = "1767225600"
"""The moment that the site says it was made, in seconds: no test hangs on the day."""


MEASURED = ("tests/snippets/", "tests/parity/")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Trace the coverage of snippets only where they are tested; it slows down all other code.

    Raises:
        pytest.UsageError: If everything was asked for, and a file of tests was left out.
    """
    for item in items:
        if not item.nodeid.startswith(MEASURED):
            item.add_marker(pytest.mark.no_cover)
    if {ROOT / name for name in config.getini("testpaths")} <= {ROOT / a for a in config.args}:
        files = set((ROOT / "tests").rglob("test_*.py"))
        if missing := sorted(map(str, files - {item.path for item in items})):
            raise pytest.UsageError(f"tests that nobody collected: {' '.join(missing)}")


def pytest_collection_finish() -> None:
    """Spare the collections of garbage to come the frameworks, which stay."""
    gc.freeze()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly, once for all workers."""
    target = shared_folder(tmp_path_factory) / "site"
    with FileLock(f"{target}.lock"):
        if not target.exists():
            build_site(target)
    return target


def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A temporary folder that all workers of this run have in common."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def build_site(target: Path) -> None:
    """Run MkDocs as ``make build`` does."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(target)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    environment |= {"SITE_URL": SITE_URL, "REPO_URL": REPO_URL, "EDIT_URI": "edit/main/docs/"}
    environment["SOURCE_DATE_EPOCH"] = COMMITTED_AT
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"mkdocs build --strict failed:\n{done.stderr}", pytrace=False)
