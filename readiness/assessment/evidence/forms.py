"""Forms of runs, facts, attestations, limits and floors. They parse input; the operations check and save."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import User
from inventory.forms import SiteField
from readiness.assessment.evidence.core.limits import OF_CLASS, OF_PLATFORM, presets_of
from readiness.assessment.evidence.core.parsers import ParseError
from readiness.assessment.evidence.models import Floor, Tool, ValidationRun
from readiness.assessment.evidence.operations import RunContext
from readiness.assessment.evidence.refusals import EvidenceRefused
from readiness.assessment.evidence.uploads import content_of
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import LimitKind, SubMeasure
from readiness.assessment.framework.forms import checks_by_pillar
from readiness.demand.workloads.models import WorkloadClass
from telemetry.models import SourceProvenance
from web import clock
from web.forms import DayField, MinuteInput, PersonField, RefusedForm
from web.versioned.core.documents import LARGEST


def _today() -> date:
    return clock.now().date()


def _provenance(initial: SourceProvenance, **options: Any) -> forms.ChoiceField:
    choices = SourceProvenance.choices
    return forms.ChoiceField(label="Provenance", choices=choices, initial=initial, required=False, **options)


class EvidenceForm(RefusedForm):
    """Shows refusals of the operation at the field concerned. `arguments` holds the arguments of the operation."""

    refusals = (ParseError, EvidenceRefused, ValidationError)

    def refused(self, error: ParseError | EvidenceRefused | ValidationError) -> None:
        if isinstance(error, ParseError):
            self.add_error("file", str(error))
        elif isinstance(error, EvidenceRefused):
            self.add_error(error.field if error.field in self.fields else None, error.reason)
        else:
            super().refused(error)


def names_in(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


class RunForm(EvidenceForm):
    file = forms.FileField(
        label="File",
        allow_empty_file=True,
        help_text="The tool's output as it is: text, JSON or CSV, 5 MiB at most.",
    )
    tool = forms.ChoiceField(
        label="Tool",
        required=False,
        choices=[("", "– recognise by the file –"), *Tool.choices],
        help_text="Muster refuses a file that looks like another tool's.",
    )
    site = SiteField()
    load = forms.ChoiceField(
        label="Load",
        required=False,
        choices=[("", "– not stated –"), *ValidationRun.Load.choices],
        help_text="Latency counts only if the same path was measured both idle and under load.",
    )
    devices = forms.CharField(
        label="Devices",
        required=False,
        max_length=2000,
        help_text="Names at the site with commas between, first where the tool ran. Empty: the hosts in the file.",
    )
    platform = forms.CharField(
        label="Platform",
        required=False,
        max_length=100,
        help_text="The device type that you expect. A run on another type is refused; floors come from the inventory.",
    )
    taken_at = forms.DateTimeField(
        label="Measured at",
        required=False,
        widget=MinuteInput(),
        help_text="In your time zone. Used only if the file has no time of its own. Empty: now.",
    )
    provenance = _provenance(
        SourceProvenance.MEASURED,
        help_text="What the figures are; a simulation is never shown as a measurement.",
    )
    note = forms.CharField(label="Note", required=False, max_length=200)

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        names = names_in(values["devices"])
        stated = {key: values[key] for key in ("load", "platform", "taken_at", "note")}
        provenance = values["provenance"] or SourceProvenance.MEASURED
        return {
            "site": values["site"],
            "tool": values["tool"],
            "content": content_of(values["file"]),
            "file_name": values["file"].name,
            "context": RunContext(device_names=names, provenance=provenance, **stated),
        }


class WithdrawRunForm(RefusedForm):
    reason = forms.CharField(
        label="Reason",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="It stays in the history.",
    )


class MoveRunForm(EvidenceForm):
    site = SiteField()
    devices = forms.CharField(
        label="Devices",
        required=False,
        max_length=2000,
        help_text="Names at the site with commas between, first where the tool ran. Empty: the hosts in the file.",
    )
    reason = WithdrawRunForm.base_fields["reason"]

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {
            "site": values["site"],
            "device_names": names_in(values["devices"]),
            "reason": values["reason"],
        }


class StatementForm(EvidenceForm):
    site = SiteField()
    check = forms.ChoiceField(label="Check")
    part = forms.ChoiceField(label="Sub-measure")
    value = forms.FloatField(label="Value")
    taken_on = DayField(
        label="Day", initial=_today, help_text="The day on which it was true, in the site's time zone."
    )
    provenance = _provenance(SourceProvenance.DECLARED)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _version, framework = framework_queries.current()
        checks, parts = self.fields["check"], self.fields["part"]
        assert isinstance(checks, forms.ChoiceField)
        assert isinstance(parts, forms.ChoiceField)
        checks.choices = checks_by_pillar(framework)
        chosen_check = framework.checks_by_id.get(
            str(self.data.get("check") or self.initial.get("check") or "")
        )
        whole = [] if parts.required else [("", "– the whole check –")]
        of_whom = [chosen_check] if chosen_check else framework.checks
        parts.choices = [
            *whole,
            *((check.name, [_choice(part) for part in check.parts]) for check in of_whom),
        ]

    def arguments(self) -> dict[str, Any]:
        return self.cleaned_data | {
            "provenance": self.cleaned_data["provenance"] or SourceProvenance.DECLARED
        }


class FactForm(StatementForm):
    unit = forms.CharField(
        label="Unit", required=False, max_length=16, help_text="Empty: the sub-measure's own."
    )
    source = forms.CharField(
        label="Source",
        max_length=200,
        help_text="Where the value comes from: a report, a system, a page.",
    )
    note = forms.CharField(label="Note", required=False, max_length=200)

    field_order = ["site", "check", "part", "value", "unit", "taken_on", "source", "provenance", "note"]


class AccountField(PersonField):
    """Lists accounts by the people who sign in with them."""

    def label_from_instance(self, obj: Any) -> str:
        person = getattr(obj, "person", None)
        name = str(person or obj)
        return name if name == obj.username else f"{name} ({obj.username})"


class AttestationForm(StatementForm):
    part = forms.ChoiceField(
        label="Sub-measure", required=False, help_text="Choose one to prove it with the value below."
    )
    value = forms.FloatField(label="Value", required=False, help_text="In the sub-measure's unit.")
    statement = forms.CharField(label="Statement", max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    attester = AccountField(
        User.objects.filter(is_active=True).select_related("person").order_by("username"),
        to_field_name="username",
        label="Account of the person",
        required=False,
        empty_label="– a person without an account –",
        help_text="Only this person can confirm it. Without an account, a second person confirms having seen the"
        " signed document.",
    )
    attested_by = forms.CharField(
        label="Attested by",
        required=False,
        max_length=100,
        help_text="Who says so. Empty: the person of the account.",
    )
    valid_until = DayField(
        label="Valid until",
        required=False,
        help_text="The last day. Empty: as long as evidence of the check counts.",
    )
    workload_classes = forms.ModelMultipleChoiceField(
        WorkloadClass.objects.order_by("name", "pk"),
        to_field_name="slug",
        label="Workload classes",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Choose classes if the statement is only about them. It then proves nothing for the whole site.",
    )
    link = forms.URLField(label="Link", required=False, max_length=500, assume_scheme="https")
    document = forms.CharField(
        label="Document", required=False, max_length=200, help_text="Name, number and page."
    )

    field_order = [
        *("site", "check", "part", "value", "workload_classes", "statement", "attester"),
        *("attested_by", "taken_on"),
        "valid_until",
    ]
    groups = (
        ("Statement", ("site", "check", "part", "value", "workload_classes", "statement")),
        ("Person and validity", ("attester", "attested_by", "taken_on", "valid_until", "provenance")),
        ("Document", ("link", "document")),
    )

    def arguments(self) -> dict[str, Any]:
        slugs = [each.slug for each in self.cleaned_data["workload_classes"]]
        return super().arguments() | {"workload_classes": slugs}


class LimitForm(EvidenceForm):
    """Takes either a site or a class, and either a value or a preset; the operation checks that."""

    limit = forms.ChoiceField(label="Limit")
    site = SiteField(required=False, help_text="Either a site …")
    workload_class = forms.ModelChoiceField(
        WorkloadClass.objects.order_by("name", "pk"),
        to_field_name="slug",
        required=False,
        label="Workload class",
        help_text="… or a class: it then binds every site where the class is placed.",
    )
    value = forms.FloatField(label="Value", required=False)
    unit = forms.CharField(label="Unit", required=False, max_length=16, help_text="Empty: the limit's own.")
    preset = forms.ChoiceField(label="Preset", required=False, help_text="In place of a value.")
    declared_on = DayField(
        label="In force from",
        initial=_today,
        help_text="It holds from the start of this day, by the site's calendar. A day to come is fine.",
    )
    source = forms.CharField(
        label="Source",
        max_length=200,
        help_text="Where it comes from: a contract, a law, a design document.",
    )
    note = forms.CharField(label="Note", required=False, max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _version, framework = framework_queries.current()
        limits, presets = self.fields["limit"], self.fields["preset"]
        assert isinstance(limits, forms.ChoiceField)
        assert isinstance(presets, forms.ChoiceField)
        kinds = [kind for kind in framework.limits if kind.declared_on != OF_PLATFORM]
        of_class = [kind for kind in kinds if kind.declared_on == OF_CLASS]
        limits.choices = [
            ("Of a site", [_choice(kind) for kind in kinds if kind not in of_class]),
            ("Of a workload class or a site", [_choice(kind) for kind in of_class]),
        ]
        limit_id = str(self.data.get("limit") or self.initial.get("limit") or "")
        offered_kinds = [kind for kind in kinds if kind.id == limit_id] or kinds
        groups = [
            (kind.name, [(preset.id, preset.name) for preset in presets_of(framework, kind.id).values()])
            for kind in offered_kinds
        ]
        presets.choices = [("", "– none –"), *(group for group in groups if group[1])]


def _choice(measure: LimitKind | SubMeasure) -> tuple[str, str]:
    return measure.id, f"{measure.name}, {measure.unit}" if measure.unit else measure.name


class FloorForm(forms.ModelForm):
    def clean_value(self) -> float:
        value: float = self.cleaned_data["value"]
        if value > LARGEST:
            raise ValidationError("This number is too large.")
        return value

    class Meta:
        model = Floor
        fields = ["platform", "tool", "measure", "operation", "size_bytes", "value", "unit", "source", "note"]
        help_texts = {
            "platform": "A device type's slug, or the name that runs are given.",
            "measure": "As the tool's figures are named: busbw of nccl-tests, bandwidth of perftest.",
            "operation": "Such as `all_reduce` or `write`. Empty: any.",
            "size_bytes": "Bytes, such as 17179869184 for 16 GiB. Empty: it holds at any size.",
        }


class FileForm(EvidenceForm):
    file = forms.FileField(label="File", allow_empty_file=True)

    def arguments(self) -> dict[str, Any]:
        return self.cleaned_data | {"content": content_of(self.cleaned_data.pop("file"))}


class ConfigurationForm(FileForm):
    file = forms.FileField(
        label="File", allow_empty_file=True, help_text="A node-health configuration, *.conf."
    )
    platform = forms.CharField(label="Platform", max_length=100)
    source = forms.CharField(
        label="Source", required=False, max_length=200, help_text="Empty: the file's name."
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if "file" in values and "source" in values:
            values["source"] = values["source"] or values["file"].name[:200]
        return values
