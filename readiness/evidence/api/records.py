"""Endpoints of attestations, recorded facts and floors."""

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from readiness.evidence.api.refusing import FileField, answered, refuse_large
from readiness.evidence.arriving import content_of, sender_of
from readiness.evidence.filters import AttestationFilters, FactFilters, FloorFilters
from readiness.evidence.models import Attestation, Floor, RecordedFact
from readiness.evidence.models.records import Record
from readiness.evidence.operations import attest, import_facts, import_floors, record_fact
from readiness.framework.core.reader import LARGEST
from web import clock
from web.rest.serializers import ObjectSerializer, finite
from web.rest.viewsets import ObjectViewSet

_KEPT = ("taken_at", "by", "void_changes", "voided_at", "void_reason")


class RecordSerializer(ObjectSerializer):
    """`check` and `part` are names of the framework in force; the value may be sent in another unit."""

    check = serializers.CharField(source="check_id", max_length=64)
    unit = serializers.CharField(
        write_only=True,
        required=False,
        max_length=16,
        help_text="Of the value, where it is not the sub-measure's",
    )
    by = serializers.SerializerMethodField(help_text="User name of whoever entered it")

    @extend_schema_field({"type": "string", "nullable": True})
    def get_by(self, record: Record) -> str | None:
        return record.by.username if record.by else None


class AttestationSerializer(RecordSerializer):
    class Meta:
        model = Attestation
        fields = (
            *(
                "site",
                "check",
                "part",
                "value",
                "unit",
                "statement",
                "attested_by",
                "taken_on",
                "valid_until",
            ),
            *("link", "document", "provenance", *_KEPT),
        )
        read_only_fields = _KEPT
        brief_fields = ("site", "check", "part", "taken_on")


class RecordedFactSerializer(RecordSerializer):
    part = serializers.CharField(max_length=64, help_text="Sub-measure of the check")

    class Meta:
        model = RecordedFact
        fields = (
            "site",
            "check",
            "part",
            "value",
            "unit",
            "taken_on",
            "source",
            "note",
            "provenance",
            *_KEPT,
        )
        read_only_fields = _KEPT
        brief_fields = ("site", "check", "part", "value", "taken_on")


class RecordViewSet(ObjectViewSet):
    """Records are entered, singly or in a list, and deleted. They are not edited: a correction is entered anew."""

    http_method_names = ["get", "head", "options", "post", "delete"]

    def perform_create(self, serializer: Any) -> None:
        given = dict(serializer.validated_data)
        given["check"] = given.pop("check_id")
        with answered():
            serializer.instance = self.enter(given)

    def enter(self, given: dict[str, Any]) -> Any:
        raise NotImplementedError


class AttestationViewSet(RecordViewSet):
    queryset = Attestation.objects.select_related("site", "by")
    serializer_class = AttestationSerializer
    filterset_class = AttestationFilters

    def enter(self, given: dict[str, Any]) -> Attestation:
        return attest(**given, by=sender_of(self.request), now=clock.now())


class FactFileSerializer(serializers.Serializer):
    file = FileField(
        help_text="CSV: site,check,part,value,unit,taken_on,source,note,provenance; all of it or nothing"
    )


class RecordedFactViewSet(RecordViewSet):
    """Entered again for the same day, a fact corrects the one that is there."""

    queryset = RecordedFact.objects.select_related("site", "by")
    serializer_class = RecordedFactSerializer
    filterset_class = FactFilters

    def enter(self, given: dict[str, Any]) -> RecordedFact:
        return record_fact(**given, by=sender_of(self.request), now=clock.now())

    @extend_schema(
        summary="Enter the facts of a table",
        request={"multipart/form-data": FactFileSerializer},
        responses={201: RecordedFactSerializer(many=True)},
        filters=False,
    )
    @action(
        detail=False,
        methods=["post"],
        url_path="import",
        parser_classes=[MultiPartParser],
        pagination_class=None,
    )
    def import_table(self, request: Request) -> Response:
        refuse_large(request)
        asked = FactFileSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        with transaction.atomic(), answered():
            facts = import_facts(
                content=content_of(asked.validated_data["file"]), by=sender_of(request), now=clock.now()
            )
        return Response(self._answer_many(list(facts)), status=status.HTTP_201_CREATED)


class FloorSerializer(ObjectSerializer):
    class Meta:
        model = Floor
        fields = (
            *("platform", "tool", "measure", "operation", "size_bytes", "value", "unit", "source", "note"),
        )
        brief_fields = ("platform", "measure", "value")
        extra_kwargs = {"value": {"min_value": 1e-9, "max_value": LARGEST, "validators": [finite]}}


class FloorFileSerializer(serializers.Serializer):
    file = FileField(help_text="A node-health configuration (*.conf)")
    platform = serializers.CharField(max_length=100)
    source = serializers.CharField(max_length=200, required=False, allow_blank=True)  # type: ignore[assignment]


class FloorViewSet(ObjectViewSet):
    queryset = Floor.objects.all()
    serializer_class = FloorSerializer
    filterset_class = FloorFilters

    @extend_schema(
        summary="Take the floors of a node-health configuration",
        request={"multipart/form-data": FloorFileSerializer},
        responses={201: FloorSerializer(many=True)},
        filters=False,
    )
    @action(
        detail=False,
        methods=["post"],
        url_path="import",
        parser_classes=[MultiPartParser],
        pagination_class=None,
    )
    def import_configuration(self, request: Request) -> Response:
        refuse_large(request)
        asked = FloorFileSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        file = asked.validated_data["file"]
        with transaction.atomic(), answered():
            floors = import_floors(
                content=content_of(file),
                platform=asked.validated_data["platform"],
                source=asked.validated_data.get("source") or file.name[:200],
                by=sender_of(request),
                now=clock.now(),
            )
        return Response(self._answer_many(list(floors)), status=status.HTTP_201_CREATED)
