"""Filters of the worklist, for the API and for the page alike. The rows must carry their `standing`."""

from django import forms
from django.db.models import Q

from readiness.framework.tables import PillarFilter
from readiness.golive.worklist.models import LIVE, WorkItem
from readiness.golive.worklist.standing import WorkItemStanding, is_overdue, today_by_zone
from readiness.scoring.choices import CHECK_STATES
from web import clock
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import AnyOf, Flag


class WorkItemFilters(ObjectFilterSet):
    check = AnyOf(
        field_name="check_id", lookup_expr="exact", inner=forms.CharField(), commas=True, label="Check"
    )
    state = AnyOf(
        field_name="standing",
        lookup_expr="exact",
        inner=forms.ChoiceField(choices=WorkItemStanding.choices),
        label="State",
    )
    check_state = AnyOf(
        field_name="check_state",
        lookup_expr="exact",
        inner=forms.ChoiceField(choices=CHECK_STATES),
        label="State of the check",
    )
    pillar = PillarFilter()
    live = Flag(read=lambda _key: Q(status__in=LIVE), label="Neither done nor dropped")
    overdue = Flag(read=lambda _key: is_overdue(today_by_zone(clock.now())), label="Overdue")
    unowned = Flag(read=lambda _key: Q(owner=None, owner_name=""), label="Without an owner")

    class Meta:
        model = WorkItem
        fields = ["site", "status", "owner", "owner_name", "due_on", "created_by", "created_at", "closed_at"]
        search_fields = ["check_id", "note", "site__name", "owner__username", "owner_name"]
        panel = ["state", "check_state", "pillar", "site", "owner", "overdue", "unowned", "live"]
