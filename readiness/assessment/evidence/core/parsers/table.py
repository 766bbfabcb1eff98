"""Tables: comma-separated figures of tools without a parser.

Columns are declared as readers by name: a reader takes the cell ("" if missing) and raises ValueError with the reason.

The first line names the columns: `measure` and `value` are required; `unit, operation, variant, subject, size_bytes,
percentile, samples, streams, taken_at` may follow in any order. A measure named `check/sub-measure`, such as
`p1-soak-24h/duration`, is evidence for that sub-measure; `interop/link-fec` and the like are records of
interoperability (readiness.assessment.evidence.core.interop). Lines that begin with # are remarks; `# driver: 560.35`
and the like state versions.

A table with sub-measures or records counts as a run if it states the time of each, the tool (`# tool: soak 2.1`), and
the raw figures in rows of their own, from which the sub-measures can be derived. Otherwise it is declared.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from statistics import fmean
from typing import Any

from readiness.assessment.evidence.core import documents, interop
from readiness.assessment.evidence.core.bearing import part_named
from readiness.assessment.evidence.core.parsed import (
    DROPPED,
    FAILED,
    FAILURES,
    WRONG_VALUES,
    Figure,
    Parsed,
    ParseError,
    percentile_caution,
)
from readiness.assessment.evidence.core.parsers.table_rows import RawRow, Verification, verified
from web.sheets import unguarded

MOST_ROWS = 50_000
"""Bound for the rows of a table of figures: a sample every minute of a day for some 30 series."""

type Readers = Mapping[str, Callable[[str], Any]]


def values_of(
    content: bytes,
    readers: Readers,
    *,
    needed: Sequence[str],
    headings: Mapping[str, str] | None = None,
    most: int = documents.MOST_FIGURES,
    remark: Callable[[str], None] | None = None,
) -> Iterator[tuple[int, dict[str, Any]]]:
    rows = rows_of(content, needed=needed, columns=[*readers], headings=headings, most=most, remark=remark)
    for line, cells in rows:
        values = {}
        for name, reader in readers.items():
            text = cells.get(name, "")
            try:
                values[name] = reader(text)
            except ValueError as error:
                raise ParseError(line, f"The {name} {documents.tidy(text)!r} {error}.") from error
        yield line, values


def rows_of(
    content: bytes,
    *,
    needed: Sequence[str],
    columns: Sequence[str],
    headings: Mapping[str, str] | None = None,
    most: int = documents.MOST_FIGURES,
    remark: Callable[[str], None] | None = None,
) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and cells of each row. Raises ParseError for an unreadable row, or without rows. Lines that begin
    with # are remarks. `headings` maps the column names of an export; "" marks columns to ignore."""
    header: list[str] = []
    count, number = 0, 1
    for number, line in documents.lines_of(documents.text_of(content)):
        if line.startswith("#") and remark is not None:
            remark(line)
        if not line.strip() or line.startswith("#"):
            continue
        cells = _split(number, line)
        if not header:
            header = _header(number, cells, needed, columns, headings or {})
            continue
        if len(cells) != len(header):
            raise ParseError(number, f"The row has {len(cells)} cells and the header {len(header)} columns.")
        count += 1
        if count > most:
            raise ParseError(number, f"There are more than {most} rows.")
        yield number, {name: cell for name, cell in zip(header, cells, strict=True) if name in columns}
    if not count:
        raise ParseError(number, "There is no row below the header." if header else "There is no header.")


def _split(line: int, text: str) -> list[str]:
    try:
        rows = list(csv.reader([text], strict=True))
    except csv.Error as error:
        raise ParseError(
            line, f"This is not a line of comma-separated values: {documents.tidy(error)}."
        ) from error
    return [unguarded(cell).strip() for cell in rows[0]] if rows else []


def _header(
    line: int, cells: list[str], needed: Sequence[str], columns: Sequence[str], headings: Mapping[str, str]
) -> list[str]:
    names = [headings.get(cell.lower(), cell.lower()) for cell in cells]
    column_names = [name for name in names if name]
    if unknown := sorted(set(column_names) - set(columns)):
        choices = ", ".join(columns)
        raise ParseError(
            line, f"Unknown columns {documents.tidy(', '.join(unknown))}; these columns are known: {choices}."
        )
    if missing := [name for name in needed if name not in column_names]:
        raise ParseError(line, f"The header names no column {' and none '.join(missing)}.")
    if len(set(column_names)) < len(column_names):
        raise ParseError(line, "The header names a column twice.")
    return names


def number(text: str) -> float:
    value = documents.number_of(text)
    if value is None:
        raise ValueError("is not a number")
    return value


def needed_number(text: str) -> float:
    value = documents.number_of(text)
    if value is None:
        raise ValueError("is not a number; leave the row out if there is none")
    return value


def count(text: str) -> int:
    value = documents.whole_of(text)
    if value is None or value < 0:
        raise ValueError("is not a count")
    return value


