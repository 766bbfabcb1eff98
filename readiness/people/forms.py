"""The forms of people. They read; the operations check and save."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.core.exceptions import ValidationError

from accounts.models import User
from inventory.models import Manufacturer
from inventory.queries import end_of_day
from readiness.people.models import Course, Person, Qualification, Team
from readiness.people.models.skills import SUBJECT_VALUES
from web.clock import now
from web.forms import WITH_NEIGHBOURS, DayInput, MinuteInput, RefusedForm, Suggesting
from web.kinds.declaring import ObjectForm
from web.visibility import reader


class PersonLinkForm(RefusedForm):
    user = forms.ModelChoiceField(
        User.objects.none(),
        to_field_name="username",
        label="User",
        help_text="Is asked to confirm. Until then nothing can be accepted as this person.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        users = User.objects.filter(is_active=True, person=None).exclude(pk=reader().pk)
        field = self.fields["user"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = users.order_by("username")


class PersonForm(RefusedForm):
    field_of = {"left_at": "last_day"}

    name = forms.CharField(label="Name", max_length=150)
    teams = forms.ModelMultipleChoiceField(
        Team.objects.order_by("name", "pk"),
        to_field_name="slug",
        required=False,
        label="Teams",
        widget=forms.CheckboxSelectMultiple,
    )
    email = forms.EmailField(label="E-mail", required=False)
    phone = forms.CharField(label="Phone", max_length=40, required=False)
    employer = forms.CharField(
        label="Employer",
        max_length=100,
        required=False,
        help_text="Of a vendor's staff; empty: this organisation.",
    )
    time_zone = forms.CharField(
        label="Time zone", max_length=64, initial="UTC", help_text="An IANA name, such as Europe/Lisbon."
    )
    last_day = forms.DateField(
        label="Last day",
        required=False,
        widget=DayInput(),
        validators=WITH_NEIGHBOURS,
        help_text="What the person answers for is unowned from the end of this day on.",
    )

    def clean_time_zone(self) -> str:
        name = str(self.cleaned_data["time_zone"])
        if name not in available_timezones():
            raise ValidationError("%(name)s is not an IANA time zone name.", params={"name": name})
        return name

    def asked(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        day = given.pop("last_day")
        return given | {"left_at": end_of_day(day, given["time_zone"]) if day else None}


def initial_of(person: Person) -> dict[str, Any]:
    return {
        "name": person.name,
        "teams": [each.team.slug for each in person.memberships.all()],
        "email": person.email,
        "phone": person.phone,
        "employer": person.employer,
        "time_zone": person.time_zone,
        "last_day": _last_day(person.left_at, person.time_zone),
    }


def _last_day(left_at: datetime | None, zone: str) -> Any:
    return (
        (left_at - timedelta(microseconds=1)).astimezone(ZoneInfo(zone or str(UTC))).date()
        if left_at
        else None
    )


class SkillForm(ObjectForm):
    levels = SimpleArrayField(
        forms.CharField(max_length=200),
        delimiter="\n",
        label="Levels",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What somebody at level 1 can do, on the next line at level 2, and so on.",
    )


def _values() -> list[str]:
    vendors = Manufacturer.objects.order_by("slug").values_list("slug", flat=True)
    return [*(value for values in SUBJECT_VALUES.values() for value in values), *vendors]


class CapabilityRuleForm(ObjectForm):
    value = forms.CharField(
        label="Value",
        max_length=100,
        required=False,
        widget=Suggesting(_values),
        help_text="Such as the slug of a manufacturer. Empty: each value that is found, by itself.",
    )


class SignedForm(ObjectForm):
    """Writes down in the field `signed` of a new object who entered it."""

    signed = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            setattr(self.instance, self.signed, reader())


class ExemptionForm(SignedForm):
    signed = "granted_by"


class RevokeForm(RefusedForm):
    reason = forms.ChoiceField(choices=Qualification.RevokedFor, label="Reason")


class StartingSetForm(RefusedForm):
    confirmed = forms.BooleanField(label="Add the skills, rules and courses that are not here yet")

    def asked(self) -> dict[str, Any]:
        return {}


class AssignTrainingForm(RefusedForm):
    course = forms.ModelChoiceField(Course.objects.order_by("name", "pk"), label="Course")
    people = forms.ModelMultipleChoiceField(Person.objects.none(), label="People")
    due_at = forms.DateTimeField(label="Due at", widget=MinuteInput(), help_text="In your time zone.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["people"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = Person.objects.there(now()).order_by("name", "pk")
        if isinstance(begun := self.initial.get("people"), str):  # An address names several by their ids.
            self.initial["people"] = begun.split(",")


class CompleteForm(RefusedForm):
    completed_at = forms.DateTimeField(
        label="Completed at", required=False, widget=MinuteInput(), help_text="In your time zone. Empty: now."
    )
