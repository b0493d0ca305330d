"""The same commit gives the same site, byte for byte, on another day, in another place."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from site_build import ROOT
from tests.conftest import COMMITTED_AT, REPO_URL, SITE_URL

LATER = """
import datetime, runpy, sys, time
now, shift = time.time, datetime.timedelta(days=40)
time.time = lambda: now() + shift.total_seconds()
class Later(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) + shift
datetime.datetime = Later
sys.argv[0] = "mkdocs"
runpy.run_module("mkdocs", run_name="__main__")
"""
"""MkDocs forty days later."""

LEFT_BEHIND = (".git", ".venv", ".*_cache", "__pycache__", "kept")


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_another_day_and_another_folder_give_the_same_bytes(site: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(ROOT, elsewhere, ignore=shutil.ignore_patterns(*LEFT_BEHIND))
    command = [sys.executable, "-c", LATER, "build", "--strict", "--site-dir", str(tmp_path / "s")]
    environment = {**os.environ, "SITE_URL": SITE_URL, "SOURCE_DATE_EPOCH": COMMITTED_AT}
    environment |= {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "7", "NO_MKDOCS_2_WARNING": "1"}
    environment |= {"PYTHONPATH": str(elsewhere)}
    environment |= {"REPO_URL": REPO_URL, "EDIT_URI": "edit/main/docs/"}
    done = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    here, there = files(site), files(tmp_path / "s")
    assert here.keys() == there.keys()
    assert not [name for name, content in here.items() if there[name] != content]
