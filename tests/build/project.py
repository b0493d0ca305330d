"""A small copy of the project, to break."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from site_build import ROOT

PAGE = """---
title: Small page
description: A page with one of everything that a page can take from the project around it.
---

# Small page

The value is {{ small.value:.2f }}, and $\\frac{a}{b}$ is a formula. [Down](#further).

[[figure: small.line]]

[[claims: small]]

=== "NumPy"

    ```python
    --8<-- "numpy/twice.py"

    print(twice(2.0))
    ```

    ```output
    4.0
    ```

=== "PyTorch"

    ```python
    --8<-- "numpy/twice.py:body"

    twice(None)
    ```

    ```error
    TypeError: unsupported operand type(s) for *: 'float' and 'NoneType'
    ```

## Further

Text.
"""
SNIPPET = '''"""Twice."""


# --8<-- [start:body]
def twice(x: float) -> float:
    """Two times x."""
    return 2.0 * x
# --8<-- [end:body]
'''
EXPERIMENT = '''"""Small."""

from dataclasses import dataclass

from matplotlib.figure import Figure as Picture

from experiments.drawing import new_figure
from experiments.experiment import Claim, Experiment, Figure
from snippets.numpy.twice import twice


@dataclass(frozen=True)
class Facts:
    value: float


def measure(x: float = 1.0) -> Facts:
    return Facts(twice(x))


def draw(facts: Facts) -> Picture:
    picture = new_figure()
    picture.subplots().plot([0, facts.value])
    return picture


EXPERIMENT = Experiment(
    "Is it two?",
    measure,
    (Claim("two", lambda f: f"It is {f.value}.", lambda f: f.value == 2.0, {"x": 0.0}),),
    (Figure("line", lambda f: "Line", lambda f: "Up.", lambda f: "A rising line.", draw),),
)
'''
LAB = """# %% [markdown]
# # Small lab
#
# [The page](../index.md), with $x^2$.

# %%
print("five is", 2 + 3)
"""
FILES = {
    "docs/index.md": PAGE,
    "docs/labs/small_lab.py": LAB,
    "snippets/numpy/twice.py": SNIPPET,
    "experiments/small.py": EXPERIMENT,
    "README.md": "# Small\n",
}
COPIED = ("site_build", "tests/blocks.py", "tests/page_code.py", "mkdocs.yml", "pyproject.toml")
COPIED += ("constraints.txt", "overrides", "docs/assets", "snippets/__init__.py")
COPIED += ("snippets/numpy/__init__.py", "experiments/__init__.py", "experiments/drawing.py")
COPIED += ("experiments/experiment.py",)


def make(target: Path) -> Path:
    """Write the small project into ``target``; its machinery is the real one."""
    for name in COPIED:
        source = ROOT / name
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / name)
    for name, text in FILES.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(text, encoding="utf-8")
    config = target / "mkdocs.yml"
    text = config.read_text(encoding="utf-8")
    nav = "nav:\n  - index.md\n  - labs/small_lab.ipynb\n\n"
    config.write_text(re.sub(r"(?ms)^nav:\n.*?\n\n", nav, text), encoding="utf-8")
    return target


def change(file: Path, old: str, new: str) -> None:
    """Replace text that must be there exactly once."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
    file.write_text(text.replace(old, new), encoding="utf-8")


def run(project: Path, *module: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m ...`` in the project, as its author would."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST", "COV_", "COVERAGE"))
    }
    environment["NO_MKDOCS_2_WARNING"] = "1"
    return subprocess.run(
        [sys.executable, "-m", *module],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
    )


def build(project: Path) -> subprocess.CompletedProcess[str]:
    """Build the site strictly."""
    return run(project, "mkdocs", "build", "--strict", "--site-dir", str(project / "site"))


def run_pages(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the code of the pages."""
    return run(project, "pytest", "docs", "-q", "-p", "no:xdist", "-p", "no:cov", *options)
