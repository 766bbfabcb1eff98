"""What one user answers for, is asked for, and stands in for. It tells of oneself: it asks for no right to names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext

from accounts.models import User
from readiness.ownership.gaps import REMIND_BEFORE
from readiness.ownership.models import Assignment
from readiness.ownership.sentences import day, due, item_label, link


@dataclass(frozen=True, slots=True)
class Mine:
    """Live assignments by what they are to the user. `is_person` is whether the user is anybody at all."""

    is_person: bool
    asked: tuple[Assignment, ...] = ()
    overdue: tuple[Assignment, ...] = ()
    due_soon: tuple[Assignment, ...] = ()
    others: tuple[Assignment, ...] = ()
    deputy: tuple[Assignment, ...] = ()


def of_user(user: User, *, now: datetime) -> Mine:
    """Two statements."""
    person = getattr(user, "person", None)
    if person is None:
        return Mine(is_person=False)
    found = list(
        Assignment.objects.live(now)
        .filter(Q(accountable=person) | Q(deputy=person))
        .select_related("site", "team")
        .order_by("due_at", "site__name", "item", "pk")
    )
    own = [one for one in found if one.accountable_id == person.pk]
    accepted = [one for one in own if one.due_at is not None]
    overdue = [one for one in accepted if one.due_at is not None and one.due_at <= now]
    due_soon = [one for one in accepted if one.due_at is not None and now < one.due_at <= now + REMIND_BEFORE]
    return Mine(
        is_person=True,
        asked=tuple(one for one in own if one.state == Assignment.State.PROPOSED),
        overdue=tuple(overdue),
        due_soon=tuple(due_soon),
        others=tuple(one for one in accepted if one not in overdue and one not in due_soon),
        deputy=tuple(one for one in found if one.deputy_id == person.pk),
    )


def lists(found: Mine, *, now: datetime) -> list[dict[str, Any]]:
    """With what there is to do, the most pressing first; empty lists are left out."""
    told = (
        ("asked", gettext("Waiting for your answer"), found.asked, "answer"),
        ("overdue", gettext("Overdue: not confirmed in time"), found.overdue, "confirm"),
        ("due-soon", gettext("To be confirmed soon"), found.due_soon, "confirm"),
        ("others", gettext("Yours"), found.others, "confirm"),
        ("deputy", gettext("You stand in for somebody"), found.deputy, ""),
    )
    return [
        {"key": key, "title": title, "rows": [_row(one, now) for one in rows], "action": action}
        for key, title, rows, action in told
        if rows
    ]


def _row(one: Assignment, now: datetime) -> dict[str, Any]:
    when = gettext("begins %(day)s") % {"day": day(one.effective_at)}
    if one.due_at is not None:
        when = gettext("to be confirmed by %(day)s") % {"day": due(one.due_at, now)}
    return {
        "id": one.pk,
        "url": link("assignment", one.pk),
        "site": one.site.name,
        "item": item_label(one.item),
        "state": one.state,
        "team": one.team.name,
        "when": when,
    }
