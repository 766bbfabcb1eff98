"""Forms of runs, facts, attestations, limits and floors. They read; the operations check and save."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from inventory.models import Device, Site
from readiness.evidence.core.limits import OF_CLASS, OF_PLATFORM, presets_of
from readiness.evidence.core.parsers import ParseError
from readiness.evidence.models import Floor, Tool, ValidationRun
from readiness.evidence.models.runs import MOST_BYTES
from readiness.evidence.operations import RunContext
from readiness.evidence.refusals import EvidenceRefused
from readiness.evidence.uploads import content_of
from readiness.framework import queries as framework_queries
from readiness.framework.core.definition import LimitKind
from readiness.workloads.models import WorkloadClass
from telemetry.models import SourceProvenance
from web import clock
from web.forms import DayInput
from web.versioned.core.documents import LARGEST


def _today() -> date:
    return clock.now().date()


class EvidenceForm(forms.Form):
    """Shows what an operation refused at the field that it is about. `asked` is what the operation takes."""

    refusals = (ParseError, EvidenceRefused, ValidationError)

    def refused(self, error: ParseError | EvidenceRefused | ValidationError) -> None:
        if isinstance(error, ParseError):
            where = f"Line {error.line}: {error.reason}"
            self.add_error("file", where)
        elif isinstance(error, EvidenceRefused):
            self.add_error(error.field if error.field in self.fields else None, error.reason)
        elif hasattr(error, "error_dict"):
            for name, messages in error.message_dict.items():
                self.add_error(name if name in self.fields else None, messages)
        else:
            self.add_error(None, error.messages)

    def asked(self) -> dict[str, Any]:
        return self.cleaned_data


class RunForm(EvidenceForm):
    file = forms.FileField(
        label="File",
        allow_empty_file=True,
        help_text="The tool's output as it is: text, JSON or CSV, 5 MiB at most.",
    )
    tool = forms.ChoiceField(label="Tool", choices=Tool.choices)
    site = forms.ModelChoiceField(
        Site.objects.exclude(stage=Site.Stage.RETIRED).order_by("name", "pk"),
        to_field_name="slug",
        label="Site",
    )
    load = forms.ChoiceField(
        label="Load",
        required=False,
        choices=[("", "– the run does not say –"), *ValidationRun.Load.choices],
        help_text="Latency counts only where the same path was measured idle and under background load.",
    )
    devices = forms.CharField(
        label="Devices",
        required=False,
        max_length=2000,
        help_text="Names at the site, parted by commas. Empty: those that the file's hosts name.",
    )
    platform = forms.CharField(
        label="Platform",
        required=False,
        max_length=100,
        help_text="Whose floors it is judged by. Empty: the devices' type.",
    )
    taken_at = forms.DateTimeField(
        label="Taken",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="Counts only where the file has no time of its own. Empty: now.",
    )
    provenance = forms.ChoiceField(
        label="Provenance",
        choices=SourceProvenance.choices,
        initial=SourceProvenance.MEASURED,
        required=False,
        help_text="What the figures are; a simulation is never shown as a measurement.",
    )
    note = forms.CharField(label="Note", required=False, max_length=200)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise ValidationError("This is larger than 5 MiB.")
        return file

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        names = [name.strip() for name in given.get("devices", "").split(",") if name.strip()]
        given["devices_named"] = None
        if names and given.get("site"):
            devices = list(
                Device.objects.filter(site=given["site"], name__in=names).select_related("device_type")
            )
            missing = sorted(set(names) - {device.name for device in devices})
            if missing:
                self.add_error("devices", f"The site has no device {', '.join(missing)}.")
            given["devices_named"] = devices
        return given

    def asked(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "site": given["site"],
            "tool": given["tool"],
            "content": given["file"].read(),
            "file_name": given["file"].name,
            "context": RunContext(
                load=given["load"],
                devices=given["devices_named"],
                platform=given["platform"],
                taken_at=given["taken_at"],
                note=given["note"],
                provenance=given["provenance"] or SourceProvenance.MEASURED,
            ),
        }


class StatementForm(EvidenceForm):
    """Fields that facts and attestations have in common."""

    site = forms.ModelChoiceField(
        Site.objects.exclude(stage=Site.Stage.RETIRED).order_by("name", "pk"),
        to_field_name="slug",
        label="Site",
    )
    check = forms.ChoiceField(label="Check")
    part = forms.ChoiceField(label="Sub-measure")
    value = forms.FloatField(label="Value")
    taken_on = forms.DateField(
        label="Day",
        initial=_today,
        widget=DayInput(),
        help_text="The day it was true, by the site's calendar.",
    )
    provenance = forms.ChoiceField(
        label="Provenance",
        choices=SourceProvenance.choices,
        initial=SourceProvenance.DECLARED,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _version, framework = framework_queries.current()
        checks, parts = self.fields["check"], self.fields["part"]
        assert isinstance(checks, forms.ChoiceField)
        assert isinstance(parts, forms.ChoiceField)
        checks.choices = [
            (pillar.name, [(check.id, check.name) for check in framework.checks_of(pillar.id)])
            for pillar in framework.pillars
        ]
        asked = framework.checks_by_id.get(str(self.data.get("check") or self.initial.get("check") or ""))
        whole = [] if parts.required else [("", "– the whole check –")]
        parts.choices = [
            *whole,
            *(
                (
                    check.name,
                    [
                        (part.id, f"{part.name}, {part.unit}" if part.unit else part.name)
                        for part in check.parts
                    ],
                )
                for check in ([asked] if asked else framework.checks)
            ),
        ]

    def asked(self) -> dict[str, Any]:
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


class AttestationForm(StatementForm):
    part = forms.ChoiceField(
        label="Sub-measure", required=False, help_text="With one, the value below proves it."
    )
    value = forms.FloatField(label="Value", required=False, help_text="In the sub-measure's unit.")
    statement = forms.CharField(label="Statement", max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    attested_by = forms.CharField(label="Attested by", max_length=100, help_text="Who says so.")
    valid_until = forms.DateField(
        label="Valid until",
        required=False,
        widget=DayInput(),
        help_text="The last day it holds. Empty: as long as the check's evidence counts.",
    )
    workload_classes = forms.ModelMultipleChoiceField(
        WorkloadClass.objects.order_by("name", "pk"),
        to_field_name="slug",
        label="Workload classes",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Only if it is of some classes alone; it then proves nothing of the site as a whole.",
    )
    link = forms.URLField(label="Link", required=False, max_length=500, assume_scheme="https")
    document = forms.CharField(
        label="Document", required=False, max_length=200, help_text="Name, number and page."
    )

    field_order = [
        *("site", "check", "part", "value", "workload_classes", "statement", "attested_by", "taken_on"),
        "valid_until",
    ]

    def asked(self) -> dict[str, Any]:
        named = [each.slug for each in self.cleaned_data["workload_classes"]]
        return super().asked() | {"workload_classes": named}


class LimitForm(EvidenceForm):
    """One of site and class, one of value and preset: the operation says so where it is otherwise."""

    limit = forms.ChoiceField(label="Limit")
    site = forms.ModelChoiceField(
        Site.objects.exclude(stage=Site.Stage.RETIRED).order_by("name", "pk"),
        to_field_name="slug",
        required=False,
        label="Site",
        help_text="Either a site …",
    )
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
    declared_on = forms.DateField(
        label="In force from",
        initial=_today,
        widget=DayInput(),
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
        asked = str(self.data.get("limit") or self.initial.get("limit") or "")
        shown = [kind for kind in kinds if kind.id == asked] or kinds
        groups = [
            (kind.name, [(preset.id, preset.name) for preset in presets_of(framework, kind.id).values()])
            for kind in shown
        ]
        presets.choices = [("", "– none –"), *(group for group in groups if group[1])]


def _choice(kind: LimitKind) -> tuple[str, str]:
    return kind.id, f"{kind.name}, {kind.unit}" if kind.unit else kind.name


class FloorForm(forms.ModelForm):
    def clean_value(self) -> float:
        value: float = self.cleaned_data["value"]
        if value > LARGEST:
            raise ValidationError("No figure is as large as this.")
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
    """All of a file or nothing."""

    file = forms.FileField(label="File", allow_empty_file=True)

    def asked(self) -> dict[str, Any]:
        return self.cleaned_data | {"content": content_of(self.cleaned_data.pop("file"))}


class ConfigurationForm(FileForm):
    """Floors of a node-health configuration."""

    file = forms.FileField(
        label="File", allow_empty_file=True, help_text="A node-health configuration, *.conf."
    )
    platform = forms.CharField(label="Platform", max_length=100)
    source = forms.CharField(
        label="Source", required=False, max_length=200, help_text="Empty: the file's name."
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if "file" in given and "source" in given:
            given["source"] = given["source"] or given["file"].name[:200]
        return given
