"""Columns of the lists of origins and of bases on record."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from readiness.jurisdiction import sentences
from readiness.jurisdiction.core.pack import RulePackDocument
from readiness.jurisdiction.filters import DataOriginFilters, HeldBasisFilters
from readiness.jurisdiction.models import DataOrigin, HeldBasis
from web import links
from web.tables import Column, Table


def origins(_pack: RulePackDocument | None, _today: date) -> Table:
    return Table(
        id="data-origins",
        noun=(_("origin"), _("origins")),
        label=_("Origins of data"),
        columns=(
            _of_class(),
            Column(
                "country",
                _("Under the law of"),
                text=lambda row: sentences.country(row.country),
                url=own_page,
                sort="country",
                phone="status",
            ),
            Column("note", _("Note"), sort="note", phone="full"),
        ),
        filterset=DataOriginFilters,
        row_id="pk",
        row_url=own_page,
        api="jurisdiction-api-data-origin-list",
        empty={
            "title": _("No origin"),
            "text": _("Say whose law the data of a class is under; without it many rules cannot decide."),
            "icon": "scale",
        },
    )


def bases(pack: RulePackDocument | None, today: date) -> Table:
    return Table(
        id="held-bases",
        noun=(_("basis"), _("bases")),
        label=_("Bases on record"),
        columns=(
            _of_class(),
            Column(
                "basis",
                _("Basis"),
                text=lambda row: name_of(row.basis, pack),
                url=own_page,
                sort="basis",
                phone="full",
            ),
            Column(
                "destination", _("For"), text=lambda row: destination(row.destination), sort="destination"
            ),
            Column("held_from", _("From"), sort="held_from"),
            Column("held_until", _("Until"), sort="held_until"),
            Column(
                "standing",
                _("Today"),
                value=lambda row: standing(row, today),
                tone=lambda row: "" if held_on(row, today) else "unknown",
            ),
            Column("reference", _("Reference"), sort="reference", phone="full"),
        ),
        filterset=HeldBasisFilters,
        row_id="pk",
        row_url=own_page,
        api="jurisdiction-api-held-basis-list",
        empty={
            "title": _("No basis on record"),
            "text": _("Record the contract, certificate or assessment that a rule asks for."),
            "icon": "scale",
        },
    )


def own_page(row: DataOrigin | HeldBasis) -> str:
    return links.page_url(row) or ""


def name_of(basis: str, pack: RulePackDocument | None) -> str:
    """The basis by its name in the rules in force; by its slug where they do not know it."""
    known = pack.bases_by_id.get(basis) if pack else None
    return known.name if known else basis


def destination(country: str) -> str:
    return sentences.country(country) if country else gettext("wherever it goes")


def held_on(row: HeldBasis, today: date) -> bool:
    return row.held_from <= today and (row.held_until is None or row.held_until >= today)


def standing(row: HeldBasis, today: date) -> str:
    if row.held_from > today:
        return gettext("not yet")
    return gettext("held") if held_on(row, today) else gettext("ended")


def _of_class() -> Column:
    return Column(
        "workload_class",
        _("Workload class"),
        text=lambda row: row.workload_class.name,
        url=lambda row: reverse("workload", args=[row.workload_class.slug]),
        sort="workload_class__name",
        export=lambda row: row.workload_class.slug,
        locked=True,
        phone="title",
    )


def facts(row: Any, pack: RulePackDocument | None, today: date) -> list[dict[str, Any]]:
    """Return the facts of one row, for its page."""
    of_class = {
        "term": gettext("Workload class"),
        "value": row.workload_class.name,
        "url": reverse("workload", args=[row.workload_class.slug]),
    }
    if isinstance(row, DataOrigin):
        return [
            of_class,
            {"term": gettext("Under the law of"), "value": sentences.country(row.country)},
            {"term": gettext("Note"), "value": row.note or "–"},
        ]
    unknown = "" if pack is None or row.basis in pack.bases_by_id else gettext("meets no rule in force")
    return [
        of_class,
        {"term": gettext("Basis"), "value": name_of(row.basis, pack), "note": unknown},
        {"term": gettext("For"), "value": destination(row.destination)},
        {"term": gettext("From"), "value": row.held_from},
        {"term": gettext("Until"), "value": row.held_until or gettext("open"), "note": standing(row, today)},
        {"term": gettext("Reference"), "value": row.reference},
    ]
