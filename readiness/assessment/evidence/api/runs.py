"""Endpoint of validation runs: send a file, read its figures, download the file."""

from typing import Any

from django.db import transaction
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import exceptions, serializers, status
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from inventory.models import Site
from readiness.assessment.evidence.core.parsers.recognised import AUTO
from readiness.assessment.evidence.models import RunDevice, RunFile, RunMeasure, Tool, ValidationRun
from readiness.assessment.evidence.operations import (
    RunContext,
    import_run,
    mark_baseline,
    move_run,
    withdraw_run,
)
from readiness.assessment.evidence.operations.records import MAY_MARK
from readiness.assessment.evidence.runs import summary_of
from readiness.assessment.evidence.tables import RunFilters
from readiness.assessment.evidence.uploads import (
    FileField,
    answered,
    content_of,
    file_answer,
    refuse_large,
    sender_of,
)
from telemetry.models import SourceProvenance
from web import clock, visibility
from web.rest.fields import RelatedObjectField
from web.rest.parsers import OrjsonParser
from web.rest.permissions import requires
from web.rest.serializers import BodySerializer, ObjectSerializer, message_field
from web.rest.viewsets import ReadOnlyObjectViewSet


class RunMeasureSerializer(serializers.ModelSerializer):
    class Meta:
        model = RunMeasure
        fields = (
            *("name", "value", "unit", "operation", "variant", "subject", "size_bytes"),
            *("percentile", "samples", "streams", "caution"),
        )


class RunDeviceSerializer(serializers.ModelSerializer):
    """A device and the versions that it had when the run was taken."""

    device = RelatedObjectField(read_only=True)

    class Meta:
        model = RunDevice
        fields = ("device", "firmware_version", "software_version")


class ValidationRunSerializer(ObjectSerializer):
    by = serializers.SerializerMethodField(help_text="User name of whoever sent it")
    devices = RunDeviceSerializer(source="run_devices", many=True, read_only=True)

    class Meta:
        model = ValidationRun
        fields: tuple[str, ...] = (
            *("site", "tool", "scope", "devices", "platform", "load", "load_gbps"),
            *("driver", "firmware", "nos", "library", "taken_at", "received_at", "by"),
            *(
                "file_name",
                "file_sha256",
                "file_bytes",
                "hosts",
                "loopback",
                "warnings",
                "note",
                "provenance",
            ),
            *("void_changes", "voided_at", "void_reason", "baseline_at"),
            *("sender_named", "mismatch", "implausible", "withdrawn_at", "withdrawn_reason"),
        )
        brief_fields = ("site", "tool", "taken_at")

    def get_by(self, run: ValidationRun) -> str | None:
        return visibility.username_of(run.by)


class ProvedSerializer(serializers.Serializer):
    """`reason` says why the figure is not a proof; it is empty for a proof."""

    check = serializers.CharField(source="check_id")
    part = serializers.CharField(source="part_id")
    value = serializers.FloatField(allow_null=True)
    unit = serializers.CharField()
    detail = serializers.CharField()
    reason = serializers.CharField(source="why_not")


class RunSummarySerializer(serializers.Serializer):
    """Sentences about the basis of the run, and the sub-measures that it proves and does not prove."""

    samples = serializers.CharField()
    failures = serializers.CharField()
    coverage = serializers.CharField()
    proves = ProvedSerializer(many=True)
    proves_not = ProvedSerializer(many=True)


class WholeRunSerializer(ValidationRunSerializer):
    """One run with its figures. A list leaves them out, because a run may have thousands."""

    measures = RunMeasureSerializer(many=True, read_only=True)
    summary = serializers.SerializerMethodField(
        help_text="Basis of the run, what it proves now, and what it does not prove"
    )

    class Meta(ValidationRunSerializer.Meta):
        fields = (*ValidationRunSerializer.Meta.fields, "summary", "measures")

    @extend_schema_field(RunSummarySerializer)
    def get_summary(self, run: ValidationRun) -> Any:
        return RunSummarySerializer(summary_of(run, now=clock.now())).data


