"""Filters of campaigns and their items, for the API and for the pages alike."""

from django import forms
from django.db.models import Q

from readiness.golive.campaigns.models import ENDED, Campaign, CampaignItem
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import AnyOf, Flag


class CampaignFilters(ObjectFilterSet):
    open = Flag(read=lambda _key: ~Q(state__in=ENDED), label="Planned or running")

    class Meta:
        model = Campaign
        fields = ["site", "state", "name", "due_on", "created_by", "created_at", "started_at", "ended_at"]
        search_fields = ["name", "note", "site__name"]
        panel = ["state", "site", "open"]


class ItemFilters(ObjectFilterSet):
    check = AnyOf(
        field_name="check_id", lookup_expr="exact", inner=forms.CharField(), commas=True, label="Check"
    )
    dropped = Flag(read=lambda _key: Q(dropped_at__isnull=False), label="Dropped")

    class Meta:
        model = CampaignItem
        fields = [
            *("campaign", "tool", "scope", "targets", "load"),
            *("assignee", "assigned_to", "due_on", "added"),
        ]
        search_fields = ["check_id", "how", "assigned_to"]
