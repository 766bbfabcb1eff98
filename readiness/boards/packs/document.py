"""A document as plain values: sections of facts and tables. No Django, no drawing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PackColumn:
    """`share` is of the table's width. A `kind` says that the cells are states of it, such as "check"."""

    title: str
    share: float
    kind: str = ""

    @property
    def percent(self) -> int:
        return round(100 * self.share)


@dataclass(frozen=True, slots=True)
class PackTable:
    columns: tuple[PackColumn, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def lines(self) -> list[list[tuple[PackColumn, str]]]:
        """Each cell with its column."""
        return [list(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True, slots=True)
class Section:
    """`facts` are terms with their values; `empty` is said where there is neither fact nor row."""

    id: str
    title: str
    lead: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    table: PackTable | None = None
    empty: str = ""
    new_page: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """`stamp` is when and by whom it was made: the only thing that differs between two of one state."""

    title: str
    subtitle: str
    stamp: str
    sections: tuple[Section, ...] = field(default=())

    def texts(self) -> Iterator[str]:
        """Every text that it shows, in order; states as their own words."""
        yield from (self.title, self.subtitle, self.stamp)
        for section in self.sections:
            yield from (section.title, section.lead)
            for term, value in section.facts:
                yield from (term, value)
            if section.table is not None:
                yield from (column.title for column in section.table.columns)
                for row in section.table.rows:
                    yield from row
