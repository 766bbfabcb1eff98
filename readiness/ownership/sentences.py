"""Ownership in words: items, queues, cells, due dates. Names only where the reader may see them."""

from datetime import datetime
from functools import lru_cache

from django.utils.dateformat import format as date_format
from django.utils.timezone import get_current_timezone_name, localtime

from readiness.ownership.core.standing import Item, ItemStanding
from readiness.ownership.gaps import OwnershipQueue
from readiness.ownership.models import Assignment
from readiness.ownership.queries import Live, OwnershipCell
from web.states import STATES
from web.units import duration

SHORT = {
    Item.ORCHESTRATION: "Orchestration",
    Item.COMPUTE_NETWORK: "Compute–network",
    Item.NETWORK_ENERGY: "Network–energy",
    Item.COMPUTE_ENERGY: "Compute–energy",
    Item.COMPUTE: "Compute",
    Item.NETWORK: "Network",
    Item.ENERGY: "Energy",
}
QUEUES = {
    OwnershipQueue.UNOWNED: "Unowned",
    OwnershipQueue.WAITING: "Waiting for acceptance",
    OwnershipQueue.OVERDUE: "Overdue to be confirmed",
    OwnershipQueue.DUE_SOON: "To be confirmed soon",
    OwnershipQueue.LEFT: "Owner left",
    OwnershipQueue.NO_DEPUTY: "Nobody to stand in",
    OwnershipQueue.OVERLOADED: "Owner overloaded",
}


def item_label(item: str) -> str:
    return str(Assignment.Item(item).label)


def day(at: datetime | None) -> str:
    return _day(at, get_current_timezone_name()) if at else ""


# The instants of a board repeat, and formatting them would take much of its time.
@lru_cache(maxsize=4096)
def _day(at: datetime, zone: str) -> str:
    return date_format(localtime(at), "j M Y")


def due(at: datetime | None, now: datetime) -> str:
    if at is None:
        return ""
    span = duration(abs((at - now).total_seconds()))
    return f"{day(at)} (in {span})" if at > now else f"{day(at)} ({span} ago)"


def who(assignment: Live | None, *, names: bool) -> str:
    if assignment is None:
        return ""
    return assignment.person if names else f"somebody of {assignment.team}"


def short_name(name: str) -> str:
    """`Ana Maria Reis` becomes `A. Reis`."""
    first, _space, rest = name.partition(" ")
    return f"{first[0]}. {rest.rpartition(' ')[2]}" if rest else name


def cell_text(cell: OwnershipCell, *, names: bool) -> str:
    assignment = cell.shown
    if assignment is None:
        return "nobody"
    return short_name(assignment.person) if names else assignment.team


def cell_label(site: str, cell: OwnershipCell, *, names: bool, now: datetime) -> str:
    state = str(STATES["ownership"][cell.standing].word)
    label = f"{site}, {SHORT[cell.item]}: {cell_text(cell, names=names)}. {state}"
    if cell.current is not None:
        label += f", {who(cell.current, names=names)}"
        if cell.current.due_at is not None:
            label += f", confirmed until {day(cell.current.due_at)}"
    if cell.coming is not None:
        label += f", {'then' if cell.coming.is_accepted else 'asked'}: {who(cell.coming, names=names)}"
    return label


MEANING = {
    ItemStanding.OWNED: "One person answers for it, accepted and confirmed in time.",
    ItemStanding.NO_DEPUTY: "Nobody stands in for the owner: it does not count as owned.",
    ItemStanding.OVERDUE: "The owner has not confirmed it in time: it does not count as owned.",
    ItemStanding.LEFT: "The owner has left: it counts as unowned until somebody else accepts.",
    ItemStanding.WAITING: "Nobody answers for it yet: somebody was asked.",
    ItemStanding.UNOWNED: "Nobody answers for it.",
}
