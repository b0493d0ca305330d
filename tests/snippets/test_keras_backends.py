"""Keras snippets run on PyTorch, too, where TensorFlow is not installed."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from site_build import ROOT

NEEDS_TENSORFLOW = {
    "data_parallel": "tf.distribute is what it shows",
    "gradient_tape": "tf.GradientTape is what it shows",
    "multi_worker_fit": "tf.distribute is what it shows",
    "three_layer_network": "tf.GradientTape is what it shows",
}
"""Snippets that teach something of TensorFlow's own, and what."""

SNIPPETS = {file.stem: file for file in (ROOT / "snippets" / "keras").glob("[!_]*.py")}
WITHOUT_TENSORFLOW = "import sys; sys.modules['tensorflow'] = None\n"
# Keras 3.15 reads variables in a way that NumPy 2 announces to drop.
KERAS_ITSELF = "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"


def on_torch(code: str, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "KERAS_BACKEND": "torch", "KERAS_HOME": str(home)}
    command = [sys.executable, "-c", WITHOUT_TENSORFLOW + code, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_every_other_snippet_passes_its_tests_on_pytorch_alone(tmp_path: Path) -> None:
    tests = [f"tests/snippets/keras/test_{name}.py" for name in SNIPPETS.keys() - NEEDS_TENSORFLOW]
    done = on_torch(
        "import torch; torch.set_warn_always(True)\n"
        "import pytest; sys.exit(pytest.main(sys.argv[1:]))",
        tmp_path,
        *("-q", "-p", "no:xdist", "-p", "no:randomly", "-W", KERAS_ITSELF),
        *sorted(tests),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"^(\d+) passed in", done.stdout, re.MULTILINE)
    assert passed, done.stdout
    assert int(passed[1]) > 5 * len(tests)


@pytest.mark.parametrize("name", sorted(NEEDS_TENSORFLOW))
def test_the_exceptions_need_tensorflow(name: str, tmp_path: Path) -> None:
    done = on_torch(f"import snippets.keras.{name}", tmp_path)
    assert "ModuleNotFoundError: import of tensorflow halted" in done.stderr


def test_every_snippet_that_imports_tensorflow_is_an_exception() -> None:
    importing = set()
    for name, file in SNIPPETS.items():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            modules = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = [node.module or ""]
            if any(module.partition(".")[0] == "tensorflow" for module in modules):
                importing.add(name)
    assert importing == set(NEEDS_TENSORFLOW)
