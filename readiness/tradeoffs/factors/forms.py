"""Forms of factors: one value, a table, the hours of a factor. They parse input; the operations check and save."""

from zoneinfo import available_timezones

from django import forms

from inventory.forms import SiteField
from readiness.tradeoffs.factors.core.entries import BASES, EntriesRefused, FactorEntry
from readiness.tradeoffs.factors.operations import SeriesOf
from readiness.tradeoffs.models import HOURLY_KINDS, FactorBasis, FactorKind
from telemetry.models import SourceProvenance
from web.forms import DayField, Suggesting

MOST_SAID = 20
"""Largest number of wrong lines of a file that a form shows."""


class FactorsForm(forms.Form):
    """Shows refusals of an operation: at the field concerned, and for lines of a file at the file."""

    def refused(self, error: EntriesRefused) -> None:
        for each in error.errors[:MOST_SAID]:
            if "file" in self.fields and (each.line > 1 or each.field not in self.fields):
                self.add_error("file", f"Line {each.line}, {each.field}: {each.reason}")
            else:
                self.add_error(each.field if each.field in self.fields else None, each.reason)
        more = len(error.errors) - MOST_SAID
        if more > 0:
            self.add_error("file", f"{more} more lines have errors.")


class SourcedForm(FactorsForm):
    """The site and the source of values."""

    site = SiteField()
    currency = forms.CharField(label="Currency", required=False, max_length=3)
    source = forms.CharField(label="Source", max_length=200)
    provenance = forms.ChoiceField(
        label="Provenance", choices=SourceProvenance.choices, initial=SourceProvenance.DECLARED
    )


class FactorForm(SourcedForm):
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
        help_text="Only if the unit does not name it: EUR for ct/kWh",
    )
    low = forms.FloatField(label="Lower bound", required=False, help_text="Where the source gives a range")
    high = forms.FloatField(label="Upper bound", required=False)
    source = forms.CharField(label="Source", max_length=200, help_text="Contract, document, web page")
    basis = forms.ChoiceField(
        label="Basis",
        choices=FactorBasis.choices,
        initial=FactorBasis.DECLARED,
        help_text="Published: others can read the value in the source",
    )
    as_of_on = DayField(label="Valid from", help_text="First day, in the site’s time zone")
    until_on = DayField(label="Valid until", required=False)
    note = forms.CharField(label="Note", required=False, max_length=200)
    groups = (
        ("Factor", ("site", "kind", "value", "unit", "currency", "low", "high")),
        ("Source", ("source", "basis", "provenance")),
        ("Validity", ("as_of_on", "until_on", "note")),
    )

    def entry(self) -> FactorEntry:
        fields = dict(self.cleaned_data)
        return FactorEntry(line=1, site=fields.pop("site").slug, **fields)


class FactorTableForm(FactorsForm):
    what = forms.ChoiceField(
        label="Content",
        choices=[("factors", "Site factors"), ("latencies", "Round trips"), ("rates", "Exchange rates")],
    )
    file = forms.FileField(
        label="File",
        allow_empty_file=True,
        help_text="CSV with a header, as the lists export it. All rows are entered or none.",
    )


class SeriesForm(SourcedForm):
    field_order = ("site", "kind", "unit", "currency", "source", "zone", "basis", "provenance", "file")
    kind = forms.ChoiceField(label="Factor", choices=HOURLY_KINDS)
    unit = forms.CharField(label="Unit", max_length=40, help_text="EUR/MWh, g/kWh, lb/MWh")
    zone = forms.CharField(
        label="Time zone of the file",
        required=False,
        max_length=64,
        widget=Suggesting(lambda: sorted(available_timezones())),
        help_text="Such as Europe/Berlin. Needed if the times in the file have no offset.",
    )
    basis = forms.ChoiceField(
        label="Basis",
        choices=[(each.value, each.label) for each in FactorBasis if each.value in BASES],
        initial=FactorBasis.PUBLISHED,
    )
    file = forms.FileField(
        label="File",
        allow_empty_file=True,
        help_text="CSV with the columns at and value, each quarter, half or whole hour; 5 MiB at most.",
    )

    def description(self) -> SeriesOf:
        fields = {name: value for name, value in self.cleaned_data.items() if name != "file"}
        return SeriesOf(**fields)
