"""Endpoints of workload classes, the user regions they serve, and where they are placed."""

from typing import Any

from rest_framework import serializers

from readiness.workloads.models import Placement, UserRegion, WorkloadClass
from web.rest.filters import ObjectFilterSet
from web.rest.router import Router
from web.rest.serializers import ObjectSerializer, RelatedObjectField
from web.rest.viewsets import ObjectViewSet


class UserRegionSerializer(ObjectSerializer):
    class Meta:
        model = UserRegion
        fields = ("name", "slug", "latitude", "longitude")
        brief_fields = ("name", "slug")


class UserRegionFilters(ObjectFilterSet):
    class Meta:
        model = UserRegion
        fields = ["name", "slug", "latitude", "longitude"]
        search_fields = ["name", "slug"]


class UserRegionViewSet(ObjectViewSet):
    queryset = UserRegion.objects.all()
    serializer_class = UserRegionSerializer
    filterset_class = UserRegionFilters


class WorkloadClassSerializer(ObjectSerializer):
    user_regions = RelatedObjectField(many=True, queryset=UserRegion.objects.all(), required=False)

    class Meta:
        model = WorkloadClass
        fields = ("name", "slug", "latency_limit_ms", "user_regions", "description")
        brief_fields = ("name", "slug")

    def create(self, validated_data: dict[str, Any]) -> WorkloadClass:
        regions = validated_data.pop("user_regions", [])
        placed = WorkloadClass.objects.create(**validated_data)
        placed.user_regions.set(regions)
        return placed

    def update(self, instance: WorkloadClass, validated_data: dict[str, Any]) -> WorkloadClass:
        regions = validated_data.pop("user_regions", None)
        updated: WorkloadClass = super().update(instance, validated_data)
        if regions is not None:
            updated.user_regions.set(regions)
        return updated


class WorkloadClassFilters(ObjectFilterSet):
    class Meta:
        model = WorkloadClass
        fields = ["name", "slug", "latency_limit_ms", "description"]
        search_fields = ["name", "slug", "description"]


class WorkloadClassViewSet(ObjectViewSet):
    queryset = WorkloadClass.objects.prefetch_related("user_regions")
    serializer_class = WorkloadClassSerializer
    filterset_class = WorkloadClassFilters


class PlacementSerializer(ObjectSerializer):
    class Meta:
        model = Placement
        fields = ("workload_class", "site", "started_on", "ended_on")
        brief_fields = ("workload_class", "site")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        started_on = attrs.get("started_on", getattr(self.instance, "started_on", None))
        ended_on = attrs.get("ended_on", getattr(self.instance, "ended_on", None))
        if started_on and ended_on and ended_on < started_on:
            raise serializers.ValidationError({"ended_on": ["Ends before it starts."]})
        return attrs


class PlacementFilters(ObjectFilterSet):
    class Meta:
        model = Placement
        fields = ["workload_class", "site", "started_on", "ended_on"]
        search_fields = ["workload_class__name", "site__name"]


class PlacementViewSet(ObjectViewSet):
    queryset = Placement.objects.select_related("workload_class", "site")
    serializer_class = PlacementSerializer
    filterset_class = PlacementFilters


router = Router()
router.register("user-regions", UserRegionViewSet)
router.register("workload-classes", WorkloadClassViewSet)
router.register("placements", PlacementViewSet)
