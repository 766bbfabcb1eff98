"""Rows of a table: a header, and below it cells by column.

Which columns there are, and how each is read, is declared as readers by column: a reader takes the cell, "" for one
that is missing, and raises ValueError with what it is not.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from readiness.evidence.core.documents import (
    LONGEST_TEXT,
    MOST_FIGURES,
    lines_of,
    number_of,
    text_of,
    tidy,
    whole_of,
)
from readiness.evidence.core.parsed import ParseError
from web.sheets import unguarded

type Readers = Mapping[str, Callable[[str], Any]]


def values_of(
    content: bytes,
    readers: Readers,
    *,
    needed: Sequence[str],
    headings: Mapping[str, str] | None = None,
    remark: Callable[[str], None] | None = None,
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line and values of each row as `readers` have them; ParseError as `rows_of`, and where a cell is not read."""
    rows = rows_of(content, needed=needed, columns=[*readers], headings=headings, remark=remark)
    for line, cells in rows:
        values = {}
        for name, reader in readers.items():
            text = cells.get(name, "")
            try:
                values[name] = reader(text)
            except ValueError as error:
                raise ParseError(line, f"The {name} {tidy(text)!r} {error}.") from error
        yield line, values


def rows_of(
    content: bytes,
    *,
    needed: Sequence[str],
    columns: Sequence[str],
    headings: Mapping[str, str] | None = None,
    most: int = MOST_FIGURES,
    remark: Callable[[str], None] | None = None,
) -> Iterator[tuple[int, dict[str, str]]]:
    """Line and cells of each row; ParseError where one cannot be read, or there is none.

    Lines that begin with # are remarks. `headings` are what an export calls columns, "" for those that say nothing.
    """
    header: list[str] = []
    count, number = 0, 1
    for number, line in lines_of(text_of(content)):
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
    """The cells of a line; of one that Muster exported, the texts that it had."""
    try:
        rows = list(csv.reader([text], strict=True))
    except csv.Error as error:
        raise ParseError(line, f"This is no line of comma-separated values: {tidy(error)}.") from error
    return [unguarded(cell).strip() for cell in rows[0]] if rows else []


def _header(
    line: int, cells: list[str], needed: Sequence[str], columns: Sequence[str], headings: Mapping[str, str]
) -> list[str]:
    names = [headings.get(cell.lower(), cell.lower()) for cell in cells]
    named = [name for name in names if name]
    if unknown := sorted(set(named) - set(columns)):
        known = ", ".join(columns)
        raise ParseError(
            line, f"Unknown columns {tidy(', '.join(unknown))}; these columns are known: {known}."
        )
    if missing := [name for name in needed if name not in named]:
        raise ParseError(line, f"The header names no column {' and none '.join(missing)}.")
    if len(set(named)) < len(named):
        raise ParseError(line, "The header names a column twice.")
    return names


def number(text: str) -> float:
    value = number_of(text)
    if value is None:
        raise ValueError("is no number")
    return value


def needed_number(text: str) -> float:
    value = number_of(text)
    if value is None:
        raise ValueError("is no number; leave the row out if there is none")
    return value


def count(text: str) -> int:
    value = whole_of(text)
    if value is None or value < 0:
        raise ValueError("is no count")
    return value


def percentile(text: str) -> float:
    rank = number(text)
    if not 0 < rank < 100:
        raise ValueError("is no percentile")
    return rank


def instant(text: str) -> datetime:
    try:
        stated = datetime.fromisoformat(text[:LONGEST_TEXT])
    except ValueError:
        raise ValueError("is no instant in ISO 8601") from None
    if stated.tzinfo is None:
        raise ValueError("says no zone; write Z or an offset")
    try:
        return stated.astimezone(UTC)
    except (OverflowError, ValueError):
        raise ValueError("is out of range") from None


def unit(text: str) -> str:
    return tidy(text)[:16]


def optional[Value](reader: Callable[[str], Value]) -> Callable[[str], Value | None]:
    return lambda text: reader(text) if text else None
