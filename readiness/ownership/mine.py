"""The items that one user answers for, is asked for, and stands in for. It tells of oneself: it asks for no right to
names.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from accounts.models import User
from readiness.ownership.gaps import REMIND_BEFORE
from readiness.ownership.models import Assignment


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
    rest = [each for each in accepted if each not in overdue]
    due_soon = [each for each in rest if each.due_at is not None and each.due_at <= now + REMIND_BEFORE]
    return Mine(
        is_person=True,
        asked=tuple(each for each in own if each.state == Assignment.State.PROPOSED),
        overdue=tuple(overdue),
        due_soon=tuple(due_soon),
        others=tuple(each for each in rest if each not in due_soon),
        deputy=tuple(each for each in assignments if each.deputy_id == person.pk),
    )
