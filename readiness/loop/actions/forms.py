"""Forms of actions. They read; the operations check and save."""

from collections.abc import Mapping
from typing import Any

from django import forms

from inventory.forms import SiteField
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.forms import checks_by_pillar
from readiness.loop.actions.models import Action
from readiness.organisation.people.forms import PlainStepForm
from readiness.organisation.people.models import Person, Team
from web import scopes
from web.clock import now
from web.forms import DayField, PersonField, RefusedForm


def area(label: str, *, rows: int = 2, **options: Any) -> forms.CharField:
    usual: dict[str, Any] = {"required": False, "max_length": 2000}
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, widget=widget, **usual | options)


def check_choices(nothing: str) -> list[Any]:
    _version, framework = framework_queries.current()
    return [("", f"– {nothing} –"), *checks_by_pillar(framework)]


class ActionFields(RefusedForm):
    """The work, its owner and the effect that must be seen, at a site that is known already."""

    title = forms.CharField(label="Action", max_length=200)
    owner = PersonField(Person.objects.none(), label="Owner", required=False, empty_label="– nobody yet –")
    team = forms.ModelChoiceField(
        Team.objects.none(), label="Team", required=False, empty_label="– no team –"
    )
    due_on = DayField(label="Due date", required=False, help_text="Until the end of this day, in UTC.")
    effect = forms.ChoiceField(label="Effect to see", choices=Action.Effect.choices, widget=forms.RadioSelect)
    check_id = forms.ChoiceField(
        label="Check that passes afterwards",
        required=False,
        help_text="If the effect is that a check passes.",
    )
    effect_reason = forms.CharField(
        label="Reason for no effect", max_length=300, required=False, help_text="If no effect is to be seen."
    )
    note = area("Note")
    groups = (
        ("Action", ("title", "site", "owner", "team", "due_on", "note")),
        ("Effect", ("effect", "check_id", "effect_reason")),
    )

    def __init__(self, data: Any = None, files: Any = None, *, initial: Mapping[str, Any]) -> None:
        super().__init__(data, initial={"effect": Action.Effect.CHECK, **initial})
        at, fields = now(), dict[str, Any](self.fields)
        fields["owner"].queryset = Person.objects.present(at).order_by("name", "pk")
        fields["team"].queryset = Team.objects.present(at).order_by("name", "pk")
        fields["check_id"].choices = check_choices("none")


class PlannedActionForm(ActionFields):
    site = SiteField(required=False, empty_label="The whole fleet")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What is of the whole fleet is for users who see all sites.
        self.fields["site"].required = not scopes.sees_all()


def action_initial(action: Action) -> dict[str, Any]:
    names = ("title", "due_on", "effect", "check_id", "effect_reason", "note")
    return {name: getattr(action, name) for name in names} | {
        "owner": action.owner_id,
        "team": action.team_id,
    }


class FinishForm(RefusedForm):
    note = forms.CharField(label="Note", max_length=500, required=False)


class DropForm(RefusedForm):
    note = forms.CharField(label="Reason", max_length=500)


class ActionEvidenceForm(RefusedForm):
    evidence = forms.CharField(
        label="Evidence",
        max_length=500,
        help_text="Its address, or where it is kept. It is shown as entered.",
    )


class ReopenForm(PlainStepForm):
    submit = "Open it again"
    effect = "It counts as open again, and its effect as not seen."
