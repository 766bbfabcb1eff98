"""Filters of rules and packs, for the API and for the pages alike."""

import django_filters

from readiness.jurisdiction.models import Rule, RulePack
from web.rest.filters import ObjectFilterSet


class ListContains(django_filters.CharFilter):
    """Rules whose list holds the name, as it is written: a country's code, a group, a kind of data."""

    def __init__(self, field: str, label: object) -> None:
        super().__init__(field_name=field, lookup_expr="contains", label=label, max_length=60)

    def filter(self, queryset, value):  # type: ignore[no-untyped-def]
        return queryset.filter(**{f"{self.field_name}__contains": [value]}) if value else queryset


class RuleFilters(ObjectFilterSet):
    origin = ListContains("origins", "origin")
    category = ListContains("categories", "kind of data")
    place = ListContains("places", "place")
    version = django_filters.CharFilter(field_name="pack__version", label="pack", max_length=50)

    class Meta:
        model = Rule
        fields = [
            *("pack", "slug", "title", "kind", "jurisdiction", "sector", "effect", "instrument", "article"),
            *("in_force_from", "in_force_until", "checked_on"),
        ]
        search_fields = ["slug", "title", "jurisdiction", "sector", "instrument", "article", "note"]
        panel = ["kind", "effect", "jurisdiction", "sector"]


class RulePackFilters(ObjectFilterSet):
    class Meta:
        model = RulePack
        fields = [
            *("version", "title", "status", "digest", "as_of", "made_from"),
            *("created_at", "published_at", "withdrawn_at", "created_by", "published_by"),
        ]
        search_fields = ["version", "title", "note"]
        panel = ["status", "created_by", "published_by"]
