"""Rows of the board: headings with shares, cells, the legend. A board has thousands of cells: plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from readiness.ownership.core.standing import Item, ItemStanding
from readiness.ownership.gaps import BoardSite, OwnershipCounts
from readiness.ownership.sentences import SHORT, cell_label, cell_text, item_label
from web.links import link
from web.tables import TablePage
from web.units import power

LOOKS = {
    ItemStanding.OWNED: "pass",
    ItemStanding.NO_DEPUTY: "warn",
    ItemStanding.OVERDUE: "stale",
    ItemStanding.LEFT: "fail",
    ItemStanding.WAITING: "waived",
    ItemStanding.UNOWNED: "unknown",
}
"""How a cell looks: as the matrix shows the state of a check, whose colours and shapes readers know."""


FIRST = (Item.COMPUTE_NETWORK, Item.COMPUTE)
"""Items before which the board draws a line."""


class BoardCell(NamedTuple):
    key: str
    look: str
    text: str
    label: str
    is_chosen: bool
    is_first: bool
    is_asked: bool


@dataclass(frozen=True, slots=True)
class BoardRow:
    row: BoardSite
    url: str
    kw: str
    cells: list[BoardCell]


def headings(table: TablePage, items: Sequence[Item], counts: OwnershipCounts) -> list[dict[str, Any]]:
    """Head each item with the share of the sites where it is owned."""
    by_key = {column.key: column for column in table.columns}
    sites = counts.items // len(Item)
    return [
        {
            "key": item.value,
            "label": SHORT[item],
            "title": item_label(item),
            "sort": by_key[item.value].sort,
            "sort_url": by_key[item.value].sort_url,
            "first": item in FIRST,
            "share": 100 * counts.owned[item] // sites if sites else 0,
            "share_label": f"{counts.owned[item]} of {sites} sites",
        }
        for item in items
    ]


def rows(
    table: TablePage, items: Sequence[Item], *, chosen: str, names: bool, now: datetime
) -> list[BoardRow]:
    return [
        BoardRow(
            row=each.object,
            url=link("site", each.object.site.slug),
            kw=power(each.object.kw, "kW").value or "",
            cells=[_cell(each.object, item, chosen, names, now) for item in items],
        )
        for each in table.rows
    ]


def _cell(row: BoardSite, item: Item, chosen: str, names: bool, now: datetime) -> BoardCell:
    cell, key = row.cells[item], f"{row.site.slug}.{item}"
    return BoardCell(
        key=key,
        look=LOOKS[cell.standing],
        text=cell_text(cell, names=names),
        label=cell_label(row.site.name, cell, names=names, now=now),
        is_chosen=key == chosen,
        is_first=item in FIRST,
        is_asked=cell.current is not None and cell.coming is not None,
    )


def legend(counts: OwnershipCounts) -> list[tuple[str, str, int]]:
    """Each standing with how it looks and how often it is there."""
    return [(standing.value, LOOKS[standing], counts.standings[standing]) for standing in ItemStanding]
