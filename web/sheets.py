"""Rows as CSV: written with no cell that a spreadsheet would run, read with the line of what is wrong. Pure.

Whole figures are written as they are, others with twelve significant digits.

What is guarded, and how, follows OWASP's page on CSV injection: an apostrophe before the text.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain
from typing import Any

# Also the full-width forms, and behind what a spreadsheet may skip: spaces, controls, marks without a width.
# Apostrophes count as skipped, so that a text which has one already comes back as it was.
_RUNS = re.compile(r"[\s'\x00-\x1f\u200b\ufeff]*[=+\-@＝＋－＠]|'*[\t\r\n]")
_NUMBER = re.compile(r"'*-(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
CHUNK_CHARACTERS = 64 * 1024
# Nothing is measured more closely; what lies beyond is left of a sum in binary: 212.60000000000002.
MOST_DIGITS = 12


class UnreadableSheet(ValueError):
    """The file cannot be read on from this line."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"Line {line}: {reason}")
        self.line, self.reason = line, reason


def lines(columns: Iterable[Any], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The file in chunks, each of whole rows; numbers stay numbers, all else is text."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([guarded(column) for column in columns])
    for row in rows:
        if buffer.tell() > CHUNK_CHARACTERS:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
        writer.writerow([guarded(value) for value in row])
    yield buffer.getvalue().encode()


def guarded(value: Any) -> Any:
    if isinstance(value, float) and math.isfinite(value):
        return value if value.is_integer() else float(f"{value:.{MOST_DIGITS}g}")
    if value is None or isinstance(value, int | Decimal):
        return value
    text = str(value)
    return f"'{text}" if _is_run(text) else text


def unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _is_run(cell[1:]) else cell


def _is_run(text: str) -> bool:
    """A negative number begins as a formula does, and is none."""
    return bool(_RUNS.match(text)) and not _NUMBER.fullmatch(text)


def read(file: Iterable[bytes]) -> Iterator[tuple[int, list[str]]]:
    """The rows of a file, the head first, each with the line it ends on; empty ones are left out.

    A line at a time, so that a file may have any length. Cells are parted by commas, semicolons or tabs: by what the
    head has most of. Raises UnreadableSheet for what is not UTF-8, or no table.
    """
    texts = _decoded(file)
    head = next(texts, "")
    reader = csv.reader(chain([head], texts), delimiter=max(",;\t", key=head.count), strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [unguarded(cell).strip() for cell in cells]
    except csv.Error as error:
        raise UnreadableSheet(reader.line_num, f"This cannot be read as a table: {error}.") from error


def _decoded(file: Iterable[bytes]) -> Iterator[str]:
    for number, line in enumerate(file, start=1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise UnreadableSheet(number, "This is not UTF-8. Save the file as CSV in UTF-8.") from error
        if "\x00" in text:
            raise UnreadableSheet(number, "This is no text.")
        yield text
