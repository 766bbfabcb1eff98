"""Forms of incidents. They read; the operations check and save."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import Q

from inventory.forms import SiteField
from inventory.models import DomainChoices
from readiness.demand.workloads.models import WorkloadClass
from readiness.loop.actions.forms import area, check_choices
from readiness.loop.alerts.models import Alert
from readiness.loop.incidents.core.rules import IncidentSeverity
from readiness.loop.incidents.models import SEVERITIES, Incident, IncidentEscape
from readiness.loop.incidents.operations import columns_of_alert
from readiness.organisation.people.models import Person
from web.clock import now
from web.forms import MinuteInput, PersonField, PlainNumberField, RefusedForm, Suggesting
from web.kinds.declaring import ObjectForm

_IN_YOUR_ZONE = "In your time zone."
ALERTS_OFFERED_FOR = timedelta(days=1)


def _person(label: str, what: str) -> forms.ModelChoiceField:
    return PersonField(
        Person.objects.order_by("name", "pk"),
        label=label,
        required=False,
        empty_label="– nobody –",
        help_text=what,
    )


class IncidentFieldsForm(RefusedForm):
    """The fields of an incident, when it is opened and later."""

    title = forms.CharField(label="Title", max_length=200, help_text="What happened, in one line.")
    severity = forms.ChoiceField(label="Severity", choices=SEVERITIES, initial=IncidentSeverity.THREE)
    domains = forms.MultipleChoiceField(
        label="Domains", required=False, choices=DomainChoices, widget=forms.CheckboxSelectMultiple
    )
    summary = area("What is known so far", rows=3, max_length=4000, help_text="And whom it hits.")
    began_at = forms.DateTimeField(
        label="Began", required=False, widget=MinuteInput(), help_text=f"{_IN_YOUR_ZONE} Empty: now."
    )
    affected_kw = PlainNumberField(
        label="Affected capacity, kW", required=False, min_value=0, help_text="What could not be used."
    )
    affected_accelerators = forms.IntegerField(
        label="Affected accelerators", required=False, min_value=0, max_value=10_000_000
    )
    workloads = forms.ModelMultipleChoiceField(
        WorkloadClass.objects.order_by("name", "pk"),
        to_field_name="slug",
        label="Affected workload classes",
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 5}),
    )
    lead = _person("Lead", "Decides what is done.")
    communications = _person("Communications", "Tells customers and the house.")
    scribe = _person("Scribe", "Writes the timeline.")
    groups = (
        ("Incident", ("site", "title", "severity", "domains", "summary", "began_at", "is_review_wanted")),
        ("Affected", ("affected_kw", "affected_accelerators", "workloads")),
        ("Roles", ("lead", "communications", "scribe")),
    )


class OpenIncidentForm(IncidentFieldsForm):
    alert = forms.ModelChoiceField(Alert.objects.all(), required=False, widget=forms.HiddenInput)
    site = SiteField(required=False, empty_label="– choose a site –")
    field_order = ("alert", "site")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = dict(self.initial) | _initial_of_alert(self.initial.get("alert", ""))
        fields: Any = self.fields
        fields["workloads"].help_text = "Choose none, and those that run at the site today count as hit."

    def arguments(self) -> dict[str, Any]:
        values = dict(self.cleaned_data)
        values["workloads"] = list(values["workloads"]) or None
        return values


def _initial_of_alert(key: str) -> dict[str, Any]:
    """The values that the alert says already; {} if there is none."""
    alert = Alert.objects.select_related("site").filter(pk=key).first() if str(key).isdecimal() else None
    if alert is None:
        return {}
    site = alert.site.slug if alert.site else ""
    return columns_of_alert(alert) | {"site": site}


class ChangeIncidentForm(IncidentFieldsForm):
    is_review_wanted = forms.BooleanField(
        label="Review it in any case", required=False, help_text="Even if no rule asks for a review."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["began_at"].required = True
        self.fields["began_at"].help_text = _IN_YOUR_ZONE


def initial_of_incident(incident: Incident) -> dict[str, Any]:
    names = (
        *("title", "severity", "domains", "summary", "began_at", "affected_kw", "affected_accelerators"),
        *("lead", "communications", "scribe", "is_review_wanted"),
    )
    workloads = [workload.slug for workload in incident.workloads.all()]
    return {name: getattr(incident, name) for name in names} | {"workloads": workloads}


class IncidentEntryForm(RefusedForm):
    text = area("Entry", max_length=2000, required=True, help_text="What happened.")
    at = forms.DateTimeField(
        label="When", required=False, widget=MinuteInput(), help_text=f"{_IN_YOUR_ZONE} Empty: now."
    )


class JoinAlertForm(RefusedForm):
    alert = forms.ModelChoiceField(
        Alert.objects.none(),
        label="Alert",
        empty_label="– choose an alert –",
        help_text="Alerts of the site that fire, or fired within the last day, and belong to no incident.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        since = now().replace(second=0, microsecond=0) - ALERTS_OFFERED_FOR
        recent = Alert.objects.filter(Q(ended_at=None) | Q(ended_at__gte=since), joined_incident=None)
        fields: Any = self.fields
        fields["alert"].queryset = recent.filter(site=self.initial.get("site")).order_by("-raised_at", "-pk")


class EndIncidentForm(RefusedForm):
    ended_at = forms.DateTimeField(
        label="Over since", required=False, widget=MinuteInput(), help_text=f"{_IN_YOUR_ZONE} Empty: now."
    )
    note = area("How it ended", max_length=2000)


class ReviewIncidentForm(RefusedForm):
    cause = forms.CharField(
        label="Root cause",
        max_length=200,
        widget=Suggesting(),
        help_text="In a few words, about the system and no person. The same words at the next incident make that one a"
        " repeat.",
    )
    what_happened = area("Course of events", rows=6, max_length=8000, required=True)
    what_helped = area("What went well", rows=3, max_length=4000)
    what_to_change = area(
        "What is to change",
        rows=3,
        max_length=4000,
        help_text="Add each change as an action, with an owner and a day.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["cause"].widget.suggestions = _causes


def _causes() -> Iterable[str]:
    named_causes = Incident.objects.exclude(cause="").order_by("cause").values_list("cause", flat=True)
    return list(named_causes.distinct()[:200])


def initial_of_review(incident: Incident) -> dict[str, Any]:
    names = ("cause", "what_happened", "what_helped", "what_to_change")
    return {name: getattr(incident, name) for name in names}


class EscapeForm(ObjectForm):
    check_id = forms.ChoiceField(
        label="Check", required=False, help_text="Of the framework; none where there is no such check yet."
    )

    class Meta:
        model = IncidentEscape
        fields = ("incident", "kind", "name", "check_id", "why", "detail")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["check_id"].choices = check_choices("no check")


class CloseIncidentForm(RefusedForm):
    """Asks whether to close it."""
