"""Where a page comes from: what measured it, with which versions, and which tests hold it."""

import datetime
import html
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from site_build import ROOT, listings, measured, results
from site_build.memory import digest, once

CLAIMS = "tests/experiments/test_claims.py"
CODE = re.compile(r"`([^`]+)`")
IMPORTED = re.compile(r"\bsnippets\.(\w+)(?:\.(\w+)| import ([\w, ]+))")
PACKAGES = {
    "NumPy": "numpy",
    "PyTorch": "torch",
    "Keras": "keras",
    "TensorFlow": "tensorflow",
    "scikit-learn": "scikit-learn",
}
REPEATS = {"seeds": "seeds", "splits": "splits of the data"}


def measurements(text: str) -> list[dict[str, str]]:
    """The experiments that the text of a page takes numbers, claims or figures from.

    For each its name, its question as HTML, over how many seeds or splits it goes, and the hash of
    all that it was measured with: sources, data and locked versions.
    """
    paths = [match[1] for match in measured.NUMBER.finditer(text)]
    for line in text.splitlines():
        if (match := measured.BLOCK.match(line.strip())) and match[1] != "all":
            paths.append(match[2])
    found = []
    for name in dict.fromkeys(path.partition(".")[0] for path in paths):
        if name != "build":
            result = results.load(name)
            repeats = ", ".join(
                f"{result.facts[fact]} {words}"
                for fact, words in REPEATS.items()
                if isinstance(result.facts.get(fact), int)
            )
            asked = CODE.sub(r"<code>\1</code>", html.escape(result.question, quote=False))
            key = result.folder.name
            found.append({"name": name, "question": asked, "key": key, "repeats": repeats})
    return found


def snippets(text: str, tested: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """For each snippet that the text of a page shows, the tests that import it."""
    shown = dict.fromkeys(f"{folder}/{idea}" for folder, idea in listings.INCLUDE.findall(text))
    return {name: tested.get(name, []) for name in shown}


def tests() -> dict[str, list[str]]:
    """For each snippet, the test files that import it, its own first."""
    files = sorted((ROOT / "tests").rglob("test_*.py"), key=lambda file: "parity" in file.parts)
    stamps = (f"{file} {file.stat().st_mtime_ns}" for file in files)
    found: dict[str, list[str]] = once("tests", digest(*stamps), lambda: read_tests(files))
    return found


def read_tests(files: list[Path]) -> dict[str, list[str]]:
    """What ``tests`` returns, from the files."""
    found: dict[str, list[str]] = {}
    for file in files:
        place = file.relative_to(ROOT).as_posix()
        for folder, module, more in IMPORTED.findall(file.read_text(encoding="utf-8")):
            for idea in [module] if module else more.replace(" ", "").split(","):
                if place not in found.setdefault(f"{folder}/{idea}", []):
                    found[f"{folder}/{idea}"].append(place)
    return found


def linked() -> list[str]:
    """The tests that pages link to."""
    places = {CLAIMS, *(place for places in tests().values() for place in places)}
    return [place for place in sorted(places) if (ROOT / place).exists()]


def versions() -> dict[str, str]:
    """What the page was measured and its code was run with."""
    pins = listings.pins()
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {"Python": python} | {name: pins[package] for name, package in PACKAGES.items()}


def day() -> str:
    """The day of the commit that this build is of, which ``make build`` passes on.

    No clock is read and no repository, so that one commit gives the same pages everywhere.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if not epoch:
        return ""
    return datetime.datetime.fromtimestamp(int(epoch), datetime.UTC).date().isoformat()
