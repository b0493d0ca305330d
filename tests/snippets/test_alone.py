"""Each snippet file runs alone: copied into an empty folder, ``python -I``, its framework only."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from site_build import ROOT
from site_build.listings import snippet_files
from tests.blocks import pages

FRAMEWORKS = ["numpy", "pytorch", "keras", "sklearn"]
SNIPPETS = snippet_files()
RUN_EACH = """
import os, pathlib, runpy, sys, traceback, warnings
warnings.simplefilter("error")
failed = False
for file in sorted(pathlib.Path(sys.argv[1]).glob("*/*.py")):
    os.chdir(file.parent)
    try:
        runpy.run_path(str(file), run_name="__main__")
    except BaseException:
        failed = True
        print(f"{file.name} does not run alone", file=sys.stderr)
        traceback.print_exc()
sys.exit(failed)
"""


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_snippet_runs_in_an_empty_folder(framework: str, tmp_path: Path) -> None:
    files = [file for file in SNIPPETS if file.parent.name == framework]
    assert files
    for file in files:
        (tmp_path / file.stem).mkdir()
        shutil.copy(file, tmp_path / file.stem)
    command = [sys.executable, "-I", "-c", RUN_EACH, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "", "importing a snippet prints"
    left = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".py"]
    assert not [path for path in left if "__pycache__" not in path.parts]


@pytest.mark.parametrize("file", SNIPPETS, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_every_public_name_is_documented_and_typed(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), f"{file}: the module says nothing of itself"
    methods = [n for node in tree.body if isinstance(node, ast.ClassDef) for n in node.body]
    public = [
        node
        for node in [*tree.body, *methods]
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]
    for node in public:
        doc = ast.get_docstring(node)
        assert doc, f"{file}:{node.lineno}: {node.name} has no docstring"
        if isinstance(node, ast.FunctionDef) and node in tree.body:  # methods follow their base
            for section in (
                "Args:" if node.args.args else "",
                "Returns:" if _returns(node) else "",
            ):
                assert section in doc, f"{file}:{node.lineno}: {node.name} lacks {section}"


def _returns(node: ast.FunctionDef) -> bool:
    return not (isinstance(node.returns, ast.Constant) and node.returns.value is None)


def test_every_snippet_stands_on_a_page() -> None:
    shown = set()
    for page in pages():
        shown |= set(re.findall(r'--8<-- "([\w/]+\.py)', page.read_text(encoding="utf-8")))
    unused = [name for file in SNIPPETS if (name := f"{file.parent.name}/{file.name}") not in shown]
    assert not unused, f"no page shows {unused}"


def test_folders_do_not_hide_the_frameworks() -> None:
    """A file run as a script finds numpy, not snippets/numpy."""
    command = [sys.executable, "numpy/l2_penalty.py"]
    done = subprocess.run(command, cwd=ROOT / "snippets", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
