"""Rules for test reports."""

from typing import Any

from django import forms
from rest_framework import serializers

from readiness.assessment.evidence.models import ReportRule
from readiness.assessment.evidence.refusals import EvidenceRefused, value_in_unit
from readiness.assessment.evidence.rules import provable_parts
from readiness.assessment.evidence.tables import exact, tabs
from web.kinds.columns import plain
from web.kinds.declaring import ObjectForm, declared
from web.rest.serializers import ObjectSerializer

UNKNOWN = "No run proves {!r} by its name. A sub-measure that a tool proves needs the output of that tool."


def _choices() -> list[tuple[str, list[tuple[str, str]]]]:
    by_check: dict[str, list[tuple[str, str]]] = {}
    for measure, (check, part) in provable_parts().items():
        name = f"{part.name}, {part.unit}" if part.unit else part.name
        by_check.setdefault(check.name, []).append((measure, name))
    return [("", [("", "– choose –")]), *by_check.items()]


def _trouble(measure: str, value: float) -> tuple[str, str]:
    """Name the wrong field and the reason; both are empty for a valid rule."""
    entry = provable_parts().get(measure)
    if entry is None:
        return "measure", UNKNOWN.format(measure)
    try:
        value_in_unit(entry[1], value, "")
    except EvidenceRefused as error:
        return "value", error.reason
    return "", ""


class ReportRuleForm(ObjectForm):
    measure = forms.ChoiceField(label="Proves", choices=_choices)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if "measure" in values and values.get("value") is not None:
            field, reason = _trouble(values["measure"], values["value"])
            if reason:
                self.add_error(field, reason)
        return values


class CheckedRuleSerializer(ObjectSerializer):
    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = super().validate(attrs)
        before: Any = self.instance
        stored = {} if before is None else {"measure": before.measure, "value": before.value}
        rule: dict[str, Any] = stored | values
        field, reason = _trouble(rule["measure"], rule["value"])
        if reason:
            raise serializers.ValidationError({field: [reason]})
        return values


RULES = declared(
    ReportRule,
    ("pattern", "measure", "value", "note"),
    (
        plain("pattern", "Tests", locked=True, phone="title", code=True),
        plain("measure", "Prove", code=True),
        plain("value", "Value if they pass", text=lambda rule: exact(rule.value), numeric=True),
        "note",
    ),
    brief=("pattern", "measure"),
    search=("pattern", "measure", "note"),
    panel=("measure",),
    form=ReportRuleForm,
    serializer=CheckedRuleSerializer,
    room=("Evidence", "evidence"),
    address="report-rules",
    names={"list": "report-rules"},
    tabs=tabs,
    hint="What the suites of JUnit reports prove",
    then="It counts for reports that are imported from now on.",
    icon="list-details",
    empty={
        "title": "No rule yet",
        "text": "Muster refuses a JUnit report until a rule says what its tests prove.",
        "icon": "list-details",
    },
)
