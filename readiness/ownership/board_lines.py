"""The board in words: key figures, headings with shares, rows of cells, the legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from readiness.ownership.core.standing import Item, ItemStanding
from readiness.ownership.gaps import BoardSite, OwnershipCounts, OwnershipQueue
from readiness.ownership.sentences import SHORT, cell_label, cell_text, item_label
from web.links import link
from web.tables import TablePage
from web.units import power

type Line = dict[str, Any]

LOOKS = {
    ItemStanding.OWNED: "pass",
    ItemStanding.NO_DEPUTY: "warn",
    ItemStanding.OVERDUE: "stale",
    ItemStanding.LEFT: "fail",
    ItemStanding.WAITING: "waived",
    ItemStanding.UNOWNED: "unknown",
}
"""How a cell looks: as the matrix shows the state of a check, whose colours and shapes readers know."""


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


def key_figures(counts: OwnershipCounts) -> list[Line]:
    owned = counts.standings[ItemStanding.OWNED]
    stake = power(counts.at_stake_kw)
    return [
        {
            "label": "Owned",
            "value": f"{100 * owned // counts.items}" if counts.items else None,
            "unit": "%",
            "note": f"{owned} of {counts.items} items",
        },
        {
            "label": "Capacity with a gap",
            "value": stake.value,
            "unit": stake.unit,
            "note": "at sites where an item is not owned",
            "tone": "warn" if counts.at_stake_kw else "",
        },
        _queue("Unowned", counts.standings[ItemStanding.UNOWNED], OwnershipQueue.UNOWNED),
        _queue("Waiting for acceptance", counts.asked, OwnershipQueue.WAITING),
        _queue("Overdue", counts.standings[ItemStanding.OVERDUE], OwnershipQueue.OVERDUE)
        | {"note": f"{counts.due_soon} more within 14 days"},
        _queue("Owner left", counts.standings[ItemStanding.LEFT], OwnershipQueue.LEFT)
        | {"note": f"overloaded owners: {counts.overloaded}"},
    ]


def _queue(label: str, count: int, queue: OwnershipQueue) -> Line:
    return {
        "label": label,
        "value": count,
        "url": link("ownership-queues", queue=queue.value),
        "tone": "warn" if count else "",
    }


def headings(table: TablePage, items: Sequence[Item], counts: OwnershipCounts) -> list[Line]:
    """Head each item with the share of the sites where it is owned."""
    by_key = {column.key: column for column in table.columns}
    sites = counts.items // len(Item)
    columns = []
    for item in items:
        owned = counts.owned[item]
        column = by_key[item.value]
        columns.append(
            {
                "key": item.value,
                "label": SHORT[item],
                "title": item_label(item),
                "sort": column.sort,
                "sort_url": column.sort_url,
                "first": item in (Item.COMPUTE_NETWORK, Item.COMPUTE),
                "share": 100 * owned // sites if sites else 0,
                "share_label": f"{owned} of {sites} sites",
            }
        )
    return columns


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
        is_first=item in (Item.COMPUTE_NETWORK, Item.COMPUTE),
        is_asked=cell.current is not None and cell.coming is not None,
    )


def legend(counts: OwnershipCounts) -> list[Line]:
    standings = counts.standings
    return [
        {"state": standing.value, "look": LOOKS[standing], "count": standings[standing]}
        for standing in ItemStanding
    ]