class BaselineSerializer(BodySerializer):
    marked = serializers.BooleanField(help_text="False: the first runs are the baseline again")


class RunReasonSerializer(BodySerializer):
    reason = serializers.CharField(max_length=300, help_text="It stays in the history")


class MoveRunSerializer(RunReasonSerializer):
    site = serializers.SlugRelatedField(slug_field="slug", queryset=Site.objects.all())
    devices = serializers.ListField(
        child=serializers.CharField(max_length=100),
        required=False,
        max_length=1000,
        help_text="Names at that site, first where the tool ran; none: the hosts that the file names",
    )


class RunUploadSerializer(BodySerializer):
    """The form for sending a run. Only `file` and `site` are required."""

    file = FileField(help_text="The tool's output as it is, 5 MiB at most")
    site = serializers.SlugRelatedField(
        slug_field="slug", queryset=Site.objects.all(), help_text="Slug of the site"
    )
    tool = serializers.ChoiceField(
        choices=[(AUTO, "Recognised by the file"), *Tool.choices],
        required=False,
        allow_blank=True,
        default=AUTO,
        help_text="By default, Muster recognises the tool by the file",
    )
    load = serializers.ChoiceField(choices=ValidationRun.Load.choices, required=False, allow_blank=True)
    load_gbps = serializers.FloatField(
        required=False,
        min_value=0,
        max_value=1e6,
        help_text="Rate of the background load; 0 says that it was idle",
    )
    scope = serializers.ChoiceField(choices=ValidationRun.Scope.choices, required=False, allow_blank=True)
    devices = serializers.ListField(
        child=serializers.CharField(max_length=100),
        required=False,
        max_length=1000,
        help_text="Names at that site, first where the tool ran. They fill what the file does not name",
    )
    platform = serializers.CharField(
        max_length=100,
        required=False,
        allow_blank=True,
        help_text="The device type that is expected; another one in the inventory refuses the run",
    )
    driver = serializers.CharField(max_length=100, required=False, allow_blank=True)
    firmware = serializers.CharField(max_length=100, required=False, allow_blank=True)
    nos = serializers.CharField(max_length=100, required=False, allow_blank=True)
    library = serializers.CharField(max_length=100, required=False, allow_blank=True)
    taken_at = serializers.DateTimeField(required=False, help_text="Used only if the file states no time")
    note = serializers.CharField(max_length=200, required=False, allow_blank=True)
    provenance = serializers.ChoiceField(choices=SourceProvenance.choices, default=SourceProvenance.MEASURED)
    changelog_message = message_field()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        load, is_idle = attrs.get("load", ""), attrs.get("load_gbps") == 0
        if is_idle and load == ValidationRun.Load.LOADED:
            raise serializers.ValidationError(
                {"load_gbps": ["A background load of 0 Gb/s is no load: send load=idle."]}
            )
        if is_idle:
            attrs["load"] = ValidationRun.Load.IDLE
            del attrs["load_gbps"]
        elif "load_gbps" in attrs and load != ValidationRun.Load.LOADED:
            raise serializers.ValidationError({"load_gbps": ["A rate of background load needs load=loaded."]})
        return attrs

    def context_of(self) -> RunContext:
        fields = self.validated_data
        return RunContext(
            versions={key: fields.get(key, "") for key in ("driver", "firmware", "nos", "library")},
            device_names=fields.get("devices", ()),
            load_gbps=fields.get("load_gbps"),
            taken_at=fields.get("taken_at"),
            provenance=fields["provenance"],
            **{key: fields.get(key, "") for key in ("load", "scope", "platform", "note")},
        )


