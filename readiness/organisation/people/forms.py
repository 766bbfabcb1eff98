"""Forms of people, skills, drills and surveys. They read; the operations check and save."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from accounts.models import User
from inventory.homes import home_fields, offer_homes, offer_writable, refuse_homeless
from inventory.models import Manufacturer
from inventory.models.places import validate_time_zone
from inventory.queries import end_of_day
from readiness.organisation.people.core.calendar_lines import MOST_BYTES, CalendarRefused
from readiness.organisation.people.core.surveys import ESTIMATES
from readiness.organisation.people.models import (
    Course,
    Drill,
    Person,
    Qualification,
    SurveyAnswer,
    SurveyQuestion,
    Team,
)
from readiness.organisation.people.models.skills import SUBJECT_VALUES
from web.clock import now
from web.forms import WITH_NEIGHBOURS, DayInput, MinuteInput, PersonField, RefusedForm, Suggesting
from web.kinds.declaring import ObjectForm
from web.visibility import reader
from web.workflows import NotInState


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
        help_text="The vendor of external staff. Empty: this organisation.",
    )
    time_zone = forms.CharField(
        label="Time zone",
        max_length=64,
        initial="UTC",
        validators=[validate_time_zone],
        help_text="An IANA name, such as Europe/Lisbon.",
    )
    last_day = forms.DateField(
        label="Last day",
        required=False,
        widget=DayInput(),
        validators=WITH_NEIGHBOURS,
        help_text="After this day, what the person owns has no owner.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_writable(self, "teams")
        self.fields |= home_fields()
        offer_homes(self)

    def clean(self) -> dict[str, Any]:
        refuse_homeless(self)
        return self.cleaned_data

    def arguments(self) -> dict[str, Any]:
        fields = dict(self.cleaned_data)
        day = fields.pop("last_day")
        return fields | {"left_at": end_of_day(day, fields["time_zone"]) if day else None}


def initial_of(person: Person) -> dict[str, Any]:
    last = (person.left_at - timedelta(microseconds=1)) if person.left_at else None
    columns = ("name", "email", "phone", "employer", "time_zone", "is_home_chosen")
    return {name: getattr(person, name) for name in columns} | {
        "home_region": person.home_region and person.home_region.slug,
        "home_site": person.home_site and person.home_site.slug,
        "teams": [each.team.slug for each in person.memberships.all()],
        "last_day": last.astimezone(ZoneInfo(person.time_zone)).date() if last else None,
    }


class SubjectForm(RefusedForm):
    """A form about one object. `initial` holds the title of its page, and may hold the times that stand below it."""

    submit = "Save"
    effect = ""
    is_danger = False


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


class ExemptionForm(ObjectForm):
    changelog_message = None  # type: ignore[assignment]  # The ground is one of a few; nobody is asked for more.

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            self.instance.granted_by = reader()


class RevokeForm(SubjectForm):
    submit = "Revoke"
    effect = "It counts nowhere from now on. Whoever shows the skill again gets a new qualification."
    is_danger = True

    reason = forms.ChoiceField(choices=Qualification.RevokedFor, label="Reason", widget=forms.RadioSelect)


class PlainStepForm(SubjectForm):
    """A step of a workflow that takes no words."""

    refusals = (ValidationError, NotInState)

    def refused(self, error: Any) -> None:
        self.add_error(None, getattr(error, "messages", [str(error)]))


class ConfirmForm(PlainStepForm):
    submit = "Confirm"
    effect = "You say that you saw this person show the skill, or saw their licence. It counts from now on."


class NotAssessedForm(PlainStepForm):
    submit = "I did not assess this"
    effect = "It stays as a record and counts nowhere."
    is_danger = True


class ApproveForm(PlainStepForm):
    submit = "Approve"
    effect = (
        "The person is neither asked for the skill nor counted for it, from now on until the exemption ends."
    )


class StartingSetForm(RefusedForm):
    confirmed = forms.BooleanField(label="Add the skills, rules and courses that are not here yet")

    def arguments(self) -> dict[str, Any]:
        return {}


class AssignTrainingForm(RefusedForm):
    course = forms.ModelChoiceField(Course.objects.order_by("name", "pk"), label="Course")
    people = forms.ModelMultipleChoiceField(Person.objects.none(), label="People")
    starts_on = forms.DateField(
        label="Begins on",
        required=False,
        widget=DayInput(),
        help_text="One of the dates of the course; empty where it has none.",
    )
    due_at = forms.DateTimeField(label="Due at", widget=MinuteInput(), help_text="In your time zone.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["people"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = Person.objects.present(now()).order_by("name", "pk")
        if isinstance(ids := self.initial.get("people"), str):  # An address names several by their ids.
            self.initial["people"] = ids.split(",")


class CalendarForm(RefusedForm):
    file = forms.FileField(
        label="File", help_text="iCalendar (.ics), 5 MiB at most; its shifts take the place of layers."
    )
    refusals = (CalendarRefused, ValidationError)

    def arguments(self) -> dict[str, Any]:
        return {"content": self.cleaned_data["file"].read(MOST_BYTES + 1)}

    def refused(self, error: Any) -> None:
        self.add_error("file", error.messages if isinstance(error, ValidationError) else str(error))


class MoveForm(SubjectForm):
    submit = "Move the shift"

    taker = PersonField(
        Person.objects.none(),
        label="To",
        help_text="Has the shift at once. Overrides and later swaps still count.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        takers = Person.objects.present(now()).order_by("name", "pk")
        self.fields["taker"].queryset = takers  # type: ignore[attr-defined]


class AskForSwapForm(SubjectForm):
    submit = "Ask for a swap"
    effect = "The others of the rotation are asked to take it. If nobody does, it stays yours."


class DropCalendarForm(SubjectForm):
    submit = "Go back to layers"
    effect = "The calendar and its address go; layers make the shifts from now on."
    is_danger = True


class CompleteForm(SubjectForm):
    submit = "Complete"

    completed_at = forms.DateTimeField(
        label="Completed at", required=False, widget=MinuteInput(), help_text="In your time zone. Empty: now."
    )


class ResultForm(SubjectForm):
    submit = "Save the result"

    result = forms.ChoiceField(
        label="Result",
        choices=[choice for choice in Drill.Result.choices if choice[0] != Drill.Result.PLANNED],
        widget=forms.RadioSelect,
    )
    held_at = forms.DateTimeField(label="Held at", widget=MinuteInput(), help_text="In your time zone.")


class AnswersForm(RefusedForm):
    """A field for each question, below the title of its site; answers that were given before stand in them."""

    def __init__(
        self,
        *args: Any,
        questions: Sequence[SurveyQuestion],
        teams: QuerySet[Team],
        earlier_answers: Mapping[int, SurveyAnswer],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        before = next(iter(earlier_answers.values()), None)
        self.fields["team"] = forms.ModelChoiceField(
            teams,
            label="In the name of",
            empty_label=None,
            initial=before.team if before else None,
            help_text="Results name teams, and nobody's own answers.",
        )
        self.question_ids = [question.pk for question in questions]
        sites: dict[str, list[str]] = {}
        for question in questions:
            name = f"question_{question.pk}"
            self.fields[name] = _field_of(question)
            answered = earlier_answers.get(question.pk)
            self.fields[name].initial = answered.value if answered else ""
            sites.setdefault(question.site.name, []).append(name)
        self.groups = [("Team", ["team"]), *sites.items()]

    def arguments(self) -> dict[str, Any]:
        fields = self.cleaned_data
        return {
            "team": fields["team"],
            "answers": {pk: fields[f"question_{pk}"] for pk in self.question_ids},
        }


def _field_of(question: SurveyQuestion) -> forms.Field:
    if question.kind == SurveyQuestion.Kind.NUMBER:
        return forms.CharField(
            label=question.text,
            required=False,
            max_length=100,
            widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        )
    is_choice = question.kind == SurveyQuestion.Kind.CHOICE
    choices = [(each, each) for each in question.choices] if is_choice else reversed(ESTIMATES.items())
    return forms.ChoiceField(
        label=question.text,
        required=False,
        choices=[*choices, ("", "No answer")],
        widget=forms.RadioSelect,
    )
