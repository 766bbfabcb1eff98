"""Tables of runs and of a run's figures, their filters, and columns that all evidence has."""

from typing import Any

import django_filters
from django.urls import reverse

from readiness.assessment.evidence.core.parsed import FAILED_TEST, size_text
from readiness.assessment.evidence.core.parsers.dcgm_diag import WORDS
from readiness.assessment.evidence.core.proving.values import few
from readiness.assessment.evidence.models import RunMeasure, ValidationRun
from web.kinds.tabs import TabPages, page_tabs
from web.rest.filters import ObjectFilterSet
from web.tables import Column, Table
from web.units import number

SEVERITIES = frozenset({"severity", "worst_severity", FAILED_TEST})


class Voided(django_filters.BooleanFilter):
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
            "sender_named",
        ]
        search_fields = ["file_name", "platform", "note", "site__name"]
        panel = ["site", "tool", "scope", "load"]


class MeasureFilters(ObjectFilterSet):
    class Meta:
        model = RunMeasure
        fields = ["name", "operation", "variant", "subject", "size_bytes", "percentile"]
        search_fields = ["name", "operation", "variant", "subject"]
        panel = ["name", "operation", "subject"]


def site_url(row: Any) -> str:
    return reverse("site", args=[row.site.slug])


def exact(value: float) -> str:
    """Six digits: printed or entered values are not rounded as for a quick look."""
    whole = float(value).is_integer() or abs(value) >= 1e5
    return number(value) if whole else f"{value:.6g}"


def measured(measure: RunMeasure) -> str:
    if measure.value is None:
        return "unknown"
    word = WORDS.get(int(measure.value), "") if measure.name in SEVERITIES else ""
    return f"{exact(measure.value)} ({word})" if word else exact(measure.value)


def devices_of(run: ValidationRun) -> str:
    return few([each.device.name for each in run.run_devices.all()])


def first_device_of(run: ValidationRun) -> str:
    """The list has room for one name; the page of the run has all."""
    return few([each.device.name for each in run.run_devices.all()], 1)


_PAGES: TabPages = {
    "evidence": ("Runs", ()),
    "facts": ("Recorded facts", ()),
    "attestations": ("Attestations", ()),
    "limits": ("Limits", ()),
    "floors": ("Floors", ()),
    "report-rules": ("Rules for test reports", ()),
}


def tabs(current: str) -> list[dict[str, Any]]:
    return page_tabs(_PAGES, current)


# fmt: off
SIZE = Column("size", "Size", value="size_bytes",
              text=lambda row: "" if row.size_bytes is None else size_text(row.size_bytes), sort="size_bytes",
              numeric=True, file_unit="bytes")
STANDING = Column("standing", "Standing", value="void_text", sort="voided_at", phone="status",
                  hint="What a change at the site has voided", default=False,
                  template="readiness/evidence/standing_cell.html")

MEASURES = Table(
    id="measures",
    noun=("figure", "figures"),
    label="Figures of the run",
    columns=(
        Column("name", "Measure", sort="name", locked=True, phone="title", code=True),
        Column("value", "Value", text=measured, sort="value", numeric=True),
        Column("unit", "Unit", sort="unit"),
        SIZE,
        Column("percentile", "Percentile", sort="percentile", numeric=True),
        Column("samples", "Samples", sort="samples", numeric=True),
        Column("operation", "Operation", sort="operation", code=True),
        Column("variant", "Variant", sort="variant"),
        Column("subject", "Subject", sort="subject", code=True),
        Column("caution", "Not judged because", phone="full"),
    ),
    filterset=MeasureFilters,
    empty={"title": "No figure matches", "text": "", "icon": "filter"},
)
# fmt: on
