"""``make pins``: the newest versions that fit together, into ``constraints.txt``.

pip works out what it would install into an empty environment and installs nothing. Pins hold for
the oldest Python that the project supports, so run it there.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from site_build import ROOT

PINS = ROOT / "constraints.txt"
PROJECT = "regularization-by-example"


def newest() -> Mapping[str, Any]:
    """Read from pip what it would install, the needs of tests and mutants included."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed"]
    command += ["--quiet", "--report", "-", ".[test,mutants]"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"pip found no versions that fit together; {PINS.name} is as it was")
    report: Mapping[str, Any] = json.loads(done.stdout)
    return report


def written(report: Mapping[str, Any]) -> str:
    """The pins of a report, one a line, sorted; what follows a plus names where a build is from."""
    found = {each["metadata"]["name"]: each["metadata"]["version"] for each in report["install"]}
    pins = [f"{name}=={found[name].partition('+')[0]}" for name in found if name != PROJECT]
    return "".join(f"{pin}\n" for pin in sorted(pins, key=str.lower))


def main() -> None:
    """Write them and say what changed."""
    before = PINS.read_text(encoding="utf-8").splitlines()
    PINS.write_text(written(newest()), encoding="utf-8", newline="\n")
    after = PINS.read_text(encoding="utf-8").splitlines()
    changes = [f"- {pin}" for pin in before if pin not in after]
    changes += [f"+ {pin}" for pin in after if pin not in before]
    print("\n".join(sorted(changes, key=lambda line: line[2:].lower())) or "nothing is newer")


if __name__ == "__main__":
    main()
