"""Forms for what a reader says when they do something about an alert."""

from datetime import datetime, timedelta
from typing import Any

from django import forms

from accounts.models import User
from readiness.loop.alerts.core.kinds import AlertSeverity
from readiness.loop.alerts.core.life import acknowledged_for
from readiness.loop.alerts.life.operations import MAY_HANDLE
from web.forms import RefusedForm
from web.units import how_many
from web.visibility import known_people

HOURS = (1, 2, 4, 8, 12, 24, 72, 168)


def _text(label: str, *, required: bool = False) -> forms.CharField:
    area = forms.Textarea(attrs={"rows": 2})
    return forms.CharField(label=label, required=required, max_length=2000, widget=area)


def _span(hours: int) -> str:
    return how_many(hours, "hour", "hours") if hours < 48 else how_many(hours // 24, "day", "days")


class AcknowledgeForm(RefusedForm):
    """The acknowledgement ends, and then the alert returns to whoever is on call by then."""

    field_of = {"until": "hours"}
    hours = forms.TypedChoiceField(
        label="I am on it for",
        coerce=int,
        choices=[(hours, _span(hours)) for hours in HOURS],
        help_text="After that it goes to whoever is on call then, unless it has ended.",
    )
    note = _text("Note")

    def __init__(self, *args: Any, severity: AlertSeverity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        usual = acknowledged_for(severity) // timedelta(hours=1)
        self.fields["hours"].initial = usual

    def values(self, now: datetime) -> dict[str, Any]:
        return {
            "until": now + timedelta(hours=self.cleaned_data["hours"]),
            "note": self.cleaned_data["note"],
        }


class AssigneeForm(RefusedForm):
    to = forms.ModelChoiceField(User.objects.none(), label="To", required=False, empty_label="Nobody")
    note = _text("Note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        able = User.objects.with_perm(MAY_HANDLE).filter(is_active=True)
        self.fields["to"].queryset = known_people(able).order_by("username")  # type: ignore[attr-defined]


class CommentForm(RefusedForm):
    text = _text("Comment", required=True)


class EndAlertForm(RefusedForm):
    reason = _text("Reason", required=True)


class IncidentForm(RefusedForm):
    url = forms.URLField(
        label="Address of the incident",
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text="In your incident tracker. Empty removes the link.",
    )
