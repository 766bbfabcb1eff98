"""The kind of rows in ownership that belongs on the list of a leaver: items that they answer for."""

from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.models import User
from readiness.organisation.ownership.models import Assignment
from web import leaving


def register() -> None:
    leaving.register(
        "ownership",
        "Items of sites that they answer for",
        leaving.AfterLeaving.WAITS,
        _assignments,
        permission="ownership.view_assignment",
    )


def _assignments(person: User, *, now: datetime) -> QuerySet[Assignment]:
    """Items whose accountable person or deputy they are."""
    own = Q(accountable__user=person) | Q(deputy__user=person)
    return Assignment.objects.live(now).filter(own).select_related("site").order_by("pk")
