"""Endpoint of declared limits."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from readiness.evidence import queries
from readiness.evidence.api.records import RecordViewSet
from readiness.evidence.api.refusing import FileField, answered
from readiness.evidence.api.taking import takes_file
from readiness.evidence.filters import LimitFilters
from readiness.evidence.models import DeclaredLimit
from readiness.evidence.operations import declare_limit, import_limits
from readiness.evidence.uploads import content_of, sender_of
from web import clock, visibility
from web.rest.serializers import ObjectSerializer


class DeclaredLimitSerializer(ObjectSerializer):
    """`limit` and `preset` are names of the framework in force; the value may be sent in another unit."""

    limit = serializers.CharField(source="limit_id", max_length=64)
    unit = serializers.CharField(
        write_only=True, required=False, max_length=16, help_text="Of the value, where it is not the limit's"
    )
    by = serializers.SerializerMethodField(help_text="User name of whoever entered it")

    class Meta:
        model = DeclaredLimit
        fields = (
            *("site", "workload_class", "limit", "value", "unit", "preset", "declared_on"),
            *("source", "note", "by"),
        )
        read_only_fields = ("by",)
        brief_fields = ("site", "workload_class", "limit", "value", "preset", "declared_on")

    @extend_schema_field({"type": "string", "nullable": True})
    def get_by(self, declared: DeclaredLimit) -> str | None:
        return visibility.username_of(declared.by)


class LimitFileSerializer(serializers.Serializer):
    file = FileField(
        help_text="CSV: site,workload_class,limit,value,unit,preset,declared_on,source,note; all of it or nothing"
    )


class DeclaredLimitViewSet(RecordViewSet):
    """Declared again for the same day, a limit corrects the one that is there."""

    queryset = queries.declared_limits()
    serializer_class = DeclaredLimitSerializer
    filterset_class = LimitFilters

    def perform_create(self, serializer: Any) -> None:
        given = dict(serializer.validated_data)
        given["limit"] = given.pop("limit_id")
        with answered():
            serializer.instance = declare_limit(**given, by=sender_of(self.request), now=clock.now())

    @takes_file(
        "Declare the limits of a table", asks=LimitFileSerializer, answers=DeclaredLimitSerializer(many=True)
    )
    def import_table(self, request: Request, asked: Mapping[str, Any]) -> Any:
        with answered():
            declared = import_limits(
                content=content_of(asked["file"]), by=sender_of(request), now=clock.now()
            )
        return self._answer_many(list(declared))
