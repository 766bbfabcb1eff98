"""A finding from where it was seen to its end, which may not be the last: by pages, by the API, and by the clock."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from readiness.assessment.evidence.models import RecordedFact
from readiness.assessment.evidence.operations import attest
from readiness.assessment.scoring.models import CheckResult
from readiness.loop.actions import operations as actions
from readiness.loop.actions.models import Action
from readiness.loop.findings import operations, proving, queries
from readiness.loop.findings.joint import operations as joint
from readiness.loop.findings.models import Finding, JointReviewItem
from readiness.loop.findings.settling import settle
from tests.readiness.assessment.scoring import stored
from tests.readiness.organisation.people import made as people
from web.permissions import MissingPermission
from web.workflows import NotInState
from web.workflows.second import SamePerson
from web.workflows.waiting import counts

pytestmark = pytest.mark.django_db
CHECK, DAY = "p2-backup-power", timedelta(days=1)
SEEN = {
    "title": "UPS runtime",
    "address": "/sites/porto/?tab=energy",
    "value": 4.5,
    "unit": "min",
    "at": "2026-11-24T11:30:00+00:00",
}


@pytest.fixture
def porto(frozen_now):
    site = stored.site(name="Porto", slug="porto", first_blocker=CHECK)
    stored.result(site, CHECK, "fail")
    return site


def judged(state, **columns):
    CheckResult.objects.filter(check_id=CHECK).update(state=state, measured_state=state, **columns)


def raised(site, by, now, **more):
    values = {
        "title": "The UPS holds five minutes, the plan says ten",
        "text": "Size the batteries again",
        "route": "to-planners",
        "subject_kind": "check",
        "subject_key": CHECK,
        "closing": "check",
        "check_id": CHECK,
        "seen": SEEN,
    }
    return operations.raise_finding(site=site, **values | more, by=by, now=now)


def facts(site):
    return dict(RecordedFact.objects.filter(site=site, check_id=proving.CHECK).values_list("part", "value"))


def test_a_finding_goes_from_the_page_where_it_was_seen_to_its_end_and_opens_again(
    porto, ops, planner, client_of, frozen_now
):
    address = queries.finding_url("check", CHECK, porto, SEEN)
    page = client_of("ops").get(address)
    assert "UPS runtime" in page.text
    sent = {
        "title": "Batteries",
        "text": "They hold five minutes.",
        "site": "porto",
        "route": "to-planners",
        "closing": "check",
        "check_id": CHECK,
        "subject_kind": "check",
        "subject_key": CHECK,
        "seen": json.dumps(SEEN),
    }
    answer = client_of("ops").post(address, sent)
    finding = Finding.objects.get()
    assert answer.headers["Location"] == f"/findings/{finding.pk}/"
    assert finding.seen == SEEN
    assert counts(planner, now=frozen_now.at) == {"answer-a-finding": 1}
    assert counts(ops, now=frozen_now.at) == {}

    frozen_now.move(days=4)
    client_of("planner").post(f"/findings/{finding.pk}/accept/", {"reason": "Ordered."})
    assert facts(porto) == {"decision-days": 4.0}
    assert settle(now=frozen_now.at) == []
    judged("pass")
    assert settle(now=frozen_now.at) == [finding]
    finding.refresh_from_db()
    assert (finding.state, finding.closed_because) == ("closed", "Backup power passes at Porto.")
    assert settle(now=frozen_now.at) == []

    judged("fail")
    assert settle(now=frozen_now.at + 91 * DAY) == []
    assert settle(now=frozen_now.at + 60 * DAY) == [finding]
    page = client_of("planner").get(f"/findings/{finding.pk}/")
    assert [event.kind for event in page.context["events"]] == ["raised", "accepted", "closed", "reopened"]
    assert counts(planner, now=frozen_now.at) == {"answer-a-finding": 1}
    told = queries.events_between(frozen_now.at - DAY, frozen_now.at + 61 * DAY, sites=[porto.pk], user=ops)
    assert [event.title.partition(":")[0] for event in told] == [
        "Finding opened again",
        "Finding closed",
        "Finding accepted",
    ]


def test_who_raised_a_finding_does_not_answer_it_for_the_other_side(porto, ops, planner, viewer, frozen_now):
    finding = raised(porto, ops, frozen_now.at)
    with pytest.raises(MissingPermission):
        operations.accept(finding, reason="", by=ops, now=frozen_now.at)
    own = raised(porto, planner, frozen_now.at)
    with pytest.raises(SamePerson):
        operations.accept(own, reason="", by=planner, now=frozen_now.at)
    assert list(Finding.objects.filter(operations.answerable(planner, frozen_now.at))) == [finding]
    with pytest.raises(MissingPermission):
        operations.comment(finding, text="Hm.", by=viewer, now=frozen_now.at)
    with pytest.raises(ValidationError, match="reason"):
        operations.reject(finding, reason=" ", by=planner, now=frozen_now.at)
    to_ops = raised(porto, planner, frozen_now.at, route="to-ops", closing="evidence")
    operations.accept(to_ops, reason="", by=ops, now=frozen_now.at)
    operations.attach_finding_evidence(to_ops, evidence="Test 7", by=ops, now=frozen_now.at)
    to_ops.refresh_from_db()
    assert to_ops.state == "closed"
    with pytest.raises(NotInState):
        operations.accept(to_ops, reason="", by=ops, now=frozen_now.at)


def test_a_deferred_finding_waits_again_when_its_day_has_come(porto, ops, planner, frozen_now):
    finding = raised(porto, ops, frozen_now.at)
    until = (frozen_now.at + 10 * DAY).date()
    operations.defer(finding, until=until, reason="After the audit", by=planner, now=frozen_now.at)
    assert counts(planner, now=frozen_now.at + 9 * DAY) == {}
    assert counts(planner, now=frozen_now.at + 10 * DAY) == {"answer-a-finding": 1}
    with pytest.raises(ValidationError):
        operations.defer(finding, until=frozen_now.at.date(), reason="?", by=planner, now=frozen_now.at)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        pytest.param({"check_id": "p5-goodput-x"}, "check_id", id="an unknown check"),
        pytest.param({"check_id": "p5-goodput"}, "check_id", id="a check that passes already"),
        pytest.param({"site": None}, "site", id="a check of no site"),
        pytest.param({"closing": "decision"}, "decision", id="no decision"),
        pytest.param({"seen": {"address": "https://example.org/"}}, "seen", id="seen at another place"),
        pytest.param({"seen": [{}]}, "seen", id="seen as a list"),
        pytest.param({"seen": {"value": 10**400}}, "seen", id="a value of four hundred digits"),
        pytest.param({"seen": {"at": "0001-01-01T00:00:00+14:00"}}, "seen", id="seen before any clock"),
        pytest.param({"seen": {"title": chr(0xD800)}}, "seen", id="half a character"),
        pytest.param({"text": " "}, "text", id="nothing said"),
    ],
)
def test_a_finding_that_nothing_could_close_is_refused(porto, ops, frozen_now, more, field):
    stored.result(porto, "p5-goodput", "pass")
    with pytest.raises(ValidationError) as refused:
        raised(**{"site": porto, "by": ops, "now": frozen_now.at} | more)
    assert set(refused.value.message_dict) == {field}


def test_what_was_seen_stays(porto, ops, frozen_now):
    finding = raised(porto, ops, frozen_now.at)
    with pytest.raises(DatabaseError, match="stays as it was"), transaction.atomic():
        Finding.objects.filter(pk=finding.pk).update(seen=SEEN | {"value": 12})


def test_a_joint_review_keeps_its_record_and_is_evidence_before_what_somebody_typed(
    porto, ops, planner, manager, api_of, frozen_now
):
    by = {"by": manager, "now": frozen_now.at}
    attest(
        site=porto, check=proving.CHECK, part="review-held", value=0, taken_on=frozen_now.at.date(),
        statement="None was held.", attested_by="Ana Reis", **by,
    )  # fmt: skip
    finding = raised(porto, ops, frozen_now.at)
    sent = {"name": "Fourth quarter", "planned_on": "2026-11-24"}
    answer = api_of("planner").post("/api/loop/reviews/", sent)
    assert answer.status_code == 201, answer.text
    review = JointReviewItem.objects.get(finding=finding).review
    assert proving.prove(now=frozen_now.at) == 0
    operations.reject(finding, reason="The load goes down.", by=planner, now=frozen_now.at)
    everybody = {
        "domains": ["compute", "network", "energy"],
        "had_operations": True,
        "had_planning": True,
    }
    joint.hold(review, record="Nothing else.", **everybody, **by)
    item = review.items.get()
    assert (item.state, item.reason) == ("rejected", "The load goes down.")
    assert facts(porto) == {"review-held": 1.0, "decision-days": 0.0}
    with pytest.raises(NotInState):
        joint.hold(review, record="Again", **by)
    # It counts for a quarter; then no review was held in the last one.
    proving.prove(now=frozen_now.at + 93 * DAY)
    newest = RecordedFact.objects.filter(check_id=proving.CHECK, part="review-held").order_by("-taken_on")
    assert newest[0].value == 0.0


def test_the_effect_of_an_action_is_seen_when_its_check_passes(porto, ops, planner, client_of, frozen_now):
    finding = raised(porto, ops, frozen_now.at)
    owner = people.person(name="Ana Reis", user=ops)
    sent = {
        "title": "Order batteries",
        "owner": owner.pk,
        "due_on": "2026-11-28",
        "effect": "check",
        "check_id": CHECK,
    }
    client_of("planner").post(f"/findings/{finding.pk}/actions/add/", sent)
    action = Action.objects.get()
    assert (action.site, action.finding_link.finding) == (porto, finding)
    assert counts(ops, now=frozen_now.at) == {"finish-an-action": 1}
    page = client_of("ops").get("/actions/?mine=true")
    assert [row.object for row in page.context["table"].rows] == [action]

    actions.finish_action(action, note="They are in.", by=ops, now=frozen_now.at)
    settle(now=frozen_now.at)
    action.refresh_from_db()
    assert action.observed_at is None
    # It passes, but as it did before anybody acted.
    judged("pass", since=frozen_now.at - DAY, taken_at=frozen_now.at - DAY)
    settle(now=frozen_now.at + DAY)
    action.refresh_from_db()
    assert action.observed_at is None
    judged("pass", taken_at=frozen_now.at + DAY)
    settle(now=frozen_now.at + DAY)
    action.refresh_from_db()
    assert action.observed_at == frozen_now.at + DAY


def test_evidence_of_the_first_time_proves_nothing_of_the_next(porto, ops, planner, frozen_now):
    by = {"by": ops, "now": frozen_now.at}
    action = actions.add_action(title="Draw it", site=porto, effect="evidence", **by)
    action = actions.attach_evidence(action, evidence="Drawing A", **by)
    action = actions.finish_action(action, note="", **by)
    assert action.observed_at == frozen_now.at
    action = actions.reopen_action(action, **by)
    action = actions.change_action(action, effect="check", check_id=CHECK, **by)
    assert actions.finish_action(action, note="", **by).observed_at is None

    finding = raised(porto, planner, frozen_now.at, route="to-ops", closing="evidence")
    operations.attach_finding_evidence(finding, evidence="Test 7", **by)
    operations.accept(finding, reason="", **by)
    assert settle(now=frozen_now.at) == [finding]
    operations.reopen(finding, reason="It shows the other feed.", by=planner, now=frozen_now.at)
    operations.accept(finding, reason="", **by)
    assert settle(now=frozen_now.at) == []


def test_a_check_that_passes_closes_a_finding_that_has_evidence_too(porto, ops, planner, frozen_now):
    by = {"by": planner, "now": frozen_now.at}
    finding = raised(porto, ops, frozen_now.at)
    operations.accept(finding, reason="", **by)
    operations.attach_finding_evidence(finding, evidence="Test 7", **by)
    judged("pass")
    assert settle(now=frozen_now.at) == [finding]
    finding.refresh_from_db()
    assert finding.closed_because == "Backup power passes at Porto."


def test_evidence_closes_a_finding_whose_check_or_decision_can_do_so_no_more(porto, ops, planner, frozen_now):
    by = {"by": planner, "now": frozen_now.at}
    finding = raised(porto, ops, frozen_now.at)
    operations.accept(finding, reason="", **by)
    operations.attach_finding_evidence(finding, evidence="Test 7", **by)
    assert settle(now=frozen_now.at) == []
    Finding.objects.filter(pk=finding.pk).update(check_id="p2-renamed")
    assert settle(now=frozen_now.at) == [finding]
    finding.refresh_from_db()
    assert finding.closed_because == "Evidence is attached."
