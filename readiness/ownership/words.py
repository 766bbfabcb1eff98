"""Ownership in words: items, queues, cells, due dates. Names only where the reader may see them."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from django.utils.dateformat import format as date_format
from django.utils.timezone import get_current_timezone_name, localtime
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from readiness.ownership.core.standing import Item, Standing
from readiness.ownership.gaps import Queue
from readiness.ownership.models import Assignment
from readiness.ownership.queries import Cell, Live
from web.states import STATES
from web.units import duration

SHORT = {
    Item.ORCHESTRATION: _("Orchestration"),
    Item.COMPUTE_NETWORK: _("Compute–network"),
    Item.NETWORK_ENERGY: _("Network–energy"),
    Item.COMPUTE_ENERGY: _("Compute–energy"),
    Item.COMPUTE: _("Compute"),
    Item.NETWORK: _("Network"),
    Item.ENERGY: _("Energy"),
}
QUEUES = {
    Queue.UNOWNED: _("Unowned"),
    Queue.WAITING: _("Waiting for acceptance"),
    Queue.OVERDUE: _("Overdue to be confirmed"),
    Queue.DUE_SOON: _("To be confirmed soon"),
    Queue.LEFT: _("Owner left"),
    Queue.NO_DEPUTY: _("Nobody to stand in"),
    Queue.OVERLOADED: _("Owner overloaded"),
}


def item_label(item: str) -> str:
    return str(Assignment.Item(item).label)


def day(at: datetime | None) -> str:
    return _day(at, get_current_timezone_name(), get_language()) if at else ""


# The instants of a board repeat, and formatting them would take much of its time.
@lru_cache(maxsize=4096)
def _day(at: datetime, zone: str, language: str | None) -> str:
    return date_format(localtime(at), "j M Y")


def due(at: datetime | None, now: datetime) -> str:
    """When, and how far away that is."""
    if at is None:
        return ""
    span = duration(abs((at - now).total_seconds()))
    left = gettext("in %(span)s") if at > now else gettext("%(span)s ago")
    return f"{day(at)} ({left % {'span': span}})"


def who(one: Live | None, *, names: bool) -> str:
    """The person to those who may see names, else the team."""
    if one is None:
        return ""
    return one.person if names else gettext("somebody of %(team)s") % {"team": one.team}


def short_name(name: str) -> str:
    """`Ana Maria Reis` becomes `A. Reis`."""
    first, _space, rest = name.partition(" ")
    return f"{first[0]}. {rest.rpartition(' ')[2]}" if rest else name


def cell_text(cell: Cell, *, names: bool) -> str:
    one = cell.shown
    if one is None:
        return gettext("nobody")
    return short_name(one.person) if names else one.team


def cell_label(site: str, cell: Cell, *, names: bool, now: datetime) -> str:
    """What a reader hears of a cell; what is written in it is part of that."""
    state = str(STATES["ownership"][cell.standing].word)
    said = f"{site}, {SHORT[cell.item]}: {cell_text(cell, names=names)}. {state}"
    if cell.current is not None:
        said += f", {who(cell.current, names=names)}"
        if cell.current.due_at is not None:
            said += ", " + gettext("confirmed until %(day)s") % {"day": day(cell.current.due_at)}
    if cell.coming is not None:
        asked = gettext("asked: %(who)s") if not cell.coming.is_accepted else gettext("then: %(who)s")
        said += ", " + asked % {"who": who(cell.coming, names=names)}
    return said


def standing_sentence(cell: Cell, now: datetime) -> str:
    """What it means, and what follows."""
    told: dict[Standing, Any] = {
        Standing.OWNED: lambda: gettext("One person answers for it, accepted and confirmed in time."),
        Standing.NO_DEPUTY: lambda: gettext("Nobody stands in for the owner: it does not count as owned."),
        Standing.OVERDUE: lambda: gettext(
            "The owner has not confirmed it in time: it does not count as owned."
        ),
        Standing.LEFT: lambda: gettext(
            "The owner has left: it counts as unowned until somebody else accepts."
        ),
        Standing.WAITING: lambda: gettext("Nobody answers for it yet: somebody was asked."),
        Standing.UNOWNED: lambda: gettext("Nobody answers for it."),
    }
    return str(told[cell.standing]())
