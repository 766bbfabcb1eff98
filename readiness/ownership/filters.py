"""Filters of assignments."""

from django.db.models import Q

from readiness.ownership.models import Assignment, in_force
from readiness.people.models import has_left
from web import clock
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import Flag


def _owner_left(_key: str) -> Q:
    now = clock.now()
    return in_force(now) & has_left(now, person="accountable__")


def _overdue(_key: str) -> Q:
    now = clock.now()
    return in_force(now) & Q(due_at__lte=now)


class AssignmentFilters(ObjectFilterSet):
    in_force = Flag(read=lambda _key: in_force(clock.now()), label="In force")
    overdue = Flag(read=_overdue, label="Overdue to be confirmed")
    owner_left = Flag(read=_owner_left, label="Owner has left")

    class Meta:
        model = Assignment
        fields = [
            *("site", "item", "state", "accountable", "deputy", "team", "responsible", "proposed_by"),
            *("effective_at", "proposed_at", "answered_at", "confirmed_at", "due_at", "ended_at"),
        ]
        # No names: what a search finds would tell who is accountable to those who may not know.
        search_fields = ["site__name", "site__slug", "team__name", "decision_rights", "escalation"]
        panel = ["state", "item", "site", "team", "in_force", "overdue", "owner_left"]
