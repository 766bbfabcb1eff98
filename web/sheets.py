"""CSV rows: written without cells that a spreadsheet would execute, read with the line of an error.

Pure. Whole numbers are written as they are, others with twelve significant digits. Guarding follows OWASP's page on CSV
injection: an apostrophe before the text.
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

# Includes full-width forms, also after characters that a spreadsheet may skip: spaces, controls, zero-width marks.
# Skip apostrophes too, so that a text that already has one round-trips.
_RUNS = re.compile(r"[\s'\x00-\x1f\u200b\ufeff]*[=+\-@＝＋－＠]|'*[\t\r\n]")
_NUMBER = re.compile(r"'*-(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
CHUNK_CHARACTERS = 64 * 1024
# No measurement is more precise; further digits come from binary sums: 212.60000000000002.
MOST_DIGITS = 12


class UnreadableSheet(ValueError):
    """The file cannot be read beyond this line."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"Line {line}: {reason}")
        self.line, self.reason = line, reason


def lines(columns: Iterable[Any], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The file in chunks of whole rows; numbers stay numbers, everything else is text."""
    return chunks(chain([list(columns)], rows))


def chunks(rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
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
    """A negative number begins like a formula, but is none."""
    return bool(_RUNS.match(text)) and not _NUMBER.fullmatch(text)


def read(file: Iterable[bytes]) -> Iterator[tuple[int, list[str]]]:
    """The rows of a file, the header first, each with its last line number; empty rows are left out.

    Reads a line at a time, so that a file may have any length. The separator is the comma, semicolon or tab that is
    most frequent in the header. Raises UnreadableSheet if the file is not UTF-8 or not a table.
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
            raise UnreadableSheet(number, "This is not text.")
        yield text
