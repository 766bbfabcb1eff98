"""Endpoints of workload classes, user regions and placements.

`router` holds those under /api/readiness/, `tradeoffs_router` those under /api/tradeoffs/. The latter write a class as
a whole; the former only name, latency limit and user regions.
"""

import hashlib
from typing import Any, cast

from django.db import models
from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import exceptions, serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from inventory.models import DeviceType
from readiness.demand.workloads import documents, operations, queries
from readiness.demand.workloads.core.envelope import Envelope, EnvelopePart, contradictions
from readiness.demand.workloads.kinds import WorkloadFilters
from readiness.demand.workloads.models import COLUMNS, Placement, UserRegion, WorkloadClass
from web import clock
from web.kinds.rest import filters_of, serializer_of, viewset_of
from web.rest.errors import named_errors
from web.rest.fields import Brief, NumberField, RelatedObjectField, brief
from web.rest.parsers import OrjsonParser
from web.rest.permissions import requires
from web.rest.serializers import BodySerializer, ObjectSerializer, RowSerializer
from web.rest.viewsets import ObjectViewSet, Router
from web.versioned.api import ImportSerializer
from web.versioned.core.documents import DocumentError

AT_MOST: dict[str, Any] = {"max_length": 200}
_REGION = ("name", "slug", "latitude", "longitude")
UserRegionViewSet = viewset_of(
    UserRegion.objects.all(),
    serializer_of(UserRegion, _REGION, ("name", "slug")),
    filters_of(UserRegion, _REGION, search=("name", "slug")),
)


# No docstring, because the schema would show it for the endpoints.
class WrittenByOperations(ObjectViewSet):
    def _field_values(self, serializer: Any) -> dict[str, Any]:
        raise NotImplementedError

    def perform_create(self, serializer: Any) -> None:
        with named_errors():
            serializer.instance = operations.declare(**self._field_values(serializer), **self._author())

    def perform_update(self, serializer: Any) -> None:
        with named_errors():
            values = self._field_values(serializer)
            serializer.instance = operations.change(serializer.instance, **values, **self._author())

    def perform_destroy(self, instance: Any) -> None:
        operations.remove(instance, by=cast(Any, self.request.user))

    def _author(self) -> dict[str, Any]:
        return {"by": self.request.user, "now": clock.now()}


class WorkloadClassSerializer(ObjectSerializer):
    user_regions = RelatedObjectField(many=True, queryset=UserRegion.objects.all(), required=False)

    class Meta:
        model = WorkloadClass
        fields = ("name", "slug", "latency_limit_ms", "user_regions", "description")
        brief_fields = ("name", "slug")


class WorkloadClassViewSet(WrittenByOperations):
    queryset = WorkloadClass.objects.prefetch_related("user_regions")
    serializer_class = WorkloadClassSerializer
    filterset_class = filters_of(
        WorkloadClass,
        ("name", "slug", "latency_limit_ms", "description"),
        search=("name", "slug", "description"),
    )

    def _field_values(self, serializer: Any) -> dict[str, Any]:
        """A served region that stays keeps its rate."""
        values = dict(serializer.validated_data)
        if "user_regions" not in values:
            return values
        workload = serializer.instance
        rates = dict(workload.served.values_list("user_region_id", "requests_per_s")) if workload else {}
        regions = dict.fromkeys(values.pop("user_regions"))
        return values | {"users": [(region, rates.get(region.pk)) for region in regions]}


class PlacementFields(ObjectSerializer):
    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        started_on = attrs.get("started_on", getattr(self.instance, "started_on", None))
        ended_on = attrs.get("ended_on", getattr(self.instance, "ended_on", None))
        if started_on and ended_on and ended_on < started_on:
            raise serializers.ValidationError({"ended_on": ["The placement ends before it starts."]})
        return attrs


