"""Answering a survey, in the name of a team."""

from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from readiness.organisation.people.core.practice import number_of
from readiness.organisation.people.core.surveys import ESTIMATES
from readiness.organisation.people.models import Survey, SurveyAnswer, SurveyQuestion, Team
from readiness.organisation.people.queries import surveys as queries
from web.workflows import Turn, awaits
from web.workflows.waiting import subjects_by

_ANSWERING = Turn(
    kind="Answer a survey",
    tab="survey-list",
    verb="Answer",
    page="survey-answer",
    of=lambda by, now: Q(pk__in=queries.unanswered(by, now=now).order_by().values("survey")),
    subjects=subjects_by(str),
    site=lambda survey: None,
    since="opens_at",
    due="closes_at",
    joined=(),
)
awaits(Survey, turn=_ANSWERING)


class NotAsked(PermissionDenied):
    """No question of the survey is for this user: no person of theirs is in a team that staffs one of its sites."""


@transaction.atomic
def answer_survey(
    survey: Survey, *, team: Team, answers: Mapping[int, str], by: User, now: datetime
) -> list[SurveyAnswer]:
    """`answers` are words by the question's id; an empty one takes an earlier answer back.

    Raises NotAsked, and ValidationError: the survey is not open, another's team, an answer that is none.
    """
    person = queries.answering_person(by, now=now)
    questions = {each.pk: each for each in queries.questions_for(survey, by, now=now)}
    if person is None or not questions:
        raise NotAsked("No question of this survey is for you.")
    if survey.phase(now) != "open":
        raise ValidationError("This survey is not open.")
    if not queries.own_teams(person, now=now).filter(pk=team.pk).exists():
        raise ValidationError({"team": ["You are not in this team."]})
    wrong = {f"question_{pk}": ["This question is not for you."] for pk in answers.keys() - questions.keys()}
    values = {pk: answers[pk].strip() for pk in answers if pk in questions}
    wrong |= {
        f"question_{pk}": ["This is no answer to the question."]
        for pk, value in values.items()
        if value and not _fits(questions[pk], value)
    }
    if wrong:
        raise ValidationError(wrong)
    taken_back = [pk for pk, value in values.items() if not value]
    SurveyAnswer.objects.filter(person=person, question__in=taken_back).delete()
    new_answers = [
        SurveyAnswer(question_id=pk, person=person, team=team, value=value, answered_at=now)
        for pk, value in sorted(values.items())
        if value
    ]
    return SurveyAnswer.objects.bulk_create(
        new_answers,
        update_conflicts=True,
        unique_fields=["question", "person"],
        update_fields=["team", "value", "answered_at"],
    )


def _fits(question: SurveyQuestion, value: str) -> bool:
    match question.kind:
        case SurveyQuestion.Kind.CHOICE:
            return value in question.choices
        case SurveyQuestion.Kind.NUMBER:
            return len(value) <= 100 and number_of(value) is not None
        case _:
            return value in ESTIMATES
