"""The form of one sub-measure. Which figures its thresholds have depends on its direction, and on whether the limit is
the site's own.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from readiness.framework.core import editing, wording
from readiness.framework.core.definition import Check, SubMeasure
from readiness.framework.core.vocabulary import Change, Direction
from readiness.framework.forms import (
    Fields,
    RulesForm,
    choose_source,
    several,
    text_area,
    validity_given,
    validity_initial,
)

NONE, ANY, FIGURE = "none", "any", "figure"
ONE_SIDED = (Direction.HIGHER, Direction.LOWER)


class NumbersField(forms.CharField):
    """Numbers parted by commas."""

    def clean(self, value: Any) -> list[float]:
        text = super().clean(value)
        try:
            return [float(number) for number in text.replace(";", ",").split(",") if number.strip()]
        except ValueError as error:
            raise ValidationError("Numbers, parted by commas.") from error


class PartForm(RulesForm):
    name = forms.CharField(label="Name", max_length=200)
    measure = forms.CharField(label="What is measured", widget=text_area(3))
    note = forms.CharField(label="Note", required=False, widget=text_area(2))
    gate = forms.ChoiceField(
        label="Gate",
        required=False,
        choices=[("", "as its check"), ("BLOCK", "BLOCK"), ("COND", "COND"), ("INFO", "INFO")],
        help_text="Never above its check.",
    )
    own_validity = forms.BooleanField(label="Counts otherwise than its check", required=False)
    valid_for_max_age = forms.CharField(
        label="Evidence counts for", max_length=20, help_text="90s, 15m, 24h, 30d, or live"
    )
    valid_for_source = forms.ChoiceField(label="Where that comes from", required=False)
    valid_for_note = forms.CharField(label="Why so", required=False, widget=text_area(2))
    valid_for_voided_by = several(Change, "Changes that void it")
    in_yaml = ("presets", "not_applicable", "profiles", "metrics", "worst_over", "evidence", "waits_for")

    def __init__(self, *args: Any, check: Check, part: SubMeasure, item: Fields, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.check, self.part, self.item = check, part, item
        self.place = f"checks[{check.id}].parts[{part.id}]"
        self.fields["rules"].help_text = ", ".join(f"`{name}`" for name in self.in_yaml)
        if part.unit:
            self.fields["measure"].help_text = f"In {part.unit}, which is fixed."
        self._add_direction()
        for threshold in ("pass", "warn"):
            self._add_threshold(threshold)
        choose_source(self, "valid_for_source", wording.source(part.validity))
        valid_for = item.get("valid_for") or check_validity(check)
        self.initial.update(
            {
                **{name: item.get(name, "") for name in ("name", "measure", "note", "gate")},
                **validity_initial(valid_for),
                "own_validity": "valid_for" in item,
                "rules": self.rules_of(item),
            }
        )
        self.sections = (
            ("Words", ("name", "measure", "note", "direction", "gate")),
            ("Pass", self._names("pass")),
            ("Warn", self._names("warn")),
            (
                "How evidence ages",
                (
                    "own_validity", "valid_for_max_age", "valid_for_source", "valid_for_note", "valid_for_voided_by",
                ),
            ),
            ("Presets, exclusions and the rest, as YAML", ("rules",)),
        )  # fmt: skip

    def _add_direction(self) -> None:
        if self.part.direction in ONE_SIDED:
            self.fields["direction"] = forms.ChoiceField(
                label="Direction",
                choices=[("higher", "higher is better"), ("lower", "lower is better")],
            )
            self.initial["direction"] = str(self.part.direction)

    def _figures(self) -> tuple[str, ...]:
        """The figures of a threshold, by the loader's names."""
        match self.part.direction:
            case Direction.RANGE:
                return ("low", "high")
            case Direction.EQUAL:
                return ("values",)
            case _:
                return ("factor",) if self.part.limit_from else ("value",)

    def _names(self, name: str) -> tuple[str, ...]:
        figures = tuple(f"{name}_{figure}" for figure in self._figures())
        return (f"{name}_kind", *figures, f"{name}_strict", f"{name}_source", f"{name}_note")

    def _add_threshold(self, name: str) -> None:
        stored = self.item.get(name) or {}
        kinds = [(NONE, "none"), (FIGURE, "a figure")]
        if name == "warn":
            kinds.append((ANY, "any value that does not pass"))
        self.fields[f"{name}_kind"] = forms.ChoiceField(label="Threshold", choices=kinds)
        self.initial[f"{name}_kind"] = ANY if stored.get("any") else FIGURE if stored else NONE
        for figure in self._figures():
            self.fields[f"{name}_{figure}"] = self._figure_field(figure)
            self.initial[f"{name}_{figure}"] = self._initial(figure, stored)
        if self.part.direction is not Direction.EQUAL:
            self.fields[f"{name}_strict"] = forms.BooleanField(
                label="The edge itself is outside", required=False
            )
            self.initial[f"{name}_strict"] = bool(stored.get("strict"))
        self.fields[f"{name}_source"] = forms.ChoiceField(
            label="Where it comes from",
            required=False,
            help_text="A new figure names its source anew.",
        )
        threshold = self.part.pass_at if name == "pass" else self.part.warn_at
        choose_source(self, f"{name}_source", wording.source(threshold) if threshold else "")
        self.fields[f"{name}_note"] = forms.CharField(
            label="Sentence",
            required=False,
            widget=text_area(2),
            help_text="Required for an own decision.",
        )
        self.initial[f"{name}_note"] = stored.get("note", "")

    def _figure_field(self, figure: str) -> forms.Field:
        unit = f" ({self.part.unit})" if self.part.unit else ""
        if figure == "values":
            return NumbersField(label="Values", required=False, max_length=200)
        labels = {
            "value": "Figure",
            "low": "From",
            "high": "To",
            "factor": f"Factor on: {wording.limit_name(self.part, self.framework)}",
        }
        label = str(labels[figure]) + ("" if figure == "factor" else unit)
        return forms.FloatField(label=label, required=False, widget=forms.NumberInput(attrs={"step": "any"}))

    def _initial(self, figure: str, stored: Fields) -> Any:
        if figure == "values":
            return ", ".join(f"{value:g}" for value in stored.get("values", []))
        return stored.get(figure)

    def change(self, definition: Fields) -> Fields:
        given = self.cleaned_data
        fields = {name: given[name] for name in ("name", "measure", "note", "gate")} | given["rules"]
        if "direction" in given:
            fields["direction"] = given["direction"]
        for name in ("pass", "warn"):
            before = self.item.get(name)
            fields[name] = editing.threshold(name, before, self._given(name), self.decided)
        before = self.item.get("valid_for") or check_validity(self.check)
        own = validity_given(given, before, self.decided) if given["own_validity"] else None
        fields["valid_for"] = own
        return editing.with_part(definition, self.check.id, self.part.id, fields)

    def _given(self, name: str) -> editing.GivenThreshold:
        given = self.cleaned_data
        kind = given[f"{name}_kind"]
        figures: dict[str, Any] = {}
        if kind == ANY:
            figures = {"any": True}
        elif kind == FIGURE:
            figures = {figure: given[f"{name}_{figure}"] for figure in self._figures()}
            figures["strict"] = given.get(f"{name}_strict", False)
        note = " ".join(given[f"{name}_note"].split())
        return editing.GivenThreshold(figures, given[f"{name}_source"], note)


def check_validity(check: Check) -> dict[str, Any]:
    """The check's own, as a sub-measure would begin with it."""
    validity = check.validity
    return {
        "max_age": wording.validity(validity),
        "source": validity.source,
        "note": validity.note,
        "voided_by": sorted(str(change) for change in validity.voided_by),
        **(
            {"decided_by": validity.decided.by, "decided_on": validity.decided.on} if validity.decided else {}
        ),
    }
