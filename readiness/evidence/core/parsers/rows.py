"""Rows of a table of records: a header, and below it cells by column. Which columns, its caller says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from readiness.evidence.core.documents import MOST_FIGURES, lines_of, text_of, tidy
from readiness.evidence.core.parsed import ParseError
from readiness.evidence.core.parsers.table import split


def rows_of(
    content: bytes,
    *,
    needed: Sequence[str],
    columns: Sequence[str],
    headings: Mapping[str, str] | None = None,
    most: int = MOST_FIGURES,
) -> Iterator[tuple[int, dict[str, str]]]:
    """Line and cells of each row; ParseError where one cannot be read, or there is none.

    Lines that begin with # are remarks. `headings` are what an export calls columns, "" for those that say nothing.
    """
    header: list[str] = []
    count, number = 0, 1
    for number, line in lines_of(text_of(content)):
        if not line.strip() or line.startswith("#"):
            continue
        cells = split(number, line)
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


def _header(
    line: int,
    cells: list[str],
    needed: Sequence[str],
    columns: Sequence[str],
    headings: Mapping[str, str],
) -> list[str]:
    names = [headings.get(cell.lower(), cell.lower()) for cell in cells]
    named = [name for name in names if name]
    missing = [name for name in needed if name not in named]
    if set(named) - set(columns) or len(set(named)) < len(named):
        raise ParseError(line, f"These columns are known, each once: {', '.join(columns)}.")
    if missing:
        raise ParseError(line, f"The header names no column {' and none '.join(missing)}.")
    return names


def day_of(line: int, column: str, text: str) -> date:
    """A day in ISO 8601; ParseError where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ParseError(line, f"{column} {tidy(text)!r} is no day in ISO 8601.") from error
