"""Sources, series and rejections in JSON."""

import math
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from telemetry.core.registry import registry
from telemetry.intake import object_of
from telemetry.models import BatchDecision, InboxBatch, Rejection, Series, Source, SourceFlip, SourceState
from telemetry.sentences import why_unmatched
from web.rest.fields import brief
from web.rest.serializers import ObjectSerializer

_WORDED = {
    "type": "object",
    "properties": {"value": {"type": "string"}, "label": {"type": "string"}},
    "nullable": True,
}
_BRIEF = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "url": {"type": "string"}, "display": {"type": "string"}},
    "nullable": True,
}


class SourceSerializer(ObjectSerializer):
    """The response that creates the token contains it; no other does. `owner` is null without people.view_person."""

    paused = serializers.BooleanField(read_only=True, help_text="Changed by the actions pause and resume.")
    owner_has_left = serializers.BooleanField(source="lost_owner", read_only=True)
    token_prefix = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField()
    state_since = serializers.DateTimeField(source="status.state_since", read_only=True, default=None)
    first_sample_at = serializers.DateTimeField(source="status.first_sample_at", read_only=True, default=None)
    last_sample_at = serializers.DateTimeField(source="status.last_sample_at", read_only=True, default=None)
    last_received_at = serializers.DateTimeField(
        source="status.last_received_at", read_only=True, default=None
    )

    class Meta:
        model = Source
        fields = [
            *("name", "site", "site_label", "cadence_s", "grace_s", "provenance", "paused", "unit_scale"),
            *(
                "description",
                "owner",
                "owner_has_left",
                "token_prefix",
                "state",
                "state_since",
                "first_sample_at",
                "last_sample_at",
            ),
            "last_received_at",
        ]
        brief_fields = ["name", "state"]
        extra_kwargs = {"cadence_s": {"min_value": 1}}

    @extend_schema_field({"type": "string", "nullable": True})
    def get_token_prefix(self, source: Source) -> str | None:
        return source.token.prefix if source.token else None

    @extend_schema_field(_WORDED)
    def get_state(self, source: Source) -> dict[str, str]:
        status = getattr(source, "status", None)
        state = SourceState(status.state if status else SourceState.WAITING)
        return {"value": state.value, "label": str(state.label)}

    def validate_unit_scale(self, scale: Any) -> dict[str, float]:
        """{metric: factor}: a factor of 0 or less would make every value meaningless."""
        factors = scale.values() if isinstance(scale, dict) else [None]
        if not all(_is_factor(factor) for factor in factors):
            raise serializers.ValidationError("Write an object of metric names, each with a factor above 0.")
        return scale


def _is_factor(value: Any) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and value > 0 and math.isfinite(value)
    )


class SeriesSerializer(ObjectSerializer):
    unit = serializers.SerializerMethodField()
    title = serializers.SerializerMethodField()
    object = serializers.SerializerMethodField()
    why_unmatched = serializers.SerializerMethodField(help_text="Why no object was found; empty if one was.")

    class Meta:
        model = Series
        fields = [
            *("source", "metric", "title", "unit", "labels", "kind", "site", "object_kind", "object"),
            *("first_seen_at", "ended_at", "why_unmatched"),
        ]
        brief_fields = ["metric", "labels", "unit"]

    def get_unit(self, series: Series) -> str:
        metric = registry().get(series.metric, series.labels)
        return metric.unit if metric else ""

    def get_title(self, series: Series) -> str:
        metric = registry().get(series.metric, series.labels)
        return metric.title if metric else ""

    @extend_schema_field(_BRIEF)
    def get_object(self, series: Series) -> dict[str, Any] | None:
        described = object_of(series)
        return brief(described, self.context) if described is not None else None

    def get_why_unmatched(self, series: Series) -> str:
        return "" if series.object_kind else why_unmatched(series)


class RejectionSerializer(ObjectSerializer):
    class Meta:
        model = Rejection
        fields = ["source", "on_date", "reason", "count", "example", "last_at"]
        brief_fields = ["reason", "count"]


class InboxBatchSerializer(ObjectSerializer):
    class Meta:
        model = InboxBatch
        fields = ["source", "received_at", "samples", "failed_at", "failure"]
        brief_fields = ["samples", "failure"]


class BatchDecisionSerializer(ObjectSerializer):
    class Meta:
        model = BatchDecision
        fields = [*("source", "decision", "received_at", "samples", "failure", "decided_at", "decided_by")]
        brief_fields = ["decision", "decided_at"]


class SourceFlipSerializer(ObjectSerializer):
    class Meta:
        model = SourceFlip
        fields = ["source", "from_state", "to_state", "at"]
        brief_fields = ["source", "to_state", "at"]
