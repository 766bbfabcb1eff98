"""Columns as data: runs, the figures of one, facts, attestations, floors."""

from typing import Any

from django.urls import reverse

from readiness.evidence.core.proving.floors import size_text
from readiness.evidence.filters import (
    AttestationFilters,
    FactFilters,
    FloorFilters,
    MeasureFilters,
    RunFilters,
)
from readiness.evidence.models import (
    Attestation,
    Floor,
    RecordedFact,
    RunMeasure,
    ValidationRun,
)
from web.links import page_url
from web.tables import Column, Table
from web.units import instant, number


def _check_url(record: Attestation | RecordedFact) -> str:
    return reverse("site-check", args=[record.site.slug, record.check_id])


def _site_url(row: Any) -> str:
    return reverse("site", args=[row.site.slug])


def standing(evidence: Any) -> str:
    """`voided: firmware, driver`, or nothing."""
    if not evidence.void_changes:
        return ""
    return f"voided: {', '.join(evidence.void_changes).replace('-', ' ')}"


def exact(value: float) -> str:
    """Six digits: what a tool printed or somebody entered is not rounded to what is read at a glance."""
    whole = float(value).is_integer() or abs(value) >= 1e5
    return number(value) if whole else f"{value:.6g}"


def devices_of(run: ValidationRun) -> str:
    """The first few devices of a run, which its queryset has loaded."""
    names = [each.device.name for each in run.run_devices.all()]
    more = len(names) - 3
    return ", ".join(names[:3]) + (f" and {more} more" if more > 0 else "")


_STANDING = Column(
    "standing",
    "Standing",
    value=standing,
    sort="voided_at",
    phone="status",
    hint="What a change at the site has voided",
    template="readiness/evidence/standing_cell.html",
)

RUNS = Table(
    id="runs",
    noun=("run", "runs"),
    label="Validation runs",
    columns=(
        Column(
            "taken_at",
            "Taken",
            text=lambda run: instant(run.taken_at),
            url=lambda run: reverse("validation-run-detail", args=[run.pk]),
            sort="taken_at",
            locked=True,
            phone="title",
        ),
        Column("tool", "Tool", sort="tool"),
        Column("site", "Site", value="site.name", url=_site_url, sort="site__name", export="site.slug"),
        Column("scope", "Scope", sort="scope"),
        Column("devices", "Devices", value=devices_of),
        Column("load", "Load", sort="load"),
        Column("platform", "Platform", sort="platform"),
        _STANDING,
        Column("file_name", "File", sort="file_name", default=False),
        Column("library", "Library", sort="library", default=False),
        Column("driver", "Driver", sort="driver", default=False),
        Column("provenance", "Provenance", sort="provenance", default=False),
        Column("by", "Uploaded by", value="by.username", sort="by__username", default=False),
        Column(
            "received_at",
            "Received",
            text=lambda run: instant(run.received_at),
            sort="received_at",
            default=False,
        ),
    ),
    filterset=RunFilters,
    default_sort="-taken_at",
    api="evidence-api-validation-run-list",
    empty={
        "title": "No run yet",
        "text": "Upload the output of nccl-tests, perftest, dcgmi diag and the like; each is kept with its file.",
        "icon": "flask",
    },
)


def _size(measure: RunMeasure) -> str:
    return "" if measure.size_bytes is None else size_text(measure.size_bytes)


