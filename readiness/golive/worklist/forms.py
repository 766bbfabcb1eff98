"""The forms of work items. They read; the operations check and save."""

from typing import Any, cast

from django import forms

from inventory.models import Site
from readiness.framework.core.definition import Framework
from readiness.golive.models import WorkItem
from readiness.golive.worklist import queries
from web.forms import DayInput, RefusedForm


def _note() -> forms.CharField:
    rows = forms.Textarea(attrs={"rows": 3})
    return forms.CharField(label="Note", required=False, max_length=2000, widget=rows)


def _status() -> forms.ChoiceField:
    return forms.ChoiceField(label="Status", choices=WorkItem.Status.choices)


class _Refusing(RefusedForm):
    field_of = {"check_id": "check", "owner_name": "owner"}


class PlannedForm(_Refusing):
    owner = forms.CharField(
        label="Owner",
        required=False,
        max_length=100,
        help_text="A username, or the name of a person or team that is no user.",
    )
    due_on = forms.DateField(
        label="Due", required=False, widget=DayInput(), help_text="Until the end of this day at the site."
    )
    note = _note()

    def planned(self) -> dict[str, Any]:
        """The arguments that the operations take. A name that is a username means the user."""
        name = self.cleaned_data["owner"].strip()
        user = queries.user_named(name)
        return {
            "owner": user,
            "owner_name": "" if user else name,
            "due_on": self.cleaned_data["due_on"],
            "note": self.cleaned_data["note"],
        }


class AddForm(PlannedForm):
    site = forms.ModelChoiceField(
        Site.objects.exclude(stage=Site.Stage.RETIRED).order_by("name", "pk"),
        to_field_name="slug",
        label="Site",
    )
    check = forms.ChoiceField(label="Check")
    field_order = ("site", "check", "owner", "due_on", "note")

    def __init__(self, *args: Any, framework: Framework, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["check"]).choices = [
            (pillar.name, [(check.id, check.name) for check in framework.checks_of(pillar.id)])
            for pillar in framework.pillars
        ]


class ProgressForm(_Refusing):
    status = _status()
    note = _note()

    def planned(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class ChangeForm(PlannedForm):
    status = _status()
    field_order = ("status", "owner", "due_on", "note")

    def planned(self) -> dict[str, Any]:
        return super().planned() | {"status": self.cleaned_data["status"]}


def initial_of(item: WorkItem) -> dict[str, Any]:
    return {
        "status": item.status,
        "owner": item.owner.username if item.owner else item.owner_name,
        "due_on": item.due_on,
        "note": item.note,
    }
