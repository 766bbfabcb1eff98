"""Forms of versions, of waivers, and of the decisions about them. They parse input; the operations check it."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from inventory.forms import SiteField
from inventory.models import Device, Region, Site
from inventory.queries import end_of_day
from readiness.assessment.grants.models import LONGEST
from readiness.assessment.standards.models import Standard, StandardVersion
from web import yaml_documents
from web.forms import WITH_NEIGHBOURS, DayField, RefusedForm
from web.yaml_documents import YamlError

EXAMPLE = """- id: switch-firmware
  title: Switches run the approved firmware
  subject: device
  roles: [switch]
  reads: firmware
  operator: at-least
  values: ["4.2"]
"""


class VersionForm(RefusedForm):
    version = forms.CharField(label="Version", max_length=30, help_text="Such as 4, or 2026-12.")
    note = forms.CharField(label="What changes", max_length=300, required=False)
    region = forms.ModelChoiceField(
        Region.objects.order_by("name", "pk"),
        to_field_name="slug",
        label="Region",
        required=False,
        empty_label="Everywhere",
        help_text="Where it applies, with the regions within.",
    )
    profile = forms.ChoiceField(
        label="Profile",
        required=False,
        choices=[("", "All sites"), *Site.Profile.choices],
        help_text="Only sites of this profile.",
    )
    rules = forms.CharField(
        label="Rules",
        strip=False,
        initial=EXAMPLE,
        widget=forms.Textarea(attrs={"rows": 18, "spellcheck": "false"}),
        help_text="A list in YAML. The guide “Standards” explains what a rule may hold.",
    )
    field_order = ("version", "note", "region", "profile", "rules")

    def clean_rules(self) -> Any:
        try:
            return yaml_documents.read(self.cleaned_data["rules"])
        except YamlError as error:
            raise ValidationError(f"This is no YAML: {error}") from error


def version_initial(version: StandardVersion) -> dict[str, Any]:
    return {
        "version": version.version,
        "note": version.note,
        "region": version.region.slug if version.region is not None else None,
        "profile": version.profile,
        "rules": yaml_documents.write(version.rules),
    }


def draft_initial(standard: Standard) -> dict[str, Any]:
    """A new draft begins with the scope and the rules of the version in force."""
    present = (
        standard.versions.filter(status=StandardVersion.Status.PUBLISHED).select_related("region").first()
    )
    return version_initial(present) | {"version": "", "note": ""} if present is not None else {}


class WaiverForm(RefusedForm):
    field_of: ClassVar = {"ends_at": "ends_on"}

    standard = forms.ModelChoiceField(
        Standard.objects.order_by("name", "pk"), to_field_name="slug", label="Standard"
    )
    rule = forms.CharField(
        label="Rule", max_length=64, required=False, help_text="Its id. Empty: every rule of the standard."
    )
    site = SiteField()
    device = forms.CharField(
        label="Device",
        max_length=100,
        required=False,
        help_text="Its name; its accelerators are covered too. Empty: all of the site.",
    )
    reason = forms.CharField(
        label="Reason",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Why it deviates, and what ends that. The approver reads this.",
    )
    ends_on = DayField(
        label="Last day",
        validators=WITH_NEIGHBOURS,
        help_text=f"At the end of this day the deviation counts again; {LONGEST.days} days at most.",
    )
    field_order = ("standard", "rule", "site", "device", "reason", "ends_on")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        site, name = values.get("site"), (values.get("device") or "").strip()
        values["device"] = None
        if site is not None and name:
            values["device"] = Device.objects.filter(site=site, name__iexact=name).first()
            if values["device"] is None:
                self.add_error("device", "The site has no device of this name.")
        return values

    def arguments(self) -> dict[str, Any]:
        values = dict(self.cleaned_data)
        return values | {"ends_at": end_of_day(values.pop("ends_on"), values["site"].time_zone)}


class RetireForm(RefusedForm):
    """Asks whether to retire a version."""


class NoteForm(RefusedForm):
    note = forms.CharField(
        label="Note", max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class ReasonForm(RefusedForm):
    note = forms.CharField(label="Reason", max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))
