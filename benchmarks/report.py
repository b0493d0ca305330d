"""What every part of ``make bench`` reports: a figure of the project beside the floor."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from site_build import CACHE

RESULT = CACHE / "bench.json"


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Args:
        what: What was measured.
        unit: Its unit.
        ours: The project's figure.
        floor: The same of a bare Material site, measured in the same run; None if it has none.
        limit: What the ratio may be at most or, without a floor, the figure itself; None if open.
        least: Whether the limit is one from below.
        where: The page that gave the figure, if one did.
    """

    what: str
    unit: str
    ours: float
    floor: float | None = None
    limit: float | None = None
    least: bool = False
    where: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours by the floor."""
        return self.ours / self.floor if self.floor else None

    @property
    def within(self) -> bool | None:
        """Whether the budget is met; None where there is none."""
        if self.limit is None:
            return None
        value = self.ours if self.ratio is None else self.ratio
        return value >= self.limit if self.least else value <= self.limit


def table(title: str, rows: Iterable[Row]) -> str:
    """The rows for a terminal."""
    head = ("", "project", "floor", "ratio", "budget", "", "")
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    printed = [title]
    for line in lines:
        first, *rest = (cell.ljust(widths[0]) if not at else cell for at, cell in enumerate(line))
        numbers = [cell.rjust(width) for cell, width in zip(rest[:4], widths[1:5], strict=True)]
        printed.append("  ".join([first, *numbers, *rest[4:]]).rstrip())
    return "\n".join(printed)


def _cells(row: Row) -> tuple[str, ...]:
    bound = "" if row.limit is None else f"{'>=' if row.least else '<='} {row.limit:g}"
    return (
        f"{row.what} ({row.unit})" if row.unit else row.what,
        _number(row.ours),
        "" if row.floor is None else _number(row.floor),
        "" if row.ratio is None else f"{row.ratio:.2f}",
        bound,
        {None: "", True: "met", False: "MISSED"}[row.within],
        row.where,
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) or value >= 1000 else f"{value:.3g}"


def save(part: str, rows: Iterable[Row], more: Any = None) -> Path:
    """Write one part's rows, and what else it found, beside the other parts' last results."""
    found = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    found[part] = {
        "rows": [{**asdict(row), "ratio": row.ratio, "within": row.within} for row in rows],
        "more": more,
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8", newline="\n")
    return RESULT
