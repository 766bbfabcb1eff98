"""The forms of workload classes and placements. They read; the operations check and save."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from inventory.models import Site
from readiness.workloads.exporting import values_of
from readiness.workloads.models import (
    CostUnitChoices,
    CriticalityChoices,
    DataCategoryChoices,
    MinVerdict,
    WorkloadClass,
    WorkloadKindChoices,
)
from readiness.workloads.operations.declaring import COLUMNS, LISTS
from readiness.workloads.row_forms import ANY, RowFormSet, asked_rows, entered, refuse, rows_of
from telemetry.models import SourceProvenance
from web.forms import DayInput, RefusedForm
from web.yaml_documents import MOST_BYTES

ROWS = ("accelerators", "users")


def _number(label: Any, help_text: Any = "") -> forms.FloatField:
    return forms.FloatField(label=label, required=False, min_value=0, max_value=1e12, help_text=help_text)


def _codes(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=2000, help_text=help_text)


def _word(label: Any, choices: Any, *, empty: Any = None, help_text: Any = "") -> forms.ChoiceField:
    listed = choices.choices if empty is None else [("", empty), *choices.choices]
    return forms.ChoiceField(label=label, choices=listed, required=empty is None, help_text=help_text)


class WorkloadForm(RefusedForm):
    """All of a class; `planned` is what the operations take."""

    name = forms.CharField(label="Name", max_length=100)
    slug = forms.SlugField(
        label="Slug",
        max_length=100,
        help_text="In addresses and files; small letters, digits and dashes.",
    )
    description = forms.CharField(label="Description", max_length=200, required=False)
    kind = _word("Kind", WorkloadKindChoices, empty="not said")
    criticality = _word("Criticality", CriticalityChoices)
    it_kw = _number("IT power, kW")
    bandwidth_gbps = _number("Bandwidth, Gb/s")
    deferrable_h = _number("May wait, h", "Hours by which work may be put off; 0: it may not.")
    latency_limit_ms = _number("Latency limit, ms", "Of the round trip to each user region.")
    latency_percentile = _number("At percentile", "Above 0 and below 100.")
    cost_ceiling = _number("Unit-cost ceiling")
    cost_currency = forms.CharField(
        label="Currency", max_length=3, required=False, help_text="ISO 4217, such as EUR."
    )
    cost_unit = _word("Unit", CostUnitChoices, empty="none")
    allowed_jurisdictions = _codes(
        "Allowed jurisdictions", "ISO 3166 codes such as DE, or EU, EEA, WORLD; separated by commas."
    )
    forbidden_jurisdictions = _codes("Forbidden jurisdictions", "They go before the allowed ones.")
    residency = forms.CharField(
        label="Residency", max_length=8, required=False, help_text="Where its data has to stay."
    )
    data_categories = forms.MultipleChoiceField(
        label="Data",
        choices=DataCategoryChoices.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple(),
    )
    carbon_g_per_kwh = _number("Carbon intensity limit, gCO2e/kWh")
    carbon_kg_per_month = _number("Carbon limit, kgCO2e a month")
    min_verdict = _word("Least verdict of a site", MinVerdict, empty="any")
    min_score = forms.FloatField(
        label="Least score of a site",
        required=False,
        min_value=0,
        max_value=1,
        help_text="From 0 to 1.",
    )
    source = forms.CharField(
        label="Source",
        max_length=500,
        required=False,
        help_text="Where the figures come from.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    provenance = _word("Provenance", SourceProvenance)
    declared_on = forms.DateField(
        label="Declared",
        required=False,
        widget=DayInput(),
        help_text="Empty: today, where the envelope becomes another one.",
    )
    groups: Sequence[tuple[Any, Sequence[str]]] = (
        ("What it is", ("name", "slug", "description", "kind", "criticality")),
        ("Demand of one placement", ("accelerators", "it_kw", "bandwidth_gbps", "users", "deferrable_h")),
        ("Latency", ("latency_limit_ms", "latency_percentile")),
        ("Cost", ("cost_ceiling", "cost_currency", "cost_unit")),
        (
            "Jurisdiction",
            ("allowed_jurisdictions", "forbidden_jurisdictions", "residency", "data_categories"),
        ),
        ("Energy and carbon", ("carbon_g_per_kwh", "carbon_kg_per_month")),
        ("Readiness of the site", ("min_verdict", "min_score")),
        ("Where it is from", ("source", "provenance", "declared_on")),
    )

    def __init__(self, data: Any = None, *, initial: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.rows = rows_of(data, initial or {})

    @classmethod
    def again(cls, data: QueryDict) -> WorkloadForm:
        """Keep all that was typed, unchecked, with another number of rows: what a button of the rows asks for."""
        lists = {"data_categories"}
        typed: dict[str, Any] = {
            name: data.getlist(name) if name in lists else data.get(name, "") for name in cls.base_fields
        }
        form = cls(initial=typed | {name: entered(data, name) for name in ROWS})
        # Whoever works by keyboard goes on in the spare row.
        spare = form.rows[asked_rows(data)].forms[-1]
        spare.fields[spare.first].widget.attrs["autofocus"] = True
        return form

    def sections(self) -> Iterator[tuple[Any, list[tuple[forms.BoundField | None, RowFormSet | None]]]]:
        """Each with its fields and rows, in order."""
        for title, names in self.groups:
            yield (
                title,
                [(None, self.rows[name]) if name in ROWS else (self[name], None) for name in names],
            )

    def is_valid(self) -> bool:
        # Each of them, so that every fault is told at once.
        return all([super().is_valid(), *(rows.is_valid() for rows in self.rows.values())])

    def refused(self, error: ValidationError) -> None:
        if hasattr(error, "error_dict"):
            for name in ROWS:
                if name in error.error_dict:
                    refuse(
                        self.rows[name], [str(text) for each in error.error_dict.pop(name) for text in each]
                    )
        super().refused(error)

    def clean_allowed_jurisdictions(self) -> list[str]:
        return _split(self.cleaned_data["allowed_jurisdictions"])

    def clean_forbidden_jurisdictions(self) -> list[str]:
        return _split(self.cleaned_data["forbidden_jurisdictions"])

    def planned(self) -> dict[str, Any]:
        given = dict(self.cleaned_data) | {name: rows.planned() for name, rows in self.rows.items()}
        given["residency"] = given["residency"].upper()
        given["cost_currency"] = given["cost_currency"].upper()
        if given["latency_percentile"] is None:
            given["latency_percentile"] = 99.0
        given["deferrable_h"] = given["deferrable_h"] or 0.0
        return given


class PlaceForm(RefusedForm):
    site = forms.ModelChoiceField(
        Site.objects.exclude(stage=Site.Stage.RETIRED).order_by("name", "pk"),
        to_field_name="slug",
        label="Site",
    )
    started_on = forms.DateField(
        label="From", required=False, widget=DayInput(), help_text="Empty: today at the site."
    )


class DocumentForm(forms.Form):
    """A YAML document as a file or as text."""

    file = forms.FileField(
        label="File", required=False, allow_empty_file=True, help_text="YAML, 1 MiB at most."
    )
    text = forms.CharField(
        label="Or its text",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if bool(given.get("file")) == bool(given.get("text", "").strip()):
            raise ValidationError({"file": "Choose a file, or paste a text."})
        file = given.get("file")
        if file is not None and file.size > MOST_BYTES:
            raise ValidationError({"file": "It has more than 1 MiB."})
        if file is not None:
            try:
                given["name"], given["text"] = file.name, file.read().decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise ValidationError({"file": "It is not UTF-8."}) from error
        return given


def initial_of(workload: WorkloadClass) -> dict[str, Any]:
    values: Mapping[str, Any] = values_of(workload)
    needs = [{"type": row["type"] or ANY, "count": row["count"]} for row in values["accelerators"]]
    users = [{name: row[name] for name in ("region", "requests_per_s")} for row in values["users"]]
    codes = {name: ", ".join(values[name]) for name in LISTS if name != "data_categories"}
    columns = {name: values[name] for name in COLUMNS}
    return {**columns, **codes, "accelerators": needs, "users": users}


def _split(text: str) -> list[str]:
    return [code.upper() for code in text.replace(",", " ").split()]
