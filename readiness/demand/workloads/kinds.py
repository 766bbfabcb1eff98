"""Workload classes: their filters, list, page and forms."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from django import forms
from django.db.models import Q, QuerySet
from django.urls import reverse

from readiness.demand.workloads import documents, operations, queries, sentences
from readiness.demand.workloads.core.envelope import Envelope, contradictions
from readiness.demand.workloads.forms import DocumentForm, EndForm, PlaceForm, WorkloadForm, initial_of
from readiness.demand.workloads.models import (
    DATA_CATEGORIES,
    AcceleratorDemand,
    Placement,
    ServedRegion,
    WorkloadClass,
)
from readiness.demand.workloads.operations import MAY_ADD, MAY_CHANGE, MAY_END, MAY_PLACE, MAY_REMOVE, MAY_SEE
from web import clock
from web.kinds import Entry, Kind
from web.links import page_url
from web.outside import PermissionsInScope
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import AnyOf, Flag
from web.tables import Column, Table

COMPLETE = (
    Q(latency_limit_ms__isnull=False, cost_ceiling__isnull=False, allowed_jurisdictions__len__gt=0)
    & (Q(carbon_g_per_kwh__isnull=False) | Q(carbon_kg_per_month__isnull=False))
)  # fmt: skip


class ReferredTo(AnyOf):
    """Classes with rows that refer by `path` to any of the slugs; `rows` limits the rows that count."""

    def __init__(self, rows: Callable[[], QuerySet], path: str, label: str) -> None:
        super().__init__(inner=forms.CharField(), commas=True, label=label)
        self.rows, self.path = rows, path

    def filter(self, queryset: QuerySet, values: list[Any]) -> QuerySet:
        if not values:
            return queryset
        rows = self.rows().filter(**{f"{self.path}__in": values})
        return queryset.filter(pk__in=rows.order_by().values("workload_class"))


def _running() -> QuerySet:
    return Placement.objects.holding_on(clock.now().date())


class WorkloadFilters(ObjectFilterSet):
    site = ReferredTo(_running, "site__slug", "Placed at")
    user_region = ReferredTo(ServedRegion.objects.all, "user_region__slug", "Serves")
    accelerator = ReferredTo(AcceleratorDemand.objects.all, "device_type__slug", "Needs accelerator")
    complete = Flag(read=lambda _key: COMPLETE, label="All four parts declared")
    placed = Flag(
        read=lambda _key: Q(pk__in=_running().order_by().values("workload_class")), label="Placed somewhere"
    )

    class Meta:
        model = WorkloadClass
        fields = [
            *("name", "slug", "description", "kind", "criticality", "it_kw", "bandwidth_gbps"),
            *("latency_limit_ms", "latency_percentile", "cost_ceiling", "cost_currency", "cost_unit"),
            *("allowed_jurisdictions", "forbidden_jurisdictions", "residency", "data_categories"),
            *("carbon_g_per_kwh", "carbon_kg_per_month", "min_verdict", "min_score", "deferrable_h"),
            *("served_models", "provenance", "declared_on"),
        ]
        search_fields = ["name", "slug", "description", "source"]
        panel = ["kind", "criticality", "complete", "placed", "site", "user_region", "data_categories"]


class MakeFacts(Protocol):
    """Lines of a definition list: `term`, `value`, and optionally `url` and `note`."""

    def __call__(
        self, workload: WorkloadClass, *, may: Callable[[str], bool], today: date
    ) -> Sequence[dict[str, Any]]: ...


_facts_above: list[MakeFacts] = []


def add_facts(make: MakeFacts) -> None:
    """Let a room above add facts to the jurisdiction card of a class; call it where that room declares its kinds."""
    if make not in _facts_above:
        _facts_above.append(make)


@dataclass(frozen=True, slots=True)
class WorkloadRow:
    workload: WorkloadClass
    envelope: Envelope
    standing: dict[str, Any]
    contradictions: int
    sites: list[str]


def _today() -> date:
    return clock.now().date()


def _workload_rows(classes: Iterable[WorkloadClass]) -> list[WorkloadRow]:
    rows = []
    for workload in classes:
        envelope = queries.envelope_of(workload)
        sites = [placement.site.name for placement in workload.current_placements]  # type: ignore[attr-defined]
        standing = sentences.envelope_state(envelope, _today())
        rows.append(WorkloadRow(workload, envelope, standing, len(contradictions(envelope)), sites))
    return rows


def _context(workload: WorkloadClass, user: Any) -> dict[str, Any]:
    today, may = _today(), PermissionsInScope(user).has_perm
    envelope = queries.envelope_of(workload)
    placements = list(queries.placements_of(workload))
    return {
        "heading": workload.name,
        "envelope": envelope,
        "standing": sentences.envelope_state(envelope, today),
        "contradictions": contradictions(envelope),
        "demand": sentences.demand(envelope),
        "at_tdp": sentences.power_at_tdp(envelope),
        "latency": sentences.latency(envelope),
        "cost": sentences.cost(envelope),
        "countries_left": sentences.countries_left(envelope),
        "data": ", ".join(DATA_CATEGORIES[each] for each in workload.data_categories),
        "score_percent": None if envelope.min_score is None else 100 * envelope.min_score,
        "on_record": [fact for make in _facts_above for fact in make(workload, may=may, today=today)],
        "confirmations": workload.confirmations.all()[:5],
        "placements": [(each, sentences.days_text(each.started_on, today)) for each in placements],
        "place_form": PlaceForm() if may(MAY_PLACE) else None,
        "ends": _ends(placements) if may(MAY_END) else (),
        "may_change": may(MAY_CHANGE),
        "may_remove": may(MAY_REMOVE),
    }


def _ends(placements: Sequence[Placement]) -> list[tuple[Placement, EndForm, str]]:
    """Each running placement with the form that ends it and the names of the remaining sites."""
    running = [placement for placement in placements if placement.ended_on is None]
    return [
        (
            placement,
            EndForm(auto_id=f"end_{placement.pk}_%s"),
            " and ".join(each.site.name for each in running if each is not placement),
        )
        for placement in running
    ]


def _columns() -> tuple[Column, ...]:
    return (
        Column("name", "Class", value="workload.name", url=lambda row: page_url(row.workload), sort="name", locked=True,
               phone="title", export="workload.slug"),
        Column("envelope", "Envelope", value="standing", sort="declared_on", export=lambda row: row.standing["text"],
               template="readiness/workloads/standing_cell.html", phone="row"),
        Column("kind", "Kind", value="workload.kind",
               text=lambda row: row.workload.get_kind_display() or "not stated", sort="kind", default=False),
        Column("criticality", "Criticality", value="workload.criticality", sort="criticality"),
        Column("sites", "Placed at", text=lambda row: ", ".join(row.sites) or "nowhere", sort="sites", phone="row"),
        Column("latency", "Latency", value="envelope.latency_limit_ms",
               text=lambda row: sentences.latency(row.envelope) or "–", sort="latency_limit_ms", numeric=True,
               file_unit="ms"),
        Column("cost", "Unit cost", value=lambda row: sentences.cost(row.envelope),
               text=lambda row: sentences.cost(row.envelope) or "–", sort="cost_ceiling"),
        Column("allowed", "Allowed", value="workload.allowed_jurisdictions",
               text=lambda row: ", ".join(row.workload.allowed_jurisdictions) or "–"),
        Column("carbon", "Carbon", value=lambda row: sentences.carbon(row.envelope),
               text=lambda row: sentences.carbon(row.envelope) or "–", sort="carbon_g_per_kwh", default=False),
        Column("contradictions", "Contradictions", numeric=True,
               tone=lambda row: "warn" if row.contradictions else ""),
        Column("demand", "Accelerators", value=lambda row: sentences.demand(row.envelope), default=False),
        Column("it_kw", "IT power", value="workload.it_kw", sort="it_kw", unit="kW", numeric=True, default=False),
        Column("bandwidth", "Bandwidth", value="workload.bandwidth_gbps", sort="bandwidth_gbps", unit="Gb/s",
               numeric=True, default=False),
        Column("deferrable", "May wait", value="workload.deferrable_h", sort="deferrable_h", unit="h", numeric=True,
               default=False),
        Column("declared", "Declared", value="workload.declared_on", sort="declared_on", default=False),
        Column("provenance", "Provenance", value="workload.provenance", sort="provenance", default=False),
    )  # fmt: skip


_ENTRIES = (
    Entry(
        url_name="workload-add",
        address="add/",
        permissions=(MAY_ADD,),
        heading="Declare a workload class",
        template="readiness/workloads/form.html",
        form=WorkloadForm.sent,
        enter=operations.declare,
        done=lambda workload: f"{workload} is declared.",
        after=lambda workload: page_url(workload) or "",
    ),
    Entry(
        url_name="workloads-import",
        address="import/",
        permissions=(MAY_ADD, MAY_CHANGE),
        heading="Import a YAML document",
        hint="A class with the same slug is replaced as a whole. All classes of the document are saved,"
        " or none",
        form=DocumentForm,
        enter=documents.import_workloads,
        done=lambda imported: (
            f"{len(imported.added)} classes are added, {len(imported.changed)} are updated."
        ),
        icon="database-import",
    ),
    Entry(
        url_name="workload-change",
        address="change/",
        on_object=True,
        permissions=(MAY_CHANGE,),
        heading=lambda workload: f"Change {workload}",
        template="readiness/workloads/form.html",
        form=WorkloadForm.sent,
        initial=initial_of,
        enter=operations.change,
        done=lambda workload: f"{workload} is saved.",
        after=lambda workload: page_url(workload) or "",
    ),
    Entry(
        url_name="workload-place",
        address="place/",
        on_object=True,
        permissions=(MAY_PLACE,),
        heading="Place it at a site",
        writes=False,
        form=PlaceForm,
        enter=operations.place,
        done=lambda workload: f"{workload} is placed; the site is scored again.",
    ),
    Entry(
        url_name="workload-confirm",
        address="confirm/",
        on_object=True,
        permissions=(MAY_CHANGE,),
        heading="Confirm",
        enter=operations.confirm,
        done=lambda workload: f"The envelope of {workload} is confirmed.",
    ),
    Entry(
        url_name="workload-remove",
        address="remove/",
        on_object=True,
        permissions=(MAY_REMOVE,),
        heading="Remove",
        enter=lambda workload, *, by, now: operations.remove(workload, by=by),
        done=lambda workload: f"{workload} is removed.",
        after=lambda _removed: reverse("workloads"),
    ),
)
WORKLOADS = Kind(
    model=WorkloadClass,
    rows=lambda: queries.classes(day=_today()),
    prepare=_workload_rows,
    room=None,
    icon="stack-2",
    search_order=19,
    title="Workload classes",
    address="",
    key="slug",
    names={"list": "workloads", "detail": "workload"},
    may=("inventory.view_site", MAY_SEE),
    pages=("list", "detail", "bulk", "csv"),
    hint="What runs at the sites: the demand of one placement, and its limits on latency, cost, jurisdiction and"
    " carbon",
    template="readiness/workloads/workload.html",
    context=_context,
    entries=_ENTRIES,
    links=(("YAML", "workloads-export", "download"),),
    table=Table(
        id="workloads",
        noun=("workload class", "workload classes"),
        label="Workload classes",
        columns=_columns(),
        filterset=WorkloadFilters,
        row_id=lambda row: row.workload.pk,
        row_name=lambda row: row.workload.name,
        row_url=lambda row: page_url(row.workload) or "",
        row_object="workload",
        api="workloads-api-workload-class-list",
        empty={
            "title": "No workload class",
            "text": "Declare what runs at your sites, what it needs, and the limits it has to keep.",
            "icon": "stack-2",
        },
    ),
)
