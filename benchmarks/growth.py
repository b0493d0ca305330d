"""Growth: a synthetic project with 1, 4 and 16 times as many pages, snippets and experiments.

Each page holds what a page of the site holds: a snippet, a number, a figure, claims, a formula,
tabs and checked output. The floor of a size is four times the size before: growth in step.
"""

import importlib
import pstats
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks.report import Row

small: Any = importlib.import_module("tests.build.project")

TIMES = (1, 4, 16)
PAGES = 3
"""Pages, snippets and experiments of the smallest size."""
PARTS = {
    "render check": "site_build/render.py:render_stale",
    "Markdown": "markdown/core.py:convert",
    "highlighting": "pymdownx/highlight.py:highlight",
    "math": "site_build/mathml.py:run",
    "search index": "site_build/kept.py:before_search",
    "templates": "jinja2/environment.py:render",
    "copying files": "structure/files.py:copy_file",
}
PROFILE = """
import cProfile, sys
from mkdocs.__main__ import cli
profile = cProfile.Profile()
try:
    profile.runcall(cli, ["build", "--quiet", "--site-dir", "site"])
except SystemExit:
    pass
profile.dump_stats(sys.argv[1])
"""


def write(project: Path, number: int) -> None:
    """Give the small project so many pages, snippets and experiments."""
    names = [f"idea_{index}" for index in range(number)]
    for name in names:
        page = small.PAGE.replace("small.", f"{name}.").replace("claims: small", f"claims: {name}")
        page = page.replace("twice.py", f"{name}.py").replace("Small page", f"Page {name}")
        (project / f"docs/{name}.md").write_text(page, encoding="utf-8")
        (project / f"snippets/numpy/{name}.py").write_text(small.SNIPPET, encoding="utf-8")
        source = small.EXPERIMENT.replace("numpy.twice", f"numpy.{name}")
        (project / f"experiments/{name}.py").write_text(source, encoding="utf-8")
    config = project / "mkdocs.yml"
    nav = "".join(f"  - {name}.md\n" for name in names)
    text = re.sub(r"(?ms)^nav:\n.*?\n\n", f"nav:\n  - index.md\n{nav}\n", config.read_text("utf-8"))
    config.write_text(text, encoding="utf-8")


def timed(project: Path, *module: str) -> float:
    """Seconds that ``python -m ...`` takes in the project."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", *module], cwd=project, check=True, capture_output=True)
    return time.perf_counter() - start


def parts(project: Path) -> dict[str, float]:
    """Seconds of each part of a build, with everything below it, from a profile."""
    file = project / "profile"
    command = [sys.executable, "-c", PROFILE, str(file)]
    subprocess.run(command, cwd=project, check=True, capture_output=True)
    profile: Any = pstats.Stats(str(file))
    found = dict.fromkeys(PARTS, 0.0)
    for (path, _, function), (_, _, _, seconds, _) in profile.stats.items():
        for part, place in PARTS.items():
            if f"{path}:{function}".endswith(place):
                found[part] = max(found[part], seconds)
    return found


def measure(number: int) -> tuple[dict[str, float], dict[str, float]]:
    """What a project of this size takes, and where the time of its first build goes."""
    build = ("mkdocs", "build", "--quiet", "--site-dir", "site")
    with tempfile.TemporaryDirectory() as folder:
        project = small.make(Path(folder, "project"))
        write(project, number)
        found = {"render, s": timed(project, "site_build.render")}
        where = parts(project)
        found["build again, s"] = timed(project, *build)
        page = project / "docs/idea_0.md"
        page.write_text(page.read_text("utf-8") + "\nMore.\n", encoding="utf-8")
        found["build after an edit, s"] = timed(project, *build)
        index = project / "site/search/search_index.json"
        found["search index, kB"] = index.stat().st_size / 1000
        found["page tests, s"] = timed(project, "pytest", "docs", "-q", "-p", "no:xdist")
    return found, where


def main() -> tuple[list[Row], dict[str, Any]]:
    """Measure every size; the floor of a size is four times the size before it."""
    sizes = {}
    for times in tqdm(TIMES, desc="Growth", unit="size"):
        sizes[times] = measure(PAGES * times)
    rows = []
    for what in sizes[1][0]:
        name, unit = what.split(", ")
        for before, times in zip((None, *TIMES), TIMES, strict=False):
            floor = None if before is None else sizes[before][0][what] * times / before
            limit = None if floor is None else 1.0
            rows.append(Row(f"{name}, {times}x", unit, sizes[times][0][what], floor, limit))
    for part, seconds in sizes[TIMES[-1]][1].items():
        rows.append(Row(f"  profile at {TIMES[-1]}x: {part}", "s", seconds))
    return rows, {str(times): where for times, (_, where) in sizes.items()}
