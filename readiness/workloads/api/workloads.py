"""`/api/tradeoffs/workloads/`: workload classes with their whole envelope, as JSON and as YAML."""

import hashlib
from typing import Any, cast

from django.db import models
from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from readiness.workloads import operations, queries
from readiness.workloads.api.rows import (
    ContradictionSerializer,
    InlineWorkloadSerializer,
    WorkloadSerializer,
)
from readiness.workloads.core.envelope import contradictions
from readiness.workloads.exporting import exported, values_of
from readiness.workloads.filters import WorkloadFilters
from readiness.workloads.models import WorkloadClass
from readiness.workloads.refusals import MAY_ADD, MAY_CHANGE, ImportRefused
from web import clock
from web.rest.errors import PayloadTooLarge, named_errors
from web.rest.parsers import OrjsonParser
from web.rest.permissions import requires
from web.rest.viewsets import ObjectViewSet
from web.yaml_documents import MOST_BYTES


class WorkloadImportSerializer(serializers.Serializer):
    """One of `file` and `text`: a YAML document of classes, as the export writes it."""

    file = serializers.FileField(required=False, allow_empty_file=True, max_length=200)
    text = serializers.CharField(required=False, trim_whitespace=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("file" in attrs) == ("text" in attrs):
            raise serializers.ValidationError({"file": ["Send either a file or text."]})
        return attrs

    def named_text(self) -> tuple[str, str]:
        given = self.validated_data
        size = len(given["text"].encode()) if "text" in given else given["file"].size
        if size > MOST_BYTES:
            raise PayloadTooLarge(f"A document has {MOST_BYTES} bytes at most.")
        if "text" in given:
            return "workloads.yaml", given["text"]
        file = given["file"]
        try:
            return file.name, file.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise exceptions.ValidationError({"file": [f"It is not UTF-8: {error.reason}."]}) from error


class WorkloadsImportedSerializer(serializers.Serializer):
    added = serializers.ListField(child=serializers.CharField(), help_text="Slugs")
    changed = serializers.ListField(child=serializers.CharField(), help_text="Slugs")


class WorkloadConfirmSerializer(serializers.Serializer):
    confirmed_on = serializers.DateField(required=False, help_text="Today, if none")
    note = serializers.CharField(required=False, max_length=300, allow_blank=True)


class WorkloadViewSet(ObjectViewSet):
    queryset = WorkloadClass.objects.all()
    serializer_class = WorkloadSerializer
    filterset_class = WorkloadFilters

    def get_queryset(self) -> QuerySet[WorkloadClass]:
        return queries.classes(day=clock.now().date())

    def etag(self, obj: models.Model) -> str:
        values = values_of(cast(WorkloadClass, obj))
        return f'W/"{hashlib.blake2s(repr(values).encode(), digest_size=12).hexdigest()}"'

    def perform_create(self, serializer: Any) -> None:
        with named_errors():
            serializer.instance = operations.declare(**serializer.given(), **self._by())

    def perform_update(self, serializer: Any) -> None:
        with named_errors():
            serializer.instance = operations.change(serializer.instance, **serializer.given(), **self._by())

    def perform_destroy(self, instance: models.Model) -> None:
        operations.remove(cast(WorkloadClass, instance), by=cast(User, self.request.user))

    @extend_schema(
        summary="Check an envelope without saving it",
        request=InlineWorkloadSerializer,
        responses=ContradictionSerializer(many=True),
        filters=False,
    )
    @action(
        detail=False,
        methods=["post"],
        permission_classes=[requires(MAY_ADD)],
        pagination_class=None,
        filter_backends=[],
    )
    def check(self, request: Request) -> Response:
        asked = InlineWorkloadSerializer(data=request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        return Response(ContradictionSerializer(contradictions(asked.envelope()), many=True).data)

    @extend_schema(
        summary="Say that the envelope still holds",
        request=WorkloadConfirmSerializer,
        responses=WorkloadSerializer,
    )
    @action(detail=True, methods=["post"], permission_classes=[requires(MAY_CHANGE)])
    def confirm(self, request: Request, pk: str) -> Response:
        asked = WorkloadConfirmSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        workload = cast(WorkloadClass, self.get_object())
        with named_errors():
            operations.confirm(
                workload, on=given.get("confirmed_on"), note=given.get("note", ""), **self._by()
            )
        return self._answer(self._again(workload))

    @extend_schema(
        summary="The classes that the filters leave, as a YAML document",
        responses={(200, "application/yaml"): OpenApiTypes.BINARY},
    )
    @action(detail=False, methods=["get"], pagination_class=None)
    def export(self, request: Request) -> HttpResponse:
        return exported(cast(Any, self.filter_queryset(self.get_queryset())), "workloads")

    @extend_schema(
        summary="Add and change classes by a YAML document, all of them or none",
        request={
            "multipart/form-data": WorkloadImportSerializer,
            "application/json": WorkloadImportSerializer,
        },
        responses={
            200: WorkloadsImportedSerializer,
            400: OpenApiResponse(description="`document`: each fault with `line`, `path` and `reason`"),
        },
        filters=False,
    )
    @action(
        detail=False,
        methods=["post"],
        url_path="import",
        permission_classes=[requires(MAY_ADD, MAY_CHANGE)],
        parser_classes=[MultiPartParser, OrjsonParser],
        pagination_class=None,
        filter_backends=[],
    )
    def import_document(self, request: Request) -> Response:
        asked = WorkloadImportSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        name, text = asked.named_text()
        try:
            imported = operations.import_workloads(text, name=name, **self._by())
        except ImportRefused as error:
            refusal = exceptions.ValidationError()
            # Set afterwards: the constructor would make texts of the numbers.
            faults = [
                {"line": fault.line or None, "path": fault.path, "reason": fault.reason}
                for fault in error.faults
            ]
            refusal.detail = cast(Any, {"document": faults})
            raise refusal from error
        return Response(WorkloadsImportedSerializer(imported).data)

    def _by(self) -> dict[str, Any]:
        return {"by": self.request.user, "now": clock.now()}
