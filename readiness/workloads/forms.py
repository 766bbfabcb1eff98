"""The forms of workload classes and placements. They read; the operations check and save.

Rows are written as lines, so that the form works without scripts: `nvidia-h100 8`, `iberia 12.5`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from inventory.models import DeviceType, Site
from readiness.workloads.exporting import values_of
from readiness.workloads.models import (
    CostUnit,
    Criticality,
    DataCategory,
    Kind,
    MinVerdict,
    UserRegion,
    WorkloadClass,
)
from readiness.workloads.operations.declaring import COLUMNS, LISTS
from readiness.workloads.operations.importing import MOST_BYTES
from telemetry.models import Provenance
from web.forms import DayInput, RefusedForm

ANY = "any"


def _lines(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=5000,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )


def _number(label: Any, help_text: Any = "") -> forms.FloatField:
    return forms.FloatField(label=label, required=False, min_value=0, max_value=1e12, help_text=help_text)


def _codes(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=2000, help_text=help_text)


def _word(label: Any, choices: Any, *, empty: Any = None, help_text: Any = "") -> forms.ChoiceField:
    listed = choices.choices if empty is None else [("", empty), *choices.choices]
    return forms.ChoiceField(label=label, choices=listed, required=empty is None, help_text=help_text)


class WorkloadForm(RefusedForm):
    """All of a class; `planned` is what the operations take."""

    name = forms.CharField(label=_("Name"), max_length=100)
    slug = forms.SlugField(
        label=_("Slug"),
        max_length=100,
        help_text=_("In addresses and files; small letters, digits and dashes."),
    )
    description = forms.CharField(label=_("Description"), max_length=200, required=False)
    kind = _word(_("Kind"), Kind, empty=_("not said"))
    criticality = _word(_("Criticality"), Criticality)
    accelerators = _lines(
        _("Accelerators"),
        _("A line for each type: its slug and how many, such as nvidia-h100 8; any 8 for any type."),
    )
    it_kw = _number(_("IT power, kW"))
    bandwidth_gbps = _number(_("Bandwidth, Gb/s"))
    users = _lines(
        _("User regions"),
        _(
            "A line for each region: its slug and, where known, requests per second at peak, such as iberia 12.5."
        ),
    )
    deferrable_h = _number(_("May wait, h"), _("Hours by which work may be put off; 0: it may not."))
    latency_limit_ms = _number(_("Latency limit, ms"), _("Of the round trip to each user region."))
    latency_percentile = _number(_("At percentile"), _("Above 0 and below 100."))
    cost_ceiling = _number(_("Unit-cost ceiling"))
    cost_currency = forms.CharField(
        label=_("Currency"), max_length=3, required=False, help_text=_("ISO 4217, such as EUR.")
    )
    cost_unit = _word(_("Unit"), CostUnit, empty=_("none"))
    allowed_jurisdictions = _codes(
        _("Allowed jurisdictions"), _("ISO 3166 codes such as DE, or EU, EEA, WORLD; separated by commas.")
    )
    forbidden_jurisdictions = _codes(_("Forbidden jurisdictions"), _("They go before the allowed ones."))
    residency = forms.CharField(
        label=_("Residency"), max_length=8, required=False, help_text=_("Where its data has to stay.")
    )
    data_categories = forms.MultipleChoiceField(
        label=_("Data"), choices=DataCategory.choices, required=False, widget=forms.CheckboxSelectMultiple()
    )
    carbon_g_per_kwh = _number(_("Carbon intensity limit, gCO2e/kWh"))
    carbon_kg_per_month = _number(_("Carbon limit, kgCO2e a month"))
    min_verdict = _word(_("Least verdict of a site"), MinVerdict, empty=_("any"))
    min_score = forms.FloatField(
        label=_("Least score of a site"),
        required=False,
        min_value=0,
        max_value=1,
        help_text=_("From 0 to 1."),
    )
    source = forms.CharField(
        label=_("Source"),
        max_length=500,
        required=False,
        help_text=_("Where the figures come from."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    provenance = _word(_("Provenance"), Provenance)
    declared_on = forms.DateField(
        label=_("Declared"),
        required=False,
        widget=DayInput(),
        help_text=_("Empty: today, where the envelope becomes another one."),
    )
    groups: Sequence[tuple[Any, Sequence[str]]] = (
        (_("What it is"), ("name", "slug", "description", "kind", "criticality")),
        (_("Demand of one placement"), ("accelerators", "it_kw", "bandwidth_gbps", "users", "deferrable_h")),
        (_("Latency"), ("latency_limit_ms", "latency_percentile")),
        (_("Cost"), ("cost_ceiling", "cost_currency", "cost_unit")),
        (
            _("Jurisdiction"),
            ("allowed_jurisdictions", "forbidden_jurisdictions", "residency", "data_categories"),
        ),
        (_("Energy and carbon"), ("carbon_g_per_kwh", "carbon_kg_per_month")),
        (_("Readiness of the site"), ("min_verdict", "min_score")),
        (_("Where it is from"), ("source", "provenance", "declared_on")),
    )

    def sections(self) -> Iterator[tuple[Any, list[forms.BoundField]]]:
        for title, names in self.groups:
            yield title, [self[name] for name in names]

    def clean_accelerators(self) -> list[tuple[DeviceType | None, int]]:
        rows = _rows(self.cleaned_data["accelerators"])
        types = DeviceType.objects.in_bulk([slug for slug, _figure in rows], field_name="slug")
        found = []
        for number, (slug, figure) in enumerate(rows, start=1):
            if slug != ANY and slug not in types:
                raise _at(number, gettext("No product is called %(slug)s.") % {"slug": slug})
            if not figure.isdecimal() or not 0 < int(figure) < 2**31:
                raise _at(number, gettext("After the type comes how many, 1 or more."))
            found.append((types.get(slug), int(figure)))
        return found

    def clean_users(self) -> list[tuple[UserRegion, float | None]]:
        rows = _rows(self.cleaned_data["users"])
        regions = UserRegion.objects.in_bulk([slug for slug, _figure in rows], field_name="slug")
        found = []
        for number, (slug, figure) in enumerate(rows, start=1):
            if slug not in regions:
                raise _at(number, gettext("No user region is called %(slug)s.") % {"slug": slug})
            found.append((regions[slug], _rate(figure, number)))
        return found

    def clean_allowed_jurisdictions(self) -> list[str]:
        return _split(self.cleaned_data["allowed_jurisdictions"])

    def clean_forbidden_jurisdictions(self) -> list[str]:
        return _split(self.cleaned_data["forbidden_jurisdictions"])

    def planned(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
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
        label=_("Site"),
    )
    started_on = forms.DateField(
        label=_("From"), required=False, widget=DayInput(), help_text=_("Empty: today at the site.")
    )


class DocumentForm(forms.Form):
    """A YAML document as a file or as text."""

    file = forms.FileField(
        label=_("File"), required=False, allow_empty_file=True, help_text=_("YAML, 1 MiB at most.")
    )
    text = forms.CharField(
        label=_("Or its text"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if bool(given.get("file")) == bool(given.get("text", "").strip()):
            raise ValidationError({"file": _("Choose a file, or paste a text.")})
        file = given.get("file")
        if file is not None:
            try:
                given["name"], given["text"] = file.name, file.read(MOST_BYTES + 1).decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise ValidationError({"file": _("It is not UTF-8.")}) from error
        return given


def initial_of(workload: WorkloadClass) -> dict[str, Any]:
    values: Mapping[str, Any] = values_of(workload)
    needs = [f"{row['type'] or ANY} {row['count']}" for row in values["accelerators"]]
    users = [
        row["region"] if row["requests_per_s"] is None else f"{row['region']} {row['requests_per_s']:g}"
        for row in values["users"]
    ]
    codes = {name: ", ".join(values[name]) for name in LISTS if name != "data_categories"}
    columns = {name: values[name] for name in COLUMNS}
    return {**columns, **codes, "accelerators": "\n".join(needs), "users": "\n".join(users)}


def _rows(text: str) -> list[tuple[str, str]]:
    """Slug and what follows it, of each line that holds something."""
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        slug, _space, figure = line.partition(" ")
        found.append((slug, figure.strip()))
    return found


def _rate(figure: str, number: int) -> float | None:
    if not figure:
        return None
    try:
        rate = float(figure)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1e12:
        raise _at(number, gettext("After the region come requests per second, 0 or more."))
    return rate


def _split(text: str) -> list[str]:
    return [code.upper() for code in text.replace(",", " ").split()]


def _at(number: int, told: str) -> ValidationError:
    return ValidationError(gettext("Line %(number)s: %(told)s") % {"number": number, "told": told})
