"""Tables of the board, the queues, and the load of each owner."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.utils.timezone import get_current_timezone_name

from inventory.models import Site
from readiness.organisation.ownership.core.standing import Gone, Hindrance, Item, ItemStanding
from readiness.organisation.ownership.gaps import BoardSite, Load, OwnedFleet, OwnershipQueue, QueuedItem
from readiness.organisation.ownership.models import Assignment
from readiness.organisation.ownership.queries import Live, OwnershipCell
from web.links import link
from web.states import STATES
from web.tables import Column, RowFilter, Table
from web.units import day as day_text
from web.units import duration, power

SHORT = {
    Item.ORCHESTRATION: "Orchestration",
    Item.COMPUTE_NETWORK: "Compute–network",
    Item.NETWORK_ENERGY: "Network–energy",
    Item.COMPUTE_ENERGY: "Compute–energy",
    Item.COMPUTE: "Compute",
    Item.NETWORK: "Network",
    Item.ENERGY: "Energy",
}


def item_label(item: str) -> str:
    return str(Assignment.Item(item).label)


def day(at: datetime | None) -> str:
    return _day(at, get_current_timezone_name()) if at else ""


# The instants of a board repeat, so formatted ones are cached.
@lru_cache(maxsize=4096)
def _day(at: datetime, zone: str) -> str:
    return day_text(at)


def due(at: datetime | None, now: datetime) -> str:
    if at is None:
        return ""
    span = duration(abs((at - now).total_seconds()))
    return f"{day(at)} (in {span})" if at > now else f"{day(at)} ({span} ago)"


def who(assignment: Live | None, *, names: bool) -> str:
    if assignment is None:
        return ""
    return assignment.person if names else f"somebody of {assignment.team}"


GONE = {
    Gone.LEFT: "has left",
    Gone.DISABLED: "has an account that is disabled",
    Gone.LINK_ENDED: "has no account any more",
    Gone.NO_ACCOUNT: "has no account",
}
"""Continues "The owner ..."."""
HINDRANCES = {
    Hindrance.NO_DEPUTY: "no deputy is named",
    Hindrance.LEFT: "the deputy has left",
    Hindrance.NO_ACCOUNT: "the deputy has no account",
    Hindrance.AWAY: "the deputy is away too",
    Hindrance.DECLINED: "the deputy declined to take over",
}


def presence_words(assignment: Live | None, *, names: bool) -> str:
    """Why the owner does not answer, and who does instead; "" while the owner does. Needs no name."""
    if assignment is None:
        return ""
    if assignment.gone:
        return f"the owner {GONE[Gone(assignment.gone)]}"
    if assignment.away_until is None:
        return ""
    away = f"the owner is away until {day(assignment.away_until)}"
    if assignment.hindrance:
        return f"{away}, and nobody answers: {HINDRANCES[Hindrance(assignment.hindrance)]}"
    return f"{away}; {assignment.deputy if names else 'the deputy'} answers as deputy"


def short_name(name: str) -> str:
    """`Ana Maria Reis` becomes `A. Reis`."""
    first, _space, rest = name.partition(" ")
    return f"{first[0]}. {rest.rpartition(' ')[2]}" if rest else name


def cell_text(cell: OwnershipCell, *, names: bool) -> str:
    assignment = cell.current_or_coming
    if assignment is None:
        return "nobody"
    return short_name(assignment.answers) if names else assignment.team


def cell_label(site: str, cell: OwnershipCell, *, names: bool, now: datetime, subject: str = "") -> str:
    """`subject` is what the cell stands for, if that is more than its item."""
    state = str(STATES["ownership"][cell.standing].word)
    label = f"{site}, {subject or SHORT[cell.item]}: {cell_text(cell, names=names)}. {state}"
    if cell.current is not None:
        label += f", {who(cell.current, names=names)}"
        if cell.current.due_at is not None:
            label += f", confirmed until {day(cell.current.due_at)}"
        if words := presence_words(cell.current, names=names):
            label += f", {words}"
    if cell.coming is not None:
        label += f", {'then' if cell.coming.is_accepted else 'asked'}: {who(cell.coming, names=names)}"
    return label


MEANING = {
    ItemStanding.OWNED: "One person has accepted the item and confirmed it in time.",
    ItemStanding.NO_DEPUTY: "The owner has no deputy, so the item does not count as owned.",
    ItemStanding.OVERDUE: "The owner has not confirmed the item in time, so it does not count as owned.",
    ItemStanding.AWAY: "The owner is on leave and nobody stands in, so nobody answers for the item now.",
    ItemStanding.UNANSWERED: "The owner cannot answer any more, so nobody owns the item until another accepts it.",
    ItemStanding.WAITING: "Nobody owns the item yet. Somebody was asked to accept it.",
    ItemStanding.UNOWNED: "Nobody owns the item.",
}


STANDINGS = [(standing.value, STATES["ownership"][standing].word) for standing in ItemStanding]
ITEMS = [(item.value, SHORT[item]) for item in Item]
ORDER = {standing: place for place, standing in enumerate(ItemStanding)}
_EVERY_ITEM = frozenset(item.value for item in Item)


def _kw(value: float) -> str:
    return power(value, "kW").value or ""


def _named(values: Iterable[str]) -> list[tuple[str, str]]:
    return [(value, value) for value in sorted(set(values))]


def board_table(fleet: OwnedFleet, items: Sequence[Item], *, names: bool) -> Table:
    return Table(
        id="ownership-board",
        label="Ownership board",
        noun=("site", "sites"),
        columns=(
            Column("site", "Site", "site.name", sort=True, locked=True),
            Column("deployed", "Deployed", "kw", lambda row: _kw(row.kw), sort=True, unit="kW", numeric=True,
                   locked=True),
            # Sort by capacity, then by gaps; a site without gaps comes last.
            Column("at_stake", "Gaps", "gaps", sort=lambda row: (row.gaps > 0, row.kw_at_stake, row.gaps), numeric=True,
                   locked=True, hint="Sorted by the capacity at stake, then by gaps"),
            *(_item_column(item, names=names) for item in items),
        ),
        filters=_board_filters(fleet, items, names=names),
        default_sort="-at_stake",
        row_id="site.id",
        row_url=lambda row: link("site", row.site.slug),
        row_name="site.name",
        nothing="ownership/nothing.html#ownership-board",
        api="ownership-api-assignment-list",
    )  # fmt: skip


def _item_column(item: Item, *, names: bool) -> Column:
    def text(row: BoardSite) -> str:
        return cell_text(row.cells[item], names=names)

    return Column(
        item.value,
        SHORT[item],
        text,
        export=lambda row: f"{row.cells[item].standing}: {text(row)}",
        sort=lambda row: (ORDER[row.cells[item].standing], row.kw),
        locked=True,
    )


def _board_filters(fleet: OwnedFleet, items: Sequence[Item], *, names: bool) -> list[RowFilter]:
    assignments = [cell.current_or_coming for row in fleet.sites for cell in row.cells.values()]
    filters = [
        RowFilter("standing", "Standing of an item", lambda row: _standings(row, items), STANDINGS),
        # This filter selects columns, not rows.
        RowFilter("item", "Item", lambda row: _EVERY_ITEM, ITEMS),
        RowFilter("region", "Region", "site.region", _named(row.site.region for row in fleet.sites)),
        RowFilter("kind", "Kind", "site.kind", Site.Kind.choices),
        RowFilter("stage", "Stage", "site.stage", Site.Stage.choices[:-1]),
        RowFilter(
            "team", "Team", lambda row: _teams(row, items), _named(each.team for each in assignments if each)
        ),
    ]
    if names:
        people = {str(load.person_id): load.person for load in fleet.loads}
        ordered = sorted(people.items(), key=lambda pair: (pair[1], pair[0]))
        filters.append(RowFilter("owner", "Owner", lambda row: _people(row, items), ordered))
    return filters


def _standings(row: BoardSite, items: Sequence[Item]) -> frozenset[str]:
    return frozenset([row.cells[item].standing.value for item in items])


def _teams(row: BoardSite, items: Sequence[Item]) -> frozenset[str]:
    return frozenset(
        [assignment.team for item in items if (assignment := row.cells[item].current_or_coming) is not None]
    )


def _people(row: BoardSite, items: Sequence[Item]) -> frozenset[str]:
    return frozenset(
        [
            str(assignment.person_id)
            for item in items
            for assignment in (row.cells[item].current, row.cells[item].coming)
            if assignment is not None
        ]
    )


def queue_table(fleet: OwnedFleet, *, names: bool, now: datetime) -> Table:
    return Table(
        id="ownership-queues",
        label="Items that are not properly owned",
        noun=("gap", "gaps"),
        columns=(
            Column("queue", "Queue", "queue.value", "queue.label", sort=lambda gap: gap.queue.label,
                   phone="status"),
            Column("site", "Site", "site.name", url=_cell_url, sort=True, locked=True, phone="title",
                   export="site.slug"),
            Column("item", "Item", "cell.item.value", lambda gap: item_label(gap.cell.item), sort=True),
            Column("stake", "At stake", "kw", lambda gap: _kw(gap.kw), sort=True, unit="kW", numeric=True),
            Column("who", "Who", lambda gap: who(gap.assignment, names=names), phone="full"),
            Column("reason", "Why", lambda gap: presence_words(gap.assignment, names=names), phone="full"),
            Column("due", "When", "due_or_since", lambda gap: due(gap.due_or_since, now), sort=True),
            Column("asked", "Asked", lambda gap: who(gap.cell.coming, names=names), default=False),
        ),
        filters=(
            RowFilter("queue", "Queue", "queue.value", OwnershipQueue.choices),
            RowFilter("item", "Item", "cell.item.value", ITEMS),
            RowFilter("region", "Region", "site.region", _named(row.site.region for row in fleet.sites)),
        ),
        # An item may be in several queues; each is a row.
        row_id=lambda gap: f"{gap.key}.{gap.queue}",
        row_url=_cell_url,
        row_name=lambda gap: f"{gap.site.name}, {item_label(gap.cell.item)}",
        nothing="ownership/nothing.html#ownership-queues",
    )  # fmt: skip


def _cell_url(gap: QueuedItem) -> str:
    return link("ownership", cell=gap.key)


def _owner_url(load: Load) -> str:
    return link("ownership", owner=load.person_id)


def _load_words(load: Load) -> str:
    if load.gone:
        return GONE[Gone(load.gone)]
    return "overloaded" if load.is_overloaded else "present"


OWNERS = Table(
    id="owners",
    label="Load of each owner",
    noun=("owner", "owners"),
    columns=(
        Column("person", "Owner", url=_owner_url, sort=True, locked=True, phone="title"),
        Column("team", "Team", sort=True),
        Column("standing", "Standing", _load_words, phone="status",
               tone=lambda load: "warn" if load.gone or load.is_overloaded else ""),
        Column("items", "Items", sort=True, numeric=True),
        Column("sites", "Sites", sort=True, numeric=True),
        Column("overdue", "Overdue", sort=True, numeric=True),
        Column("asked", "Asked", "waiting", sort=True, numeric=True),
        Column("kw", "Capacity", text=lambda load: _kw(load.kw), sort=True, unit="kW", numeric=True),
        Column("reassign", "Hand over", lambda load: "Reassign", export=lambda load: "",
               url=lambda load: link("reassign", source=load.person_id)),
    ),
    row_id="person_id",
    row_name="person",
    row_url=_owner_url,
    default_sort="-items",
    nothing="ownership/nothing.html#owners",
)  # fmt: skip


def actions() -> Sequence[dict[str, Any]]:
    return [{"name": "propose", "label": "Propose an owner", "icon": "user-check", "url": link("propose")}]
