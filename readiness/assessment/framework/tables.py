"""The list of versions, and its filters."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from readiness.assessment.framework import queries
from readiness.assessment.framework.models import FrameworkVersion
from readiness.assessment.framework.queries import stored_changes
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import AnyOf
from web.tables import Column, Table
from web.versioned.views import version_table
from web.workflows.approvals import rests_on

PILLARS = ("p1", "p2", "p3", "p4", "p5")


class PillarFilter(AnyOf):
    """Rows whose `check_id` belongs to a check that the framework in force has in a pillar."""

    def __init__(self, **options: Any) -> None:
        choices = [(pillar, pillar) for pillar in PILLARS]
        super().__init__(inner=forms.ChoiceField(choices=choices), label="Pillar", **options)

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


SHOWN = 2


def versions() -> Table:
    return version_table(
        Column("changes", "What changed", value=_what_changed, phone="full"),
        Column("note", "Note", phone="full", default=False),
        rests_on(),
        name="versions",
        noun=("version", "versions"),
        label="Versions of the framework",
        filterset=FrameworkVersionFilters,
        api="framework-api-framework-version-list",
    )


def _what_changed(version: FrameworkVersion) -> str:
    if not version.changes:
        return "nothing" if version.made_from else "the first version"
    first = "; ".join(change.text for change in stored_changes(version.changes[:SHOWN]))
    more = len(version.changes) - SHOWN
    return f"{first} and {more} more" if more > 0 else first
