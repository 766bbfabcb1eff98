"""Filters of versions, for the API and for the page alike, and of rows that name a check."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from readiness.framework import queries
from readiness.framework.models import FrameworkVersion
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import AnyOf

PILLARS = ("p1", "p2", "p3", "p4", "p5")


class PillarFilter(AnyOf):
    """Rows whose `check_id` is that of a check which the framework in force has in a pillar."""

    def __init__(self, **given: Any) -> None:
        choices = [(pillar, pillar) for pillar in PILLARS]
        super().__init__(inner=forms.ChoiceField(choices=choices), label="Pillar", **given)

    def filter(self, queryset: QuerySet, values: list[Any]) -> QuerySet:
        if not values:
            return queryset
        _version, framework = queries.current()
        return queryset.filter(
            check_id__in=[check.id for check in framework.checks if check.pillar in values]
        )


class FrameworkVersionFilters(ObjectFilterSet):
    class Meta:
        model = FrameworkVersion
        fields = [
            *("version", "title", "status", "digest", "made_from", "rolls_back_to"),
            *("created_at", "published_at", "created_by", "published_by"),
        ]
        search_fields = ["version", "title", "note"]
        panel = ["status", "created_by", "published_by"]
