"""Filters of scores, results and flips."""

from collections import OrderedDict
from datetime import UTC, datetime
from typing import Any

from django import forms
from django_filters import Filter

from readiness.scoring.core.states import Gate
from readiness.scoring.models import CheckResult, Flip, SiteScore
from telemetry.core.spec import SpecError, parse_time
from web import clock
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import AnyOf

PILLARS = tuple((f"p{number}", f"p{number}") for number in range(1, 6))
GATES = tuple((gate.value, gate.value) for gate in Gate)


class Moment(forms.Field):
    """`now-7d`, ISO 8601 or milliseconds since 1970, as time ranges are given everywhere."""

    def clean(self, value: Any) -> datetime:
        try:
            ms = parse_time(str(value), int(clock.now().timestamp() * 1000))
            return datetime.fromtimestamp(ms / 1000, UTC)
        except SpecError as error:
            raise forms.ValidationError(error.reason) from error
        except (OverflowError, ValueError, OSError) as error:
            raise forms.ValidationError("is outside the years that can be told") from error


class SpanFilters(ObjectFilterSet):
    """Filters of sets with `start` and `end`: a span that ends before it starts is an error, not an empty list."""

    def is_valid(self) -> bool:
        if not super().is_valid():
            return False
        starts, ends = (self.form.cleaned_data.get(name) for name in ("start", "end"))
        if starts and ends and min(starts) > max(ends):
            self.form.add_error("start", "start is after end.")
            return False
        return True


class ScoreFilters(ObjectFilterSet):
    """`verdict` finds what the endpoint tells by that name: one that still holds."""

    @classmethod
    def get_filters(cls) -> OrderedDict[str, Filter]:
        filters = super().get_filters()
        for each in filters.values():
            if each.field_name == "verdict":
                each.field_name = "confirmed"
        return filters

    class Meta:
        model = SiteScore
        fields = [
            *("site", "verdict", "first_blocker", "score", "score_upper", "coverage", "evaluated_at"),
            "failed_at",
        ]
        search_fields = ["site__name", "site__slug", "site__city"]


class ResultFilters(ObjectFilterSet):
    check = AnyOf(
        field_name="check_id", lookup_expr="exact", inner=forms.CharField(), commas=True, label="Check"
    )
    pillar = AnyOf(
        field_name="pillar", lookup_expr="exact", inner=forms.ChoiceField(choices=PILLARS), label="Pillar"
    )
    gate = AnyOf(field_name="gate", lookup_expr="exact", inner=forms.ChoiceField(choices=GATES), label="Gate")

    class Meta:
        model = CheckResult
        fields = [
            "site", "state", "pillar", "gate", "code", "tier", "value", "margin", "taken_at", "expires_at",
            "since", "first_bad_at",
        ]  # fmt: skip
        search_fields = ["check_id", "reason", "site__name"]


class FlipFilters(SpanFilters):
    """`start` and `end` are inclusive; `check` is the same as `key`."""

    check = AnyOf(field_name="key", lookup_expr="exact", inner=forms.CharField(), commas=True, label="Check")
    start = AnyOf(field_name="at", lookup_expr="gte", inner=Moment(), label="From")
    end = AnyOf(field_name="at", lookup_expr="lte", inner=Moment(), label="Until")

    class Meta:
        model = Flip
        fields = ["site", "subject", "key", "part", "from_state", "to_state", "cause", "at"]
        search_fields = ["key", "reason", "site__name"]