MEASURES = Table(
    id="measures",
    noun=("figure", "figures"),
    label="Figures of the run",
    columns=(
        Column("name", "Measure", sort="name", locked=True, phone="title", code=True),
        Column(
            "value",
            "Value",
            text=lambda measure: "unknown" if measure.value is None else exact(measure.value),
            sort="value",
            numeric=True,
        ),
        Column("unit", "Unit", sort="unit"),
        Column(
            "size",
            "Size",
            value="size_bytes",
            text=_size,
            sort="size_bytes",
            numeric=True,
            file_unit="bytes",
        ),
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

FACTS = Table(
    id="facts",
    noun=("recorded fact", "recorded facts"),
    label="Recorded facts",
    columns=(
        Column("taken_on", "Day", url=page_url, sort="taken_on", locked=True, phone="title"),
        Column("check", "Check", value="check_id", url=_check_url, sort="check_id"),
        Column("part", "Sub-measure", sort="part"),
        Column("site", "Site", value="site.name", url=_site_url, sort="site__name", export="site.slug"),
        Column(
            "value",
            "Value",
            text=lambda fact: exact(fact.value),
            sort="value",
            numeric=True,
            file_unit="in the sub-measure's unit",
        ),
        Column("source", "Source", sort="source"),
        _STANDING,
        Column("provenance", "Provenance", sort="provenance", default=False),
        Column("by", "Entered by", value="by.username", sort="by__username"),
        Column("note", "Note", default=False),
    ),
    filterset=FactFilters,
    default_sort="-taken_on",
    api="evidence-api-recorded-fact-list",
    row_url=_check_url,
    empty={
        "title": "No recorded fact yet",
        "text": "A dated value with its source proves a sub-measure that nothing measures yet.",
        "icon": "pencil",
    },
)

ATTESTATIONS = Table(
    id="attestations",
    noun=("attestation", "attestations"),
    label="Attestations",
    columns=(
        Column("taken_on", "Day", url=page_url, sort="taken_on", locked=True, phone="title"),
        Column("check", "Check", value="check_id", url=_check_url, sort="check_id"),
        Column("part", "Sub-measure", sort="part"),
        Column("site", "Site", value="site.name", url=_site_url, sort="site__name", export="site.slug"),
        Column("value", "Value", sort="value", numeric=True, file_unit="in the sub-measure's unit"),
        Column("statement", "Statement", sort="statement", phone="full"),
        Column("attested_by", "Attested by", sort="attested_by"),
        Column(
            "workload_classes",
            "Workload classes",
            value=lambda row: ", ".join(row.workload_classes),
            default=False,
        ),
        Column("valid_until", "Valid until", sort="valid_until"),
        Column("provenance", "Provenance", sort="provenance", default=False),
        Column("document", "Document", url=lambda row: row.link, text=lambda row: row.document or row.link),
        _STANDING,
    ),
    filterset=AttestationFilters,
    default_sort="-taken_on",
    api="evidence-api-attestation-list",
    row_url=_check_url,
    empty={
        "title": "No attestation yet",
        "text": "A named person's statement, with or without the value of a sub-measure.",
        "icon": "user-check",
    },
)


def floors(*, may_change: bool) -> Table:
    """Whoever may change a floor gets there by its platform."""

    def address(floor: Floor) -> str:
        return reverse("floor-edit", args=[floor.pk]) if may_change else ""

    return Table(
        id="floors",
        noun=("floor", "floors"),
        label="Floors",
        columns=(
            Column(
                "platform",
                "Platform",
                url=address,
                sort="platform",
                locked=True,
                phone="title",
            ),
            Column("tool", "Tool", sort="tool"),
            Column("measure", "Measure", sort="measure", code=True),
            Column("operation", "Operation", sort="operation", code=True),
            Column(
                "size",
                "Size",
                value="size_bytes",
                text=_size,
                sort="size_bytes",
                numeric=True,
                file_unit="bytes",
            ),
            Column("value", "At least", text=lambda floor: exact(floor.value), sort="value", numeric=True),
            Column("unit", "Unit", sort="unit"),
            Column("source", "Source", sort="source"),
            Column("note", "Note", default=False),
        ),
        filterset=FloorFilters,
        api="evidence-api-floor-list",
        row_url=address,
        empty={
            "title": "No floor yet",
            "text": "Without a floor for its platform a run's bandwidth is unknown.",
            "icon": "gauge",
        },
    )
