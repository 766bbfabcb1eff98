"""Endpoint of round trips between sites and user regions, or two sites."""

from typing import Any

from rest_framework import serializers

from readiness.tradeoffs.api.entered import KEPT, SOURCED, BySerializer, EnteredViewSet
from readiness.tradeoffs.api.sourcing import sourcing_of
from readiness.tradeoffs.core.entries import LatencyEntry
from readiness.tradeoffs.filters import LatencyFilters
from readiness.tradeoffs.models import LatencyFactor
from readiness.tradeoffs.operations import enter_latencies, import_latencies
from web.rest.serializers import finite


class LatencySerializer(BySerializer):
    """Reads in ms; may be sent in another unit of time. A pair of sites reads as it is kept: the older site first."""

    value = serializers.FloatField(source="value_ms", validators=[finite], help_text="Round trip")
    unit = serializers.CharField(required=False, max_length=16, help_text="ms, unless sent in another")

    class Meta:
        model = LatencyFactor
        fields = ("site", "user_region", "other_site", "value", "unit", "percentile", *SOURCED, *KEPT)
        read_only_fields = KEPT
        brief_fields = ("site", "user_region", "other_site", "value", "unit", "percentile")


class LatencyViewSet(EnteredViewSet):
    queryset = LatencyFactor.objects.select_related("site", "user_region", "other_site", "by")
    serializer_class = LatencySerializer
    filterset_class = LatencyFilters
    enter = staticmethod(enter_latencies)
    import_rows = staticmethod(import_latencies)

    def entry_of(self, line: int, given: dict[str, Any]) -> LatencyEntry:
        region, other = given.get("user_region"), given.get("other_site")
        return LatencyEntry(
            line=line,
            site=given["site"].slug,
            user_region=region.slug if region else "",
            other_site=other.slug if other else "",
            value=given["value_ms"],
            unit=given.get("unit") or "ms",
            percentile=given.get("percentile", 50.0),
            low=given.get("low"),
            high=given.get("high"),
            sourcing=sourcing_of(given),
        )
