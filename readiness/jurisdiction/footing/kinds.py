"""Records of the data of workload classes: whose law it is under, and the legal bases held for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.db.models import Model
from django.urls import reverse

from readiness.jurisdiction import sentences
from readiness.jurisdiction.core.pack import RulePackDocument
from readiness.jurisdiction.filters import DataOriginFilters, HeldBasisFilters
from readiness.jurisdiction.footing import forms
from readiness.jurisdiction.models import DataOrigin, HeldBasis
from web import links
from web.rest.filters import ObjectFilterSet
from web.tables import Column, Table

type Columns = Callable[[RulePackDocument | None, date], tuple[Column, ...]]

_CLASS = Column(
    "workload_class", "Workload class", text=lambda row: row.workload_class.name,
    url=lambda row: reverse("workload", args=[row.workload_class.slug]), sort="workload_class__name",
    export=lambda row: row.workload_class.slug, locked=True, phone="title",
)  # fmt: skip


@dataclass(frozen=True)
class RecordKind:
    """`place` is its word in addresses; `columns` are those of the list, and the facts of a page."""

    model: type[Model]
    place: str
    columns: Columns
    filterset: type[ObjectFilterSet]
    form: type[forms.FootingForm]
    label: str
    singular: str
    hint: str
    empty: str
    remove_text: str

    @property
    def noun(self) -> str:
        return links.noun(self.model)

    @property
    def add_label(self) -> str:
        return f"Add {'an' if self.one_word[0] in 'aeiou' else 'a'} {self.one_word}"

    @property
    def remove_title(self) -> str:
        return f"Remove this {self.one_word}?"

    @property
    def one_word(self) -> str:
        return self.singular.partition(" ")[0].lower()

    def table(self, pack: RulePackDocument | None, today: date) -> Table:
        return Table(
            id=f"{self.noun}s",
            noun=(self.one_word, self.place),
            label=self.label,
            columns=(_CLASS, *self.columns(pack, today)),
            filterset=self.filterset,
            row_id="pk",
            api=f"{links.api_basename(self.model)}-list",
            empty={"title": f"No {self.singular.lower()}", "text": self.empty, "icon": "scale"},
        )

    def permission(self, action: str) -> str:
        return f"jurisdiction.{action}_{self.model._meta.model_name}"

    def url(self, action: str, pk: int | None = None) -> str:
        return reverse(f"{self.noun}-{action}", args=[] if pk is None else [pk])


def held_on(row: HeldBasis, today: date) -> bool:
    return row.held_from <= today and (row.held_until is None or row.held_until >= today)


def _standing(row: HeldBasis, today: date) -> str:
    return "not yet" if row.held_from > today else "held" if held_on(row, today) else "ended"


ORIGINS = RecordKind(
    DataOrigin,
    place="origins",
    columns=lambda pack, today: (
        Column("country", "Under the law of", text=lambda row: sentences.country(row.country),
               url=links.page_url, sort="country", phone="status"),
        Column("note", "Note", sort="note", phone="full"),
    ),
    filterset=DataOriginFilters,
    form=forms.DataOriginForm,
    label="Origins of data",
    singular="Origin",
    hint="Whose law the data of a workload class is under",
    empty="Say whose law the data of a class is under; without it many rules cannot decide.",
    remove_text="What the rules say of the class is worked out without it. Its history is kept.",
)  # fmt: skip
BASES = RecordKind(
    HeldBasis,
    place="bases",
    columns=lambda pack, today: (
        Column("basis", "Basis", text=lambda row: sentences.basis(row.basis, pack), url=links.page_url,
               sort="basis", phone="full"),
        Column("destination", "For", sort="destination",
               text=lambda row: sentences.country(row.destination) or "wherever it goes"),
        Column("held_from", "From", sort="held_from"),
        Column("held_until", "Until", sort="held_until"),
        Column("standing", "Today", value=lambda row: _standing(row, today),
               tone=lambda row: "" if held_on(row, today) else "unknown"),
        Column("reference", "Reference", sort="reference", phone="full"),
    ),
    filterset=HeldBasisFilters,
    form=forms.HeldBasisForm,
    label="Bases on record",
    singular="Basis on record",
    hint="Contracts, certificates and assessments that rules ask for",
    empty="Record the contract, certificate or assessment that a rule asks for.",
    remove_text="Rules that it meets ask for one again; give it a last day instead if it ends. Its history is kept.",
)  # fmt: skip
KINDS = (ORIGINS, BASES)
