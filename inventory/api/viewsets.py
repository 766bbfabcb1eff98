"""Endpoints under /api/inventory/. Each joins what its serializer reads, so that no row costs a statement."""

from dataclasses import asdict

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from inventory import filters
from inventory.api import serializers
from inventory.attributes import SCHEMAS
from inventory.models import (
    Accelerator,
    CapacityEvent,
    CoolingUnit,
    Device,
    DeviceType,
    Link,
    Manufacturer,
    Port,
    PowerFeed,
    Rack,
    Region,
    Site,
)
from web.rest.viewsets import ObjectViewSet


class RegionViewSet(ObjectViewSet):
    queryset = Region.objects.select_related("parent")
    serializer_class = serializers.RegionSerializer
    filterset_class = filters.RegionFilters


class SiteViewSet(ObjectViewSet):
    queryset = Site.objects.select_related("region")
    serializer_class = serializers.SiteSerializer
    filterset_class = filters.SiteFilters


class ManufacturerViewSet(ObjectViewSet):
    queryset = Manufacturer.objects.all()
    serializer_class = serializers.ManufacturerSerializer
    filterset_class = filters.ManufacturerFilters


class DeviceTypeViewSet(ObjectViewSet):
    queryset = DeviceType.objects.select_related("manufacturer")
    serializer_class = serializers.DeviceTypeSerializer
    filterset_class = filters.DeviceTypeFilters

    @extend_schema(
        summary="Attributes that each kind of device type may have",
        responses={200: serializers.AttributeSerializer(many=True)},
        filters=False,
    )
    @action(detail=False, pagination_class=None)
    def attributes(self, request: Request) -> Response:
        return Response({kind: [asdict(each) for each in schema] for kind, schema in SCHEMAS.items()})


class RackViewSet(ObjectViewSet):
    queryset = Rack.objects.select_related("site")
    serializer_class = serializers.RackSerializer
    filterset_class = filters.RackFilters


class DeviceViewSet(ObjectViewSet):
    queryset = Device.objects.select_related("site", "rack", "device_type")
    serializer_class = serializers.DeviceSerializer
    filterset_class = filters.DeviceFilters


class AcceleratorViewSet(ObjectViewSet):
    queryset = Accelerator.objects.select_related("device", "device_type")
    serializer_class = serializers.AcceleratorSerializer
    filterset_class = filters.AcceleratorFilters


class PortViewSet(ObjectViewSet):
    queryset = Port.objects.select_related("device")
    serializer_class = serializers.PortSerializer
    filterset_class = filters.PortFilters


class LinkViewSet(ObjectViewSet):
    queryset = Link.objects.select_related("site_a", "site_b", "port_a__device", "port_b__device")
    serializer_class = serializers.LinkSerializer
    filterset_class = filters.LinkFilters


class PowerFeedViewSet(ObjectViewSet):
    queryset = PowerFeed.objects.select_related("site", "rack", "device")
    serializer_class = serializers.PowerFeedSerializer
    filterset_class = filters.PowerFeedFilters


class CoolingUnitViewSet(ObjectViewSet):
    queryset = CoolingUnit.objects.select_related("site")
    serializer_class = serializers.CoolingUnitSerializer
    filterset_class = filters.CoolingUnitFilters


class CapacityEventViewSet(ObjectViewSet):
    queryset = CapacityEvent.objects.select_related("site")
    serializer_class = serializers.CapacityEventSerializer
    filterset_class = filters.CapacityEventFilters
