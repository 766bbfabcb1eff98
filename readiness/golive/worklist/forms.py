"""The forms of work items. They read; the operations check and save."""

from typing import Any, cast

from django import forms

from inventory.models import Site
from readiness.framework.core.definition import Framework
from readiness.golive.models import WorkItem
from readiness.golive.worklist import queries
from web.forms import DayInput, RefusedForm


class _Refusing(RefusedForm):
    field_of = {"check_id": "check", "owner_name": "owner"}


class _Planned(_Refusing):
    """The fields for the owner, the day and a note."""

    owner = forms.CharField(
        label="Owner",
        required=False,
        max_length=100,
        help_text="A username, or the name of a person or team that is no user.",
    )
    due_on = forms.DateField(
        label="Due", required=False, widget=DayInput(), help_text="Until the end of this day at the site."
    )
    note = forms.CharField(
        label="Note", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )

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


class SelectionForm(_Planned):
    """The form for what was selected elsewhere."""


class AddForm(_Planned):
    """The form for one check at one site."""

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
    """The form for those who do the work."""

    status = forms.ChoiceField(label="Status", choices=WorkItem.Status.choices)
    note = forms.CharField(
        label="Note", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def planned(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class ChangeForm(_Planned):
    """The form for everything in an item."""

    status = forms.ChoiceField(label="Status", choices=WorkItem.Status.choices)
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
