"""Forms of silences and windows. A button shows what would be matched, and when, before anything is saved."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import cached_property

from inventory.forms import SiteField
from inventory.models import DomainChoices, Region
from inventory.models.places import validate_time_zone
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.forms import checks_by_pillar
from readiness.loop.alerts.models import Alert, MaintenanceWindow, Silence
from readiness.loop.alerts.models.alerts import KINDS
from readiness.loop.alerts.silencing.matches import AlertMatches, matches_of
from readiness.loop.alerts.silencing.operations import checked_silence, checked_window
from readiness.loop.alerts.silencing.queries import first_occurrences
from readiness.organisation.people.forms import PlainStepForm
from web.clock import now
from web.delivery.models import Channel
from web.forms import MinuteInput, PlainNumberField, RefusedForm, Suggesting
from web.units import instant
from web.workflows.steps import NotInState

SAVE, PREVIEW = "save", "preview"
USUAL = timedelta(hours=4)
RULES = ("FREQ=DAILY", "FREQ=WEEKLY;BYDAY=SU", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "FREQ=MONTHLY;BYDAY=1SU")
WHAT = ("site", "region", "domain", "kind", "check_id", "object")
_IN_YOUR_ZONE = "In your time zone."


def _usual_end() -> Any:
    return (now() + USUAL).replace(second=0, microsecond=0)


class HeldForm(RefusedForm):
    """The fields that a silence and a window have in common; `step` is the value of the button."""

    refusals: ClassVar[tuple[type[Exception], ...]] = (ValidationError, NotInState)

    site = SiteField(required=False, empty_label="All sites")
    region = forms.ModelChoiceField(
        Region.objects.order_by("name", "pk"),
        to_field_name="slug",
        label="Region",
        required=False,
        empty_label="All regions",
    )
    domain = forms.ChoiceField(
        label="Domain", required=False, choices=[("", "All domains"), *DomainChoices.choices]
    )
    kind = forms.ChoiceField(label="Kind of alert", required=False, choices=[("", "All kinds"), *KINDS])
    check_id = forms.ChoiceField(label="Check", required=False)
    object = forms.CharField(
        label="Object", required=False, max_length=200, help_text="Its name; * stands for any text: rack-7-*."
    )
    channel = forms.ModelChoiceField(
        Channel.objects.none(),
        label="Told to",
        required=False,
        empty_label="My own channels",
        help_text="Who hears of its start and end. While you have no confirmed channel, the last resort does.",
    )

    def __init__(self, data: Any = None, files: Any = None, *, initial: Mapping[str, Any]) -> None:
        self.step = data.get("step", SAVE) if data is not None else ""
        self.stored = initial.get("stored")
        super().__init__(data, initial=dict(initial))
        _version, framework = framework_queries.current()
        fields: Any = self.fields
        fields["check_id"].choices = [("", "All checks"), *checks_by_pillar(framework)]
        fields["channel"].queryset = Channel.objects.usable().filter(is_shared=True).order_by("name", "pk")

    @property
    def is_refused(self) -> bool:
        return bool(self.errors)

    def is_valid(self) -> bool:
        """Whether the form is to be saved: a preview shows it again instead."""
        return super().is_valid() and self.step == SAVE

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or {}
        if not self.errors:
            try:
                self.checked(fields)
            except ValidationError as error:
                self.refused(error)
        return fields

    def checked(self, fields: Mapping[str, Any]) -> Silence | MaintenanceWindow:
        """Make of the fields an unsaved row. Raises ValidationError."""
        raise NotImplementedError

    def refused(self, error: Any) -> None:
        if isinstance(error, NotInState):
            self.add_error(None, str(error))
        else:
            super().refused(error)

    @cached_property
    def draft(self) -> Any:
        """The row as it would be saved; None before anything is entered, and while it has mistakes."""
        return self.checked(self.cleaned_data) if self.is_bound and not self.errors else None

    @property
    def matches(self) -> AlertMatches | None:
        return matches_of(self.draft.matcher) if self.draft is not None else None


class SilenceForm(HeldForm):
    alert = forms.ModelChoiceField(Alert.objects.all(), required=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Reason",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Whoever wonders why nobody was told reads this.",
    )
    starts_at = forms.DateTimeField(
        label="From", widget=MinuteInput(), required=False, help_text=f"{_IN_YOUR_ZONE} Empty: now."
    )
    ends_at = forms.DateTimeField(
        label="Until",
        widget=MinuteInput(),
        initial=_usual_end,
        help_text=f"{_IN_YOUR_ZONE} What still fires then is raised at once.",
    )
    field_order = ("alert", "reason", "starts_at", "ends_at", *WHAT, "channel")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.alert_alone is not None:
            for name in WHAT:
                del self.fields[name]

    @property
    def groups(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        title = "Only this alert" if self.alert_alone is not None else "Alerts that agree with all of this"
        return (
            ("Silence", ("reason", "starts_at", "ends_at")),
            (title, WHAT),
            ("Told at start and end", ("channel",)),
        )

    @cached_property
    def alert_alone(self) -> Alert | None:
        """The only alert that the silence is of, if it is of one that the reader sees."""
        key = str(self.data.get("alert") or self.initial.get("alert") or "")
        return (
            Alert.objects.filter(pk=key).first()
            if key.isascii() and key.isdecimal() and len(key) < 19
            else None
        )

    def checked(self, fields: Mapping[str, Any]) -> Silence:
        return checked_silence(self.stored or Silence(), now=now(), **fields)


class WindowForm(HeldForm):
    field_of: ClassVar[Mapping[str, str]] = {"duration_min": "hours"}

    name = forms.CharField(label="Name", max_length=150)
    reason = forms.CharField(label="What is done", max_length=300, required=False)
    starts_at = forms.DateTimeField(label="First starts at", widget=MinuteInput(), help_text=_IN_YOUR_ZONE)
    hours = PlainNumberField(label="Lasts", min_value=0.25, max_value=336, help_text="Hours.")
    rule = forms.CharField(
        label="Repeats",
        max_length=200,
        required=False,
        widget=Suggesting(RULES),
        help_text="RFC 5545, such as FREQ=WEEKLY;BYDAY=SU for each Sunday. Empty: once.",
    )
    last_ends_at = forms.DateTimeField(
        label="Last ends at",
        widget=MinuteInput(),
        required=False,
        help_text=f"{_IN_YOUR_ZONE} Needed where it repeats; two years at most.",
    )
    time_zone = forms.CharField(
        label="Time zone",
        max_length=64,
        required=False,
        validators=[validate_time_zone],
        help_text="In which it keeps its time of day. Empty: the site's, else UTC.",
    )
    field_order = (
        *("name", "reason", "starts_at", "hours", "rule", "last_ends_at", "time_zone"),
        *(*WHAT, "channel"),
    )
    groups = (
        ("Window", ("name", "reason")),
        ("When", ("starts_at", "hours", "rule", "last_ends_at", "time_zone")),
        ("Alerts that agree with all of this", WHAT),
        ("Told at start and end", ("channel",)),
    )

    def checked(self, fields: Mapping[str, Any]) -> MaintenanceWindow:
        return checked_window(self.stored or MaintenanceWindow(), now=now(), **self._values(fields))

    def arguments(self) -> dict[str, Any]:
        return self._values(self.cleaned_data)

    def _values(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        values = dict(fields)
        return values | {"duration_min": round(60 * values.pop("hours"))}

    @property
    def occurrences(self) -> list[str]:
        """The next occurrences in words, in the window's own time zone."""
        if self.draft is None:
            return []
        zone = ZoneInfo(self.draft.time_zone)
        return [
            f"{instant(each.starts_at, zone)} to {instant(each.ends_at, zone)}"
            for each in first_occurrences(self.draft, now=now())
        ]


def silence_initial(silence: Silence) -> dict[str, Any]:
    names = ("reason", "starts_at", "ends_at", "domain", "kind", "check_id", "object")
    return (
        {name: getattr(silence, name) for name in names}
        | _referred(silence)
        | {
            "alert": silence.alert_id,
            "stored": silence,
        }
    )


def window_initial(window: MaintenanceWindow) -> dict[str, Any]:
    names = (*("name", "reason", "starts_at", "rule", "time_zone", "domain", "kind", "check_id", "object"),)
    return (
        {name: getattr(window, name) for name in names}
        | _referred(window)
        | {
            "hours": window.duration_min / 60,
            "last_ends_at": window.last_ends_at if window.rule else None,
            "stored": window,
        }
    )


def _referred(row: Silence | MaintenanceWindow) -> dict[str, Any]:
    return {
        "site": row.site.slug if row.site is not None else None,
        "region": row.region.slug if row.region is not None else None,
        "channel": row.channel_id,
    }


class EndHeldForm(PlainStepForm):
    submit = "End it now"
    effect = "What it held back and still fires is raised at once."
    is_danger = True


class EndOccurrenceForm(EndHeldForm):
    effect = "What it held back and still fires is raised at once. The next occurrences stay as they are."
