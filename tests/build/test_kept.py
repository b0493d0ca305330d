"""What a build keeps from the last one: never a page that would be another one now."""

import subprocess
import sys
from pathlib import Path

from tests.build.project import build, change, run

HEAVY = "{'torch', 'tensorflow', 'keras', 'matplotlib', 'altair', 'grimp', 'nbconvert', 'zmq'}"
SERVE = f"""
import sys
from mkdocs.livereload import LiveReloadServer
def serve(server, **options):
    heavy = {HEAVY} & set(sys.modules)
    watched = {{path.rpartition('/')[2] for path in server._watched_paths}}
    unwatched = {{'docs', 'snippets', 'experiments', 'overrides'}} - watched
    sys.exit(f'imported {{heavy}}, does not watch {{unwatched}}' if heavy or unwatched else 0)
LiveReloadServer.serve = serve
from mkdocs.__main__ import cli
cli(['serve', '-q', '-a', '127.0.0.1:0'])
"""
OTHER = """---
title: Other page
description: A page that shows what the other pages hold, and must change with them.
---

# Other page

There are {{ build.blocks }} blocks. [Further](index.md#further).
"""


def built(project: Path, page: str = "index.html") -> str:
    done = build(project)
    assert done.returncode == 0, done.stderr
    return (project / "site" / page).read_text(encoding="utf-8")


def converted(project: Path) -> set[str]:
    """The pages that a build converts anew."""
    folder = project / ".cache/kept/pages"
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("*.*")}
    built(project)
    now = {file: file.stat().st_mtime_ns for file in folder.rglob("*.*")}
    return {str(file.relative_to(folder)) for file in now if now[file] != before.get(file)}


def test_a_page_is_converted_when_it_or_what_it_takes_in_changes(project: Path) -> None:
    whole = built(project)
    assert not converted(project)
    assert built(project) == whole, "a kept page gives the same bytes"
    change(project / "docs/index.md", "is a formula", "is a fraction")
    assert converted(project) == {"index.md"}
    assert "is a fraction" in (project / "site/index.html").read_text(encoding="utf-8")
    assert "is a fraction" in (project / "site/search/search_index.json").read_text("utf-8")
    change(project / "snippets/numpy/twice.py", '"""Twice."""', '"""Two times."""')
    assert "Two times." in built(project)
    change(project / "experiments/small.py", '"Up."', '"Upwards."')
    assert "Upwards." in built(project)
    change(project / "docs/labs/small_lab.py", "Small lab", "Little lab")
    assert "Little lab" in built(project, "labs/small_lab/index.html")


def test_a_page_that_shows_others_changes_with_them(project: Path) -> None:
    (project / "docs/other.md").write_text(OTHER, encoding="utf-8")
    change(project / "mkdocs.yml", "  - index.md\n", "  - index.md\n  - other.md\n")
    assert "There are 2 blocks" in built(project, "other/index.html")
    change(project / "docs/index.md", "is a formula", "is a fraction")
    assert converted(project) == {"index.md"}
    with (project / "docs/index.md").open("a", encoding="utf-8") as file:
        file.write("\n```python\nprint(1)\n```\n")
    assert "There are 3 blocks" in built(project, "other/index.html")


def test_a_kept_page_warns_as_it_did_and_its_links_are_checked_again(project: Path) -> None:
    (project / "docs/other.md").write_text(OTHER, encoding="utf-8")
    change(project / "mkdocs.yml", "  - index.md\n", "  - index.md\n  - other.md\n")
    built(project)
    change(project / "docs/index.md", "## Further", "## Farther")
    change(project / "docs/index.md", "(#further)", "(nowhere.md)")
    for _ in range(2):
        done = build(project)
        assert done.returncode != 0
        assert "nowhere.md" in done.stderr
        assert "'other.md' contains a link 'index.md#further'" in done.stderr


def test_a_damaged_value_is_made_again(project: Path) -> None:
    whole = built(project)
    files = [file for file in (project / ".cache/kept").rglob("*") if file.is_file()]
    assert len(files) >= 4
    for file in files:
        file.write_bytes(file.read_bytes()[:-3])
    assert built(project) == whole


def test_the_server_imports_nothing_heavy_and_watches_all_sources(project: Path) -> None:
    run(project, "site_build.render")
    done = subprocess.run(
        [sys.executable, "-c", SERVE], cwd=project, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
