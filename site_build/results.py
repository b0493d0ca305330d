"""What the render step left in the cache, for the pages; imports nothing heavy."""

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mkdocs.exceptions import BuildError

from site_build import CACHE

RENDERED = CACHE / "rendered"


@dataclass(frozen=True)
class Result:
    """One rendered experiment: its question, facts, claims and figures, and the files beside."""

    name: str
    folder: Path
    question: str
    facts: Mapping[str, Any]
    claims: Mapping[str, Mapping[str, Any]]
    figures: Mapping[str, Mapping[str, Any]]


def intact(folder: Path) -> bool:
    """Whether the folder holds every file of its manifest, unchanged."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        return all(digest(folder / name) == found for name, found in manifest.items())
    except (OSError, ValueError, AttributeError):
        return False


def digest(file: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def current(name: str) -> Path:
    """The folder that holds the newest complete result of an experiment or a lab."""
    pointer = RENDERED / name / "current"
    try:
        return RENDERED / name / pointer.read_text(encoding="utf-8").strip()
    except OSError:
        raise BuildError(
            f"there is no experiment or lab '{name}', or it was never rendered "
            f"(expected experiments/{name}.py; render with: python -m site_build.render)"
        ) from None


def load(name: str) -> Result:
    """The newest complete result of an experiment."""
    return _load(name, current(name))


@functools.lru_cache(maxsize=512)
def _load(name: str, folder: Path) -> Result:
    content = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return Result(name=name, folder=folder, **content)


def lookup(path: str, spec: str = "") -> str:
    """The fact at ``experiment.fact[.index ...]``, formatted as ``format(value, spec)`` does."""
    name, *keys = path.split(".")
    value: Any = load(name).facts
    for key in keys:
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
        except (KeyError, IndexError, ValueError, TypeError):
            known = ", ".join(value) if isinstance(value, dict) else f"{len(value)} values"
            raise BuildError(f"no fact '{path}': '{key}' is not among {known}") from None
    try:
        return format(value, spec)
    except (ValueError, TypeError) as error:
        raise BuildError(f"fact '{path}' cannot be written as '{spec}': {error}") from None


def part(path: str, kind: str) -> tuple[Result, Mapping[str, Any]]:
    """The claim or figure at ``experiment.name``; ``kind`` is ``claims`` or ``figures``."""
    name, _, key = path.partition(".")
    result = load(name)
    parts: Mapping[str, Mapping[str, Any]] = getattr(result, kind)
    if key not in parts:
        known = ", ".join(parts) or "none"
        raise BuildError(f"experiments/{name}.py has no {kind[:-1]} '{key}'; it has: {known}")
    return result, parts[key]
