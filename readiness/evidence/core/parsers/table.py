"""Comma-separated figures, for tools without a parser of their own.

The first line names columns: `measure` and `value` are needed; `unit, operation, variant, subject, size_bytes,
percentile, samples, streams, taken_at` may follow, in any order. A measure named `check/sub-measure`, such as
`p1-soak-24h/duration`, is evidence of that sub-measure; one named `interop/link-fec` and the like is a record of
interoperability (readiness.evidence.core.interop). Lines that begin with # are remarks; `# driver: 560.35` and
the like state versions.

A table that names sub-measures or holds records is a run if it says how these came to be: when each was taken, with
which tool (`# tool: soak 2.1`), and the raw figures behind them, in rows of their own. Otherwise it is declared.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from readiness.evidence.core import interop
from readiness.evidence.core.bearing import part_named
from readiness.evidence.core.documents import (
    LONGEST_TEXT,
    MOST_FIGURES,
    lines_of,
    number_of,
    text_of,
    tidy,
    whole_of,
)
from readiness.evidence.core.parsed import Figure, Parsed, ParseError, percentile_caution
from web.sheets import unguarded

COLUMNS = (
    "measure",
    "value",
    "unit",
    "operation",
    "variant",
    "subject",
    "size_bytes",
    "percentile",
    "samples",
    "streams",
    "taken_at",
)
NEEDED = ("measure", "value")
_VERSION = re.compile(r"#\s*(driver|firmware|nos|library|tool)\s*:\s*(\S.*)", re.IGNORECASE)


def parse(content: bytes) -> Parsed:
    """Every row is one figure, with the unit and conditions that its columns give."""
    text = text_of(content)
    columns: list[str] = []
    figures: list[Figure] = []
    versions: dict[str, str] = {}
    times: list[datetime] = []
    undated = 0
    number = 1
    for number, line in lines_of(text):
        if not line.strip():
            continue
        if line.startswith("#"):
            if (version := _VERSION.match(line)) is not None:
                versions[version[1].lower()] = tidy(version[2])
            continue
        cells = split(number, line)
        if not columns:
            columns = _columns(number, cells)
            continue
        if len(cells) != len(columns):
            raise ParseError(number, f"The row has {len(cells)} cells and the header {len(columns)} columns.")
        row = dict(zip(columns, cells, strict=True))
        figures.append(_figure(number, row))
        if row.get("taken_at"):
            times.append(_instant(number, row["taken_at"]))
        else:
            undated += 1
        if len(figures) > MOST_FIGURES:
            raise ParseError(number, f"There are more than {MOST_FIGURES} rows.")
    if not figures:
        raise ParseError(number, "There is no row below the header." if columns else "There is no header.")
    return Parsed(
        tool="csv",
        figures=tuple(figures),
        kept=text.encode("utf-8", "replace"),
        versions=tuple(versions.items()),
        hosts=interop.devices_named(figures),
        # The oldest: all of the file is at least as new.
        taken_at=min(times, default=None),
        declared=_declared(figures, has_times=not undated, has_tool="tool" in versions),
    )


def _declared(figures: Sequence[Figure], *, has_times: bool, has_tool: bool) -> str:
    """Why a table that concludes something is no run; empty where it is one, and where all of it is raw figures."""
    raw = [each for each in figures if part_named(each.name) is None and not interop.is_record(each.name)]
    if len(raw) == len(figures):
        return ""
    lacks = {
        "the time of each row (taken_at)": has_times,
        "the tool (# tool: name and version)": has_tool,
        "rows of raw figures": bool(raw),
    }
    missing = [name for name, is_there in lacks.items() if not is_there]
    return f"The table counts as declared, not as a run: it lacks {', '.join(missing)}." if missing else ""


def split(line: int, text: str) -> list[str]:
    """The cells of a line; of one that Muster exported, the texts that it had."""
    try:
        rows = list(csv.reader([text], strict=True))
    except csv.Error as error:
        raise ParseError(line, f"This is no line of comma-separated values: {tidy(error)}.") from error
    return [unguarded(cell).strip() for cell in rows[0]] if rows else []


def _columns(line: int, cells: list[str]) -> list[str]:
    names = [cell.lower() for cell in cells]
    unknown = sorted(set(names) - set(COLUMNS))
    if unknown:
        raise ParseError(line, f"Unknown columns {tidy(', '.join(unknown))}; there are {', '.join(COLUMNS)}.")
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise ParseError(line, f"The header names no column {' and none '.join(missing)}.")
    if len(set(names)) < len(names):
        raise ParseError(line, "The header names a column twice.")
    return names


def _figure(line: int, row: Mapping[str, str]) -> Figure:
    value = number_of(row["value"])
    if value is None:
        raise ParseError(
            line, f"The value {tidy(row['value'])!r} is no number; leave the row out if there is none."
        )
    if not row["measure"]:
        raise ParseError(line, "The measure has no name.")
    percentile = _optional(line, row, "percentile")
    if percentile is not None and not 0 < percentile < 100:
        raise ParseError(line, f"{percentile:g} is no percentile.")
    if interop.is_record(row["measure"]):
        reason = interop.trouble(row["measure"], value, tidy(row.get("subject", "")))
        if reason:
            raise ParseError(line, reason)
    samples = _count(line, row, "samples")
    return Figure(
        name=tidy(row["measure"]),
        value=value,
        unit=tidy(row.get("unit", ""))[:16],
        operation=tidy(row.get("operation", "")),
        variant=tidy(row.get("variant", "")),
        subject=tidy(row.get("subject", "")),
        size_bytes=_count(line, row, "size_bytes"),
        percentile=percentile,
        samples=samples,
        streams=_count(line, row, "streams"),
        caution="" if percentile is None else percentile_caution(percentile, samples),
    )


def _optional(line: int, row: Mapping[str, str], name: str) -> float | None:
    text = row.get(name, "")
    if not text:
        return None
    value = number_of(text)
    if value is None:
        raise ParseError(line, f"{name} {tidy(text)!r} is no number.")
    return value


def _count(line: int, row: Mapping[str, str], name: str) -> int | None:
    text = row.get(name, "")
    if not text:
        return None
    value = whole_of(text)
    if value is None or value < 0:
        raise ParseError(line, f"{name} {tidy(text)!r} is no count.")
    return value


def _instant(line: int, text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text[:LONGEST_TEXT])
    except ValueError as error:
        raise ParseError(line, f"taken_at {tidy(text)!r} is no instant in ISO 8601.") from error
    if instant.tzinfo is None:
        raise ParseError(line, f"taken_at {tidy(text)!r} says no zone; write Z or an offset.")
    try:
        return instant.astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise ParseError(line, f"taken_at {tidy(text)!r} is out of range.") from error
