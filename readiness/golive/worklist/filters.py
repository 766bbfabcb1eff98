"""Filters of the worklist, for the API and for the page alike. The rows must carry their `standing`."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from readiness.framework import queries as framework_queries
from readiness.golive.worklist.models import LIVE, WorkItem
from readiness.golive.worklist.standing import WorkItemStanding, is_overdue, today_by_zone
from readiness.scoring.choices import CHECK_STATES
from web import clock
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import AnyOf, Flag

PILLARS = ("p1", "p2", "p3", "p4", "p5")


class WorkOfPillar(AnyOf):
    """Items of the checks that the framework in force has in a pillar."""

    def filter(self, queryset: QuerySet, values: list[Any]) -> QuerySet:
        if not values:
            return queryset
        _version, framework = framework_queries.current()
        return queryset.filter(
            check_id__in=[check.id for check in framework.checks if check.pillar in values]
        )


def _live(_key: str) -> Q:
    return Q(status__in=LIVE)


def _overdue(_key: str) -> Q:
    return is_overdue(today_by_zone(clock.now()))


def _unowned(_key: str) -> Q:
    return Q(owner=None, owner_name="")


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
    pillar = WorkOfPillar(inner=forms.ChoiceField(choices=[(each, each) for each in PILLARS]), label="Pillar")
    live = Flag(read=_live, label="Neither done nor dropped")
    overdue = Flag(read=_overdue, label="Overdue")
    unowned = Flag(read=_unowned, label="Without an owner")

    class Meta:
        model = WorkItem
        fields = ["site", "status", "owner", "owner_name", "due_on", "created_by", "created_at", "closed_at"]
        search_fields = ["check_id", "note", "site__name", "owner__username", "owner_name"]
        panel = ["state", "check_state", "pillar", "site", "owner", "overdue", "unowned", "live"]
