"""Forms of drills, procedures and surveys."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet

from readiness.people.models import Drill, SurveyAnswer, SurveyQuestion, Team
from web.forms import MinuteInput, RefusedForm
from web.kinds.declaring import ObjectForm

IN_YOUR_ZONE = "In your time zone."


class DatedForm(ObjectForm):
    """A form whose instants are typed to the minute, in the reader's zone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.DateTimeField):
                field.widget = MinuteInput()
                field.help_text = f"{field.help_text}. {IN_YOUR_ZONE}".removeprefix(". ")


class ResultForm(RefusedForm):
    result = forms.ChoiceField(
        label="Result",
        choices=[choice for choice in Drill.Result.choices if choice[0] != Drill.Result.PLANNED],
        widget=forms.RadioSelect,
    )
    held_at = forms.DateTimeField(label="Held at", widget=MinuteInput(), help_text=IN_YOUR_ZONE)


class AnswersForm(RefusedForm):
    """A field for each question, below the title of its site; answers that were given before stand in them."""

    def __init__(
        self,
        *args: Any,
        questions: Sequence[SurveyQuestion],
        teams: QuerySet[Team],
        given: Mapping[int, SurveyAnswer],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        before = next(iter(given.values()), None)
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
            answered = given.get(question.pk)
            self.fields[name].initial = answered.value if answered else ""
            sites.setdefault(question.site.name, []).append(name)
        self.groups = [("Team", ["team"]), *sites.items()]

    def asked(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "team": given["team"],
            "answers": {pk: given[f"question_{pk}"] for pk in self.question_ids},
        }


def _field_of(question: SurveyQuestion) -> forms.Field:
    if question.kind == SurveyQuestion.Kind.NUMBER:
        return forms.CharField(
            label=question.text,
            required=False,
            max_length=100,
            widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        )
    words = {"ready": "Ready", "conditional": "Conditional", "not-ready": "Not ready"}
    is_choice = question.kind == SurveyQuestion.Kind.CHOICE
    choices = [(each, each) for each in question.choices] if is_choice else list(words.items())
    return forms.ChoiceField(
        label=question.text,
        required=False,
        choices=[*choices, ("", "No answer")],
        widget=forms.RadioSelect,
    )
