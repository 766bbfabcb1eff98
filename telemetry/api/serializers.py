"""Sources, series and rejections in JSON."""

import math
from typing import Any

from rest_framework import serializers

from telemetry.core.registry import registry
from telemetry.intake import object_of
from telemetry.models import (
    CLOCKS,
    BatchDecision,
    InboxBatch,
    Rejection,
    Series,
    Source,
    SourceFlip,
    SourceState,
)
from telemetry.replicas.queries import ReplicaStanding, replica_standings
from telemetry.sentences import why_unmatched
from web.rest.fields import Brief, brief
from web.rest.serializers import ChoiceValueField, ObjectSerializer


class SourceSerializer(ObjectSerializer):
    """`owner` is null without people.view_person."""

    paused = serializers.BooleanField(read_only=True, help_text="Changed by the actions pause and resume.")
    owner_has_left = serializers.BooleanField(source="lost_owner", read_only=True)
    token_prefix = serializers.SerializerMethodField()
    state = ChoiceValueField(
        source="status.state", choices=SourceState.choices, read_only=True, default=SourceState.WAITING
    )
    state_since = serializers.DateTimeField(source="status.state_since", read_only=True, default=None)
    first_sample_at = serializers.DateTimeField(source="status.first_sample_at", read_only=True, default=None)
    last_sample_at = serializers.DateTimeField(source="status.last_sample_at", read_only=True, default=None)
    last_received_at = serializers.DateTimeField(
        source="status.last_received_at", read_only=True, default=None
    )
    clock = ChoiceValueField(
        source="status.clock",
        choices=CLOCKS,
        read_only=True,
        allow_null=True,
        default=None,
        help_text="Whether the times of its samples agree with Muster's clock. Null until it was measured.",
    )
    clock_since = serializers.DateTimeField(source="status.clock_since", read_only=True, default=None)
    clock_skew_s = serializers.FloatField(
        source="status.clock_skew_s",
        read_only=True,
        default=None,
        help_text="Time of newest samples less that of their receipt, s: above 0 if they come from the future.",
    )

    unit_scale = serializers.JSONField(
        required=False,
        help_text="{metric: factor}: the unit rules of the source that are one factor for one metric."
        " Writing it replaces these.",
    )
    replicas = serializers.SerializerMethodField(
        help_text="Senders that the label `replica_label` tells apart, and since when each of them sends."
    )

    class Meta:
        model = Source
        fields = [
            *(
                "name",
                "site",
                "site_label",
                "replica_label",
                "cadence_s",
                "grace_s",
                "provenance",
                "paused",
                "unit_scale",
            ),
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
            *("last_received_at", "clock", "clock_since", "clock_skew_s", "replicas"),
        ]
        brief_fields = ["name", "state"]
        extra_kwargs = {"cadence_s": {"min_value": 1}}

    def get_replicas(self, source: Source) -> list[ReplicaStanding]:
        return replica_standings(source.replicas.all())

    def get_token_prefix(self, source: Source) -> str | None:
        return source.token.prefix if source.token else None

    def validate_unit_scale(self, scale: Any) -> dict[str, float]:
        """{metric: factor}: a factor of 0 or less would make every value meaningless."""
        factors = scale.values() if isinstance(scale, dict) else [None]
        if not all(_is_factor(factor) for factor in factors):
            raise serializers.ValidationError("Write an object of metric names, each with a factor above 0.")
        return scale


class SourceWithTokenSerializer(SourceSerializer):
    token = serializers.SerializerMethodField(help_text="Shown only once.")

    class Meta(SourceSerializer.Meta):
        fields = [*SourceSerializer.Meta.fields, "token"]
        brief_fields = [*SourceSerializer.Meta.brief_fields, "token"]

    def get_token(self, source: Source) -> str:
        plain: str = self.context["view"].tokens[source.pk]
        return plain


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

    def get_object(self, series: Series) -> Brief | None:
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
