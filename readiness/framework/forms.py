"""Forms of the steps of a draft. They read; `readiness.framework.core.editing` and the loader say what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import User
from readiness.framework import operations
from readiness.framework.core import editing, wording
from readiness.framework.core.definition import Check, Framework, OperatorDecision, Pillar
from readiness.framework.core.loading import load_files, parse
from readiness.framework.core.packing import texts_of
from readiness.framework.core.reader import DefinitionError
from readiness.framework.core.vocabulary import Change, CheckState, EvidenceKind, Gate, Profile
from readiness.framework.lines import EVIDENCE
from readiness.framework.models import FrameworkVersion
from web import yaml_documents
from web.yaml_documents import MOST_BYTES

type Fields = Mapping[str, Any]


def text_area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


def several(words: Any, label: Any, **given: Any) -> forms.MultipleChoiceField:
    choices = [(str(word), given.get("labels", {}).get(word, str(word))) for word in words]
    return forms.MultipleChoiceField(
        label=label,
        choices=choices,
        required=given.get("required", False),
        help_text=given.get("help_text", ""),
        widget=forms.CheckboxSelectMultiple,
    )


class StepForm(forms.Form):
    """One step: `change` makes of the definition as it is what it shall be.

    `place` is the path of what is edited, so that a refusal of the loader is shown at the field that it names.
    """

    revision = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    place = ""
    sections: tuple[tuple[Any, tuple[str, ...]], ...] = ()

    def __init__(self, *args: Any, framework: Framework, decided: OperatorDecision, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.framework = framework
        self.decided = decided

    def change(self, definition: Fields) -> Fields:
        raise NotImplementedError

    def save(self, draft: FrameworkVersion, *, by: User, now: datetime) -> FrameworkVersion:
        """Take the step. Raises as `operations.edit` does."""
        return operations.edit(draft, self.change, revision=self.cleaned_data["revision"], by=by, now=now)

    def in_sections(self) -> list[dict[str, Any]]:
        """The fields by section, for the page."""
        return [
            {"title": title, "fields": [self[name] for name in names if name in self.fields]}
            for title, names in self.sections
            if any(name in self.fields for name in names)
        ]

    def refused(self, error: DefinitionError) -> None:
        inside = error.path.removeprefix(self.place).lstrip(".") if error.path.startswith(self.place) else ""
        steps = inside.split("[")[0].lower().split(".")
        if steps[0] in self.in_yaml:
            self.add_error("rules", str(error))
            return
        names = ["_".join(steps[:length]) for length in range(len(steps), 0, -1)]
        field = next((name for name in (*names, f"{steps[0]}_kind") if name in self.fields), None)
        self.add_error(field, error.message if field else str(error))

    in_yaml: tuple[str, ...] = ()

    def sources(self, present: str) -> list[tuple[str, Any]]:
        """Return where a figure may come from; the first keeps what stands, for a figure that is not new."""
        kept = [("", f"as it is: {present}" if present else "–")]
        labels: list[tuple[str, Any]] = [
            ("own", "Own decision, with a sentence"),
            *((label, f"{label}: {wording.LABELS[label]}") for label in ("OD", "J", "calc")),
        ]
        listed = [(source.id, f"{source.id}: {source.title}"[:100]) for source in self.framework.sources]
        return [*kept, ("Without a publication", labels), ("Published", listed)]


class HeadForm(StepForm):
    title = forms.CharField(label="Title", max_length=200)
    note = forms.CharField(label="Note", required=False, widget=text_area(5))
    weights_block = forms.IntegerField(label="Weight of BLOCK", min_value=0, max_value=100)
    weights_cond = forms.IntegerField(label="Weight of COND", min_value=0, max_value=100)
    sections = (
        ("Words", ("title", "note")),
        ("Weights in the score", ("weights_block", "weights_cond")),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.update(
            {
                "title": self.framework.title,
                "note": self.framework.note,
                "weights_block": self.framework.weights[Gate.BLOCK],
                "weights_cond": self.framework.weights[Gate.COND],
            }
        )

    def change(self, definition: Fields) -> Fields:
        given = self.cleaned_data
        weights = {"BLOCK": given["weights_block"], "COND": given["weights_cond"], "INFO": 0}
        return editing.with_head(
            {**definition, "note": ""}, {"title": given["title"], "note": given["note"], "weights": weights}
        )


class PillarForm(StepForm):
    name = forms.CharField(label="Name", max_length=200)
    short_name = forms.CharField(label="Short name", max_length=40)
    question = forms.CharField(label="Question", widget=text_area(3))
    origin = forms.CharField(label="Origin", max_length=200)
    sections = (("Words", ("name", "short_name", "question", "origin")),)

    def __init__(self, *args: Any, pillar: Pillar, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pillar = pillar
        self.place = f"pillars[{pillar.id}]"
        self.initial.update({name: getattr(pillar, name) for name in self.sections[0][1]})

    def change(self, definition: Fields) -> Fields:
        fields = {name: self.cleaned_data[name] for name in self.sections[0][1]}
        return editing.with_pillar(definition, self.pillar.id, fields)


class RulesForm(StepForm):
    """Takes as YAML the part of the definition that a form would only make longer."""

    rules = forms.CharField(
        label="Rules", required=False, widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"})
    )

    def rules_of(self, item: Fields) -> str:
        there = {key: item[key] for key in self.in_yaml if key in item}
        return yaml_documents.write(there, width=90) if there else ""

    def clean_rules(self) -> dict[str, Any]:
        text = self.cleaned_data["rules"]
        if len(text) > MOST_BYTES:
            raise ValidationError("This is too long.")
        try:
            read = parse(text, "rules") if text.strip() else {}
        except DefinitionError as error:
            raise ValidationError(str(error)) from error
        if not isinstance(read, dict):
            raise ValidationError("Expected keys and values.")
        unknown = sorted(str(key) for key in read if key not in self.in_yaml)
        if unknown:
            raise ValidationError(
                f"{', '.join(unknown)} does not belong here; there are {', '.join(self.in_yaml)}."
            )
        return {key: read.get(key) for key in self.in_yaml}


class CheckForm(RulesForm):
    name = forms.CharField(label="Name", max_length=200)
    why = forms.CharField(label="Why", widget=text_area(3))
    how_to = forms.CharField(label="How to meet it", widget=text_area(3))
    waits_for = forms.CharField(label="What it waits for", widget=text_area(2))
    note = forms.CharField(label="Note", required=False, widget=text_area(2))
    gate = forms.ChoiceField(
        label="Gate",
        choices=[
            ("BLOCK", "BLOCK: decides go-live"),
            ("COND", "COND: conditional without it"),
            ("INFO", "INFO: shown only"),
        ],
    )
    profiles = several(Profile, "Profiles", required=True, help_text="Sites of these it applies to.")
    states = several(CheckState, "States that it may have", required=True)
    evidence = several(EvidenceKind, "Evidence that proves it", labels=EVIDENCE, required=True)
    valid_for_max_age = forms.CharField(
        label="Evidence counts for", max_length=20, help_text="90s, 15m, 24h, 30d, or live"
    )
    valid_for_source = forms.ChoiceField(label="Where that comes from", required=False)
    valid_for_note = forms.CharField(label="Why so", required=False, widget=text_area(2))
    valid_for_voided_by = several(Change, "Changes that void it")
    in_yaml = ("gate_rules", "not_applicable")
    sections = (
        ("Words", ("name", "why", "how_to", "waits_for", "note")),
        ("What it decides", ("gate", "profiles", "states", "evidence")),
        (
            "How evidence ages",
            ("valid_for_max_age", "valid_for_source", "valid_for_note", "valid_for_voided_by"),
        ),
        ("Other gates and exclusions, as YAML", ("rules",)),
    )

    def __init__(self, *args: Any, check: Check, item: Fields, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.check, self.item = check, item
        self.place = f"checks[{check.id}]"
        self.fields["rules"].help_text = "`gate_rules` and `not_applicable`. The first rule that holds wins."
        self.initial.update(
            {
                **{
                    name: item.get(name, "")
                    for name in ("name", "why", "how_to", "waits_for", "note", "gate")
                },
                **{name: item.get(name, []) for name in ("profiles", "states", "evidence")},
                **validity_initial(item["valid_for"]),
                "rules": self.rules_of(item),
            }
        )
        choose_source(self, "valid_for_source", wording.source(check.validity))

    def change(self, definition: Fields) -> Fields:
        given = self.cleaned_data
        words = ("name", "why", "how_to", "waits_for", "note", "gate", "profiles", "states", "evidence")
        valid_for = validity_given(given, self.item["valid_for"], self.decided)
        fields = {name: given[name] for name in words} | {"valid_for": valid_for} | given["rules"]
        return editing.with_check(definition, self.check.id, fields)


def validity_initial(stored: Fields) -> dict[str, Any]:
    return {
        "valid_for_max_age": stored["max_age"],
        "valid_for_note": stored.get("note", ""),
        "valid_for_voided_by": stored.get("voided_by", []),
    }


def validity_given(given: Fields, before: Fields, decided: OperatorDecision) -> dict[str, Any]:
    return editing.validity(
        before,
        given["valid_for_max_age"],
        given["valid_for_voided_by"],
        editing.GivenThreshold(
            source=given["valid_for_source"], note=" ".join(given["valid_for_note"].split())
        ),
        decided,
    )


def choose_source(form: StepForm, name: str, present: str) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = form.sources(present)


class DefinitionImportForm(StepForm):
    """A file or a text that takes the place of all that the draft says."""

    file = forms.FileField(
        label="File",
        required=False,
        allow_empty_file=True,
        help_text="YAML, or a zip of index.yaml and the files that it lists; 1 MiB at most.",
    )
    text = forms.CharField(
        label="Or its text",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false"}),
    )
    sections = (("The definition", ("file", "text")),)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if bool(given.get("file")) == bool(given.get("text", "").strip()):
            raise ValidationError({"file": "Choose a file, or paste a text."})
        return given

    def save(self, draft: FrameworkVersion, *, by: User, now: datetime) -> FrameworkVersion:
        framework = load_files(self._texts())
        return operations.replace(draft, framework, revision=self.cleaned_data["revision"], by=by, now=now)

    def _texts(self) -> dict[str, str]:
        given = self.cleaned_data
        file = given.get("file")
        if file is None:
            return {"definition.yaml": given["text"]}
        if file.size > MOST_BYTES:
            raise DefinitionError(file.name, f"has more than {MOST_BYTES} bytes")
        return texts_of(file.name, file.read())

    def refused(self, error: DefinitionError) -> None:
        where = {"file": error.file, "line": error.line, "reason": str(error)}
        said = str(error)
        if error.file and error.line:
            said = "{file}, line {line}: {reason}".format(**where)
        elif error.file and error.file != error.path:
            said = "{file}: {reason}".format(**where)
        self.add_error("file" if self.cleaned_data.get("file") else "text", said)


class DraftForm(forms.Form):
    made_from = forms.ModelChoiceField(
        FrameworkVersion.objects.defer("definition"), label="Begins as", empty_label=None
    )
    version = forms.CharField(
        label="Name", max_length=50, required=False, help_text="Empty: the next number."
    )
