"""Forms of factors: one value, a table, the hours of a factor. They read; the operations check and save."""

from __future__ import annotations

from typing import Any

from django import forms

from inventory.models import Site
from readiness.tradeoffs.core.entries import BASES, EntriesRefused, FactorEntry, Sourcing
from readiness.tradeoffs.models import HOURLY_KINDS, FactorBasis, FactorKind
from readiness.tradeoffs.operations import SeriesOf
from telemetry.models import SourceProvenance
from web.forms import DayInput

MOST_SAID = 20
"""Wrong lines of a file that a form shows."""


def _sites() -> Any:
    return Site.objects.exclude(stage=Site.Stage.RETIRED).order_by("name", "pk")


class FactorsForm(forms.Form):
    """Shows what an operation refused: at the field that it is about, and what a file's lines are at the file."""

    def refused(self, error: EntriesRefused) -> None:
        for each in error.errors[:MOST_SAID]:
            if "file" in self.fields and (each.line > 1 or each.field not in self.fields):
                where = {"line": each.line, "field": each.field, "reason": each.reason}
                self.add_error("file", "Line {line}, {field}: {reason}".format(**where))
            else:
                self.add_error(each.field if each.field in self.fields else None, each.reason)
        more = len(error.errors) - MOST_SAID
        if more > 0:
            self.add_error("file", f"{more} more lines are wrong.")


class FactorForm(FactorsForm):
    site = forms.ModelChoiceField(Site.objects.none(), to_field_name="slug", label="Site")
    kind = forms.ChoiceField(label="Factor", choices=FactorKind.choices)
    value = forms.FloatField(label="Value")
    unit = forms.CharField(
        label="Unit",
        required=False,
        max_length=40,
        help_text="As the source has it: EUR/kWh, $/MWh, ct/kWh, lb/MWh, %. Empty for PUE and counts.",
    )
    currency = forms.CharField(
        label="Currency",
        required=False,
        max_length=3,
        help_text="Where the unit does not say: EUR for ct/kWh",
    )
    low = forms.FloatField(label="Low", required=False, help_text="Lower end of a band, if there is one")
    high = forms.FloatField(label="High", required=False)
    source = forms.CharField(label="Source", max_length=200, help_text="Contract, document, web page")
    basis = forms.ChoiceField(
        label="Basis",
        choices=FactorBasis.choices,
        initial=FactorBasis.DECLARED,
        help_text="Published: others can read it where the source says",
    )
    provenance = forms.ChoiceField(
        label="Provenance", choices=SourceProvenance.choices, initial=SourceProvenance.DECLARED
    )
    as_of_on = forms.DateField(
        label="As of", widget=DayInput(), help_text="The first day that it holds, at the site"
    )
    until_on = forms.DateField(label="Until", required=False, widget=DayInput())
    note = forms.CharField(label="Note", required=False, max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = _sites()  # type: ignore[attr-defined]

    def entry(self) -> FactorEntry:
        given = self.cleaned_data
        return FactorEntry(
            line=1,
            site=given["site"].slug,
            kind=given["kind"],
            value=given["value"],
            unit=given["unit"],
            currency=given["currency"],
            low=given["low"],
            high=given["high"],
            sourcing=Sourcing(
                basis=given["basis"],
                provenance=given["provenance"],
                source=given["source"],
                as_of_on=given["as_of_on"],
                until_on=given["until_on"],
                note=given["note"],
            ),
        )


class FactorTableForm(FactorsForm):
    what = forms.ChoiceField(
        label="What",
        choices=[
            ("factors", "Site factors"),
            ("latencies", "Round trips"),
            ("rates", "Exchange rates"),
        ],
    )
    file = forms.FileField(
        label="File",
        allow_empty_file=True,
        help_text="CSV with a header, as the lists export it; all of it is entered or nothing.",
    )


class SeriesForm(FactorsForm):
    site = forms.ModelChoiceField(Site.objects.none(), to_field_name="slug", label="Site")
    kind = forms.ChoiceField(label="Factor", choices=HOURLY_KINDS)
    unit = forms.CharField(label="Unit", max_length=40, help_text="EUR/MWh, g/kWh, lb/MWh")
    currency = forms.CharField(label="Currency", required=False, max_length=3)
    source = forms.CharField(label="Source", max_length=200)
    zone = forms.CharField(
        label="Time zone of the file",
        required=False,
        max_length=64,
        help_text="Europe/Berlin, for instants without an offset. Where clocks go back, both hours are needed.",
    )
    basis = forms.ChoiceField(
        label="Basis",
        choices=[(each.value, each.label) for each in FactorBasis if each.value in BASES],
        initial=FactorBasis.PUBLISHED,
    )
    provenance = forms.ChoiceField(
        label="Provenance", choices=SourceProvenance.choices, initial=SourceProvenance.DECLARED
    )
    file = forms.FileField(
        label="File",
        allow_empty_file=True,
        help_text="CSV with the columns at and value, each quarter, half or whole hour; 5 MiB at most.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = _sites()  # type: ignore[attr-defined]

    def about(self) -> SeriesOf:
        given = {name: value for name, value in self.cleaned_data.items() if name != "file"}
        return SeriesOf(**given)
