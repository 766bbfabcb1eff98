"""Endpoints of attestations, recorded facts, limits and floors."""

import io
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.models import User
from readiness.assessment.evidence import operations
from readiness.assessment.evidence.confirmations import AttestationStanding, attestations
from readiness.assessment.evidence.kinds import ATTESTATIONS, FACTS, FLOORS, LIMITS
from readiness.assessment.evidence.kinds.runs import FIELDS
from readiness.assessment.evidence.models import Attestation, DeclaredLimit, Floor, RecordedFact
from readiness.assessment.evidence.uploads import FileField, answered, content_of, sender_of, takes_file
from web import clock, sheets
from web.kinds import Kind, importing
from web.rest.fields import ChoiceValueField, UsernameField
from web.rest.serializers import BodySerializer, ObjectSerializer, finite
from web.rest.viewsets import ObjectViewSet
from web.versioned.core.documents import LARGEST
from web.visibility import known_people, username_of
from web.workflows.approvals import FlagsField
from web.workflows.endpoints import endpoint, words_field

_KEPT = ("taken_at", "by", "void_changes", "voided_at", "void_reason")


def _name(column: str, **kwargs: Any) -> serializers.CharField:
    return serializers.CharField(source=column, max_length=64, **kwargs)


def _unit(of_what: str) -> serializers.CharField:
    return serializers.CharField(
        write_only=True,
        required=False,
        max_length=16,
        help_text=f"Unit of the value, if it is not {of_what}'s",
    )


class ByUserSerializer(ObjectSerializer):
    by = UsernameField(help_text="User name of whoever entered it")


_CONFIRMED = ("confirmed_at", "rejected_at", "rejection", "grace_until")


