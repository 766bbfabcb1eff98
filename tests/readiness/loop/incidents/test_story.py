"""From an alert to an incident, its review, its action, a lesson, and a check that every site answers."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from readiness.assessment.evidence.models import RecordedFact
from readiness.assessment.evidence.operations.records import attest
from readiness.assessment.framework.operations import publish_draft
from readiness.assessment.scoring.models import CheckResult
from readiness.assessment.scoring.operations import evaluate
from readiness.loop.actions import operations as actions
from readiness.loop.alerts.core.kinds import AlertSeverity
from readiness.loop.alerts.models import Alert, EndedBy
from readiness.loop.alerts.raising.writing import write
from readiness.loop.incidents import following, operations, queries
from readiness.loop.incidents.learning import CHECK, write_learning
from readiness.loop.incidents.models import Incident, IncidentAlert
from readiness.loop.lessons import operations as lessons
from readiness.loop.lessons.core.drafting import PART
from readiness.loop.lessons.queries import attach_states
from readiness.loop.lessons.queries import lessons as lesson_rows
from tests.inventory import made
from tests.readiness.loop.alerts.made import MINUTE, NOW, loaded_site, open_alert
from tests.readiness.organisation.people import made as people
from web.permissions import MissingPermission
from web.workflows import NotInState

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def site():
    return loaded_site()


@pytest.fixture
def alert(site):
    return open_alert(site=site, severity=AlertSeverity.CRITICAL, domain="energy")


def end_alert(alert, at):
    write([], endings={alert.key: EndedBy.EVIDENCE}, now=at)


def alert_of_cause(alert, key, **values):
    """An alert that another one's cause explains."""
    later = open_alert(key, **values)
    Alert.objects.filter(pk=later.pk).update(group=alert.group)
    return later


def reviewed(incident, by, *, at, cause="UPS battery aged"):
    return operations.review_incident(incident, cause=cause, what_happened="It failed.", by=by, now=at)


def facts_of(site):
    rows = RecordedFact.objects.filter(site=site, check_id=CHECK).order_by("part", "-taken_on")
    return dict(rows.distinct("part").values_list("part", "value"))


def open_at(site, client_of):
    page = client_of("viewer").get(f"/sites/{site.slug}/")
    incidents = page.context["open_incidents"]
    assert ("Incident under way" in page.text) == bool(incidents)
    return incidents


def answer_check(site, check_id, by, *, at):
    day = at.date()
    attest(
        site=site, check=check_id, part=PART, value=1, taken_on=day, attested_by="Ann", statement="They do.",
        by=by, now=at,
    )  # fmt: skip
    evaluate(site_ids=[site.pk], now=at)


def test_from_an_alert_to_an_incident_a_review_a_lesson_and_a_check_that_every_site_answers(
    alert, site, ops, planner, manager, client_of
):
    other = made.site()
    incident = operations.open_incident(alert=alert, by=ops, now=NOW)
    assert (incident.title, incident.severity, incident.site) == ("PDU-7 is overloaded", "2", site)
    assert (incident.began_at, incident.site_kw, incident.domains) == (alert.began_at, 400, ["energy"])
    with pytest.raises(ValidationError, match="belongs to the incident"):
        operations.open_incident(alert=alert, by=ops, now=NOW)
    assert open_at(site, client_of) == [incident]
    # Alerts of the cause join while it is under way, and none after its end.
    alert_of_cause(alert, "problem:pdu-8", site=site, at=NOW + MINUTE)
    alert_of_cause(alert, "problem:pdu-9", site=other, at=NOW + MINUTE)
    assert operations.join_alerts(now=NOW + MINUTE) == 1
    incident = operations.end_incident(incident, by=ops, now=NOW + HOUR)
    assert open_at(site, client_of) == []
    later = alert_of_cause(alert, "problem:pdu-10", site=site, at=NOW + 2 * HOUR)
    assert operations.join_alerts(now=NOW + 2 * HOUR) == 0
    with pytest.raises(NotInState, match="over"):
        operations.join_alert(incident, alert=later, by=ops, now=NOW + 2 * HOUR)
    # Nor does a write that goes around the operations.
    with pytest.raises(IntegrityError, match="over, or of another site"), transaction.atomic():
        IncidentAlert.objects.create(incident=incident, alert=later, joined_at=NOW)
    assert queries.incidents().get(pk=incident.pk).alert_count == 2

    with pytest.raises(ValidationError, match="review is missing"):
        operations.close_incident(incident, by=ops, now=NOW + HOUR)
    incident = reviewed(incident, ops, at=NOW + DAY)
    lesson = lessons.write_lesson(
        claim="Each UPS reports the temperature of its batteries",
        why="The batteries of one grew hot for days, and nobody saw it.",
        kind="check",
        incident=incident,
        pillar="p2",
        domain="energy",
        how_to="Connect the sensors to the exporter.",
        by=planner,
        now=NOW + 2 * DAY,
    )
    spread = lambda: attach_states([lesson_rows().get(pk=lesson.pk)])[0]  # noqa: E731
    assert (spread().state, spread().site_count) == ("draft", 0)
    publish_draft(lesson.draft, digest=lesson.draft.digest, by=manager, now=NOW + 3 * DAY)
    evaluate(site_ids=[site.pk, other.pk], now=NOW + 3 * DAY)
    assert (spread().state, spread().site_count, spread().answer_count) == ("asked", 2, 0)

    # The incident closes once the effect of its action was seen, which an answer from before shows of nobody.
    promise = {"title": "Connect the sensors", "effect": "check", "check_id": lesson.check_id}
    with pytest.raises(ValidationError, match="person or a team"):
        following.add_incident_action(incident, **promise, due_on=NOW.date(), by=ops, now=NOW + 3 * DAY)
    action = following.add_incident_action(
        incident, **promise, team=people.team(), due_on=(NOW + 9 * DAY).date(), by=ops, now=NOW + 3 * DAY
    )
    answer_check(site, lesson.check_id, ops, at=NOW + 4 * DAY)
    assert spread().answer_count == 1
    actions.finish_action(action, note="", by=ops, now=NOW + 4 * DAY + HOUR)
    assert actions.observe_effects(now=NOW + 4 * DAY + HOUR) == 0
    with pytest.raises(ValidationError, match="effect"):
        operations.close_incident(incident, by=ops, now=NOW + 5 * DAY)
    answer_check(site, lesson.check_id, ops, at=NOW + 5 * DAY)
    assert actions.observe_effects(now=NOW + 5 * DAY) == 1
    assert operations.close_incident(incident, by=ops, now=NOW + 5 * DAY).state == Incident.State.CLOSED

    answer_check(other, lesson.check_id, ops, at=NOW + 6 * DAY)
    assert (spread().state, spread().share) == ("spread", 1.0)
    answers = CheckResult.objects.filter(check_id=lesson.check_id)
    assert all(answer.taken_at is not None for answer in answers)


