"""Records of the data of workload classes: whose law it is under, and the legal bases held for it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import Model
from django.urls import reverse

from readiness.jurisdiction import queries, sentences
from readiness.jurisdiction.filters import DataOriginFilters, HeldBasisFilters
from readiness.jurisdiction.footing.forms import DataOriginForm, HeldBasisForm
from readiness.jurisdiction.models import DataOrigin, HeldBasis
from readiness.jurisdiction.versions import MAY_SEE
from web import clock, links
from web.kinds import Kind
from web.kinds.columns import plain
from web.rest.filters import ObjectFilterSet
from web.tables import Column, Table


def held_on(row: HeldBasis, today: date) -> bool:
    return row.held_from <= today and (row.held_until is None or row.held_until >= today)


def _with_rules(rows: Sequence[Any]) -> Sequence[Any]:
    """Set beside each basis what the rules in force call it, and whether it is held today."""
    pack, today = queries.content_in_force(), clock.now().date()
    for row in rows:
        row.name = sentences.basis(row.basis, pack)
        row.is_held = held_on(row, today)
        row.standing = "held" if row.is_held else "not yet" if row.held_from > today else "ended"
    return rows


def _tabs(current: str) -> list[dict[str, Any]]:
    pages = (("rules", "Rules"), ("data-origin-list", "Origins"), ("held-basis-list", "Bases on record"))
    return [{"label": label, "url": reverse(name), "current": name == current} for name, label in pages]


def _kind(
    model: type[Model],
    address: str,
    columns: Sequence[Column],
    *,
    title: str,
    filterset: type[ObjectFilterSet],
    empty: str,
    **more: Any,
) -> Kind:
    workload_class = Column(
        "workload_class",
        "Workload class",
        value="workload_class.name",
        url=lambda row: reverse("workload", args=[row.workload_class.slug]),
        sort="workload_class__name",
        export="workload_class.slug",
        locked=True,
        phone="title",
    )
    table = Table(
        id=f"{links.noun(model)}s",
        noun=(str(model._meta.verbose_name), str(model._meta.verbose_name_plural)),
        label=title,
        columns=(workload_class, *columns),
        filterset=filterset,
        api=f"{links.api_basename(model)}-list",
        empty={"title": f"No {model._meta.verbose_name}", "text": empty, "icon": "scale"},
    )
    return Kind(
        model=model,
        table=table,
        rows=model._default_manager.select_related("workload_class").all,
        room=("Rules", "rules"),
        title=title,
        address=address,
        may=(MAY_SEE,),
        tabs=_tabs,
        notice=sentences.NOTICE,
        **more,
    )


ORIGINS = _kind(
    DataOrigin,
    "origins",
    (
        plain(
            "country",
            "Under the law of",
            text=lambda row: sentences.country(row.country),
            url=links.page_url,
            phone="status",
        ),
        plain("note", "Note", phone="full"),
    ),
    title="Origins of data",
    filterset=DataOriginFilters,
    form=DataOriginForm,
    hint="Whose law the data of a workload class is under",
    empty="Say whose law the data of a class is under; without it many rules cannot decide.",
    then="What the rules say of the class is worked out again.",
)
BASES = _kind(
    HeldBasis,
    "bases",
    (
        plain("basis", "Basis", text="name", url=links.page_url, phone="full"),
        plain(
            "destination", "For", text=lambda row: sentences.country(row.destination) or "wherever it goes"
        ),
        plain("held_from", "From"),
        plain("held_until", "Until"),
        Column("standing", "Today", tone=lambda row: "" if row.is_held else "unknown"),
        plain("reference", "Reference", phone="full"),
    ),
    title="Bases on record",
    filterset=HeldBasisFilters,
    form=HeldBasisForm,
    prepare=_with_rules,
    hint="Contracts, certificates and assessments that rules ask for",
    empty="Record the contract, certificate or assessment that a rule asks for.",
    then="Rules that it meets are asked again; a basis that ends is given a last day instead of being deleted.",
)
KINDS = (ORIGINS, BASES)
