"""Forms of campaigns and items. They read; the operations check and save."""

from datetime import datetime, timedelta
from typing import Any, cast

from django import forms

from accounts.models import User
from inventory.models import Site
from readiness.evidence.models import Tool, ValidationRun
from readiness.framework.core.definition import Framework
from readiness.golive.campaigns.planning import parts_by_runs
from readiness.golive.models import Campaign, CampaignItem, RunTarget
from web.forms import WITH_NEIGHBOURS, DayInput, PersonField, RefusedForm

USUAL = timedelta(days=42)
PEOPLE = User.objects.filter(is_active=True).order_by("username")


class CampaignsForm(RefusedForm):
    field_of = {"check_id": "check"}


def _day(label: Any, **given: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=DayInput(), validators=WITH_NEIGHBOURS, **given)


class RepeatForm(CampaignsForm):
    name = forms.CharField(label="Name", max_length=120)
    due_on = _day("Last day", help_text="By the site’s calendar.")
    counts_from = _day(
        "Count runs from",
        required=False,
        help_text="Runs taken before this day do not count. Empty: every run that counts at the site.",
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("due_on", now.date() + USUAL)


class CampaignForm(RepeatForm):
    site = forms.ModelChoiceField(
        Site.objects.exclude(stage=Site.Stage.RETIRED).order_by("name", "pk"),
        to_field_name="slug",
        label="Site",
    )
    note = forms.CharField(
        label="Note", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    field_order = ["site", "name", "due_on", "counts_from", "note"]

    def __init__(self, *args: Any, now: datetime, campaign: Campaign | None = None, **kwargs: Any) -> None:
        super().__init__(*args, now=now, **kwargs)
        if campaign is not None:
            del self.fields["site"]
            for name in self.fields:
                self.initial[name] = getattr(campaign, name)


class AssignForm(CampaignsForm):
    assignee = PersonField(PEOPLE, label="Person", required=False, empty_label="– nobody –")
    assigned_to = forms.CharField(
        label="Or somebody else",
        required=False,
        max_length=120,
        help_text="Who has no account here: a vendor, a contractor.",
    )
    due_on = _day("Due", required=False, help_text="Empty: the campaign’s own day.")
    how = forms.CharField(
        label="How", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, item: CampaignItem | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if item is not None:
            self.initial = {
                name: item.assignee_id if name == "assignee" else getattr(item, name) for name in self.fields
            }


class ItemForm(AssignForm):
    check = forms.ChoiceField(label="Check")
    parts = forms.MultipleChoiceField(
        label="Sub-measures", required=False, help_text="None: all that runs prove."
    )
    tool = forms.ChoiceField(label="Tool", choices=Tool.choices)
    scope = forms.ChoiceField(label="Scope", choices=ValidationRun.Scope.choices)
    targets = forms.ChoiceField(label="Made on", choices=RunTarget.choices)
    load = forms.ChoiceField(
        label="Load", required=False, choices=[("", "– any –"), *ValidationRun.Load.choices]
    )
    size_bytes = forms.IntegerField(
        label="Size", required=False, min_value=1, max_value=2**62, help_text="Message, bytes."
    )
    repeats = forms.IntegerField(label="Repeats", min_value=1, max_value=1000, initial=1)
    field_order = [
        *("check", "parts", "tool", "scope", "targets", "load", "size_bytes", "repeats", "how"),
        *("assignee", "assigned_to", "due_on"),
    ]

    def __init__(self, *args: Any, framework: Framework, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        proved = [check for check in framework.checks if parts_by_runs(check)]
        cast(forms.ChoiceField, self.fields["check"]).choices = [(check.id, check.name) for check in proved]
        cast(forms.MultipleChoiceField, self.fields["parts"]).choices = [
            (
                check.name,
                [
                    (f"{check.id}/{part.id}", part.name)
                    for part in check.parts
                    if part.id in parts_by_runs(check)
                ],
            )
            for check in proved
        ]

    def asked(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        check_id = given.pop("check")
        return given | {"check_id": check_id, "parts": [part.partition("/")[2] for part in given["parts"]]}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if any(part.partition("/")[0] != given.get("check") for part in given.get("parts", [])):
            self.add_error("parts", "These are of another check.")
        return given
