"""What the machine and the clock can do to a render: it stops with a place, and loses nothing."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.build.project import change


def render(
    project: Path, before: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "site_build.render"]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, preexec_fn=before)


def results(project: Path) -> dict[str, bytes]:
    found = (project / ".cache/rendered").glob("*/*/result.json")
    return {str(path): path.read_bytes() for path in found}


def test_a_full_disk_is_named_and_the_last_result_stays(project: Path) -> None:
    """A limit on the size of files is what a full disk looks like to a program."""
    before = results(project)
    change(project / "experiments/small.py", "A rising line.", "A line that rises.")
    done = render(project, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)))
    assert done.returncode != 0
    assert "small" in done.stderr or ".cache" in done.stderr
    assert "Traceback" not in done.stderr
    assert "File too large" in done.stderr
    assert before.items() <= results(project).items()


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root writes anyway")
def test_a_read_only_cache_is_named(project: Path) -> None:
    before = results(project)
    change(project / "experiments/small.py", "A rising line.", "A line that rises.")
    for folder in [*(project / ".cache").rglob("*/"), project / ".cache"]:
        folder.chmod(0o555)
    command = [sys.executable, "-m", "site_build.render"]
    if os.geteuid() == 0:  # may write anywhere: without this right it may not
        command = ["setpriv", "--bounding-set", "-dac_override", *command]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    for folder in [project / ".cache", *(project / ".cache").rglob("*/")]:
        folder.chmod(0o755)
    assert done.returncode != 0
    assert "cache folder .cache/ cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert before == results(project)


def test_what_hangs_is_stopped_and_what_was_done_beside_it_is_kept(project: Path) -> None:
    change(project / "site_build/render.py", "LIMIT_SECONDS = 300", "LIMIT_SECONDS = 60")
    change(project / "site_build/labs.py", "CELL_SECONDS = 120", "CELL_SECONDS = 2")
    lab = project / "docs/labs/small_lab.py"
    change(lab, 'print("five is", 2 + 3)', "import time; time.sleep(60)")
    done = render(project)
    assert done.returncode != 0
    assert "docs/labs/small_lab.py failed" in done.stderr
    assert "sleep(60)" in done.stderr
    assert "experiments/small.py" not in done.stderr
    change(lab, "import time; time.sleep(60)", 'print("five is", 2 + 3)')
    done = render(project)
    assert done.returncode == 0, done.stderr
    assert "small_lab" in done.stdout
    assert "small," not in done.stdout, "the experiment was rendered beside the lab that hung"
