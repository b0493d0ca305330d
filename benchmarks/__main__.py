"""``make bench``: every part, or those that are named: ``python -m benchmarks reader author``.

Each part prints a table and adds its figures to .cache/bench.json. Absolute times are of the
machine; what counts is the ratio to the floor, which each part measures in the same run.
"""

import importlib
import subprocess
import sys

from benchmarks.report import save, table
from site_build import ROOT

PARTS = {
    "reader": "Reader: a first visit to every page, beside a bare Material page",
    "author": "Author: mkdocs serve, beside a bare Material site of as many pages",
    "growth": "Growth: the site multiplied",
    "adam": "",
    "penalties": "",
}
OWN_FIGURES = {"adam", "penalties"}
"""These write what experiments read and pages show, experiments/<part>_speed.json."""


def main(*names: str) -> None:
    """Run the parts in order."""
    if unknown := set(names) - set(PARTS):
        sys.exit(f"PART={' '.join(sorted(unknown))}: there are {', '.join(PARTS)}")
    for name in names or PARTS:
        if name in OWN_FIGURES:
            subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=ROOT, check=True)
            continue
        rows, more = importlib.import_module(f"benchmarks.{name}").main()
        print(f"\n{table(PARTS[name], rows)}\n")
        print(f"written to {save(name, rows, more).relative_to(ROOT).as_posix()}")


if __name__ == "__main__":
    main(*sys.argv[1:])
