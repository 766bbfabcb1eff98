"""The file that ownership is exported to and read back from: rows of words, and where a row is wrong.

Pure: which site or person a word means is looked up elsewhere.
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
        return _rows(sheets.read(io.BytesIO(body)))
    except sheets.UnreadableSheet as error:
        raise BadSheet([Wrong(error.line, "", error.reason)]) from error


def _rows(lines: Iterator[tuple[int, list[str]]]) -> list[SheetRow]:
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