class ValidationRunViewSet(ReadOnlyObjectViewSet):
    """Runs are created and read, never edited; a file that was sent by mistake can be deleted."""

    queryset = ValidationRun.objects.select_related("site", "by").prefetch_related("run_devices__device")
    serializer_class = ValidationRunSerializer
    filterset_class = RunFilters
    parser_classes = [MultiPartParser]

    def get_serializer_class(self) -> Any:
        return WholeRunSerializer if self.action == "retrieve" else ValidationRunSerializer

    def get_queryset(self) -> Any:
        runs = super().get_queryset()
        return runs.prefetch_related("measures") if self.action == "retrieve" else runs

    @extend_schema(
        summary="Import the output of a tool",
        request={"multipart/form-data": RunUploadSerializer},
        responses={
            201: WholeRunSerializer,
            400: OpenApiResponse(description="The file cannot be read: `file`, with `line` and `reason`"),
        },
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        refuse_large(request)
        body = RunUploadSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        file = body.validated_data["file"]
        with answered():
            run = import_run(
                site=body.validated_data["site"],
                tool=body.validated_data["tool"],
                content=content_of(file),
                file_name=file.name,
                context=body.context_of(),
                by=sender_of(request),
                now=clock.now(),
            )
        whole = self.get_queryset().prefetch_related("measures").get(pk=run.pk)
        answer = WholeRunSerializer(whole, context=self.get_serializer_context())
        return Response(answer.data, status=status.HTTP_201_CREATED)

    @extend_schema(summary="Delete a run with its file", responses={204: None})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.get_object().delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        summary="Make it the baseline of later runs, or no longer",
        request=BaselineSerializer,
        responses={200: ValidationRunSerializer},
    )
    @action(
        detail=True,
        methods=["post"],
        parser_classes=[OrjsonParser],
        permission_classes=[requires(MAY_MARK)],
        pagination_class=None,
    )
    def baseline(self, request: Request, pk: str | None = None) -> Response:
        body = BaselineSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        run = self.get_object()
        with transaction.atomic(), answered():
            mark_baseline(run, marked=body.validated_data["marked"], by=sender_of(request), now=clock.now())
        return self._object_response(self.get_object())

    @extend_schema(
        summary="Withdraw a run, so that it proves nothing and its file may come again",
        request=RunReasonSerializer,
        responses={200: ValidationRunSerializer},
    )
    @action(
        detail=True,
        methods=["post"],
        parser_classes=[OrjsonParser],
        permission_classes=[requires(MAY_MARK)],
        pagination_class=None,
    )
    def withdraw(self, request: Request, pk: str | None = None) -> Response:
        body = RunReasonSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        reason, run = body.validated_data["reason"], self.get_object()
        with transaction.atomic(), answered():
            withdraw_run(run, reason=reason, by=sender_of(request), now=clock.now())
        return self._object_response(self.get_object())

    @extend_schema(
        summary="Move a run to another site or other devices",
        request=MoveRunSerializer,
        responses={200: ValidationRunSerializer},
    )
    @action(
        detail=True,
        methods=["post"],
        parser_classes=[OrjsonParser],
        permission_classes=[requires(MAY_MARK)],
        pagination_class=None,
    )
    def move(self, request: Request, pk: str | None = None) -> Response:
        body = MoveRunSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        place, run = body.validated_data, self.get_object()
        with transaction.atomic(), answered():
            move_run(
                run,
                site=place["site"],
                device_names=place.get("devices", ()),
                reason=place["reason"],
                by=sender_of(request),
                now=clock.now(),
            )
        return self._object_response(self.get_object())

    @extend_schema(
        summary="The file as it is kept",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        filters=False,
    )
    @action(detail=True, pagination_class=None)
    def file(self, request: Request, pk: str | None = None) -> HttpResponse:
        run = self.get_object()
        run_file = RunFile.objects.filter(run=run).first()
        if run_file is None:
            raise exceptions.NotFound
        return file_answer(run, bytes(run_file.content))
