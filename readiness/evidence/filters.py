"""Filters of lists of evidence, for the API and for pages alike."""

import django_filters

from readiness.evidence.models import (
    Attestation,
    DeclaredLimit,
    Floor,
    RecordedFact,
    RunMeasure,
    ValidationRun,
)
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


class RecordFilters(ObjectFilterSet):
    """A check is a name of the framework, so its filter is `check` and no id."""

    check = django_filters.CharFilter(field_name="check_id", label="check", max_length=64)
    voided = Voided()


class AttestationFilters(RecordFilters):
    class Meta:
        model = Attestation
        fields = [
            *("site", "part", "taken_on", "taken_at", "workload_classes", "valid_until", "attested_by"),
            "provenance",
        ]
        search_fields = ["check_id", "statement", "attested_by", "document", "site__name"]
        panel = ["site", "check", "voided"]


class FactFilters(RecordFilters):
    class Meta:
        model = RecordedFact
        fields = ["site", "part", "value", "taken_on", "taken_at", "source", "provenance"]
        search_fields = ["check_id", "part", "source", "note", "site__name"]
        panel = ["site", "check", "voided"]


class FloorFilters(ObjectFilterSet):
    class Meta:
        model = Floor
        fields = ["platform", "tool", "measure", "operation", "size_bytes", "value", "unit", "source"]
        search_fields = ["platform", "measure", "source", "note"]
        panel = ["platform", "tool"]


class LimitFilters(ObjectFilterSet):
    """A limit is a name of the framework, so its filter is `limit` and no id."""

    limit_name = django_filters.CharFilter(field_name="limit_id", label="limit", max_length=64)

    class Meta:
        model = DeclaredLimit
        fields = ["site", "workload_class", "value", "preset", "declared_on", "source"]
        search_fields = ["limit_id", "preset", "source", "note", "site__name", "workload_class__name"]
        panel = ["site", "workload_class", "limit_name"]
