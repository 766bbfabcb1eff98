"""Forms of ownership. They parse input; the operations check and save."""

from datetime import datetime, timedelta
from typing import Any, cast

from django import forms

from inventory.models import Site
from inventory.queries import end_of_day
from readiness.organisation.ownership.operations import Proposal
from readiness.organisation.people.models import Person, Team
from web.forms import WITH_NEIGHBOURS, DayField, RefusedForm, ShownForm

Cells = list[tuple[Site, str]]


class PersonChoice(forms.ModelChoiceField):
    """Chooses people by id and shows them with their teams, because two people may share a name."""

    def label_from_instance(self, obj: Any) -> str:
        teams = ", ".join(team.name for team in obj.teams.all())
        return f"{obj.name} ({teams})" if teams else obj.name


def _present(now: datetime) -> Any:
    return Person.objects.present(now).prefetch_related("teams").order_by("name", "pk")


class ProposeForm(RefusedForm):
    """Asks who should own what. Days follow the calendar of each site."""

    field_of = {"effective_at": "begins_on"}

    accountable = PersonChoice(Person.objects.none(), label="Accountable")
    team = forms.ModelChoiceField(Team.objects.none(), to_field_name="slug", label="Team")
    deputy = PersonChoice(
        Person.objects.none(),
        label="Deputy",
        required=False,
        help_text="Stands in when the accountable person is away. Without a deputy the item does not count as owned.",
    )
    responsible = forms.ModelChoiceField(
        Team.objects.none(),
        to_field_name="slug",
        label="Responsible",
        required=False,
        help_text="The team that does the work. Empty: the team above.",
    )
    decision_rights = forms.CharField(
        label="Decision rights",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What the accountable person may decide alone.",
    )
    escalation = forms.CharField(
        label="Escalation route",
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Whom to call, in which order, and how. Without an escalation route, assets do not count as owned.",
    )
    begins_on = DayField(
        label="First day",
        required=False,
        validators=WITH_NEIGHBOURS,
        help_text="Empty: as soon as the person accepts. Until then the present owner stays.",
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        people = _present(now)
        _choice(self, "accountable").queryset = people.filter(user__isnull=False)
        _choice(self, "deputy").queryset = people
        for name in ("team", "responsible"):
            _choice(self, name).queryset = Team.objects.present(now).order_by("name", "pk")

    def cautions(self) -> list[str]:
        """Reasons to reconsider a valid proposal."""
        accountable, team = self.cleaned_data["accountable"], self.cleaned_data["team"]
        cautions = []
        if team not in accountable.teams.all():
            cautions.append(f"{accountable.name} is not a member of {team.name}.")
        if self.cleaned_data["deputy"] is None:
            cautions.append("No deputy is named. The item will not count as owned until it has a deputy.")
        return cautions

    def proposals(self, cells: Cells) -> list[Proposal]:
        values = dict(self.cleaned_data)
        day = values.pop("begins_on")
        return [
            Proposal(
                site=site,
                item=item,
                effective_at=end_of_day(day - timedelta(days=1), site.time_zone) if day else None,
                **values,
            )
            for site, item in cells
        ]


class AmendForm(ShownForm, RefusedForm):
    deputy = PersonChoice(Person.objects.none(), label="Deputy", required=False)
    responsible = forms.ModelChoiceField(
        Team.objects.none(), to_field_name="slug", label="Responsible", required=False
    )
    escalation = forms.CharField(
        label="Escalation route", max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choice(self, "deputy").queryset = _present(now)
        _choice(self, "responsible").queryset = Team.objects.present(now).order_by("name", "pk")


class ReassignForm(RefusedForm):
    field_of = {"from": "source", "to": "target"}

    source = PersonChoice(
        Person.objects.none(),
        label="Current person",
        help_text="The present owner of the items, who may have left.",
    )
    target = PersonChoice(
        Person.objects.none(), label="New person", help_text="This person is asked to accept each item."
    )
    team = forms.ModelChoiceField(
        Team.objects.none(),
        to_field_name="slug",
        label="Team",
        required=False,
        help_text="Empty: the team stays the same.",
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everybody = Person.objects.prefetch_related("teams").order_by("name", "pk")
        _choice(self, "source").queryset = everybody
        _choice(self, "target").queryset = _present(now).filter(user__isnull=False)
        _choice(self, "team").queryset = Team.objects.present(now).order_by("name", "pk")


class SheetImportForm(forms.Form):
    file = forms.FileField(label="File", help_text="CSV as it is exported here, UTF-8, 2 MB at most.")
    only_check = forms.BooleanField(label="Only check the file", required=False, initial=True)


def _choice(form: forms.Form, name: str) -> forms.ModelChoiceField:
    return cast(forms.ModelChoiceField, form.fields[name])
