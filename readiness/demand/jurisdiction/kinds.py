"""Records about the data of workload classes: whose law it is under, and the legal bases on record."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from readiness.demand.jurisdiction import queries
from readiness.demand.jurisdiction.core import sentences
from readiness.demand.jurisdiction.core.sentences import NOTICE
from readiness.demand.jurisdiction.forms import DataOriginForm, HeldBasisForm
from readiness.demand.jurisdiction.models import DataOrigin, HeldBasis
from readiness.demand.jurisdiction.operations import MAY_SEE
from readiness.demand.jurisdiction.serializers import HeldBasisFields
from readiness.demand.workloads.kinds import add_facts
from readiness.demand.workloads.models import WorkloadClass
from web import clock, links
from web.kinds import Kind
from web.kinds.columns import plain
from web.kinds.declaring import declared
from web.kinds.tabs import TabPages, page_tabs
from web.tables import Column


def held_on(row: HeldBasis, today: date) -> bool:
    return row.held_from <= today and (row.held_until is None or row.held_until >= today)


def _describe_bases(rows: Sequence[Any]) -> Sequence[Any]:
    pack, today = queries.content_in_force(), clock.now().date()
    for row in rows:
        row.name = sentences.basis(row.basis, pack)
        row.is_held = held_on(row, today)
        row.standing = "held" if row.is_held else "not yet" if row.held_from > today else "ended"
    return rows


_PAGES: TabPages = {
    "rules": ("Rules", ()),
    "data-origin-list": ("Data origins", ()),
    "held-basis-list": ("Bases on record", ()),
}


def _tabs(current: str) -> list[dict[str, Any]]:
    return page_tabs(_PAGES, current)


_CLASS = Column(
    "workload_class",
    "Workload class",
    value="workload_class.name",
    url=lambda row: reverse("workload", args=[row.workload_class.slug]),
    sort="workload_class__name",
    export="workload_class.slug",
    locked=True,
    phone="title",
)
_declared = partial(
    declared, room=("Rules", "rules"), may=(MAY_SEE,), tabs=_tabs, notice=NOTICE, joins=("workload_class",)
)
ORIGINS = _declared(
    DataOrigin,
    ("workload_class", "country", "note"),
    (
        _CLASS,
        plain("country", "Under the law of", text=lambda row: sentences.country(row.country),
              url=links.page_url, phone="status"),
        plain("note", "Note", phone="full"),
    ),
    title="Data origins",
    address="origins",
    brief=("workload_class", "country"),
    search=("workload_class__name", "country", "note"),
    panel=("workload_class", "country"),
    form=DataOriginForm,
    hint="Whose law the data of a workload class is under",
    empty={
        "title": "No origin",
        "text": "Say whose law the data of a class is under; without it many rules cannot decide.",
        "icon": "scale",
    },
    then="The rules for the workload class are checked again.",
)  # fmt: skip
BASES = _declared(
    HeldBasis,
    ("workload_class", "basis", "destination", "held_from", "held_until", "reference"),
    (
        _CLASS,
        plain("basis", "Basis", text="name", url=links.page_url, phone="full"),
        plain("destination", "For",
              text=lambda row: sentences.country(row.destination) or "wherever it goes"),
        plain("held_from", "From"),
        plain("held_until", "Until"),
        Column("standing", "Today", tone=lambda row: "" if row.is_held else "unknown"),
        plain("reference", "Reference", phone="full"),
    ),
    title="Bases on record",
    address="bases",
    brief=("workload_class", "basis"),
    search=("workload_class__name", "basis", "reference"),
    panel=("workload_class", "basis"),
    form=HeldBasisForm,
    serializer=HeldBasisFields,
    rows=HeldBasis.objects.annotate_names().select_related("workload_class"),
    prepare=_describe_bases,
    hint="Contracts, certificates and assessments that rules ask for",
    empty={
        "title": "No basis on record",
        "text": "Record the contract, certificate or assessment that a rule asks for.",
        "icon": "scale",
    },
    then="The rules that this basis meets are checked again. If the basis has only ended, set Until instead of deleting"
    " it.",
)  # fmt: skip
KINDS = (ORIGINS, BASES)


type Fact = dict[str, Any]


def facts_on_record(workload: WorkloadClass, *, may: Callable[[str], bool], today: date) -> list[Fact]:
    if not may(MAY_SEE):
        return []
    return [_fact(kind, workload, may, today) for kind in KINDS if may(kind.permission("view"))]


def _fact(kind: Kind, workload: WorkloadClass, may: Callable[[str], bool], today: date) -> Fact:
    value, note = _origins(workload) if kind is ORIGINS else _bases(workload, today)
    address = urlencode({"workload_class": workload.slug})
    if value:
        return {"term": kind.title, "value": value, "url": f"{kind.url('list')}?{address}", "note": note}
    none = "none on record"
    if may(kind.permission("add")):
        url = f"{kind.url('add')}?{address}"
        label = "Add an origin" if kind is ORIGINS else "Add a basis"
        return {"term": kind.title, "value": label, "url": url, "note": none}
    return {"term": kind.title, "value": none}


def _origins(workload: WorkloadClass) -> tuple[str, str]:
    countries = queries.origins_of(workload)
    n = len(countries)
    return f"{n} {'country' if n == 1 else 'countries'}" if n else "", ", ".join(countries)


def _bases(workload: WorkloadClass, today: date) -> tuple[str, str]:
    bases = queries.bases_of(workload)
    n = len(bases)
    note = f"{sum(held_on(basis, today) for basis in bases)} held today"
    return f"{n} {'basis' if n == 1 else 'bases'}" if n else "", note


add_facts(facts_on_record)