def percentile(text: str) -> float:
    rank = number(text)
    if not 0 < rank < 100:
        raise ValueError("is not a percentile")
    return rank


def instant(text: str) -> datetime:
    try:
        stated = datetime.fromisoformat(text[: documents.LONGEST_TEXT])
    except ValueError:
        raise ValueError("is not an ISO 8601 time") from None
    if stated.tzinfo is None:
        raise ValueError("has no time zone; write Z or an offset")
    try:
        return stated.astimezone(UTC)
    except (OverflowError, ValueError):
        raise ValueError("is out of range") from None


def unit(text: str) -> str:
    return documents.tidy(text)[:16]


def optional[Value](reader: Callable[[str], Value]) -> Callable[[str], Value | None]:
    return lambda text: reader(text) if text else None


def _name(text: str) -> str:
    if not text:
        raise ValueError("is not a name")
    return documents.tidy(text)


FIGURE = {
    "measure": _name,
    "value": needed_number,
    "unit": unit,
    "operation": documents.tidy,
    "variant": documents.tidy,
    "subject": documents.tidy,
    "size_bytes": optional(count),
    "percentile": optional(percentile),
    "samples": optional(count),
    "streams": optional(count),
    "taken_at": optional(instant),
}
_FAILURES = {
    **dict.fromkeys(("failed", "failures", "failedoperations", "failedrequests", "errors", "error"), FAILED),
    **dict.fromkeys(("wrong", "wrongvalues", "wrongresults"), WRONG_VALUES),
    **dict.fromkeys(("dropped", "droppedmessages"), DROPPED),
}
"""Common names of rows that count failures, in lower case without punctuation."""
_VERSION = re.compile(r"#\s*(driver|firmware|nos|library|tool)\s*:\s*(\S.*)", re.IGNORECASE)


def parse(content: bytes) -> Parsed:
    versions: dict[str, str] = {}

    def read_remark(line: str) -> None:
        if (version := _VERSION.match(line)) is not None:
            versions[version[1].lower()] = documents.tidy(version[2])

    read: list[RawRow] = []
    rows = values_of(content, FIGURE, needed=("measure", "value"), most=MOST_ROWS, remark=read_remark)
    for line, values in rows:
        measure, taken_at = values.pop("measure"), values.pop("taken_at")
        name = _FAILURES.get(re.sub(r"[\W_]", "", measure).lower(), measure)
        caution = percentile_caution(values["percentile"], values["samples"])
        figure = Figure(name=name, caution=caution, **values)
        if interop.is_record(name) and (reason := interop.trouble(name, values["value"], figure.subject)):
            raise ParseError(line, reason)
        read.append(RawRow(figure, measure, taken_at))
    figures = [row.figure for row in read]
    raw = [row for row in read if is_raw(row.figure)]
    verification = verified([figure for figure in figures if not is_raw(figure)], raw)
    stored = _summarised(figures)
    documents.refuse_more(1, len(stored))
    return Parsed(
        tool="csv",
        figures=stored,
        content=documents.text_of(content).encode("utf-8", "replace"),
        versions=tuple(versions.items()),
        hosts=interop.devices_named(figures),
        # Use the oldest time: the whole file is at least as new.
        taken_at=min((row.taken_at for row in read if row.taken_at), default=None),
        contradiction=verification.contradiction,
        declared=_declared(read, verification, has_tool="tool" in versions),
    )


def is_raw(figure: Figure) -> bool:
    return part_named(figure.name) is None and not interop.is_record(figure.name)


def _summarised(figures: Sequence[Figure]) -> tuple[Figure, ...]:
    """Raw figures that differ in nothing but value and time become one: their mean, and how many they are."""
    alike: dict[Figure, list[Figure]] = {}
    for place, figure in enumerate(figures):
        is_series = is_raw(figure) and figure.name not in FAILURES and figure.samples is None
        # A figure that stays as it is has its place for a key.
        key = replace(figure, value=None) if is_series else replace(figure, samples=-place - 1)
        alike.setdefault(key, []).append(figure)
    return tuple(
        replace(each[0], value=fmean(figure.value or 0.0 for figure in each), samples=len(each))
        if len(each) > 1
        else each[0]
        for each in alike.values()
    )


def _declared(rows: Sequence[RawRow], verification: Verification, *, has_tool: bool) -> str:
    raw = [row for row in rows if is_raw(row.figure)]
    if len(raw) == len(rows):
        return ""
    has_times = all(row.taken_at for row in rows)
    lacks = {
        "the time of each row (taken_at)": has_times,
        "the tool (# tool: name and version)": has_tool,
        "rows of raw figures": bool(raw),
    }
    missing = [name for name, is_there in lacks.items() if not is_there]
    missing += [f"raw rows for {part}" for part in verification.without_rows if raw and has_times]
    return f"The table counts as declared, not as a run: it lacks {', '.join(missing)}." if missing else ""
