"""Filters of decisions, for the API and for the page alike."""

from django.db.models import Q

from readiness.tradeoffs.models import Decision
from web import clock
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import Flag


def _due(_key: str) -> Q:
    return Q(state=Decision.State.APPROVED, reviewed_at=None, due_on__lte=clock.now().date())


class DecisionFilters(ObjectFilterSet):
    due = Flag(read=_due, label="Review is due")
    reviewed = Flag(read=lambda _key: Q(reviewed_at__isnull=False), label="Reviewed")

    class Meta:
        model = Decision
        fields = [
            *("workload", "site", "previous_site", "state", "decided_by", "answered_by"),
            *("decided_at", "due_on", "reviewed_at"),
        ]
        search_fields = ["workload_name", "site__name", "previous_name", "rationale", "decided_by__username"]
        panel = ["state", "workload", "site", "decided_by", "due", "reviewed"]
