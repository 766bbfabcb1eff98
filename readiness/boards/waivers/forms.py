"""The forms of a request and of a decision. They read; the operations check and save."""

from datetime import date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms

from inventory.models import Site
from inventory.queries import end_of_day
from readiness.framework.core.definition import Framework
from readiness.grants.models import LONGEST, Grant
from web.forms import WITH_NEIGHBOURS, DayInput, RefusedForm

USUAL = timedelta(days=30)


class RequestForm(RefusedForm):
    """Days are those of the site's calendar; the grant counts until the last day is over."""

    field_of = {"check_id": "check", "ends_at": "ends_on", "starts_at": "starts_on"}

    site = forms.ModelChoiceField(
        Site.objects.exclude(stage=Site.Stage.RETIRED).order_by("name", "pk"),
        to_field_name="slug",
        label="Site",
    )
    check = forms.ChoiceField(label="Check")
    kind = forms.ChoiceField(
        label="Kind",
        choices=[
            (Grant.Kind.WAIVER, "Waiver: it fails, and that is accepted for a time"),
            (Grant.Kind.EXCEPTION, "Go-live exception: this BLOCK check holds the site back no longer"),
            (Grant.Kind.NOT_APPLICABLE, "Declared not applicable: it does not concern this site"),
        ],
        help_text=(
            "A waived check counts 0 and still holds the verdict. Only a go-live exception lifts a BLOCK check,"
            " and the site is then conditional at best."
        ),
    )
    part = forms.ChoiceField(
        label="Sub-measure",
        required=False,
        help_text="Only for a declaration: of a sub-measure that this site cannot have or measure.",
    )
    reason = forms.CharField(
        label="Reason",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Why it may be so for a time, and what ends it. Whoever decides reads this.",
    )
    starts_on = forms.DateField(
        label="First day",
        required=False,
        widget=DayInput(),
        validators=WITH_NEIGHBOURS,
        help_text="Empty: as soon as approved.",
    )
    ends_on = forms.DateField(
        label="Last day",
        widget=DayInput(),
        validators=WITH_NEIGHBOURS,
        help_text=f"It counts as before from the end of this day on; {LONGEST.days} days at most.",
    )

    def __init__(self, *args: Any, framework: Framework, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        _choice(self, "check").choices = [
            (pillar.name, [(check.id, check.name) for check in framework.checks_of(pillar.id)])
            for pillar in framework.pillars
        ]
        asked = framework.checks_by_id.get(str(self.data.get("check") or self.initial.get("check") or ""))
        of_whom = [asked] if asked else framework.checks
        _choice(self, "part").choices = [
            ("", "– the whole check –"),
            *((check.name, [(part.id, part.name) for part in check.parts]) for check in of_whom),
        ]
        today = now.date()
        for name in ("starts_on", "ends_on"):
            self.fields[name].widget.attrs |= {"min": today.isoformat()}
        self.initial.setdefault("ends_on", today + USUAL)

    def asked(self) -> dict[str, Any]:
        """The arguments of the operation. A first day that has begun already means now."""
        given = self.cleaned_data
        zone = given["site"].time_zone
        return {
            "site": given["site"],
            "kind": given["kind"],
            "check_id": given["check"],
            "part": given["part"],
            "reason": given["reason"],
            "starts_at": self._start(given["starts_on"], zone),
            "ends_at": end_of_day(given["ends_on"], zone),
        }

    def _start(self, day: date | None, zone: str) -> datetime | None:
        if day is None or day == self.now.astimezone(ZoneInfo(zone)).date():
            return None
        return end_of_day(day - timedelta(days=1), zone)


def _choice(form: forms.Form, name: str) -> forms.ChoiceField:
    return cast(forms.ChoiceField, form.fields[name])
