"""Differences between the pages of origins and those of bases on record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Model
from django.urls import reverse

from readiness.jurisdiction.core.pack import RulePackDocument
from readiness.jurisdiction.footing import forms, tables
from readiness.jurisdiction.models import DataOrigin, HeldBasis
from web import links
from web.tables import Table


@dataclass(frozen=True)
class RecordKind:
    """`place` is its word in addresses. Every site where the class is placed is judged again after a write."""

    model: type[Model]
    place: str
    table: Callable[[RulePackDocument | None, date], Table]
    form: type[forms.FootingForm]
    label: Any
    singular: Any
    hint: Any
    add_label: Any
    remove_title: Any
    remove_text: Any

    @property
    def noun(self) -> str:
        return links.noun(self.model)

    def permission(self, action: str) -> str:
        return f"jurisdiction.{action}_{self.model._meta.model_name}"

    def url(self, action: str, pk: int | None = None) -> str:
        return reverse(f"{self.noun}-{action}", args=[] if pk is None else [pk])


ORIGINS = RecordKind(
    DataOrigin,
    place="origins",
    table=tables.origins,
    form=forms.DataOriginForm,
    label="Origins of data",
    singular="Origin",
    hint="Whose law the data of a workload class is under",
    add_label="Add an origin",
    remove_title="Remove this origin?",
    remove_text="What the rules say of the class is worked out without it. Its history is kept.",
)
BASES = RecordKind(
    HeldBasis,
    place="bases",
    table=tables.bases,
    form=forms.HeldBasisForm,
    label="Bases on record",
    singular="Basis on record",
    hint="Contracts, certificates and assessments that rules ask for",
    add_label="Add a basis",
    remove_title="Remove this basis?",
    remove_text="Rules that it meets ask for one again; give it a last day instead if it ends. Its history is kept.",
)
KINDS = (ORIGINS, BASES)
