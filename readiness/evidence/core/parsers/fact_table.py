"""Recorded facts of many sites in one table: `site,check,part,value,unit,taken_on,source,note,provenance`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from readiness.evidence.core.documents import number_of, tidy
from readiness.evidence.core.parsed import ParseError
from readiness.evidence.core.parsers.rows import day_of, rows_of
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
    return tuple(_row(line, row) for line, row in rows_of(content, needed=NEEDED, columns=COLUMNS))


def _row(line: int, row: Mapping[str, str]) -> FactLine:
    value = number_of(row["value"])
    if value is None:
        raise ParseError(
            line, f"The value {tidy(row['value'])!r} is no number; leave the row out if there is none."
        )
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
        taken_on=day_of(line, "taken_on", row["taken_on"]),
        source=tidy(row["source"]),
        note=tidy(row.get("note", "")),
        provenance=provenance,
    )