_PLACEMENT = ("workload_class", "site", "started_on", "ended_on")
PlacementViewSet = viewset_of(
    Placement.objects.select_related("workload_class", "site"),
    serializer_of(Placement, _PLACEMENT, ("workload_class", "site"), base=PlacementFields),
    filters_of(Placement, _PLACEMENT, search=("workload_class__name", "site__name")),
)


class AcceleratorDemandSerializer(RowSerializer):
    type = RelatedObjectField(
        source="device_type",
        queryset=DeviceType.objects.all(),
        allow_null=True,
        default=None,
        help_text="Product of kind accelerator; null: any will do",
    )
    count = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class UserDemandSerializer(RowSerializer):
    region = RelatedObjectField(source="user_region", queryset=UserRegion.objects.all())
    requests_per_s = NumberField(
        allow_null=True, default=None, min_value=0, max_value=1e12, help_text="At peak; null: not known"
    )


class ContradictionSerializer(serializers.Serializer):
    field = serializers.CharField()
    reason = serializers.CharField()
    hard = serializers.BooleanField(
        source="is_hard", help_text="The envelope can never hold; writing it is refused"
    )


class PlacedSerializer(serializers.Serializer):
    site = serializers.SerializerMethodField()
    started_on = serializers.DateField()

    def get_site(self, placement: Any) -> Brief:
        return brief(placement.site, self.context)


class WorkloadSerializer(ObjectSerializer):
    """Demand is that of one placement.

    A null or empty limit is not declared. `missing` are the undeclared ones of the four parts. `contradictions` are
    values that exclude each other: hard ones are refused on writing, others are reported. `declared_on` is set whenever
    the envelope changes.
    """

    accelerators = AcceleratorDemandSerializer(many=True, required=False, **AT_MOST)
    users = UserDemandSerializer(many=True, required=False, source="served", **AT_MOST)
    confirmed_on = serializers.SerializerMethodField(help_text="When somebody last said that it still holds")
    missing = serializers.SerializerMethodField()
    contradictions = serializers.SerializerMethodField()
    placements = serializers.SerializerMethodField(help_text="Where it is placed today")

    class Meta:
        model = WorkloadClass
        fields = (
            *(*COLUMNS, "accelerators", "users"),
            *("confirmed_on", "missing", "contradictions", "placements"),
        )
        brief_fields: tuple[str, ...] = ("name", "slug")

    @extend_schema_field({"type": "string", "format": "date", "nullable": True})
    def get_confirmed_on(self, workload: WorkloadClass) -> str | None:
        days = queries.envelope_of(workload).confirmed_on
        return days[-1].isoformat() if days else None

    @extend_schema_field({"type": "array", "items": {"type": "string", "enum": list(EnvelopePart)}})
    def get_missing(self, workload: WorkloadClass) -> list[str]:
        return list(queries.envelope_of(workload).missing)

    @extend_schema_field(ContradictionSerializer(many=True))
    def get_contradictions(self, workload: WorkloadClass) -> Any:
        return ContradictionSerializer(contradictions(queries.envelope_of(workload)), many=True).data

    @extend_schema_field(PlacedSerializer(many=True))
    def get_placements(self, workload: WorkloadClass) -> Any:
        current = getattr(workload, "current_placements", ())
        return PlacedSerializer(current, many=True, context=self.context).data

    def field_values(self) -> dict[str, Any]:
        values = dict(self.validated_data)
        if "accelerators" in values:
            values["accelerators"] = [(row["device_type"], row["count"]) for row in values["accelerators"]]
        if "served" in values:
            values["users"] = [(row["user_region"], row["requests_per_s"]) for row in values.pop("served")]
        return values


class InlineWorkloadSerializer(WorkloadSerializer):
    """An envelope that is not saved: the same fields; a name is optional."""

    name = serializers.CharField(max_length=100, default="Inline")
    slug = serializers.SlugField(max_length=100, default="inline")

    def envelope(self) -> Envelope:
        """Make the envelope of valid data; a hard contradiction raises the API's ValidationError by field."""
        with named_errors():
            return operations.checked(self.field_values()).envelope


