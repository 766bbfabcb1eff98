"""Forms of rules. They read; the loader says what does not hold together, and at which field."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import User
from readiness.framework.core.reader import DefinitionError
from readiness.jurisdiction import queries
from readiness.jurisdiction.core.deciding import Request
from readiness.jurisdiction.core.mapping import rule_mapping
from readiness.jurisdiction.core.pack import RulePackDocument
from readiness.jurisdiction.exporting import imported
from readiness.jurisdiction.models import Rule, RulePack
from readiness.jurisdiction.operations import edit, replace, with_rule
from readiness.jurisdiction.rows import rule_from
from web.forms import DayInput, RefusedForm
from web.yaml_documents import MOST_BYTES


class NamesField(forms.CharField):
    """Names with commas or spaces between them."""

    def clean(self, value: Any) -> Any:
        return [name for name in re.split(r"[\s,;]+", super().clean(value)) if name]


def _names(label: Any, help_text: Any = "", *, required: bool = False) -> NamesField:
    return NamesField(label=label, help_text=help_text, required=required, max_length=2000)


def _day(label: Any, help_text: Any = "") -> forms.DateField:
    return forms.DateField(label=label, required=False, widget=DayInput(), help_text=help_text)


class RuleForm(forms.Form):
    """One rule of a draft. `item` is the rule as the file has it."""

    revision = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    slug = forms.CharField(label="Slug", max_length=60, help_text="Small letters, digits and hyphens")
    title = forms.CharField(label="Title", max_length=200)
    kind = forms.ChoiceField(label="Question", choices=Rule.Kind)
    effect = forms.ChoiceField(label="Says", choices=Rule.Effect)
    bases = forms.MultipleChoiceField(
        label="Bases, of which any one will do", required=False, widget=forms.CheckboxSelectMultiple
    )
    jurisdiction = forms.CharField(label="Jurisdiction", max_length=100, help_text="Whose law it is")
    sector = forms.CharField(label="Sector", max_length=100, required=False)
    instrument = forms.CharField(label="Instrument", max_length=200)
    article = forms.CharField(label="Article", max_length=200)
    url = forms.CharField(label="Source", max_length=500, help_text="An address of the web")
    in_force_from = _day("In force from", "Empty: not known, so that the rule decides nothing")
    in_force_until = _day("In force until", "The last day; empty: open")
    checked_on = _day("Checked up to", "Up to when the source was read")
    origins = _names("Origins", "Whose law the data is under: country codes, groups, or any", required=True)
    categories = forms.MultipleChoiceField(label="Kinds of data", widget=forms.CheckboxSelectMultiple)
    places = _names(
        "Places",
        "Where it would lie, or from where the operator is controlled: country codes, groups, or any",
        required=True,
    )
    places_except = _names("Places left out")
    instead_of = _names("Instead of", "Slugs of general rules that do not count where this one does")
    note = forms.CharField(
        label="Note", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )
    sections = (
        ("What it says", ("slug", "title", "kind", "effect", "bases", "note")),
        ("Where it is written", ("jurisdiction", "sector", "instrument", "article", "url")),
        ("What it covers", ("origins", "categories", "places", "places_except", "instead_of")),
        ("When it holds", ("in_force_from", "in_force_until", "checked_on")),
    )

    def __init__(self, *args: Any, pack: RulePackDocument, rule: Rule | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rule = rule
        self.fields["bases"].choices = [(basis.id, basis.name) for basis in pack.bases]  # type: ignore[attr-defined]
        categories = [(category.id, category.name) for category in pack.categories]
        self.fields["categories"].choices = categories  # type: ignore[attr-defined]
        if rule is not None:
            item = rule_mapping(rule_from(rule))
            names = ("origins", "places", "places_except", "instead_of")
            joined = {name: ", ".join(item.get(name, ())) for name in names}
            self.initial.update({**item, **item["citation"], **joined, "slug": item["id"]})

    def in_sections(self) -> list[dict[str, Any]]:
        return [{"title": title, "fields": [self[name] for name in names]} for title, names in self.sections]

    def save(self, draft: RulePack, *, by: User, now: datetime) -> RulePack:
        return edit(draft, self.change, revision=self.cleaned_data["revision"], by=by, now=now)

    def change(self, definition: dict[str, Any]) -> dict[str, Any]:
        return with_rule(definition, self._item(), was=self.rule.slug if self.rule else "")

    def _item(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        given.pop("revision")
        cited = {name: given.pop(name) for name in ("instrument", "article", "url")}
        return {
            "id": given.pop("slug"),
            "citation": cited,
            **{
                name: value.isoformat() if isinstance(value, date) else value or ""
                for name, value in given.items()
            },
            **{name: list(given[name]) for name in ("bases", "instead_of", "places_except")},
        }

    def refused(self, error: DefinitionError) -> None:
        """Show the refusal at the field that the loader names."""
        place = f"rules[{self.cleaned_data.get('slug', '')}]"
        inside = error.path.removeprefix(place).lstrip(".") if error.path.startswith(place) else ""
        name = inside.removeprefix("citation.").split("[")[0]
        name = "slug" if (name in ("id", "") and inside != "") or error.path == place else name
        self.add_error(name if name in self.fields else None, error.message if inside else str(error))


class PackImportForm(forms.Form):
    """A file or a text that takes the place of all that the draft says."""

    revision = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
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
        return given

    def save(self, draft: RulePack, *, by: User, now: datetime) -> RulePack:
        file = self.cleaned_data.get("file")
        if file is None:
            pack = imported("definition.yaml", self.cleaned_data["text"].encode())
        else:
            pack = imported(file.name, file.read(MOST_BYTES + 1))
        return replace(draft, pack, revision=self.cleaned_data["revision"], by=by, now=now)

    def refused(self, error: DefinitionError) -> None:
        said = str(error)
        if error.line:
            said = f"line {error.line}: {error}"
        self.add_error("file" if self.cleaned_data.get("file") else "text", said)

    def in_sections(self) -> list[dict[str, Any]]:
        return [{"title": "The pack", "fields": [self["file"], self["text"]]}]


class PackDraftForm(RefusedForm):
    made_from = forms.ModelChoiceField(RulePack.objects.all(), label="Begins as", empty_label=None)
    version = forms.CharField(
        label="Version", max_length=50, required=False, help_text="The next number, if none"
    )


class PublishForm(RefusedForm):
    because = forms.CharField(
        label="Because", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )


class TryForm(forms.Form):
    """A case, in the address. Countries are codes; one that is none cannot be decided, and says so."""

    origin = forms.CharField(
        label="Origin", max_length=2, help_text="Whose law the data is under, such as DE"
    )
    destination = forms.CharField(label="Destination", max_length=2, help_text="Where it would lie")
    operator = forms.CharField(
        label="Operator controlled from", max_length=2, required=False, help_text="The owner’s country"
    )
    on = forms.DateField(label="On", required=False, widget=DayInput(), help_text="Today, if empty")
    data_categories = forms.MultipleChoiceField(
        label="Kinds of data", required=False, widget=forms.CheckboxSelectMultiple
    )
    bases = forms.MultipleChoiceField(
        label="Bases on record", required=False, widget=forms.CheckboxSelectMultiple
    )
    pack = forms.ModelChoiceField(
        RulePack.objects.all(),
        label="Rules",
        required=False,
        to_field_name="version",
        empty_label="Those in force",
    )

    def __init__(self, *args: Any, row: RulePack, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pack = queries.content_of(row)
        categories = [(category.id, category.name) for category in pack.categories]
        self.fields["data_categories"].choices = categories  # type: ignore[attr-defined]
        self.fields["bases"].choices = [(basis.id, basis.name) for basis in pack.bases]  # type: ignore[attr-defined]

    def asked(self, *, today: date) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "request": Request(
                origin=given["origin"].upper(),
                categories=frozenset(given["data_categories"]),
                destination=given["destination"].upper(),
                operator=given["operator"].upper(),
                bases=frozenset(given["bases"]),
            ),
            "on": given["on"] or today,
            "pack": given["pack"],
        }
