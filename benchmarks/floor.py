"""The floor: a bare Material site with as many pages; and a copy of the project to edit."""

import shutil
import subprocess
import sys
from pathlib import Path

from site_build import ROOT

CONFIG = """site_name: Bare
site_url: http://127.0.0.1/
theme:
  name: material
  font: false
markdown_extensions:
  - toc:
      permalink: true
  - pymdownx.highlight
  - pymdownx.superfences
"""
PAGE = """# Page {number}

A bare page: some text, a list and a block of code, with nothing measured.

## Section

- One item with `code`
- Another item with a [link](page-0.md)

```python
def twice(x: float) -> float:
    return 2.0 * x
```
"""
PROJECT: tuple[str, ...] = (
    "site_build",
    "snippets",
    "experiments",
    "docs",
    "overrides",
    ".cache/rendered",
)
PROJECT += (".cache/vega", "mkdocs.yml", "pyproject.toml", "constraints.txt", "README.md")


def make_bare(target: Path, pages: int) -> Path:
    """Write a bare site of so many pages."""
    (target / "docs").mkdir(parents=True)
    (target / "mkdocs.yml").write_text(CONFIG, encoding="utf-8")
    for number in range(pages):
        name = "index" if number == pages - 1 else f"page-{number}"
        text = PAGE.format(number=number)
        (target / "docs" / f"{name}.md").write_text(text, encoding="utf-8")
    return target


def copy_project(target: Path) -> Path:
    """Copy what the site is made of, the rendered results included."""
    for name in PROJECT:
        source = ROOT / name
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            ignore = shutil.ignore_patterns("__pycache__", "new-*")
            shutil.copytree(source, target / name, ignore=ignore)
        elif source.exists():
            shutil.copy(source, target / name)
    return target


def build(project: Path, site: Path | None = None) -> Path:
    """Build a site; returns its folder."""
    site = site or project / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(site)]
    subprocess.run(command, cwd=project, check=True)
    return site
