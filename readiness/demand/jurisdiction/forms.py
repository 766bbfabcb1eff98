"""Forms of rules, origins and bases on record. They parse input; documents and models check it."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms

from readiness.demand.jurisdiction import queries
from readiness.demand.jurisdiction.core import sentences
from readiness.demand.jurisdiction.core.pack import RulePackDocument
from readiness.demand.jurisdiction.models import DataOrigin, HeldBasis, Rule, RulePack
from readiness.demand.jurisdiction.operations import replace_rule, rule_item
from readiness.demand.workloads.core.countries import COUNTRIES
from readiness.demand.workloads.models import WorkloadClass
from web.forms import DayField, RefusedForm
from web.kinds.declaring import ObjectForm
from web.versioned.core.documents import written
from web.versioned.forms import StepForm

CITATION = ("instrument", "article", "url")


class NamesField(forms.CharField):
    """Names separated by commas or spaces."""

    def clean(self, value: Any) -> Any:
        return [name for name in re.split(r"[\s,;]+", super().clean(value)) if name]


def _names(label: str, help_text: str = "", *, required: bool = False) -> NamesField:
    return NamesField(label=label, help_text=help_text, required=required, max_length=2000)


def _day(label: str, help_text: str = "") -> forms.DateField:
    return DayField(label=label, required=False, help_text=help_text)


def _several(label: str, **options: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(label=label, widget=forms.CheckboxSelectMultiple, **options)


def _offer(form: forms.Form, field: str, items: Any) -> None:
    form.fields[field].choices = [(item.id, item.name) for item in items]  # type: ignore[attr-defined]


class RuleForm(StepForm):
    """One rule of a draft."""

    slug = forms.CharField(label="Slug", max_length=60, help_text="Small letters, digits and hyphens")
    title = forms.CharField(label="Title", max_length=200)
    kind = forms.ChoiceField(label="Question", choices=Rule.Kind)
    effect = forms.ChoiceField(label="Effect", choices=Rule.Effect)
    bases = _several("Accepted bases, one is enough", required=False)
    jurisdiction = forms.CharField(label="Jurisdiction", max_length=100, help_text="Whose law it is")
    sector = forms.CharField(label="Sector", max_length=100, required=False)
    instrument = forms.CharField(label="Instrument", max_length=200)
    article = forms.CharField(label="Article", max_length=200)
    url = forms.CharField(
        label="Source",
        max_length=500,
        help_text="A web address, such as https://eur-lex.europa.eu/eli/reg/2016/679",
    )
    in_force_from = _day("In force from", "Empty: not known. The rule then decides nothing")
    in_force_until = _day("In force until", "The last day. Empty: no end")
    checked_on = _day("Source checked on", "The last day on which somebody read the source")
    origins = _names("Origins", "Whose law the data is under: country codes, groups, or any", required=True)
    categories = _several("Kinds of data")
    places = _names(
        "Places",
        "Where the data would be, or the country of the operator’s owner: country codes, groups, or any",
        required=True,
    )
    places_except = _names("Excluded places")
    instead_of = _names("Replaces rules", "Slugs of general rules that this rule replaces where it applies")
    note = forms.CharField(
        label="Note", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )
    sections = (
        ("Content", ("slug", "title", "kind", "effect", "bases", "note")),
        ("Source", ("jurisdiction", "sector", *CITATION)),
        ("Scope", ("origins", "categories", "places", "places_except", "instead_of")),
        ("Validity", ("in_force_from", "in_force_until", "checked_on")),
    )
    renamed = {"id": "slug", "": "slug"}

    def __init__(self, *args: Any, pack: RulePackDocument, rule: Rule | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.was = rule.slug if rule else ""
        _offer(self, "bases", pack.bases)
        _offer(self, "categories", pack.categories)
        if rule is not None:
            item = rule_item(rule)
            names = ("origins", "places", "places_except", "instead_of")
            joined = {name: ", ".join(item.get(name, ())) for name in names}
            self.initial.update({**item, **item["citation"], **joined, "slug": item["id"]})

    def change(self, definition: Mapping[str, Any]) -> Mapping[str, Any]:
        values = {name: written(value) for name, value in self.cleaned_data.items() if value}
        citation = {name: values.pop(name) for name in CITATION if name in values}
        del values["revision"]
        self.place = f"rules[{values['slug']}]"
        rule = {"id": values.pop("slug"), "citation": citation, **values}
        return replace_rule(definition, rule, was=self.was)


class PublishForm(RefusedForm):
    because = forms.CharField(
        label="Reason", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )


def _country(label: str, empty: str, **options: Any) -> forms.ChoiceField:
    by_name = sorted(COUNTRIES, key=lambda code: COUNTRIES[code])
    choices = [("", empty), *((code, sentences.country(code)) for code in by_name)]
    return forms.ChoiceField(label=label, choices=choices, **options)


class TryForm(forms.Form):
    """A case in the address."""

    origin = _country("Origin", "–", help_text="Whose law the data is under")
    destination = _country("Destination", "–", help_text="Country where the data would be")
    operator = _country("Country of the operator’s owner", "not known", required=False)
    on = _day("Day", "Empty: today")
    data_categories = _several("Kinds of data", required=False)
    bases = _several("Bases on record", required=False)
    pack = forms.ModelChoiceField(
        RulePack.objects.all(),
        label="Rules",
        required=False,
        to_field_name="version",
        empty_label="Those in force",
    )
    groups = (
        ("Where the data lies", ("origin", "destination", "operator", "on", "pack")),
        ("The data", ("data_categories", "bases")),
    )

    def __init__(self, *args: Any, row: RulePack, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pack = queries.content_of(row)
        _offer(self, "data_categories", pack.categories)
        _offer(self, "bases", pack.bases)


class FootingForm(ObjectForm):
    """A row of one workload class."""

    begins_with = ("workload_class", "basis")

    class Meta:
        fields: tuple[str, ...] = ()

    workload_class = forms.ModelChoiceField(
        WorkloadClass.objects.order_by("name", "pk"), label="Workload class", to_field_name="slug"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            # The field uses the slug, but the model's initial value is the id.
            self.initial["workload_class"] = self.instance.workload_class.slug


class DataOriginForm(FootingForm):
    country = _country("Country", "–", help_text="Whose law the data of the class is under")

    class Meta(FootingForm.Meta):
        model = DataOrigin
        fields = ("workload_class", "country", "note")


class HeldBasisForm(FootingForm):
    destination = _country(
        "Destination",
        "wherever it goes",
        required=False,
        help_text="The country of the sites that the basis covers",
    )

    class Meta(FootingForm.Meta):
        model = HeldBasis
        fields = ("workload_class", "basis", "destination", "held_from", "held_until", "reference")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pack = queries.content_in_force()
        if pack is None:
            return
        bases = dict.fromkeys([*pack.bases_by_id, *([self.instance.basis] if self.instance.basis else [])])
        self.fields["basis"] = forms.ChoiceField(
            label="Basis",
            choices=[("", "–"), *((basis, sentences.basis(basis, pack)) for basis in bases)],
            help_text="A basis that the rules in force ask for",
        )
