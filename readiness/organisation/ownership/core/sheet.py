"""The CSV file of ownership, exported and imported: rows of text, and errors by line.

Pure: looking up sites and people happens elsewhere.
"""

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from web import sheets

COLUMNS = (
    *("site", "item", "state", "accountable", "accountable_name", "team", "deputy", "responsible"),
    *("decision_rights", "escalation", "begins_at"),
)
NEEDED = frozenset(COLUMNS) - {"accountable_name", "state"}
RACI = ("site", "item", "responsible", "accountable", "deputy", "consulted", "informed")
MOST_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class SheetRow:
    """`line` is the row's last line in the file, as editors count."""

    line: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Wrong:
    """An empty `field` means the whole line."""

    line: int
    field: str
    reason: str


class BadSheet(ValueError):
    """All errors of the file, each with its line."""

    def __init__(self, wrongs: Iterable[Wrong]) -> None:
        self.wrongs = tuple(wrongs)
        super().__init__("; ".join(f"line {wrong.line}: {wrong.reason}" for wrong in self.wrongs))


def read(body: bytes) -> list[SheetRow]:
    """Raises BadSheet if the file is not UTF-8, or its header, columns or row lengths are wrong."""
    try:
        return _sheet_rows(sheets.read(io.BytesIO(body)))
    except sheets.UnreadableSheet as error:
        raise BadSheet([Wrong(error.line, "", error.reason)]) from error


def _sheet_rows(lines: Iterator[tuple[int, list[str]]]) -> list[SheetRow]:
    _line, names = next(lines, (1, []))
    if missing := sorted(NEEDED - set(names)):
        raise BadSheet([Wrong(1, name, "This column is missing.") for name in missing])
    if unknown := sorted(set(names) - set(COLUMNS)):
        raise BadSheet([Wrong(1, name[:50], "There is no such column.") for name in unknown])
    rows: list[SheetRow] = []
    wrongs: list[Wrong] = []
    for line, cells in lines:
        if len(cells) != len(names):
            wrongs.append(Wrong(line, "", f"It has {len(cells)} cells and the header {len(names)}."))
            continue
        if len(rows) == MOST_ROWS:
            raise BadSheet([Wrong(line, "", f"{MOST_ROWS} rows are read at most.")])
        rows.append(SheetRow(line, dict(zip(names, cells, strict=True))))
    if wrongs:
        raise BadSheet(wrongs)
    return rows
