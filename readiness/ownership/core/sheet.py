"""The file that ownership is exported to and read back from: rows of words, and where a row is wrong.

Pure: which site or person a word means is looked up elsewhere.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from web.sheets import unguarded

COLUMNS = (
    *("site", "item", "state", "accountable", "accountable_name", "team", "deputy", "responsible"),
    *("decision_rights", "escalation", "begins_at"),
)
NEEDED = frozenset(COLUMNS) - {"accountable_name", "state"}
RACI = ("site", "item", "responsible", "accountable", "deputy", "consulted", "informed")
MOST_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class SheetRow:
    """`line` is where the row ends in the file, as editors count."""

    line: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Wrong:
    """`field` "" is the whole line."""

    line: int
    field: str
    reason: str


class BadSheet(ValueError):
    """All that is wrong with the file, each with its line."""

    def __init__(self, wrongs: Iterable[Wrong]) -> None:
        self.wrongs = tuple(wrongs)
        super().__init__("; ".join(f"line {wrong.line}: {wrong.reason}" for wrong in self.wrongs))


def read(body: bytes) -> list[SheetRow]:
    """Raises BadSheet for what is no such file: not UTF-8, no header, columns missing, rows of another length."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise BadSheet([Wrong(line, "", "This is not UTF-8.")]) from error
    if "\x00" in text:
        raise BadSheet([Wrong(text[: text.index("\x00")].count("\n") + 1, "", "This is no text.")])
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        return _rows(reader)
    except csv.Error as error:
        raise BadSheet([Wrong(reader.line_num, "", f"This cannot be read: {error}.")]) from error


def _rows(reader: Iterator[list[str]]) -> list[SheetRow]:
    names = [name.strip() for name in next(reader, [])]
    if missing := sorted(NEEDED - set(names)):
        raise BadSheet([Wrong(1, name, "This column is missing.") for name in missing])
    if unknown := sorted(set(names) - set(COLUMNS)):
        raise BadSheet([Wrong(1, name[:50], "There is no such column.") for name in unknown])
    rows: list[SheetRow] = []
    wrongs: list[Wrong] = []
    for cells in reader:
        line: int = reader.line_num  # type: ignore[attr-defined]
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(names):
            wrongs.append(Wrong(line, "", f"It has {len(cells)} cells and the header {len(names)}."))
            continue
        if len(rows) == MOST_ROWS:
            raise BadSheet([Wrong(line, "", f"{MOST_ROWS} rows are read at most.")])
        rows.append(
            SheetRow(line, {name: unguarded(cell).strip() for name, cell in zip(names, cells, strict=True)})
        )
    if wrongs:
        raise BadSheet(wrongs)
    return rows
