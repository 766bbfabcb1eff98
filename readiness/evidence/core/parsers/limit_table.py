"""Declared limits in one table: `site,workload_class,limit,value,unit,preset,declared_on,source,note`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from readiness.evidence.core.documents import number_of, tidy
from readiness.evidence.core.parsed import ParseError
from readiness.evidence.core.parsers.rows import day_of, rows_of

NEEDED = ("limit", "declared_on", "source")
COLUMNS = ("site", "workload_class", "limit", "value", "unit", "preset", "declared_on", "source", "note")
HEADINGS = {
    "in force from": "declared_on",
    "workload class": "workload_class",
    "id": "",
    "entered by": "",
}
"""What the list's export calls them, so that it can be changed and sent back."""


@dataclass(frozen=True, slots=True)
class LimitLine:
    """`site` and `workload_class` are slugs, of which one is given; `value` or `preset` likewise."""

    line: int
    site: str
    workload_class: str
    limit: str
    value: float | None
    unit: str
    preset: str
    declared_on: date
    source: str
    note: str


def parse(content: bytes) -> tuple[LimitLine, ...]:
    """Rows in the order of the file; ParseError where one cannot be read, or there is none."""
    rows = rows_of(content, needed=NEEDED, columns=COLUMNS, headings=HEADINGS)
    return tuple(_row(line, row) for line, row in rows)


def _row(line: int, row: Mapping[str, str]) -> LimitLine:
    text = row.get("value", "")
    value = number_of(text) if text else None
    if text and value is None:
        raise ParseError(line, f"The value {tidy(text)!r} is no number.")
    return LimitLine(
        line=line,
        site=tidy(row.get("site", "")),
        workload_class=tidy(row.get("workload_class", "")),
        limit=tidy(row["limit"]),
        value=value,
        unit=tidy(row.get("unit", ""))[:16],
        preset=tidy(row.get("preset", "")),
        declared_on=day_of(line, "declared_on", row["declared_on"]),
        source=tidy(row["source"]),
        note=tidy(row.get("note", ""))[:200],
    )
