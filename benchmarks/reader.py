"""The reader's first visit: weight, requests, layout shift, paint and search, in a real Chromium.

Every page of the built site is opened once in a fresh browser and once more on a slow phone; a
bare Material page stands beside it in the same run, in turn. Both come from a local server that
compresses as GitHub Pages does. A page's pictures and the script that draws charts are counted
apart: they are what the page is about.
"""

import gzip
import statistics
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright
from tqdm import tqdm

from benchmarks.author import count_pages
from benchmarks.floor import build, make_bare
from benchmarks.report import Row
from site_build import ROOT
from tests.chromium import find

ROUNDS = 3
"""How often each page of SAMPLE, and the bare one, is painted on the slow phone."""
SAMPLE: tuple[str, ...] = (
    "index",
    "weight-penalties/l2",
    "weight-penalties/many-layers",
    "labs/digits",
)
SAMPLE += ("reference/claims", "optimizers/fast-adam")
PHONE: Any = {"viewport": {"width": 412, "height": 823}, "is_mobile": True}
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 90_000}
SLOWER = 4
"""Lighthouse's phone: 1.6 Mbit/s, 150 ms, a processor four times slower."""
APART = ("/assets/measured/", "/assets/images/", "/assets/cards/", "/assets/javascripts/vega.js")
QUERIES = ("dropout", "weight decay", "kernel_regularizer")
PACKED = {".html", ".css", ".js", ".json", ".svg", ".xml", ".txt", ".md", ".py", ".ipynb"}
OBSERVE = """
window.seen = {shift: 0, largest: 0, first: 0};
const watch = (type, see) => new PerformanceObserver((list) => list.getEntries().forEach(see))
    .observe({type, buffered: true});
watch("layout-shift", (e) => { if (!e.hadRecentInput) window.seen.shift += e.value; });
watch("largest-contentful-paint", (e) => { window.seen.largest = e.startTime; });
watch("paint", (e) => { window.seen.first = e.startTime; });
"""
KEYS = """
window.waits = [];
let pressed = 0;
document.addEventListener("keydown", () => { pressed = performance.now(); }, true);
new MutationObserver(() => {
    if (pressed) window.waits.push(performance.now() - pressed);
    pressed = 0;
}).observe(document.querySelector(".md-search-result"), {childList: true, subtree: true});
"""


@dataclass
class Visit:
    """What one visit loaded: path and compressed bytes of each request."""

    sent: list[tuple[str, int]] = field(default_factory=list)

    @property
    def own(self) -> list[tuple[str, int]]:
        """Without pictures and the charts' script."""
        return [(path, size) for path, size in self.sent if not path.startswith(APART)]


@cache
def packed(file: Path) -> tuple[bytes, bool]:
    """The file's bytes as they are sent, and whether they are compressed."""
    content = file.read_bytes()
    return (gzip.compress(content, 6), True) if file.suffix in PACKED else (content, False)


@contextmanager
def served(site: Path) -> Iterator[tuple[str, Visit]]:
    """Serve a built site; the visit grows with every request."""
    visit = Visit()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            file = site / path.lstrip("/")
            file = file / "index.html" if path.endswith("/") else file
            found = file.is_file()
            body, small = packed(file) if found else (b"", False)
            visit.sent.append((path, len(body)))
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", guess_type(file.name)[0] or "font/woff2")
            self.send_header("Content-Length", str(len(body)))
            if small:
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *told: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", visit
    finally:
        server.shutdown()


@dataclass(frozen=True)
class First:
    """One page at the first visit."""

    url: str
    requests: int
    kilobytes: float
    html: float
    math_font: bool
    charts: int
    bundle_early: bool


def first_visit(browser: Browser, base: str, url: str, visit: Visit) -> First:
    """Open the page in a fresh context and count what it loads without being touched."""
    visit.sent.clear()
    context = browser.new_context()
    page = context.new_page()
    page.goto(base + url)
    page.wait_for_load_state("networkidle")
    charts = page.locator("[data-rx-chart]").count()
    early = page.evaluate(
        "(() => { const [paint] = performance.getEntriesByName('first-contentful-paint');"
        "return performance.getEntriesByType('resource').some("
        "(e) => e.name.endsWith('vega.js') && e.startTime < paint.startTime); })()"
    )
    context.close()
    return First(
        url=url,
        requests=len(visit.own),
        kilobytes=sum(size for _, size in visit.own) / 1000,
        html=next(size for path, size in visit.sent if path == url) / 1000,
        math_font=any(path.endswith(".woff2") for path, _ in visit.sent),
        charts=charts,
        bundle_early=bool(early),
    )


def paint(browser: Browser, address: str) -> dict[str, float]:
    """Milliseconds to first and largest paint on a slow phone, and how far the layout shifts."""
    context = browser.new_context(**PHONE)
    context.add_init_script(OBSERVE)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(address)
    page.wait_for_load_state("networkidle")
    seen: dict[str, float] = page.evaluate("window.seen")
    context.close()
    return seen


