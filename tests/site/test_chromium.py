"""Without a browser the tests do not pass in silence: one is installed, or it says so and fails."""

import subprocess
from pathlib import Path

import pytest

from tests import chromium


def test_the_chosen_browser_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.touch()
    monkeypatch.setenv("CHROMIUM", str(mine))
    assert chromium.find() == str(mine)


def test_a_chosen_browser_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "none"))
    assert chromium.find() is None
    with pytest.raises(RuntimeError, match="none is not a file"):
        chromium.install()


def test_a_failed_installation_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    commands = []

    def fail(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 1, "", "no network")

    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(chromium, "find", lambda: None)
    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(RuntimeError, match=r"(?s)set CHROMIUM to its path.*no network"):
        chromium.install()
    assert len(commands) == 1, "it went on after the first failure"
