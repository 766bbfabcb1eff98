"""Forms of the steps of a draft. They parse input; `core.editing` and the document check it."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from readiness.assessment.framework.core import editing, wording
from readiness.assessment.framework.core.definition import Check, Framework, Pillar, SubMeasure, Validity
from readiness.assessment.framework.core.thresholds import LabelledFigure, OperatorDecision
from readiness.assessment.framework.core.vocabulary import (
    Change,
    CheckState,
    Direction,
    EvidenceKind,
    Gate,
    Profile,
)
from web import yaml_documents
from web.versioned.core.documents import DocumentError, written
from web.versioned.core.files import parse
from web.versioned.forms import StepForm
from web.yaml_documents import MOST_BYTES

type Plain = Mapping[str, Any]

NONE, ANY, FIGURE = "none", "any", "figure"
ONE_SIDED = (Direction.HIGHER, Direction.LOWER)
_AGEING = ("valid_for_max_age", "valid_for_source", "valid_for_note", "valid_for_voided_by")


def _text(label: str, rows: int = 0, **options: Any) -> forms.CharField:
    if not rows:
        return forms.CharField(label=label, max_length=200, **options)
    return forms.CharField(label=label, widget=forms.Textarea(attrs={"rows": rows}), **options)


def _several(words: Iterable[Any], label: str, **options: Any) -> forms.MultipleChoiceField:
    labels = options.pop("labels", {})
    choices = [(str(word), labels.get(word, str(word))) for word in words]
    return forms.MultipleChoiceField(
        label=label, choices=choices, widget=forms.CheckboxSelectMultiple, **{"required": False, **options}
    )


def checks_by_pillar(framework: Framework) -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (pillar.name, [(check.id, check.name) for check in framework.checks_of(pillar.id)])
        for pillar in framework.pillars
    ]


class FrameworkForm(StepForm):
    """A step on the present definition; `decided` is the person who takes it, for own decisions."""

    def __init__(self, *args: Any, framework: Framework, decided: OperatorDecision, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.framework = framework
        self.decided = decided

    def begin_with(self, item: Plain, *names: str) -> None:
        self.initial.update({name: item[name] for name in names if name in item})

    def offer_sources(self, field: str, figure: LabelledFigure | None) -> None:
        """Offer the possible sources of a figure; the first choice keeps the present source, for an unchanged
        figure."""
        present = wording.source(figure) if figure else ""
        labels = [
            ("own", "Own decision, with a sentence"),
            *((label, f"{label}: {wording.LABELS[label]}") for label in ("OD", "J", "calc")),
        ]
        listed = [(source.id, f"{source.id}: {source.title}"[:100]) for source in self.framework.sources]
        present_source = ("", f"as it is: {present}" if present else "–")
        choices = [present_source, ("Without a publication", labels), ("Published", listed)]
        self.fields[field].choices = choices  # type: ignore[attr-defined]


class HeadForm(FrameworkForm):
    title = _text("Title")
    note = _text("Note", 5, required=False)
    weights_block = forms.IntegerField(label="Weight of BLOCK", min_value=0, max_value=100)
    weights_cond = forms.IntegerField(label="Weight of COND", min_value=0, max_value=100)
    sender_named = forms.ChoiceField(
        label="Sender-named runs",
        choices=[(str(word), text) for word, text in wording.SENDER_NAMED.items()],
        help_text="Runs whose file does not name the device; only the sender does.",
    )
    sections = (
        ("Words", ("title", "note")),
        ("Weights in the score", ("weights_block", "weights_cond")),
        ("Evidence", ("sender_named",)),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        weights = {f"weights_{gate.lower()}": weight for gate, weight in self.framework.weights.items()}
        words = {name: getattr(self.framework, name) for name in ("title", "note", "sender_named")}
        self.initial.update({**words, **weights})

    def change(self, definition: Plain) -> Plain:
        fields = self.cleaned_data
        weights = {"BLOCK": fields["weights_block"], "COND": fields["weights_cond"], "INFO": 0}
        words = {name: fields[name] for name in ("title", "note", "sender_named")}
        return {**definition, **words, "weights": weights}


class PillarForm(FrameworkForm):
    name = _text("Name")
    short_name = forms.CharField(label="Short name", max_length=40)
    question = _text("Question", 3)
    origin = _text("Origin")
    sections = (("Words", ("name", "short_name", "question", "origin")),)

    def __init__(self, *args: Any, pillar: Pillar, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pillar_id = pillar.id
        self.place = f"pillars[{pillar.id}]"
        self.begin_with(written(pillar), *self.sections[0][1])

    def change(self, definition: Plain) -> Plain:
        words = {name: self.cleaned_data[name] for name in self.sections[0][1]}
        return editing.replace_pillar(definition, self.pillar_id, words)


class RulesForm(FrameworkForm):
    """Adds the validity of evidence; takes the rarely used part of the item as YAML."""

    rules = forms.CharField(
        label="Rules", required=False, widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"})
    )
    valid_for_max_age = forms.CharField(
        label="Validity", max_length=20, help_text="How long evidence counts: 90s, 15m, 24h, 30d, or live"
    )
    valid_for_source = forms.ChoiceField(label="Source of the validity", required=False)
    valid_for_note = _text("Reason", 2, required=False)
    valid_for_voided_by = _several(Change, "Changes that void evidence")
    in_yaml: tuple[str, ...] = ()

    def begin_with_rules(self, item: Plain, validity: Validity) -> None:
        self.fields["rules"].help_text = ", ".join(f"`{name}`" for name in self.in_yaml)
        self.renamed = dict.fromkeys(self.in_yaml, "rules") | {"pass": "pass_kind", "warn": "warn_kind"}
        rules = {key: item[key] for key in self.in_yaml if key in item}
        self.initial["rules"] = yaml_documents.write(rules, width=90) if rules else ""
        self.validity = written(validity)
        ageing = {f"valid_for_{name}": value for name, value in self.validity.items()}
        self.initial.update({**ageing, "valid_for_source": ""})
        self.offer_sources("valid_for_source", validity)

    def clean_rules(self) -> dict[str, Any]:
        text = self.cleaned_data["rules"]
        if len(text) > MOST_BYTES:
            raise ValidationError("The text is too long.")
        try:
            read = parse(text, "rules") if text.strip() else {}
        except DocumentError as error:
            raise ValidationError(str(error)) from error
        if not isinstance(read, dict):
            raise ValidationError("Expected keys and values.")
        unknown = sorted(str(key) for key in read if key not in self.in_yaml)
        if unknown:
            allowed = f"there are {', '.join(self.in_yaml)}."
            raise ValidationError(f"{', '.join(unknown)} does not belong here; {allowed}")
        return {key: read.get(key) for key in self.in_yaml}

    def given_validity(self) -> dict[str, Any]:
        fields = self.cleaned_data
        entered = editing.GivenThreshold(
            source=fields["valid_for_source"], note=" ".join(fields["valid_for_note"].split())
        )
        age, voided_by = fields["valid_for_max_age"], fields["valid_for_voided_by"]
        return editing.validity(self.validity, age, voided_by, entered, self.decided)


class CheckForm(RulesForm):
    short_name = forms.CharField(
        label="Name", max_length=40, help_text="A short noun, such as Fabric bandwidth"
    )
    name = _text("Claim", help_text="The sentence that is true where the check passes")
    failing = _text("Where it does not pass", help_text="Follows the name, such as: too low")
    why = _text("Reason for the check", 3)
    how_to = _text("Steps to pass", 3)
    waits_for = _text("Evidence it needs", 2)
    note = _text("Note", 2, required=False)
    gate = forms.ChoiceField(
        label="Gate",
        choices=[
            ("BLOCK", "BLOCK: decides go-live"),
            ("COND", "COND: conditional without it"),
            ("INFO", "INFO: shown only"),
        ],
    )
    profiles = _several(
        Profile, "Profiles", required=True, help_text="Sites with one of these have the check."
    )
    states = _several(CheckState, "Possible states", required=True)
    evidence = _several(EvidenceKind, "Accepted evidence", labels=wording.EVIDENCE, required=True)
    in_yaml = ("gate_rules", "not_applicable", "minimums")
    sections = (
        ("Words", ("short_name", "name", "failing", "why", "how_to", "waits_for", "note")),
        ("Gate and scope", ("gate", "profiles", "states", "evidence")),
        ("Validity of evidence", _AGEING),
        ("Other gates, exclusions and minimums, as YAML", ("rules",)),
    )

    def __init__(self, *args: Any, check: Check, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.check_id = check.id
        self.place = f"checks[{check.id}]"
        item = {**written(check), "name": check.claim, "short_name": check.name, "failing": check.failing}
        self.begin_with(item, *self.sections[0][1], *self.sections[1][1])
        self.begin_with_rules(item, check.validity)

    def change(self, definition: Plain) -> Plain:
        words = {name: self.cleaned_data[name] for names in (0, 1) for name in self.sections[names][1]}
        rules = self.cleaned_data["rules"]
        return editing.replace_check(
            definition, self.check_id, {**words, "valid_for": self.given_validity(), **rules}
        )


class NumbersField(forms.CharField):
    def clean(self, value: Any) -> list[float]:
        text = super().clean(value)
        try:
            return [float(number) for number in text.replace(";", ",").split(",") if number.strip()]
        except ValueError as error:
            raise ValidationError("Enter numbers with commas between them, such as 1, 2, 4.") from error


class PartForm(RulesForm):
    """One sub-measure. The figures of its thresholds depend on its direction, and on whether the limit is the site's
    own."""

    name = _text("Name")
    measure = _text("Measure", 3)
    note = _text("Note", 2, required=False)
    gate = forms.ChoiceField(
        label="Gate",
        required=False,
        choices=[("", "as its check"), *((str(gate), str(gate)) for gate in Gate)],
        help_text="At most that of the check.",
    )
    own_validity = forms.BooleanField(label="Use another validity than the check", required=False)
    in_yaml = ("presets", "not_applicable", "profiles", "metrics", "worst_over", "evidence", "waits_for")

    def __init__(self, *args: Any, check: Check, part: SubMeasure, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.part, self.way = part, (check.id, part.id)
        self.place = f"checks[{check.id}].parts[{part.id}]"
        self.item = next(item for item in written(check)["parts"] if item["id"] == part.id)
        if part.unit:
            self.fields["measure"].help_text = f"In {part.unit}, which is fixed."
        if part.direction in ONE_SIDED:
            directions = [("higher", "higher is better"), ("lower", "lower is better")]
            self.fields["direction"] = forms.ChoiceField(label="Direction", choices=directions)
        for threshold in ("pass", "warn"):
            self._add_threshold(threshold)
        self.begin_with(self.item, "name", "measure", "note", "gate", "direction")
        self.initial["own_validity"] = "valid_for" in self.item
        self.begin_with_rules(self.item, part.validity)
        self.sections = (
            ("Words", ("name", "measure", "note", "direction", "gate")),
            ("Pass", self._names("pass")),
            ("Warn", self._names("warn")),
            ("Validity of evidence", ("own_validity", *_AGEING)),
            ("Presets, exclusions and the rest, as YAML", ("rules",)),
        )

    def _figures(self) -> tuple[str, ...]:
        match self.part.direction:
            case Direction.RANGE:
                return ("low", "high")
            case Direction.EQUAL:
                return ("values",)
            case _:
                return ("factor",) if self.part.limit_from else ("value",)

    def _names(self, name: str) -> tuple[str, ...]:
        return tuple(f"{name}_{each}" for each in ("kind", *self._figures(), "strict", "source", "note"))

    def _add_threshold(self, name: str) -> None:
        stored = self.item.get(name) or {}
        kinds = [(NONE, "none"), (FIGURE, "a figure"), (ANY, "any value that does not pass")]
        fields: dict[str, forms.Field] = {
            "kind": forms.ChoiceField(label="Threshold", choices=kinds if name == "warn" else kinds[:2]),
            **{figure: self._figure_field(figure) for figure in self._figures()},
            "strict": forms.BooleanField(label="The limit itself does not pass", required=False),
            "source": forms.ChoiceField(
                label="Source", required=False, help_text="Choose it again for a new figure."
            ),
            "note": _text(
                "Note", 2, required=False, help_text="Required if the source is your own decision."
            ),
        }
        if self.part.direction is Direction.EQUAL:
            del fields["strict"]
        self.fields.update({f"{name}_{key}": field for key, field in fields.items()})
        values = ", ".join(f"{value:g}" for value in stored.get("values", []))
        kind = ANY if stored.get("any") else FIGURE if stored else NONE
        begun = {**stored, "kind": kind, "values": values, "source": ""}
        self.initial.update({f"{name}_{key}": begun[key] for key in fields if key in begun})
        self.offer_sources(f"{name}_source", self.part.pass_at if name == "pass" else self.part.warn_at)

    def _figure_field(self, figure: str) -> forms.Field:
        if figure == "values":
            return NumbersField(label="Values", required=False, max_length=200)
        labels = {
            "value": "Figure",
            "low": "Lower limit",
            "high": "Upper limit",
            "factor": f"Factor on: {wording.limit_name(self.part, self.framework)}",
        }
        widget = forms.NumberInput(attrs={"step": "any"})
        field = forms.FloatField(label=labels[figure], required=False, widget=widget)
        field.unit = "" if figure == "factor" else self.part.unit  # type: ignore[attr-defined]
        return field

    def change(self, definition: Plain) -> Plain:
        values = self.cleaned_data
        fields = {name: values[name] for name in ("name", "measure", "note", "gate")} | values["rules"]
        if "direction" in values:
            fields["direction"] = values["direction"]
        for name in ("pass", "warn"):
            fields[name] = editing.threshold(
                name, self.item.get(name), self._entered_threshold(name), self.decided
            )
        fields["valid_for"] = self.given_validity() if values["own_validity"] else None
        return editing.replace_part(definition, *self.way, fields)

    def _entered_threshold(self, name: str) -> editing.GivenThreshold:
        fields = self.cleaned_data
        figures: dict[str, Any] = {}
        if fields[f"{name}_kind"] == ANY:
            figures = {"any": True}
        elif fields[f"{name}_kind"] == FIGURE:
            figures = {figure: fields[f"{name}_{figure}"] for figure in self._figures()}
            figures["strict"] = fields.get(f"{name}_strict", False)
        note = " ".join(fields[f"{name}_note"].split())
        return editing.GivenThreshold(figures, fields[f"{name}_source"], note)
