"""The author's loop: how long ``mkdocs serve`` takes to start, and to show an edited page.

Both are measured until the answer is there, on a copy of the project and on a bare site of as
many pages, in turn; medians.
"""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from benchmarks.floor import copy_project, make_bare
from benchmarks.report import Row
from site_build import ROOT

STARTS = 5
EDITS = 7
WAIT_SECONDS = 120


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(url: str, text: str = "") -> None:
    """Ask until the page is there and holds the text.

    Raises:
        TimeoutError: If it never does.
    """
    end = time.perf_counter() + WAIT_SECONDS
    while time.perf_counter() < end:
        try:
            with urllib.request.urlopen(url, timeout=WAIT_SECONDS) as response:
                if text in response.read().decode("utf-8"):
                    return
        except (urllib.error.URLError, ConnectionError):
            pass
        time.sleep(0.01)
    raise TimeoutError(f"{url} did not answer with {text!r} in {WAIT_SECONDS} seconds")


@contextmanager
def server(project: Path) -> Iterator[tuple[str, float]]:
    """``mkdocs serve``: its address, and the seconds until it answered."""
    port = free_port()
    address = f"127.0.0.1:{port}"
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "mkdocs", "serve", "--dev-addr", address],
        cwd=project,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "SITE_URL": f"http://{address}/"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(f"http://{address}/")
        yield f"http://{address}/", time.perf_counter() - start
    finally:
        process.terminate()
        process.wait()


def edit(page: Path, address: str, mark: str) -> float:
    """Add a sentence to the page; returns the seconds until it is served."""
    text = page.read_text(encoding="utf-8")
    url = address + page.stem + "/" if page.parent.name == "docs" else ""
    url = url or f"{address}{page.parent.name}/{page.stem}/"
    start = time.perf_counter()
    page.write_text(f"{text}\n\nEdited {mark}.\n", encoding="utf-8")
    wait_for(url, f"Edited {mark}.")
    seconds = time.perf_counter() - start
    time.sleep(0.6)  # so that the next edit has another time
    return seconds


def measure(pages: int) -> list[Row]:
    """Both figures of both sites."""
    starts: dict[str, list[float]] = {"ours": [], "bare": []}
    edits: dict[str, list[float]] = {"ours": [], "bare": []}
    with tempfile.TemporaryDirectory() as folder, tqdm(total=STARTS + EDITS + 1) as bar:
        sites = {
            "ours": copy_project(Path(folder, "ours")),
            "bare": make_bare(Path(folder, "bare"), pages),
        }
        edited = {
            "ours": sites["ours"] / "docs/weight-penalties/l2.md",
            "bare": sites["bare"] / "docs/page-0.md",
        }
        for turn in range(STARTS + 1):
            for name, site in sites.items():
                with server(site) as (_, seconds):
                    if turn:  # the first start fills the caches
                        starts[name].append(seconds)
            bar.update()
        with server(sites["ours"]) as (ours, _), server(sites["bare"]) as (bare, _):
            for turn in range(EDITS):
                for name, address in (("ours", ours), ("bare", bare)):
                    edits[name].append(edit(edited[name], address, f"{name}{turn}"))
                bar.update()
    return [
        Row("serve, warm start", "s", *_medians(starts), limit=2.0),
        Row("rebuild after one edited page", "s", *_medians(edits), limit=1.5),
    ]


def _medians(times: dict[str, list[float]]) -> tuple[float, float]:
    return statistics.median(times["ours"]), statistics.median(times["bare"])


def count_pages() -> int:
    """How many pages the site has, labs included."""
    docs = ROOT / "docs"
    return sum(1 for _ in docs.rglob("*.md")) + sum(1 for _ in (docs / "labs").glob("*.py"))


def main() -> tuple[list[Row], None]:
    """Measure, for as many pages as the site has."""
    return measure(count_pages()), None
