"""Recorded facts of many sites in one table: `site,check,part,value,unit,taken_on,source,note,provenance`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from readiness.evidence.core.documents import MOST_FIGURES, lines_of, number_of, text_of, tidy
from readiness.evidence.core.parsed import ParseError
from readiness.evidence.core.parsers.table import split
from readiness.evidence.core.provenance import LEAST_TRUSTED_LAST

NEEDED = ("site", "check", "part", "value", "taken_on", "source")
COLUMNS = (*NEEDED, "unit", "note", "provenance")


@dataclass(frozen=True, slots=True)
class FactLine:
    line: int
    site: str
    check: str
    part: str
    value: float
    unit: str
    taken_on: date
    source: str
    note: str
    provenance: str


def parse(content: bytes) -> tuple[FactLine, ...]:
    """Rows in the order of the file; ParseError where one cannot be read, or there is none."""
    columns: list[str] = []
    rows: list[FactLine] = []
    number = 1
    for number, line in lines_of(text_of(content)):
        if not line.strip() or line.startswith("#"):
            continue
        cells = split(number, line)
        if not columns:
            columns = _columns(number, cells)
            continue
        if len(cells) != len(columns):
            raise ParseError(number, f"The row has {len(cells)} cells and the header {len(columns)} columns.")
        rows.append(_row(number, dict(zip(columns, cells, strict=True))))
        if len(rows) > MOST_FIGURES:
            raise ParseError(number, f"There are more than {MOST_FIGURES} rows.")
    if not rows:
        raise ParseError(number, "There is no row below the header." if columns else "There is no header.")
    return tuple(rows)


def _columns(line: int, cells: list[str]) -> list[str]:
    names = [cell.lower() for cell in cells]
    unknown = sorted(set(names) - set(COLUMNS))
    missing = [name for name in NEEDED if name not in names]
    if unknown or len(set(names)) < len(names):
        raise ParseError(line, f"These columns are known, each once: {', '.join(COLUMNS)}.")
    if missing:
        raise ParseError(line, f"The header names no column {' and none '.join(missing)}.")
    return names


def _row(line: int, row: Mapping[str, str]) -> FactLine:
    value = number_of(row["value"])
    if value is None:
        raise ParseError(
            line, f"The value {tidy(row['value'])!r} is no number; leave the row out if there is none."
        )
    try:
        taken_on = date.fromisoformat(row["taken_on"])
    except ValueError as error:
        raise ParseError(line, f"taken_on {tidy(row['taken_on'])!r} is no day in ISO 8601.") from error
    provenance = tidy(row.get("provenance", "")) or "declared"
    if provenance not in LEAST_TRUSTED_LAST:
        known = ", ".join(LEAST_TRUSTED_LAST)
        raise ParseError(line, f"provenance {provenance!r} is none of {known}.")
    return FactLine(
        line=line,
        site=tidy(row["site"]),
        check=tidy(row["check"]),
        part=tidy(row["part"]),
        value=value,
        unit=tidy(row.get("unit", ""))[:16],
        taken_on=taken_on,
        source=tidy(row["source"]),
        note=tidy(row.get("note", "")),
        provenance=provenance,
    )
