"""The items that one user answers for, is asked for, and stands in for. It tells of oneself: it asks for no right to
names.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts.models import User
from readiness.ownership.gaps import REMIND_BEFORE
from readiness.ownership.models import Assignment
from readiness.ownership.sentences import day, due, item_label
from web.links import link


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
    assignments = list(
        Assignment.objects.live(now)
        .filter(Q(accountable=person) | Q(deputy=person))
        .select_related("site", "team")
        .order_by("due_at", "site__name", "item", "pk")
    )
    own = [each for each in assignments if each.accountable_id == person.pk]
    accepted = [each for each in own if each.due_at is not None]
    overdue = [each for each in accepted if each.due_at is not None and each.due_at <= now]
    due_soon = [
        each for each in accepted if each.due_at is not None and now < each.due_at <= now + REMIND_BEFORE
    ]
    return Mine(
        is_person=True,
        asked=tuple(each for each in own if each.state == Assignment.State.PROPOSED),
        overdue=tuple(overdue),
        due_soon=tuple(due_soon),
        others=tuple(each for each in accepted if each not in overdue and each not in due_soon),
        deputy=tuple(each for each in assignments if each.deputy_id == person.pk),
    )


def lists(of_reader: Mine, *, now: datetime) -> list[dict[str, Any]]:
    """List assignments with what there is to do, the most pressing first; empty lists are left out."""
    groups = (
        ("asked", "Waiting for your answer", of_reader.asked, "answer"),
        ("overdue", "Overdue: not confirmed in time", of_reader.overdue, "confirm"),
        ("due-soon", "To be confirmed soon", of_reader.due_soon, "confirm"),
        ("others", "Yours", of_reader.others, "confirm"),
        ("deputy", "You stand in for somebody", of_reader.deputy, ""),
    )
    return [
        {"key": key, "title": title, "rows": [_row(assignment, now) for assignment in rows], "action": action}
        for key, title, rows, action in groups
        if rows
    ]


def _row(assignment: Assignment, now: datetime) -> dict[str, Any]:
    when = f"begins {day(assignment.effective_at)}"
    if assignment.due_at is not None:
        when = f"to be confirmed by {due(assignment.due_at, now)}"
    return {
        "id": assignment.pk,
        "url": link("assignment", assignment.pk),
        "site": assignment.site.name,
        "item": item_label(assignment.item),
        "state": assignment.state,
        "team": assignment.team.name,
        "when": when,
    }
