"""Filters of sites, for the API and for the page alike. The rows must come from `queries.sites`."""

from django import forms

from inventory.models import Site
from readiness.scoring.choices import CHECK_STATES
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import AnyOf, Existing


class DeterminismFilters(ObjectFilterSet):
    site = AnyOf(
        field_name="slug", lookup_expr="exact", inner=Existing(Site, "slug"), commas=True, label="Site"
    )
    state = AnyOf(
        field_name="latency_state",
        lookup_expr="exact",
        inner=forms.ChoiceField(choices=CHECK_STATES),
        label="State of the check",
    )

    class Meta:
        model = Site
        fields = ["region", "stage"]
        search_fields = ["name", "slug", "city"]
        panel = ["state", "region", "stage"]
