"""Forms of what a user is told of, and when."""

from typing import Any

from django import forms

from accounts.models import User
from inventory.models import Region, Site
from readiness.assessment.framework import queries as framework_queries
from readiness.loop.alerts.core.kinds import AlertSeverity
from readiness.loop.alerts.models import AlertPreferences
from readiness.loop.alerts.models.alerts import SEVERITIES
from readiness.loop.alerts.telling.queries import last_resort
from web.delivery.channels.queries import channels_of
from web.delivery.models import Channel
from web.forms import MinuteInput, RefusedForm

BY_ROLE, YES, NO = "", "yes", "no"
_DIGEST = {BY_ROLE: None, YES: True, NO: False}


def _digest(label: str, help_text: str) -> forms.ChoiceField:
    options = [(BY_ROLE, "As usual for your role"), (YES, "Yes"), (NO, "No")]
    return forms.ChoiceField(label=label, choices=options, required=False, help_text=help_text)


class PreferencesForm(RefusedForm):
    quiet_from = forms.TimeField(
        label="Quiet from",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}),
        help_text="In your time zone. What can wait waits until the end.",
    )
    quiet_until = forms.TimeField(
        label="Quiet until", required=False, widget=forms.TimeInput(attrs={"type": "time"})
    )
    awake_until = forms.DateTimeField(
        label="I am awake until",
        required=False,
        widget=MinuteInput(),
        help_text="Until then only critical pages to you on call come; the rest waits. At most a day.",
    )
    daily_digest = _digest("Daily digest", "At 7:00 in your time zone, to your first mail channel.")
    weekly_digest = _digest("Weekly digest", "On Mondays at 7:00, with the gap and decisions to review.")

    def arguments(self) -> dict[str, Any]:
        digests = {name: _DIGEST[self.cleaned_data[name]] for name in ("daily_digest", "weekly_digest")}
        return self.cleaned_data | digests


def preferences_initial(preferences: AlertPreferences | None) -> dict[str, Any]:
    if preferences is None:
        return {}
    words = {stored: word for word, stored in _DIGEST.items()}
    return {
        "quiet_from": preferences.quiet_from,
        "quiet_until": preferences.quiet_until,
        "awake_until": preferences.awake_until,
        "daily_digest": words[preferences.daily_digest],
        "weekly_digest": words[preferences.weekly_digest],
    }


def _pillars() -> list[tuple[str, str]]:
    _version, framework = framework_queries.current()
    return [("", "all"), *((pillar.id, pillar.name) for pillar in framework.pillars)]


def _checks() -> list[tuple[str, str]]:
    _version, framework = framework_queries.current()
    return [("", "all"), *((check.id, f"{check.id}: {check.name}") for check in framework.checks)]


class SubscriptionForm(RefusedForm):
    """A subscription: a field that is left empty limits nothing."""

    severity = forms.ChoiceField(label="At least", choices=SEVERITIES, initial=AlertSeverity.ERROR.value)
    region = forms.ModelChoiceField(Region.objects.order_by("name", "pk"), required=False, empty_label="all")
    site = forms.ModelChoiceField(Site.objects.order_by("name", "pk"), required=False, empty_label="all")
    pillar = forms.ChoiceField(choices=_pillars, required=False)
    check_id = forms.ChoiceField(label="Check", choices=_checks, required=False)
    channel = forms.ModelChoiceField(Channel.objects.none(), required=False, empty_label="all of yours")

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        channel: Any = self.fields["channel"]
        channel.queryset = channels_of(by)


class LastResortForm(RefusedForm):
    channel = forms.ModelChoiceField(
        Channel.objects.filter(is_shared=True, scope_kind="").order_by("name", "pk"),
        required=False,
        empty_label="nowhere",
        help_text="A shared channel, to which alerts go that nobody takes, and those of which nobody can be told.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["channel"] = last_resort()
