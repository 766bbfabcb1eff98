"""Filters of scores, results and flips, for endpoints and pages."""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from django import forms
from django_filters import Filter

from readiness.assessment.scoring.core.states import Gate
from readiness.assessment.scoring.models import CheckResult, Flip, HealthReason, SiteScore
from telemetry.core.spec import SpecError, parse_time
from web import clock
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import AnyOf

PILLARS = tuple((f"p{number}", f"p{number}") for number in range(1, 6))
GATES = tuple((gate.value, gate.value) for gate in Gate)


class Moment(forms.Field):
    def clean(self, value: Any) -> datetime:
        try:
            ms = parse_time(str(value), int(clock.now().timestamp() * 1000))
            return datetime.fromtimestamp(ms / 1000, UTC)
        except SpecError as error:
            raise forms.ValidationError(error.reason) from error
        except (OverflowError, ValueError, OSError) as error:
            raise forms.ValidationError("is outside the supported years") from error


class SpanFilters(ObjectFilterSet):
    """Filters with `start` and `end`: a span that ends before it starts is an error, not an empty list."""

    def is_valid(self) -> bool:
        if not super().is_valid():
            return False
        starts, ends = (self.form.cleaned_data.get(name) for name in ("start", "end"))
        if starts and ends and min(starts) > max(ends):
            self.form.add_error("start", "start is after end.")
            return False
        return True


class ReportedFilters(ObjectFilterSet):
    """Filters by reported values: `reported` names the annotation that replaces a stored field."""

    reported: ClassVar[Mapping[str, str]]

    @classmethod
    def get_filters(cls) -> OrderedDict[str, Filter]:
        filters = super().get_filters()
        for each in filters.values():
            each.field_name = cls.reported.get(str(each.field_name), each.field_name)
        return filters


class ScoreFilters(ReportedFilters):
    reported = {"verdict": "confirmed"}

    class Meta:
        model = SiteScore
        fields = [
            *("site", "verdict", "first_blocker", "score", "score_upper", "coverage", "evaluated_at"),
            "failed_at",
        ]
        search_fields = ["site__name", "site__slug", "site__city"]


class ResultFilters(ObjectFilterSet):
    check = AnyOf(field_name="check_id", inner=forms.CharField(), commas=True, label="Check")
    pillar = AnyOf(field_name="pillar", inner=forms.ChoiceField(choices=PILLARS), label="Pillar")
    gate = AnyOf(field_name="gate", inner=forms.ChoiceField(choices=GATES), label="Gate")

    class Meta:
        model = CheckResult
        fields = [
            "site", "state", "pillar", "gate", "code", "tier", "value", "margin", "taken_at", "expires_at",
            "since", "first_bad_at",
        ]  # fmt: skip
        search_fields = ["check_id", "reason", "site__name"]


class HealthReasonFilters(ObjectFilterSet):
    class Meta:
        model = HealthReason
        fields = [
            *("site", "domain", "object_kind", "object_id", "object", "metric", "part", "health", "rank"),
            *("is_last_known", "standing", "since", "taken_at"),
        ]
        search_fields = ["object", "title", "metric", "site__name", "site__slug"]


class FlipFilters(SpanFilters):
    """`start` and `end` are inclusive; `check` is the same as `key`."""

    check = AnyOf(field_name="key", inner=forms.CharField(), commas=True, label="Check")
    start = AnyOf(field_name="at", lookup_expr="gte", inner=Moment(), label="From")
    end = AnyOf(field_name="at", lookup_expr="lte", inner=Moment(), label="Until")

    class Meta:
        model = Flip
        fields = ["site", "subject", "key", "part", "from_state", "to_state", "cause", "at"]
        search_fields = ["key", "reason", "site__name"]
