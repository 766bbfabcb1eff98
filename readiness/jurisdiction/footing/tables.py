"""Columns of the lists of origins and of bases on record."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.urls import reverse

from readiness.jurisdiction import sentences
from readiness.jurisdiction.core.pack import RulePackDocument
from readiness.jurisdiction.filters import DataOriginFilters, HeldBasisFilters
from readiness.jurisdiction.models import DataOrigin, HeldBasis
from web import links
from web.tables import Column, Table


def origins(_pack: RulePackDocument | None, _today: date) -> Table:
    return Table(
        id="data-origins",
        noun=("origin", "origins"),
        label="Origins of data",
        columns=(
            _of_class(),
            Column(
                "country",
                "Under the law of",
                text=lambda row: sentences.country(row.country),
                url=own_page,
                sort="country",
                phone="status",
            ),
            Column("note", "Note", sort="note", phone="full"),
        ),
        filterset=DataOriginFilters,
        row_id="pk",
        row_url=own_page,
        api="jurisdiction-api-data-origin-list",
        empty={
            "title": "No origin",
            "text": "Say whose law the data of a class is under; without it many rules cannot decide.",
            "icon": "scale",
        },
    )


def bases(pack: RulePackDocument | None, today: date) -> Table:
    return Table(
        id="held-bases",
        noun=("basis", "bases"),
        label="Bases on record",
        columns=(
            _of_class(),
            Column(
                "basis",
                "Basis",
                text=lambda row: name_of(row.basis, pack),
                url=own_page,
                sort="basis",
                phone="full",
            ),
            Column("destination", "For", text=lambda row: destination(row.destination), sort="destination"),
            Column("held_from", "From", sort="held_from"),
            Column("held_until", "Until", sort="held_until"),
            Column(
                "standing",
                "Today",
                value=lambda row: standing(row, today),
                tone=lambda row: "" if held_on(row, today) else "unknown",
            ),
            Column("reference", "Reference", sort="reference", phone="full"),
        ),
        filterset=HeldBasisFilters,
        row_id="pk",
        row_url=own_page,
        api="jurisdiction-api-held-basis-list",
        empty={
            "title": "No basis on record",
            "text": "Record the contract, certificate or assessment that a rule asks for.",
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
    return sentences.country(country) if country else "wherever it goes"


def held_on(row: HeldBasis, today: date) -> bool:
    return row.held_from <= today and (row.held_until is None or row.held_until >= today)


def standing(row: HeldBasis, today: date) -> str:
    if row.held_from > today:
        return "not yet"
    return "held" if held_on(row, today) else "ended"


def _of_class() -> Column:
    return Column(
        "workload_class",
        "Workload class",
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
        "term": "Workload class",
        "value": row.workload_class.name,
        "url": reverse("workload", args=[row.workload_class.slug]),
    }
    if isinstance(row, DataOrigin):
        return [
            of_class,
            {"term": "Under the law of", "value": sentences.country(row.country)},
            {"term": "Note", "value": row.note or "–"},
        ]
    unknown = "" if pack is None or row.basis in pack.bases_by_id else "meets no rule in force"
    return [
        of_class,
        {"term": "Basis", "value": name_of(row.basis, pack), "note": unknown},
        {"term": "For", "value": destination(row.destination)},
        {"term": "From", "value": row.held_from},
        {"term": "Until", "value": row.held_until or "open", "note": standing(row, today)},
        {"term": "Reference", "value": row.reference},
    ]
