"""Filters of runs and their figures, for the API and for pages alike."""

import django_filters

from readiness.evidence.models import RunMeasure, ValidationRun
from web.rest.filters import ObjectFilterSet


class Voided(django_filters.BooleanFilter):
    """Whether a change has voided it."""

    def __init__(self) -> None:
        super().__init__(field_name="voided_at", lookup_expr="isnull", exclude=True, label="voided")


class RunFilters(ObjectFilterSet):
    voided = Voided()
    device = django_filters.CharFilter(
        field_name="devices__name", lookup_expr="iexact", label="device", max_length=100
    )
    device_id = django_filters.NumberFilter(
        field_name="run_devices__device_id", label="device_id", min_value=0, max_value=2**63 - 1
    )

    class Meta:
        model = ValidationRun
        fields = [
            *("site", "tool", "scope", "platform", "load", "taken_at", "received_at", "voided_at"),
            *("driver", "firmware", "nos", "library", "file_name", "file_sha256", "provenance"),
        ]
        search_fields = ["file_name", "platform", "note", "site__name"]
        panel = ["site", "tool", "scope", "load"]


class MeasureFilters(ObjectFilterSet):
    class Meta:
        model = RunMeasure
        fields = ["name", "operation", "variant", "subject", "size_bytes", "percentile"]
        search_fields = ["name", "operation", "variant", "subject"]
        panel = ["name", "operation", "subject"]
