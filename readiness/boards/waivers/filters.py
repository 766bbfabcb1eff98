"""Filters of grants, for the API and for the page alike. The rows must carry their `standing`."""

from django import forms
from django.db.models import Q

from readiness.framework.tables import PillarFilter
from readiness.grants.models import Grant, GrantStanding, is_live
from web import clock
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import AnyOf, Flag


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
    pillar = PillarFilter()
    owner = AnyOf(
        field_name="site__owner", lookup_expr="exact", inner=forms.CharField(), label="Owner of the site"
    )
    live = Flag(read=lambda _key: is_live(clock.now()), label="Asked for or approved, and not ended")
    in_force = Flag(read=_covers, label="In force")

    class Meta:
        model = Grant
        fields = [
            *("site", "kind", "part", "requested_by", "approver"),
            *("requested_at", "starts_at", "ends_at", "decided_at"),
        ]
        search_fields = ["check_id", "reason", "site__name", "site__owner", "requested_by__username"]
        panel = ["state", "kind", "pillar", "site", "requested_by", "approver", "live", "in_force"]
