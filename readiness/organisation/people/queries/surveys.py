"""Surveys for whoever answers them, and what was answered, without who did."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import User
from readiness.organisation.people.core.coverage import Tally
from readiness.organisation.people.core.practice import GivenAnswer, team_agreements
from readiness.organisation.people.core.surveys import ESTIMATES, Spread, spread_of
from readiness.organisation.people.models import Person, Staffing, Survey, SurveyAnswer, SurveyQuestion, Team
from readiness.organisation.people.queries.standing import given_answers
from web.visibility import withheld

ESTIMATE = SurveyQuestion.Kind.ESTIMATE


def answering_person(user: User, *, now: datetime) -> Person | None:
    return Person.objects.present(now).filter(user=user).first()


def own_teams(person: Person, *, now: datetime) -> QuerySet[Team]:
    return Team.objects.present(now).filter(memberships__person=person)


def questions_for(survey: Survey, user: User, *, now: datetime) -> QuerySet[SurveyQuestion]:
    """Questions about the sites that the user's teams staff."""
    return (
        _site_questions(user, now).filter(survey=survey).select_related("site").order_by("site__name", "pk")
    )


def unanswered(user: User, *, now: datetime) -> QuerySet[SurveyQuestion]:
    """Questions of open surveys that wait for the user."""
    open_ones = Q(survey__opens_at__lte=now, survey__closes_at__gt=now)
    answered = SurveyAnswer.objects.filter(person__user=user).values("question")
    return _site_questions(user, now).filter(open_ones).exclude(pk__in=answered)


def _site_questions(user: User, now: datetime) -> QuerySet[SurveyQuestion]:
    people = Person.objects.present(now).filter(user=user)
    staffed = Staffing.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=now), begins_at__lte=now, team__memberships__person__in=people
    )
    return SurveyQuestion.objects.filter(site__in=staffed.order_by().values("site"))


def own_answers(survey: Survey, person: Person) -> dict[int, SurveyAnswer]:
    answers = SurveyAnswer.objects.filter(question__survey=survey, person=person).select_related("team")
    return {answer.question_id: answer for answer in answers}


def tells_truth(survey: Survey, by: Any, *, now: datetime) -> bool:
    """Whoever is asked reads what the record says, and what others answered, once the survey closes."""
    return survey.closes_at <= now or not withheld(SurveyQuestion, by)


@dataclass(frozen=True, slots=True)
class TeamResult:
    """`share` is None where too few of the team answered to be told."""

    site: Any
    team: str
    share: Tally | None


@dataclass(frozen=True, slots=True)
class QuestionResult:
    question: SurveyQuestion
    spread: Spread | None


def results_of(survey: Survey) -> tuple[list[TeamResult], list[QuestionResult]]:
    """Answers against the record, by site and team, and by question. Two statements."""
    questions = list(
        survey.questions.exclude(kind=ESTIMATE).select_related("site").order_by("site__name", "pk")
    )
    sites = {question.site_id: question.site for question in questions}
    at_site: dict[int, list[GivenAnswer]] = defaultdict(list)
    values: dict[int, list[str]] = defaultdict(list)
    for answer in given_answers(SurveyAnswer.objects.filter(question__in=questions)):
        at_site[answer.site_id].append(answer)
        values[answer.question_id].append(answer.value)
    teams = [
        TeamResult(site, team, share)
        for site_id, site in sites.items()
        for team, share in team_agreements(at_site[site_id])
    ]
    return teams, [QuestionResult(each, spread_of(values[each.pk], each.truth)) for each in questions]


@dataclass(frozen=True, slots=True)
class TeamEstimates:
    site_id: int
    site: str
    slug: str
    team: str
    values: tuple[str, ...]
    """The newest estimate of each person."""


def estimates(*, now: datetime, since: datetime) -> list[TeamEstimates]:
    """Estimates of readiness since an instant, by site and team. One statement."""
    rows = SurveyAnswer.objects.filter(
        question__kind=ESTIMATE, value__in=ESTIMATES, answered_at__lte=now, answered_at__gt=since
    ).order_by("question__site__name", "team__name", "answered_at", "pk")
    groups: dict[tuple[int, str, str, str], dict[int, str]] = defaultdict(dict)
    for site_id, site, slug, team, person_id, value in rows.values_list(
        *("question__site_id", "question__site__name", "question__site__slug", "team__name"),
        *("person_id", "value"),
    ):
        groups[site_id, site, slug, team][person_id] = value
    return [TeamEstimates(*place, tuple(values.values())) for place, values in groups.items()]
