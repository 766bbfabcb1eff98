"""Endpoints of attestations, recorded facts and floors."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from readiness.evidence.api.refusing import FileField, answered
from readiness.evidence.api.taking import takes_file
from readiness.evidence.filters import AttestationFilters, FactFilters, FloorFilters
from readiness.evidence.models import Attestation, Floor, RecordedFact
from readiness.evidence.models.records import Record
from readiness.evidence.operations import attest, import_facts, import_floors, record_fact
from readiness.evidence.uploads import content_of, sender_of
from web import clock, visibility
from web.rest.serializers import ObjectSerializer, finite
from web.rest.viewsets import ObjectViewSet
from web.versioned.core.documents import LARGEST

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
        return visibility.username_of(record.by)


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
                "workload_classes",
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

    @takes_file(
        "Enter the facts of a table", asks=FactFileSerializer, answers=RecordedFactSerializer(many=True)
    )
    def import_table(self, request: Request, asked: Mapping[str, Any]) -> Any:
        with answered():
            facts = import_facts(content=content_of(asked["file"]), by=sender_of(request), now=clock.now())
        return self._answer_many(list(facts))


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

    @takes_file(
        "Take the floors of a node-health configuration",
        asks=FloorFileSerializer,
        answers=FloorSerializer(many=True),
    )
    def import_configuration(self, request: Request, asked: Mapping[str, Any]) -> Any:
        file = asked["file"]
        with answered():
            floors = import_floors(
                content=content_of(file),
                platform=asked["platform"],
                source=asked.get("source") or file.name[:200],
                by=sender_of(request),
                now=clock.now(),
            )
        return self._answer_many(list(floors))
