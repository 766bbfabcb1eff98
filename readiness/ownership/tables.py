"""Columns as data: the board, the queues, the load of each owner."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from inventory.models import Site
from readiness.ownership.core.standing import Item, ItemStanding
from readiness.ownership.gaps import BoardSite, Load, OwnedFleet, QueuedItem
from readiness.ownership.sentences import QUEUES, SHORT, cell_text, due, item_label, who
from web.links import link
from web.states import STATES
from web.tables import Column, RowFilter, Table
from web.units import power

STANDINGS = [(standing.value, STATES["ownership"][standing].word) for standing in ItemStanding]
ITEMS = [(item.value, SHORT[item]) for item in Item]
SITE_EMPTY = {
    "title": "No sites yet",
    "text": "The board shows every site against the seven items that somebody answers for.",
    "icon": "user-check",
    "action_url": "/inventory/sites/",
    "action_label": "Go to the inventory",
}


def _kw(value: float) -> str:
    return power(value, "kW").value or ""


def _named(values: Iterable[str]) -> list[tuple[str, str]]:
    return [(value, value) for value in sorted(set(values))]


def board_table(fleet: OwnedFleet, items: Sequence[Item], *, names: bool) -> Table:
    """`items` are those shown; whoever may not see names has teams in their place."""
    return Table(
        id="ownership-board",
        label="Ownership board",
        noun=("site", "sites"),
        columns=[*_of_site(), *(_of_item(item, names=names) for item in items)],
        filters=_board_filters(fleet, items, names=names),
        default_sort="-at_stake",
        row_id=lambda row: row.site.id,
        row_url=lambda row: link("site", row.site.slug),
        row_name=lambda row: row.site.name,
        empty=SITE_EMPTY,
        api="ownership-api-assignment-list",
    )


def _of_site() -> list[Column]:
    return [
        Column("site", "Site", value="site.name", sort=True, locked=True),
        Column(
            "deployed",
            "Deployed",
            value="kw",
            text=lambda row: _kw(row.kw),
            sort=True,
            unit="kW",
            numeric=True,
            locked=True,
        ),
        Column(
            "at_stake",
            "Gaps",
            value="gaps",
            # The most capacity first, then the most gaps; a site without any comes last.
            sort=lambda row: (row.gaps > 0, row.at_stake_kw, row.gaps),
            numeric=True,
            locked=True,
        ),
    ]


def _of_item(item: Item, *, names: bool) -> Column:
    order = {standing: place for place, standing in enumerate(ItemStanding)}
    return Column(
        item.value,
        SHORT[item],
        value=lambda row: cell_text(row.cells[item], names=names),
        export=lambda row: f"{row.cells[item].standing}: {cell_text(row.cells[item], names=names)}",
        sort=lambda row: (order[row.cells[item].standing], row.kw),
        locked=True,
    )


def _board_filters(fleet: OwnedFleet, items: Sequence[Item], *, names: bool) -> list[RowFilter]:
    sites = fleet.sites
    filters = [
        RowFilter(
            "standing",
            "Standing of an item",
            lambda row: frozenset([row.cells[item].standing.value for item in items]),
            STANDINGS,
        ),
        # Of every row: which columns are shown, not which rows.
        RowFilter("item", "Item", lambda row: _EVERY_ITEM, ITEMS),
        RowFilter("region", "Region", "site.region", _named(row.site.region for row in sites)),
        RowFilter("kind", "Kind", "site.kind", Site.Kind.choices),
        RowFilter("stage", "Stage", "site.stage", Site.Stage.choices[:-1]),
        RowFilter("team", "Team", lambda row: _teams(row, items), _named(_all_teams(sites))),
    ]
    if names:
        people = {str(load.person_id): load.person for load in fleet.loads}
        ordered = sorted(people.items(), key=lambda pair: (pair[1], pair[0]))
        filters.append(RowFilter("owner", "Owner", lambda row: _people(row, items), ordered))
    return filters


_EVERY_ITEM = frozenset(item.value for item in Item)


def _teams(row: BoardSite, items: Sequence[Item]) -> frozenset[str]:
    return frozenset([assignment.team for item in items if (assignment := row.cells[item].shown) is not None])


def _people(row: BoardSite, items: Sequence[Item]) -> frozenset[str]:
    return frozenset(
        [
            str(assignment.person_id)
            for item in items
            for assignment in (row.cells[item].current, row.cells[item].coming)
            if assignment is not None
        ]
    )


def _all_teams(sites: Iterable[BoardSite]) -> Iterable[str]:
    return (cell.shown.team for row in sites for cell in row.cells.values() if cell.shown is not None)


def queue_table(fleet: OwnedFleet, *, names: bool, now: datetime) -> Table:
    return Table(
        id="ownership-queues",
        label="What is not owned as it should be",
        noun=("gap", "gaps"),
        columns=_queue_columns(names=names, now=now),
        filters=[
            RowFilter("queue", "Queue", "queue.value", [(queue.value, QUEUES[queue]) for queue in QUEUES]),
            RowFilter("item", "Item", "cell.item.value", ITEMS),
            RowFilter("region", "Region", "site.region", _named(row.site.region for row in fleet.sites)),
        ],
        default_sort="",
        # An item may be in several queues, and a row is one of them.
        row_id=lambda gap: f"{gap.key}.{gap.queue}",
        row_url=_cell_url,
        row_name=lambda gap: f"{gap.site.name}, {item_label(gap.cell.item)}",
        empty={
            "title": "Everything is owned",
            "text": "Each item has one accountable person who accepted and confirmed it in time.",
            "icon": "user-check",
        },
    )


def _cell_url(gap: QueuedItem) -> str:
    return link("ownership", cell=gap.key)


def _queue_columns(*, names: bool, now: datetime) -> Sequence[Column]:
    return (
        Column(
            "queue",
            "Queue",
            value="queue.value",
            text=lambda gap: QUEUES[gap.queue],
            sort=lambda gap: QUEUES[gap.queue],
            phone="status",
        ),
        Column(
            "site",
            "Site",
            value="site.name",
            url=_cell_url,
            sort=True,
            locked=True,
            phone="title",
            export="site.slug",
        ),
        Column(
            "item", "Item", value="cell.item.value", text=lambda gap: item_label(gap.cell.item), sort=True
        ),
        Column(
            "stake", "At stake", value="kw", text=lambda gap: _kw(gap.kw), sort=True, unit="kW", numeric=True
        ),
        Column("who", "Who", value=lambda gap: who(gap.about, names=names), phone="full"),
        Column("due", "When", value="at", text=lambda gap: due(gap.at, now), sort=True),
        Column("asked", "Asked", value=lambda gap: who(gap.cell.coming, names=names), default=False),
    )


def owner_table() -> Table:
    return Table(
        id="owners",
        label="Load of each owner",
        noun=("owner", "owners"),
        columns=(
            Column(
                "person",
                "Owner",
                url=lambda load: link("ownership", owner=load.person_id),
                sort=True,
                locked=True,
                phone="title",
            ),
            Column("team", "Team", sort=True),
            Column(
                "standing",
                "Standing",
                value=_load_words,
                tone=lambda load: "warn" if load.has_left or load.is_overloaded else "",
                phone="status",
            ),
            Column("items", "Items", sort=True, numeric=True),
            Column("sites", "Sites", sort=True, numeric=True),
            Column("overdue", "Overdue", sort=True, numeric=True),
            Column("asked", "Asked", sort=True, numeric=True),
            Column("kw", "Capacity", text=lambda load: _kw(load.kw), sort=True, unit="kW", numeric=True),
            Column(
                "reassign",
                "Hand over",
                value=lambda load: "Reassign",
                url=lambda load: link("reassign", source=load.person_id),
                export=lambda load: "",
            ),
        ),
        row_id="person_id",
        row_name="person",
        row_url=lambda load: link("ownership", owner=load.person_id),
        default_sort="-items",
        empty={
            "title": "Nobody answers for anything yet",
            "text": "Propose somebody on the board.",
            "icon": "users-group",
        },
    )


def _load_words(load: Load) -> str:
    if load.has_left:
        return "has left"
    return "overloaded" if load.is_overloaded else "present"


def actions(*, may_propose: bool) -> Sequence[dict[str, Any]]:
    if not may_propose:
        return ()
    return [{"name": "propose", "label": "Propose an owner", "icon": "user-check", "url": link("propose")}]