class AttesterUserField(serializers.SlugRelatedField):
    """A user name; null if the reader may not know it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="username", queryset=User.objects.all(), **kwargs)

    def get_queryset(self) -> QuerySet[User]:
        return known_people(User.objects.filter(is_active=True))

    def to_representation(self, value: Any) -> Any:
        return username_of(value)


class AttestationSerializer(ByUserSerializer):
    """`check` and `part` are names of the framework in force; the value may be sent in another unit.

    Send `attester` if the person who says so has an account: only they confirm it. Otherwise send `attested_by`: a
    second person, never the sender, confirms having seen the signed document.
    """

    check = _name("check_id")
    unit = _unit("the sub-measure")
    attested_by = serializers.CharField(
        required=False, allow_blank=True, max_length=100, help_text="Who says so; required without an account"
    )
    attester = AttesterUserField(
        required=False,
        allow_null=True,
        help_text="User name of the person who says so, and for whom it waits",
    )
    confirmation = ChoiceValueField(
        choices=AttestationStanding.choices,
        read_only=True,
        allow_null=True,
        help_text="Null if it decides nothing that blocks and nobody answered",
    )
    confirmed_by = UsernameField(help_text="User name of whoever confirmed it")
    approval_flags = FlagsField()
    rejected_by = UsernameField(help_text="User name of whoever rejected it or took the confirmation back")

    class Meta:
        model = Attestation
        fields = (
            *("site", "check", "part", "value", "unit", "statement", "attested_by", "attester", "taken_on"),
            *("workload_classes", "valid_until", "link", "document", "provenance", *_KEPT),
            *("confirmation", "confirmed_by", "rejected_by", *_CONFIRMED, "approval_flags"),
        )
        read_only_fields = (*_KEPT, *_CONFIRMED)
        brief_fields = ("site", "check", "part", "taken_on")


class RecordedFactSerializer(ByUserSerializer):
    """`check` and `part` are names of the framework in force; the value may be sent in another unit."""

    check = _name("check_id")
    unit = _unit("the sub-measure")
    part = serializers.CharField(max_length=64, help_text="Sub-measure of the check")

    class Meta:
        model = RecordedFact
        fields = (
            *("site", "check", "part", "value", "unit", "taken_on", "source", "note", "provenance"),
            *_KEPT,
        )
        read_only_fields = _KEPT
        brief_fields = ("site", "check", "part", "value", "taken_on")


class DeclaredLimitSerializer(ByUserSerializer):
    """`limit` and `preset` are names of the framework in force; the value may be sent in another unit."""

    limit = _name("limit_id")
    unit = _unit("the limit")

    class Meta:
        model = DeclaredLimit
        fields = (
            *("site", "workload_class", "limit", "value", "unit", "preset", "declared_on"),
            *("source", "note", "by"),
        )
        brief_fields = ("site", "workload_class", "limit", "value", "preset", "declared_on")


class FloorSerializer(ObjectSerializer):
    class Meta:
        model = Floor
        fields = FIELDS
        brief_fields = ("platform", "measure", "value")
        extra_kwargs = {"value": {"min_value": 1e-9, "max_value": LARGEST, "validators": [finite]}}


class FloorFileSerializer(serializers.Serializer):
    file = FileField(help_text="A node-health configuration (*.conf)")
    platform = serializers.CharField(max_length=100)
    source = serializers.CharField(max_length=200, required=False, allow_blank=True)  # type: ignore[assignment]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return attrs | {"source": attrs.get("source") or attrs["file"].name[:200]}


class FactFileSerializer(serializers.Serializer):
    file = FileField(
        help_text="CSV: site,check,part,value,unit,taken_on,source,note,provenance; all of it or nothing"
    )


class LimitFileSerializer(serializers.Serializer):
    file = FileField(
        help_text="CSV: site,workload_class,limit,value,unit,preset,declared_on,source,note; all of it or nothing"
    )


def _entered(kind: Kind) -> Callable[..., list[Any]]:
    def enter(*, content: bytes, by: User, now: datetime) -> list[Any]:
        rows = sheets.read(io.BytesIO(content))
        return importing.enter(kind, (row for row in rows if not row[1][0].startswith("#")), by=by)

    return enter


class RecordViewSet(ObjectViewSet):
    """Records are created, singly or in a list, and deleted. To correct a record, create it again."""

    http_method_names = ["get", "head", "options", "post", "delete"]
    enter: Callable[..., Any]

    def perform_create(self, serializer: Any) -> None:
        # Errors of the operation use the names of the body, not those of the columns.
        names = {field.source: name for name, field in serializer.fields.items()}
        arguments = {names[source]: value for source, value in serializer.validated_data.items()}
        with answered():
            serializer.instance = self.enter(**arguments, by=sender_of(self.request), now=clock.now())


def _import(summary: str, asks: Any, serializer: Any, enter: Callable[..., Any]) -> Any:
    @takes_file(summary, asks=asks, answers=serializer(many=True))
    def import_table(self: Any, request: Request, fields: Mapping[str, Any]) -> Any:
        arguments = {name: value for name, value in fields.items() if name != "file"}
        with answered():
            content = content_of(fields["file"])
            entered = enter(content=content, by=sender_of(request), now=clock.now(), **arguments)
        return self._answer_many(list(entered))

    return import_table


class AttestationRejectionSerializer(BodySerializer):
    reason = words_field(help_text="Why you did not attest it, or what was wrong about confirming it")


class AttestationViewSet(RecordViewSet):
    queryset = Attestation.objects.all()
    serializer_class = AttestationSerializer
    filterset_class = ATTESTATIONS.table.filterset
    enter = staticmethod(operations.attest)
    confirm = endpoint(operations.confirm)
    reject = endpoint(operations.reject, AttestationRejectionSerializer)

    def get_queryset(self) -> QuerySet[Attestation]:
        return attestations(now=clock.now())


class RecordedFactViewSet(RecordViewSet):
    """A fact that is sent again for the same day corrects the existing one."""

    queryset = FACTS.rows()
    serializer_class = RecordedFactSerializer
    filterset_class = FACTS.table.filterset
    enter = staticmethod(operations.record_fact)
    import_table = _import(
        "Enter the facts of a table", FactFileSerializer, RecordedFactSerializer, _entered(FACTS)
    )


class DeclaredLimitViewSet(RecordViewSet):
    """A limit that is sent again for the same day corrects the existing one."""

    queryset = LIMITS.rows()
    serializer_class = DeclaredLimitSerializer
    filterset_class = LIMITS.table.filterset
    enter = staticmethod(operations.declare_limit)
    import_table = _import(
        "Declare the limits of a table",
        LimitFileSerializer,
        DeclaredLimitSerializer,
        _entered(LIMITS),
    )


class FloorViewSet(ObjectViewSet):
    queryset = FLOORS.rows()
    serializer_class = FloorSerializer
    filterset_class = FLOORS.table.filterset
    import_table = _import(
        "Take the floors of a node-health configuration",
        *(FloorFileSerializer, FloorSerializer, operations.import_floors),
    )