def test_the_same_alert_within_90_days_is_a_repeat_that_must_be_reviewed(alert, site, ops):
    first = operations.open_incident(alert=alert, severity="3", by=ops, now=NOW)
    first = operations.end_incident(first, by=ops, now=NOW + HOUR)
    assert (first.review_state, first.review_due_on) == ("skipped", None)
    end_alert(alert, NOW + HOUR)
    again = open_alert(site=site, at=NOW + 30 * DAY)
    second = operations.open_incident(alert=again, severity="3", by=ops, now=NOW + 30 * DAY)
    second = operations.end_incident(second, by=ops, now=NOW + 30 * DAY + HOUR)
    assert (second.repeats, second.review_state) == (first, "required")
    # Both reviews decide: another root cause is no repeat.
    reviewed(first, ops, at=NOW + 31 * DAY, cause="Loose lug")
    second = reviewed(second, ops, at=NOW + 31 * DAY, cause="Aged battery")
    second.refresh_from_db()
    assert second.repeats is None
    # Nor does it repeat what was not over when it began, as is found later.
    reviewed(second, ops, at=NOW + 31 * DAY, cause="Loose lug")
    second.refresh_from_db()
    assert second.repeats == first
    began_at = NOW + HOUR - MINUTE
    second = operations.change_incident(second, began_at=began_at, by=ops, now=NOW + 31 * DAY)
    assert second.repeats is None


def test_a_viewer_opens_none(site, viewer):
    with pytest.raises(MissingPermission):
        operations.open_incident(site=site, title="Dark", by=viewer, now=NOW)


def test_what_a_site_learns_becomes_the_evidence_of_its_check(alert, site, ops):
    other = made.site()
    assert write_learning(now=NOW) == 0
    incident = operations.open_incident(alert=alert, by=ops, now=NOW)
    incident = operations.end_incident(incident, by=ops, now=NOW + HOUR)
    assert write_learning(now=NOW + HOUR) == 4
    assert write_learning(now=NOW + 2 * HOUR) == 0
    assert facts_of(site) == {
        "reviews-in-time": 100,
        "actions-owned": 100,
        "actions-on-time": 100,
        "repeats": 0,
    }
    # The review is overdue after ten working days, without anybody doing anything.
    assert write_learning(now=NOW + 20 * DAY) == 4
    assert facts_of(site)["reviews-in-time"] == 0
    assert not RecordedFact.objects.filter(site=other).exists()
    # An attestation says it is all well; the records outweigh it on the next day.
    evaluate(site_ids=[site.pk], now=NOW + 20 * DAY)
    assert CheckResult.objects.get(site=site, check_id=CHECK).state == "fail"
