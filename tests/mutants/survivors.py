"""The mutants that no test can kill, with the reason."""

from pathlib import Path

import yaml

LIST = Path(__file__).with_name("survivors.yml")


def listed() -> dict[str, dict[str, str]]:
    """For each snippet, the names of the survivors and why no test can tell them.

    Raises:
        ValueError: If an entry has no reason, or a mutant stands there twice.
    """
    content = yaml.safe_load(LIST.read_text(encoding="utf-8")) or []
    found: dict[str, dict[str, str]] = {}
    for entry in content:
        for snippet, names in entry["mutants"].items():
            for name in names:
                if not (entry.get("reason") or "").strip():
                    raise ValueError(f"{snippet}: {name} has no reason")
                if (
                    found.setdefault(snippet, {}).setdefault(name, entry["reason"])
                    is not entry["reason"]
                ):
                    raise ValueError(f"{snippet}: {name} stands there twice")
    return found
