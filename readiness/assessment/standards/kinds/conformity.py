"""Results of evaluations: the endpoint of conformance, and the list of deviations."""

from typing import Any

from django.db.models import Q, QuerySet

from readiness.assessment.standards.kinds.standards import ROOM
from readiness.assessment.standards.models import Conformance, Deviation
from web import links
from web.kinds import Kind
from web.kinds.columns import plain, related
from web.kinds.rest import filters_of, serializer_of, viewset_of
from web.rest.lookups import Flag
from web.rest.viewsets import ObjectViewSet
from web.tables import Column, Table
from web.units import day
from web.visibility import reader


class ReadOnlyViewSet(ObjectViewSet):
    http_method_names = ("get", "head", "options")


_CONFORMANCE = Conformance.objects.select_related("site", "standard", "version__standard")
CONFORMANCE_FILTERS = filters_of(
    Conformance,
    ("site", "standard", "version", "domain", "objects_total", "conforming", "waived", "deviating", "since_at",
     "until_at"),
    search=("site__name", "standard__name"),
    panel=("site", "standard", "domain", "present"),
    present=Flag(read=lambda _key: Q(until_at=None), label="Holds now"),
)  # fmt: skip
CONFORMANCE_VIEWSET = viewset_of(
    _CONFORMANCE,
    serializer_of(
        Conformance,
        ("site", "standard", "version", "domain", "objects_total", "conforming", "waived", "deviating", "since_at",
         "until_at"),
        ("site", "standard", "domain", "conforming"),
    ),
    CONFORMANCE_FILTERS,
    ReadOnlyViewSet,
)  # fmt: skip


def deviations() -> QuerySet[Deviation]:
    of_waiver = ("waiver__standard", "waiver__site", "waiver__device")
    return Deviation.objects.select_related("site", "standard", "device", "accelerator__device", *of_waiver)


def _object(row: Deviation) -> Any:
    return row.accelerator or row.device or row.site


def _object_url(row: Deviation) -> str:
    return links.page_url(_object(row)) or ""


def _waiver_words(row: Deviation) -> str:
    return "" if row.waiver is None else f"until {day(row.waiver.ends_at)}"


def _waiver_text(row: Deviation) -> str:
    return _waiver_words(row) or ("Request" if _waiver_url(row) else "none")


def _waiver_url(row: Deviation) -> str:
    if row.waiver is not None:
        return links.page_url(row.waiver) or ""
    device = row.device or (row.accelerator.device if row.accelerator else None)
    by = reader()
    if by is None or not by.has_perm("standards.add_deviationwaiver"):
        return ""
    of_device = {"device": device.name} if device is not None else {}
    return links.link(
        "deviation-waiver-add", standard=row.standard.slug, rule=row.rule, site=row.site.slug, **of_device
    )


_DEVIATION_FILTERS = filters_of(
    Deviation,
    ("site", "standard", "rule", "device", "accelerator", "domain", "has", "waiver", "since_at"),
    search=("site__name", "standard__name", "rule", "device__name", "has"),
    panel=("site", "standard", "rule", "domain", "waived"),
    waived=Flag(read=lambda _key: Q(waiver__isnull=False), label="Waived"),
)
DEVIATION = Kind(
    model=Deviation,
    rows=deviations,
    room=ROOM,
    pages=("list",),
    title="Deviations",
    search_order=None,
    icon="alert-triangle",
    hint="Objects that do not have what a rule of a standard wants",
    viewset=viewset_of(
        deviations(),
        serializer_of(
            Deviation,
            ("site", "standard", "rule", "device", "accelerator", "domain", "has", "wants", "waiver", "since_at"),
            ("site", "standard", "rule", "has"),
        ),
        _DEVIATION_FILTERS,
        ReadOnlyViewSet,
    ),
    table=Table(
        id="deviation-list",
        noun=("deviation", "deviations"),
        label="Deviations",
        columns=(
            Column("object", "Object", value=lambda row: str(_object(row)), locked=True, phone="title",
                   url=_object_url, sort="device__name"),
            related("site", "Site"),
            related("standard", "Standard"),
            plain("rule", "Rule"),
            Column("has", "Has", text=lambda row: row.has or "nothing recorded", sort="has",
                   tone=lambda row: "" if row.waiver_id else "bad"),
            plain("wants", "Wants", phone="full"),
            Column("waiver", "Waiver", value=_waiver_words, text=_waiver_text,
                   url=_waiver_url, sort="waiver__ends_at", phone="status",
                   tone=lambda row: "warn" if row.waiver_id else ""),
            plain("since_at", "Since"),
            plain("domain", "Domain", default=False),
        ),
        filterset=_DEVIATION_FILTERS,
        default_sort="site",
        api="standards-api-deviation-list",
        empty={
            "title": "Nothing deviates",
            "text": "Objects that lack what a standard in force requires appear here.",
            "icon": "circle-check",
        },
    ),
)  # fmt: skip
