"""Columns as data: workload classes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse

from readiness.workloads import lines, queries
from readiness.workloads.core.envelope import Envelope, contradictions
from readiness.workloads.filters import WorkloadFilters
from readiness.workloads.models import WorkloadClass
from web.tables import Column, Table


@dataclass(frozen=True, slots=True)
class WorkloadRow:
    workload: WorkloadClass
    envelope: Envelope
    standing: dict[str, Any]
    contradictions: int

    @property
    def sites(self) -> list[str]:
        return [placement.site.name for placement in self.workload.current_placements]  # type: ignore[attr-defined]


def rows(classes: Iterable[WorkloadClass], *, today: date) -> list[WorkloadRow]:
    """Make rows of classes that `queries.classes` gave; no statement."""
    made = []
    for workload in classes:
        envelope = queries.envelope_of(workload)
        count = len(contradictions(envelope))
        made.append(WorkloadRow(workload, envelope, lines.standing(envelope, today), count))
    return made


def workloads() -> Table:
    """Its rows are WorkloadRow."""
    return Table(
        id="workloads",
        noun=("workload class", "workload classes"),
        label="Workload classes",
        columns=(*_subject(), *_limits(), *_further()),
        filterset=WorkloadFilters,
        row_id=lambda row: row.workload.pk,
        row_name=lambda row: row.workload.name,
        row_url=lambda row: reverse("workload", args=[row.workload.slug]),
        api="workloads-api-workload-class-list",
        empty={
            "title": "No workload class",
            "text": "Declare what runs at your sites, what it needs, and the limits it has to keep.",
            "icon": "stack-2",
        },
    )


def _subject() -> tuple[Column, ...]:
    return (
        Column("name", "Class", value=lambda row: row.workload.name,
               url=lambda row: reverse("workload", args=[row.workload.slug]), sort="name", locked=True, phone="title",
               export=lambda row: row.workload.slug),
        Column("envelope", "Envelope", value=lambda row: row.standing, sort="declared_on",
               export=lambda row: row.standing["text"],
               template="readiness/workloads/standing_cell.html", phone="full"),
        Column("kind", "Kind", value=lambda row: row.workload.kind,
               text=lambda row: row.workload.get_kind_display() or "not said", sort="kind"),
        Column("criticality", "Criticality", value=lambda row: row.workload.criticality,
               text=lambda row: row.workload.get_criticality_display(), sort="criticality"),
        Column("sites", "Placed at", value=lambda row: row.sites,
               text=lambda row: ", ".join(row.sites) or "nowhere", sort="sites", phone="full"),
    )  # fmt: skip


def _limits() -> tuple[Column, ...]:
    return (
        Column("latency", "Latency", value=lambda row: row.envelope.latency_limit_ms,
               text=lambda row: lines.latency(row.envelope) or "–", sort="latency_limit_ms", numeric=True,
               file_unit="ms"),
        Column("cost", "Unit cost", value=lambda row: lines.cost(row.envelope),
               text=lambda row: lines.cost(row.envelope) or "–", sort="cost_ceiling"),
        Column("allowed", "Allowed", value=lambda row: row.workload.allowed_jurisdictions,
               text=lambda row: ", ".join(row.workload.allowed_jurisdictions) or "–"),
        Column("carbon", "Carbon", value=lambda row: lines.carbon(row.envelope),
               text=lambda row: lines.carbon(row.envelope) or "–", sort="carbon_g_per_kwh"),
        Column("contradictions", "Contradictions", numeric=True,
               tone=lambda row: "warn" if row.contradictions else ""),
    )  # fmt: skip


def _further() -> tuple[Column, ...]:
    """Shown when they are asked for."""
    return (
        Column("demand", "Accelerators", value=lambda row: lines.demand(row.envelope), default=False),
        Column("it_kw", "IT power", value=lambda row: row.workload.it_kw, sort="it_kw", unit="kW", numeric=True,
               default=False),
        Column("bandwidth", "Bandwidth", value=lambda row: row.workload.bandwidth_gbps, sort="bandwidth_gbps",
               unit="Gb/s", numeric=True, default=False),
        Column("deferrable", "May wait", value=lambda row: row.workload.deferrable_h, sort="deferrable_h", unit="h",
               numeric=True, default=False),
        Column("declared", "Declared", value=lambda row: row.workload.declared_on, sort="declared_on",
               default=False),
        Column("provenance", "Provenance", value=lambda row: row.workload.provenance,
               text=lambda row: row.workload.get_provenance_display(), sort="provenance", default=False),
    )  # fmt: skip