def search(browser: Browser, base: str) -> tuple[float, list[float]]:
    """Seconds from opening the search until it is ready, and milliseconds for each keystroke."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(base + "/")
    page.wait_for_load_state("networkidle")
    page.evaluate("window.opened = performance.now()")
    page.keyboard.press("/")
    page.locator(".md-search__input").fill("l")
    page.locator(".md-search__input").press("End")
    page.wait_for_selector(".md-search-result__item", timeout=60_000, state="attached")
    ready = page.evaluate("performance.now() - window.opened") / 1000
    page.evaluate(KEYS)
    for query in QUERIES:
        page.locator(".md-search__input").fill("")
        for letter in query:
            page.keyboard.type(letter)
            page.wait_for_timeout(250)
    waits: list[float] = page.evaluate("window.waits")
    context.close()
    return ready, waits


def lighthouse(addresses: dict[str, str], chromium: str) -> dict[str, float]:
    """Lighthouse's performance on its phone, where ``lighthouse`` is on the PATH."""
    import json
    import os
    import shutil

    program = shutil.which("lighthouse")
    scores = {}
    for name, address in addresses.items() if program else ():
        command = [str(program), address, "--only-categories=performance", "--output=json"]
        command += ["--quiet", "--chrome-flags=--headless=new --no-sandbox"]
        environment = {**os.environ, "CHROME_PATH": chromium}
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        if done.returncode == 0:
            scores[name] = 100 * json.loads(done.stdout)["categories"]["performance"]["score"]
    return scores


def urls(site: Path) -> list[str]:
    """The address of every page."""
    folders = sorted(file.parent.relative_to(site) for file in site.rglob("index.html"))
    return ["/" if str(folder) == "." else f"/{folder.as_posix()}/" for folder in folders]


def main() -> tuple[list[Row], dict[str, Any]]:
    """Build both sites, visit every page, and paint a sample."""
    path = find()
    if path is None:
        raise SystemExit("no Chromium: run python -m tests.chromium, or set CHROMIUM to one's path")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        bare = build(make_bare(Path(folder, "bare"), count_pages()))
        ours = build(ROOT, Path(folder, "ours"))
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        with served(ours) as (base, visit), served(bare) as (bare_base, bare_visit):
            floor = first_visit(browser, bare_base, "/page-0/", bare_visit)
            pages = [
                first_visit(browser, base, url, visit)
                for url in tqdm(urls(ours), desc="First visits", unit="page")
            ]
            paints: dict[str, list[dict[str, float]]] = {name: [] for name in (*SAMPLE, "bare")}
            for _ in tqdm(range(ROUNDS), desc="Slow phone", unit="round"):
                paints["bare"].append(paint(browser, f"{bare_base}/page-0/"))
                for name in SAMPLE:
                    url = "/" if name == "index" else f"/{name}/"
                    paints[name].append(paint(browser, base + url))
            ready, waits = search(browser, base)
            _, bare_waits = search(browser, bare_base)
            addresses = {n: f"{base}/" if n == "index" else f"{base}/{n}/" for n in SAMPLE}
            scores = lighthouse(addresses, path)
        browser.close()
    rows = [*weights(pages, floor), *painted(paints)]
    rows.append(Row("search, opened until it answers", "s", ready))
    rows.append(
        Row("search, a keystroke, median", "ms", statistics.median(waits), limit=50)
        if waits
        else Row("search, a keystroke: nothing seen", "ms", 0)
    )
    rows.append(Row("search, a keystroke, slowest", "ms", max(waits, default=0)))
    rows.append(Row("search of the bare site, a keystroke", "ms", max(bare_waits, default=0)))
    for name, score in scores.items():
        charts = next(p.charts for p in pages if name in p.url or (name, p.url) == ("index", "/"))
        least = 95 if charts else 100
        rows.append(Row("Lighthouse, phone", "points", score, limit=least, least=True, where=name))
    return rows, {"floor": asdict(floor), "pages": [asdict(p) for p in pages], "paint": paints}


def weights(pages: list[First], floor: First) -> list[Row]:
    """Bytes and requests: the heaviest page, how many pages miss, and labs."""
    plain = [page for page in pages if not page.charts]
    heaviest = max(plain, key=lambda page: page.kilobytes)
    most = max(plain, key=lambda page: page.requests)
    chart = max((p for p in pages if p.charts), key=lambda page: page.kilobytes, default=heaviest)
    median = statistics.median(page.kilobytes for page in plain)
    above = [page for page in plain if page.kilobytes > 1.3 * floor.kilobytes]
    labs = max((page for page in pages if "/labs/" in page.url), key=lambda page: page.html)
    kilobytes = floor.kilobytes
    return [
        Row("first visit, median page without chart", "kB", median, kilobytes, 1.3),
        Row("  heaviest", "kB", heaviest.kilobytes, kilobytes, 1.3, where=heaviest.url),
        Row("  pages above the budget", f"of {len(plain)}", len(above), limit=0),
        Row("  heaviest page with a chart", "kB", chart.kilobytes, kilobytes, where=chart.url),
        Row("requests, most of a page", "", most.requests, floor.requests, 1.3, where=most.url),
        Row(
            "charts' script before first paint",
            "pages",
            sum(p.bundle_early for p in pages),
            None,
            0,
        ),
        Row("HTML of a lab, packed", "kB", labs.html, where=labs.url),
    ]


def painted(paints: dict[str, list[dict[str, float]]]) -> list[Row]:
    """Medians of the sample beside the bare page's."""

    def median(name: str, what: str) -> float:
        return statistics.median(seen[what] for seen in paints[name])

    rows = []
    for name in SAMPLE:
        for what in ("first", "largest"):
            ours, bare = median(name, what), median("bare", what)
            limit = 1.1 if what == "largest" else None
            rows.append(Row(f"{what} paint on a phone", "ms", ours, bare, limit, where=name))
    for name in SAMPLE:
        rows.append(Row("layout shift", "", median(name, "shift"), None, 0, where=name))
    return rows
