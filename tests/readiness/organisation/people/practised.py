"""Makes procedures, drills, shifts and answers for tests."""

from datetime import timedelta

from readiness.demo.building import write
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
from tests.inventory.made import maker, site

DAY = timedelta(days=1)

procedure = maker(Procedure, title="Procedure {n}", slug="procedure-{n}", kind="runbook")
rule = maker(AlertRule, name="Alert {n}")
_drill = maker(Drill, "site", name="Drill {n}", result="passed", held_at=NOW - DAY)
survey = maker(Survey, title="Survey {n}", opens_at=NOW - 5 * DAY, closes_at=NOW + 5 * DAY)
question = maker(
    SurveyQuestion,
    "site",
    "survey",
    site=site,
    survey=survey,
    kind="number",
    truth="20",
    truth_source="Contract 7",
    text="Question {n}",
)
answer = maker(SurveyAnswer, "question", "person", "team", "value", answered_at=NOW - DAY)


def drill(at=None, present=(), procedures=(), **columns):
    """At a site; `present` are pairs of person and domain."""
    held = _drill.row(at or site.row(), **columns)
    write(
        [held],
        [Participant(drill=held, person=person, domain=domain) for person, domain in present],
        [Exercise(drill=held, procedure=each) for each in procedures],
    )
    return held


def shift(rotation, person, starts_at, *, hours=12, **columns):
    return Shift.objects.create(
        rotation=rotation, person=person, level=1, origin="layer", starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=hours), **columns,
    )  # fmt: skip
