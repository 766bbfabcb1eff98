"""Makes procedures, drills, shifts and answers for tests."""

from datetime import timedelta

from readiness.organisation.people.models import (
    AlertRule,
    Drill,
    Exercise,
    Participant,
    Procedure,
    Shift,
    Survey,
    SurveyAnswer,
    SurveyQuestion,
)
from tests.conftest import NOW
from tests.inventory.made import next_number

DAY = timedelta(days=1)


def procedure(**given):
    number = next_number()
    usual = {"title": f"Procedure {number}", "slug": f"procedure-{number}", "kind": "runbook"}
    return Procedure.objects.create(**usual | given)


def rule(**given):
    return AlertRule.objects.create(**{"name": f"Alert {next_number()}"} | given)


def drill(site, present=(), procedures=(), **given):
    """`present` are pairs of person and domain."""
    usual = {"name": f"Drill {next_number()}", "result": "passed", "held_at": NOW - DAY}
    held = Drill.objects.create(site=site, **usual | given)
    Participant.objects.bulk_create(Participant(drill=held, person=who, domain=of) for who, of in present)
    Exercise.objects.bulk_create(Exercise(drill=held, procedure=each) for each in procedures)
    return held


def shift(rotation, person, starts_at, *, hours=12, **given):
    return Shift.objects.create(
        rotation=rotation, person=person, level=1, origin="layer", starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=hours), **given,
    )  # fmt: skip


def survey(**given):
    usual = {"title": f"Survey {next_number()}", "opens_at": NOW - 5 * DAY, "closes_at": NOW + 5 * DAY}
    return Survey.objects.create(**usual | given)


def question(site, of=None, **given):
    usual = {
        "kind": "number",
        "truth": "20",
        "truth_source": "Contract 7",
        "text": f"Question {next_number()}",
    }
    return SurveyQuestion.objects.create(site=site, survey=of or survey(), **usual | given)


def answer(question, person, team, value, **given):
    return SurveyAnswer.objects.create(
        question=question, person=person, team=team, value=value, **{"answered_at": NOW - DAY} | given
    )
