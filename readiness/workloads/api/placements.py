"""Endpoints under /api/readiness/: user regions, classes by their latency limit alone, and placements."""

from typing import Any, cast

from django.db.models import Model
from rest_framework import serializers

from accounts.models import User
from readiness.workloads import operations
from readiness.workloads.models import Placement, UserRegion, WorkloadClass
from web import clock
from web.kinds.rest import filters_of, serializer_of, viewset_of
from web.rest.errors import named_errors
from web.rest.serializers import ObjectSerializer, RelatedObjectField
from web.rest.viewsets import ObjectViewSet

_REGION = ("name", "slug", "latitude", "longitude")
UserRegionViewSet = viewset_of(
    UserRegion.objects.all(),
    serializer_of(UserRegion, _REGION, ("name", "slug")),
    filters_of(UserRegion, _REGION, search=("name", "slug")),
)


class WorkloadClassSerializer(ObjectSerializer):
    user_regions = RelatedObjectField(many=True, queryset=UserRegion.objects.all(), required=False)

    class Meta:
        model = WorkloadClass
        fields = ("name", "slug", "latency_limit_ms", "user_regions", "description")
        brief_fields = ("name", "slug")


class WorkloadClassViewSet(ObjectViewSet):
    queryset = WorkloadClass.objects.prefetch_related("user_regions")
    serializer_class = WorkloadClassSerializer
    filterset_class = filters_of(
        WorkloadClass,
        ("name", "slug", "latency_limit_ms", "description"),
        search=("name", "slug", "description"),
    )

    def perform_create(self, serializer: Any) -> None:
        with named_errors():
            serializer.instance = operations.declare(**_given(serializer, {}), **self._by())

    def perform_update(self, serializer: Any) -> None:
        workload = cast(WorkloadClass, serializer.instance)
        rates = dict(workload.served.values_list("user_region_id", "requests_per_s"))
        with named_errors():
            serializer.instance = operations.change(workload, **_given(serializer, rates), **self._by())

    def perform_destroy(self, instance: Model) -> None:
        operations.remove(cast(WorkloadClass, instance), by=cast(User, self.request.user))

    def _by(self) -> dict[str, Any]:
        return {"by": self.request.user, "now": clock.now()}


def _given(serializer: Any, rates: dict[int, float | None]) -> dict[str, Any]:
    """Return what the operations take; a region that is served still keeps its rate."""
    values = dict(serializer.validated_data)
    if "user_regions" in values:
        values["users"] = [
            (region, rates.get(region.pk)) for region in dict.fromkeys(values.pop("user_regions"))
        ]
    return values


class PlacementFields(ObjectSerializer):
    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        started_on = attrs.get("started_on", getattr(self.instance, "started_on", None))
        ended_on = attrs.get("ended_on", getattr(self.instance, "ended_on", None))
        if started_on and ended_on and ended_on < started_on:
            raise serializers.ValidationError({"ended_on": ["Ends before it starts."]})
        return attrs


_PLACEMENT = ("workload_class", "site", "started_on", "ended_on")
PlacementViewSet = viewset_of(
    Placement.objects.select_related("workload_class", "site"),
    serializer_of(Placement, _PLACEMENT, ("workload_class", "site"), base=PlacementFields),
    filters_of(Placement, _PLACEMENT, search=("workload_class__name", "site__name")),
)
