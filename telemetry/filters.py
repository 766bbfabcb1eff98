"""Filters of the lists of sources, series and rejections, for the API and for pages alike."""

from functools import reduce
from operator import and_
from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from telemetry.core.spec import Matcher, SpecError, parse_matcher
from telemetry.label_conditions import condition_of
from telemetry.models import BatchDecision, InboxBatch, Rejection, Series, Source, SourceFlip, SourceState
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import AnyOf, Flag


class InState(AnyOf):
    """A source without samples may have no status yet: it is waiting."""

    def filter(self, queryset: QuerySet, values: list[Any]) -> QuerySet:
        if not values:
            return queryset
        condition = Q(status__state__in=values)
        if SourceState.WAITING in values:
            condition |= Q(status__isnull=True)
        return queryset.filter(condition)


class MatcherField(forms.CharField):
    def clean(self, value: Any) -> Matcher:
        try:
            return parse_matcher(super().clean(value))
        except SpecError as error:
            raise forms.ValidationError(error.reason) from error


class Matching(AnyOf):
    """Prometheus' label conditions; unlike other parameters, repeated ones must all hold."""

    def filter(self, queryset: QuerySet, values: list[Matcher]) -> QuerySet:
        return queryset.filter(reduce(and_, map(condition_of, values))) if values else queryset


class SourceFilters(ObjectFilterSet):
    state = InState(
        field_name="status__state", label="State", inner=forms.ChoiceField(choices=SourceState.choices)
    )

    class Meta:
        model = Source
        fields = ["name", "site", "site_label", "cadence_s", "grace_s", "provenance", "paused", "description"]
        panel = ["state", "site", "provenance", "paused"]
        search_fields = ["name", "site__name", "site__slug", "description"]


class SeriesFilters(ObjectFilterSet):
    matched = Flag(label="Matched", read=lambda key: Q(object_kind__gt=""))
    ended = Flag(label="Ended", read=lambda key: Q(ended_at__isnull=False))
    labels = Matching(label="Labels", inner=MatcherField(max_length=600))

    class Meta:
        model = Series
        fields = [
            *("source", "metric", "kind", "site", "object_kind", "device", "accelerator", "port"),
            *("power_feed", "link", "cooling_unit", "first_seen_at", "ended_at"),
        ]
        search_fields = ["metric", "labels"]


class RejectionFilters(ObjectFilterSet):
    class Meta:
        model = Rejection
        fields = ["source", "on_date", "reason", "count", "last_at"]
        search_fields = ["reason", "example", "source__name"]


class InboxBatchFilters(ObjectFilterSet):
    class Meta:
        model = InboxBatch
        fields = ["source", "received_at", "samples", "failed_at"]
        search_fields = ["failure", "source__name"]


class BatchDecisionFilters(ObjectFilterSet):
    class Meta:
        model = BatchDecision
        fields = ["source", "decision", "received_at", "decided_at", "decided_by"]
        search_fields = ["failure", "source__name"]


class SourceFlipFilters(ObjectFilterSet):
    class Meta:
        model = SourceFlip
        fields = ["source", "from_state", "to_state", "at"]
        search_fields = ["source__name"]