class WorkloadImportSerializer(ImportSerializer):
    """Send either `file` or `text`: a YAML document of classes in the format of the export."""

    revision = None  # type: ignore[assignment] # of drafts alone


class WorkloadsImportedSerializer(serializers.Serializer):
    added = serializers.ListField(child=serializers.CharField(), help_text="Slugs")
    changed = serializers.ListField(child=serializers.CharField(), help_text="Slugs")


class WorkloadConfirmSerializer(BodySerializer):
    confirmed_on = serializers.DateField(required=False, help_text="Today unless given", source="on")
    note = serializers.CharField(required=False, max_length=300, allow_blank=True)


_OF_ALL: dict[str, Any] = {
    "detail": False,
    "methods": ["post"],
    "pagination_class": None,
    "filter_backends": [],
}


class WorkloadViewSet(WrittenByOperations):
    queryset = WorkloadClass.objects.all()
    serializer_class = WorkloadSerializer
    filterset_class = WorkloadFilters

    def get_queryset(self) -> QuerySet[WorkloadClass]:
        return queries.classes(day=clock.now().date())

    def etag(self, obj: models.Model) -> str:
        values = queries.values_of(cast(WorkloadClass, obj))
        return f'W/"{hashlib.blake2s(repr(values).encode(), digest_size=12).hexdigest()}"'

    def _field_values(self, serializer: Any) -> dict[str, Any]:
        return serializer.field_values()

    @extend_schema(
        summary="Check an envelope without saving it",
        request=InlineWorkloadSerializer,
        responses=ContradictionSerializer(many=True),
        filters=False,
    )
    @action(**_OF_ALL, permission_classes=[requires(operations.MAY_ADD)])
    def check(self, request: Request) -> Response:
        body = InlineWorkloadSerializer(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        return Response(ContradictionSerializer(contradictions(body.envelope()), many=True).data)

    @extend_schema(
        summary="Say that the envelope still holds",
        request=WorkloadConfirmSerializer,
        responses=WorkloadSerializer,
    )
    @action(detail=True, methods=["post"], permission_classes=[requires(operations.MAY_CHANGE)])
    def confirm(self, request: Request, pk: str) -> Response:
        body = WorkloadConfirmSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        workload = cast(WorkloadClass, self.get_object())
        with named_errors():
            operations.confirm(workload, **body.validated_data, **self._author())
        return self._object_response(self._again(workload))

    @extend_schema(
        summary="The classes that the filters leave, as a YAML document",
        responses={(200, "application/yaml"): OpenApiTypes.BINARY},
    )
    @action(detail=False, methods=["get"], pagination_class=None)
    def export(self, request: Request) -> HttpResponse:
        return documents.exported(cast(Any, self.filter_queryset(self.get_queryset())), "workloads")

    @extend_schema(
        summary="Add and change classes with a YAML document: all of them or none",
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
        **_OF_ALL,
        url_path="import",
        permission_classes=[requires(operations.MAY_ADD, operations.MAY_CHANGE)],
        parser_classes=[MultiPartParser, OrjsonParser],
    )
    def import_document(self, request: Request) -> Response:
        body = WorkloadImportSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            imported = documents.import_workloads(body.texts(), **self._author())
        except DocumentError as error:
            raise exceptions.ValidationError({"file": [str(error)]}) from error
        except documents.ImportRefused as error:
            refusal = exceptions.ValidationError()
            # Set afterwards, because the constructor would convert the numbers to text.
            faults = [
                {"line": fault.line or None, "path": fault.path, "reason": fault.message}
                for fault in error.faults
            ]
            refusal.detail = cast(Any, {"document": faults})
            raise refusal from error
        return Response(WorkloadsImportedSerializer(imported).data)


router = Router()
router.register("user-regions", UserRegionViewSet)
router.register("workload-classes", WorkloadClassViewSet, basename="workloads-api-workload-limit")
router.register("placements", PlacementViewSet)

tradeoffs_router = Router()
tradeoffs_router.register("workloads", WorkloadViewSet)
