"""Everything is pinned: what pip installs, and what the workflows run."""

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from site_build import ROOT
from site_build.pins import PINS, PROJECT, written

WORKFLOWS = sorted((ROOT / ".github").rglob("*.yml"))


def pins() -> dict[str, str]:
    lines = PINS.read_text(encoding="utf-8").splitlines()
    wrong = [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.!]+", line)]
    assert not wrong, "a line is a name and a version; no address, no marker"
    return {canonicalize_name(name): version for name, version in (s.split("==") for s in lines)}


FOR_GPUS = re.compile(r"(nvidia|cuda)-.*|triton")
"""What PyPI's build of torch asks for on Linux, in the versions that torch names; others do not."""


def needed(name: str, extras: frozenset[str], seen: dict[str, str]) -> None:
    """The installed versions of a package and of all that it asks for on this machine."""
    found = importlib.metadata.distribution(name)
    seen[canonicalize_name(name)] = found.version.partition("+")[0]
    for line in found.requires or ():
        wanted = Requirement(line)
        asked = [{"extra": extra} for extra in extras | {""}]
        if wanted.marker is None or any(wanted.marker.evaluate(a) for a in asked):
            key = canonicalize_name(wanted.name)
            if name == "torch" and FOR_GPUS.fullmatch(key):
                continue
            if key not in seen or wanted.extras:
                needed(key, frozenset(wanted.extras), seen)


def test_the_environment_is_what_the_pins_say() -> None:
    installed: dict[str, str] = {}
    needed(PROJECT, frozenset({"test"}), installed)
    del installed[PROJECT]
    expected = pins()
    unpinned = {name for name in installed if name not in expected}
    assert not unpinned, "whatever is needed is pinned, and what that needs"
    assert installed == {name: expected[name] for name in installed}


def test_new_pins_are_sorted_names_and_versions_alone() -> None:
    report = {
        "install": [
            {"metadata": {"name": "torch", "version": "2.13.0+cpu"}},
            {"metadata": {"name": "Markdown", "version": "3.11.3"}},
            {"metadata": {"name": PROJECT, "version": "0.1.0"}},
        ]
    }
    assert written(report) == "Markdown==3.11.3\ntorch==2.13.0\n"


def test_actions_are_named_by_their_commit_and_its_version() -> None:
    for file in WORKFLOWS:
        for line in file.read_text(encoding="utf-8").splitlines():
            if "uses:" in line:
                named = r" *(- )?uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+"
                assert re.fullmatch(named, line), f"{file.name}: {line}"


def test_workflows_have_no_weakness_that_zizmor_knows() -> None:
    """Permissions wider than needed, text that becomes code, actions that may change."""
    command = [str(Path(sys.executable).with_name("zizmor")), "--offline", "--pedantic"]
    done = subprocess.run([*command, ".github"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
