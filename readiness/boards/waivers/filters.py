"""Filters of grants, for the API and for the page alike. The rows must carry their `standing`."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from readiness.framework import queries as framework_queries
from readiness.grants.models import Grant, GrantStanding, is_live
from web import clock
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import AnyOf, Flag

PILLARS = ("p1", "p2", "p3", "p4", "p5")


class GrantsOfPillar(AnyOf):
    """Grants of the checks that the framework in force has in a pillar."""

    def filter(self, queryset: QuerySet, values: list[Any]) -> QuerySet:
        if not values:
            return queryset
        _version, framework = framework_queries.current()
        wanted = [check.id for check in framework.checks if check.pillar in values]
        return queryset.filter(check_id__in=wanted)


def _live(_key: str) -> Q:
    return is_live(clock.now())


def _covers(_key: str) -> Q:
    now = clock.now()
    return Q(state=Grant.State.APPROVED, starts_at__lte=now, ends_at__gt=now)


class GrantFilters(ObjectFilterSet):
    check = AnyOf(
        field_name="check_id", lookup_expr="exact", inner=forms.CharField(), commas=True, label="Check"
    )
    state = AnyOf(
        field_name="standing",
        lookup_expr="exact",
        inner=forms.ChoiceField(choices=GrantStanding.choices),
        label="State",
    )
    pillar = GrantsOfPillar(
        inner=forms.ChoiceField(choices=[(each, each) for each in PILLARS]), label="Pillar"
    )
    owner = AnyOf(
        field_name="site__owner", lookup_expr="exact", inner=forms.CharField(), label="Owner of the site"
    )
    live = Flag(read=_live, label="Asked for or approved, and not ended")
    in_force = Flag(read=_covers, label="In force")

    class Meta:
        model = Grant
        fields = [
            *("site", "kind", "part", "requested_by", "approver"),
            *("requested_at", "starts_at", "ends_at", "decided_at"),
        ]
        search_fields = ["check_id", "reason", "site__name", "site__owner", "requested_by__username"]
        panel = ["state", "kind", "pillar", "site", "requested_by", "approver", "live", "in_force"]
