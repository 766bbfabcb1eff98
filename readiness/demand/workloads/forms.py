"""Forms of workload classes and placements.

They parse input; the operations check and save. Buttons of the form add rows of accelerators and users, so that it
works without scripts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import BaseFormSet
from django.http import QueryDict
from django.utils.functional import cached_property

from inventory.forms import SiteField
from inventory.models import DeviceType
from readiness.demand.workloads.core.envelope import Criticality
from readiness.demand.workloads.documents import ImportRefused, place_and_reason
from readiness.demand.workloads.models import (
    COLUMNS,
    COST_UNITS,
    CRITICALITIES,
    DATA_CATEGORIES,
    KINDS,
    LISTS,
    MIN_VERDICTS,
    UserRegion,
    WorkloadClass,
)
from readiness.demand.workloads.operations import ROWS
from readiness.demand.workloads.queries import values_of
from telemetry.models import SourceProvenance
from web.forms import DayField, PlainNumberField, RefusedForm
from web.versioned.core.documents import DocumentError
from web.versioned.forms import ImportForm

ANY = "any"
MOST_ROWS = 100
ADD, REMOVE = "add_row", "remove_row"
"""Names of the buttons; the value is the name of the rows, with `-2` after it for one row."""


class RowForm(forms.Form):
    """One row; an empty row is ignored. `first` must be chosen, `choices` come with the form set."""

    first = ""

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[self.first].choices = choices  # type: ignore[attr-defined]

    @property
    def is_filled(self) -> bool:
        return any(self[name].value() not in (None, "") for name in self.fields)

    @property
    def is_blank(self) -> bool:
        return not any(self.data.get(self.add_prefix(name), "").strip() for name in self.fields)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.is_blank and not values.get(self.first) and self.first not in self.errors:
            self.add_error(self.first, "Choose one, or leave the whole row empty.")
        return values


class AcceleratorRow(RowForm):
    first = "type"
    type = forms.ChoiceField(label="Type", required=False)
    count = forms.IntegerField(label="Count", required=False, min_value=1, max_value=2**31 - 1)

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if values.get("type") and values.get("count") is None and "count" not in self.errors:
            self.add_error("count", "Enter the count.")
        return values


class UserRow(RowForm):
    first = "region"
    region = forms.ChoiceField(label="Region", required=False)
    requests_per_s = PlainNumberField(label="Requests/s at peak", required=False, min_value=0, max_value=1e12)


class RowFormSet(BaseFormSet):
    """Rows that name each item once. `label` is their legend, `hint` explains them, `stored` are the saved rows."""

    label: Any = ""
    hint: Any = ""
    add_label: Any = ""
    stored: Sequence[Mapping[str, Any]] = ()

    @cached_property
    def choices(self) -> list[tuple[str, str]]:
        return [("", "–"), *self.offered()]

    def offered(self) -> Iterable[tuple[str, str]]:
        raise NotImplementedError

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "choices": self.choices}

    def clean(self) -> None:
        seen = set()
        for form in self.forms:
            choice = form.cleaned_data.get(form.first) if hasattr(form, "cleaned_data") else None
            if choice and choice in seen:
                form.add_error(form.first, "This is entered twice.")
            seen.add(choice)

    def planned(self) -> list[Any]:
        raise NotImplementedError

    @property
    def filled_rows(self) -> list[dict[str, Any]]:
        return [form.cleaned_data for form in self.forms if not form.is_blank]


class Accelerators(RowFormSet):
    label = "Accelerators"
    hint = "One row for each type. Any: the workload runs on whatever type a site has."
    add_label = "Add a type"

    def offered(self) -> Iterable[tuple[str, str]]:
        yield ANY, "any type"
        for each in DeviceType.objects.select_related("manufacturer").order_by("manufacturer__name", "model"):
            if each.kind == DeviceType.Kind.ACCELERATOR or each.slug in self._held:
                yield each.slug, str(each)

    @property
    def _held(self) -> set[str]:
        return {row.get("type", "") for row in self.stored}

    def planned(self) -> list[tuple[DeviceType | None, int]]:
        slugs = [row["type"] for row in self.filled_rows]
        types = DeviceType.objects.in_bulk(slugs, field_name="slug")
        return [(types.get(row["type"]), row["count"]) for row in self.filled_rows]


class Users(RowFormSet):
    label = "User regions"
    hint = "One row for each region that the workload serves. Enter the requests if you know them."
    add_label = "Add a region"

    def offered(self) -> Iterable[tuple[str, str]]:
        return UserRegion.objects.order_by("name", "pk").values_list("slug", "name")

    def planned(self) -> list[tuple[UserRegion, float | None]]:
        regions = UserRegion.objects.in_bulk([row["region"] for row in self.filled_rows], field_name="slug")
        return [(regions[row["region"]], row["requests_per_s"]) for row in self.filled_rows]


_SETS = {
    "accelerators": forms.formset_factory(
        AcceleratorRow, Accelerators, extra=1, max_num=MOST_ROWS, absolute_max=MOST_ROWS, validate_max=True
    ),
    "users": forms.formset_factory(
        UserRow, Users, extra=1, max_num=MOST_ROWS, absolute_max=MOST_ROWS, validate_max=True
    ),
}


def rows_of(data: Any, initial: Mapping[str, Any]) -> dict[str, RowFormSet]:
    rows_by_name = {}
    for name, kind in _SETS.items():
        stored = initial.get(name) or []
        rows = cast(RowFormSet, kind(data, initial=None if data else stored, prefix=name))
        rows.stored = stored
        rows_by_name[name] = rows
    return rows_by_name


def asked_rows(data: QueryDict) -> str:
    button = data.get(ADD) or data.get(REMOVE) or ""
    name = button.partition("-")[0]
    return name if name in _SETS else ""


def entered(data: QueryDict, name: str) -> list[dict[str, str]]:
    fields = _SETS[name].form.base_fields  # type: ignore[attr-defined]
    removed = data.get(REMOVE, "")
    rows = []
    for index in range(_count(data.get(f"{name}-TOTAL_FORMS", ""))):
        row = {field: data.get(f"{name}-{index}-{field}", "") for field in fields}
        if any(row.values()) and removed != f"{name}-{index}":
            rows.append(row)
    return rows


def _count(text: str) -> int:
    return min(int(text), MOST_ROWS) if text.isascii() and text.isdecimal() and len(text) < 9 else 0


def refuse(rows: RowFormSet, messages: Iterable[str]) -> None:
    rows.non_form_errors().extend(ValidationError(list(messages)).messages)


def _number(label: str, help_text: str = "", **kwargs: Any) -> PlainNumberField:
    bounds = {"min_value": 0, "max_value": 1e12, **kwargs}
    return PlainNumberField(label=label, required=False, help_text=help_text, **bounds)


def _codes(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=2000, help_text=help_text)


def _word(
    label: str, choices: Mapping[str, str], *, empty: str | None = None, initial: str = ""
) -> forms.ChoiceField:
    listed = choices if empty is None else {"": empty, **choices}
    return forms.ChoiceField(label=label, choices=listed, required=empty is None, initial=initial)


class WorkloadForm(RefusedForm):
    """The form of a whole class."""

    name = forms.CharField(label="Name", max_length=100)
    slug = forms.SlugField(
        label="Slug", max_length=100, help_text="In addresses and files; small letters, digits and dashes."
    )
    description = forms.CharField(label="Description", max_length=200, required=False)
    kind = _word("Kind", KINDS, empty="not stated")
    criticality = _word("Criticality", CRITICALITIES, initial=Criticality.STANDARD)
    it_kw = _number("IT power")
    bandwidth_gbps = _number("Bandwidth")
    deferrable_h = _number("Can wait", "How long work may be put off. 0: it cannot wait.", initial=0)
    served_models = forms.CharField(
        label="Served models",
        required=False,
        max_length=2000,
        help_text="The model that is served, then larger ones whose benchmarks count too, separated by commas.",
    )
    latency_limit_ms = _number("Latency limit", "Round trip to each user region.")
    latency_percentile = _number("Latency percentile", "Above 0 and below 100.", initial=99)
    cost_ceiling = _number("Unit-cost ceiling")
    cost_currency = forms.CharField(
        label="Currency", max_length=3, required=False, help_text="ISO 4217, such as EUR."
    )
    cost_unit = _word("Unit", COST_UNITS, empty="none")
    allowed_jurisdictions = _codes(
        "Allowed jurisdictions", "ISO 3166 codes such as DE, or EU, EEA, WORLD, separated by commas."
    )
    forbidden_jurisdictions = _codes("Forbidden jurisdictions", "A country in both lists is forbidden.")
    residency = forms.CharField(
        label="Residency", max_length=8, required=False, help_text="Where its data has to stay."
    )
    data_categories = forms.MultipleChoiceField(
        label="Data", choices=DATA_CATEGORIES, required=False, widget=forms.CheckboxSelectMultiple()
    )
    carbon_g_per_kwh = _number("Carbon intensity limit")
    carbon_kg_per_month = _number("Carbon limit")
    min_verdict = _word("Minimum verdict", MIN_VERDICTS, empty="any verdict", initial="conditional")
    min_score = _number("Minimum score, 0 to 1", "A share: 0.8 for a score of 80 of 100.", max_value=1)
    source = forms.CharField(
        label="Source",
        max_length=500,
        required=False,
        help_text="Where the figures come from.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    provenance = _word("Provenance", dict(SourceProvenance.choices), initial=SourceProvenance.DECLARED)
    declared_on = DayField(
        label="Declared on", required=False, help_text="Empty: today, if the envelope changes."
    )
    units = {
        "it_kw": "kW",
        "bandwidth_gbps": "Gb/s",
        "deferrable_h": "h",
        "latency_limit_ms": "ms",
        "carbon_g_per_kwh": "gCO2e/kWh",
        "carbon_kg_per_month": "kgCO2e a month",
    }
    groups: Sequence[tuple[Any, Sequence[str]]] = (
        ("Workload class", ("name", "slug", "description", "kind", "criticality")),
        (
            "Demand of one placement",
            ("accelerators", "it_kw", "bandwidth_gbps", "users", "served_models", "deferrable_h"),
        ),
        ("Latency", ("latency_limit_ms", "latency_percentile")),
        ("Cost", ("cost_ceiling", "cost_currency", "cost_unit")),
        (
            "Jurisdiction",
            ("allowed_jurisdictions", "forbidden_jurisdictions", "residency", "data_categories"),
        ),
        ("Energy and carbon", ("carbon_g_per_kwh", "carbon_kg_per_month")),
        ("Readiness of the site", ("min_verdict", "min_score")),
        ("Source", ("source", "provenance", "declared_on")),
    )

    def __init__(self, data: Any = None, *, initial: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.rows = rows_of(data, initial or {})

    @classmethod
    def sent(cls, data: Any, files: Any, *, initial: Mapping[str, Any]) -> "WorkloadForm":
        """The submitted form; unbound, and so not saved, if a button asked for more or fewer rows."""
        return cls.again(data) if data and asked_rows(data) else cls(data, initial=initial)

    @classmethod
    def again(cls, data: QueryDict) -> "WorkloadForm":
        """Keep everything typed, unchecked, with another number of rows, after a button of the rows."""
        lists = {"data_categories"}
        typed: dict[str, Any] = {
            name: data.getlist(name) if name in lists else data.get(name, "") for name in cls.base_fields
        }
        form = cls(initial=typed | {name: entered(data, name) for name in ROWS})
        # Keyboard users continue in the spare row.
        spare = form.rows[asked_rows(data)].forms[-1]
        spare.fields[spare.first].widget.attrs["autofocus"] = True
        return form

    def sections(self) -> Iterator[tuple[Any, list[tuple[forms.BoundField | None, RowFormSet | None]]]]:
        for title, names in self.groups:
            yield (title, [(None, self.rows[name]) if name in ROWS else (self[name], None) for name in names])

    def is_valid(self) -> bool:
        # Validate all of them, so that every error shows at once.
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

    def clean_served_models(self) -> list[str]:
        return [name.strip() for name in self.cleaned_data["served_models"].split(",") if name.strip()]

    def arguments(self) -> dict[str, Any]:
        values = dict(self.cleaned_data) | {name: rows.planned() for name, rows in self.rows.items()}
        values["residency"] = values["residency"].upper()
        values["cost_currency"] = values["cost_currency"].upper()
        if values["latency_percentile"] is None:
            values["latency_percentile"] = 99.0
        values["deferrable_h"] = values["deferrable_h"] or 0.0
        return values


class PlaceForm(RefusedForm):
    site = SiteField()
    started_on = DayField(label="First day", required=False, help_text="Empty: today at the site.")

    def arguments(self) -> dict[str, Any]:
        return {"site": self.cleaned_data["site"], "on": self.cleaned_data["started_on"]}


class EndForm(RefusedForm):
    ended_on = DayField(
        label="Last day",
        error_messages={
            "required": "Choose the last day of the placement.",
            "invalid": "Enter a day such as 2026-11-25.",
        },
    )

    def arguments(self) -> dict[str, Any]:
        return {"on": self.cleaned_data["ended_on"]}


class DocumentForm(ImportForm):
    """A YAML document as a file or as text."""

    refusals = (ImportRefused, DocumentError)
    revision = None  # type: ignore[assignment] # of drafts alone

    def arguments(self) -> dict[str, Any]:
        return {"texts": self.texts()}

    def refused(self, error: ImportRefused | DocumentError) -> None:
        name = "file" if self.cleaned_data.get("file") else "text"
        faults = error.faults if isinstance(error, ImportRefused) else [error]
        self.add_error(name, [place_and_reason(fault) for fault in faults])


def initial_of(workload: WorkloadClass) -> dict[str, Any]:
    values: Mapping[str, Any] = values_of(workload)
    needs = [{"type": row["type"] or ANY, "count": row["count"]} for row in values["accelerators"]]
    users = [{name: row[name] for name in ("region", "requests_per_s")} for row in values["users"]]
    codes = {name: ", ".join(values[name]) for name in LISTS if name != "data_categories"}
    columns = {name: values[name] for name in COLUMNS}
    return {**columns, **codes, "accelerators": needs, "users": users}


def _split(text: str) -> list[str]:
    return [code.upper() for code in text.replace(",", " ").split()]
