"""An inbox lists only what its reader may act on, for every step that has a turn. An entry goes once it is answered."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import User
from accounts.roles import ROLES
from readiness.assessment.duties.operations import file_proof
from readiness.assessment.evidence.models import Attestation, Review, SignOff
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.grants.models import Grant
from readiness.assessment.standards.operations import approve
from readiness.golive.models import Campaign
from readiness.golive.worklist.operations import set_status
from readiness.loop.actions import operations as actions
from readiness.loop.actions.models import Action
from readiness.loop.alerts.life import operations as handling
from readiness.loop.alerts.models import Alert
from readiness.loop.findings import operations as findings
from readiness.loop.findings.models import Finding
from readiness.organisation.ownership.models import Assignment
from readiness.organisation.people.models import Leave, Membership, Shift
from readiness.organisation.people.operations import confirm_link, confirming
from readiness.organisation.people.operations.surveys import answer_survey
from readiness.tradeoffs.models import Decision
from telemetry.models import InventoryDrift
from tests.inventory import made
from tests.readiness.assessment.duties import made as duties
from tests.readiness.organisation.people import made as people
from tests.visibility.scene import NOW, sentinels
from tests.web.workflows.test_steps import STEPS
from web.delivery.channels import operations as channels
from web.delivery.models import GONE, Channel
from web.workflows import waiting

pytestmark = pytest.mark.django_db
TURNS = {step.turn.key: step for step in STEPS.values() if step.turn}
DAY = timedelta(days=1)
# Whoever may take these is waited for; of the others fewer: who planned it, who owns it, once it is due.
WAIT_FOR_ALL_WHO_MAY = {"decide-on-a-waiver", "approve-a-decision", "accept-ownership"}
NOBODY_IS_WAITED_FOR = {
    "attestation-detail-reject": "the other answer",
    "assignment-decline": "the other answer to what is offered",
    "assignment-end": "may be done at any time",
    "assignment-refuse": "the other answer",
    "campaign-cancel": "may be done at any time",
    "campaign-delete": "may be done at any time",
    "campaign-item-drop": "may be done at any time",
    "campaign-item-restore": "may be done at any time",
    "decision-reject": "the other answer",
    "decision-review": "the clock does it on the day",
    "decision-withdraw": "may be done at any time",
    "drift-dismiss": "may be done at any time",
    "drift-propose": "the list of problems asks for it",
    "drift-reject": "the other answer",
    "review-cancel": "may be done at any time",
    "review-decline": "the other answer",
    "swap-withdraw": "may be done at any time",
    "waiver-deny": "the other answer",
    "waiver-revoke": "may be done at any time",
}


@pytest.fixture
def scene(frozen_now, on_scene):
    frozen_now.at = NOW
    scene = on_scene(sentinels)
    planned = {
        "framework_version": framework_queries.current()[0],
        "created_by": scene.one,
        "created_at": NOW - DAY,
    }
    Campaign.objects.create(
        site=made.site(name="Faro", slug="faro"), name="Over", state="running", started_at=NOW - 9 * DAY,
        due_on=date(2026, 1, 1), **planned,
    )  # fmt: skip
    Decision.objects.create(
        workload=scene.chat, workload_slug="chat", workload_name="Chat", site=scene.porto, rationale="Nearer",
        decided_by=scene.one, decided_at=NOW - DAY, due_on=date(2026, 12, 31),
    )  # fmt: skip
    asked = Assignment.objects.get(site=scene.lagos, item="compute")
    again = {
        field: getattr(asked, field) for field in ("team", "decision_rights", "proposed_by", "proposed_at")
    }
    later = {"site": scene.porto, "accountable": scene.linked, "effective_at": NOW - 8 * DAY, **again}
    Assignment.objects.create(item="network", **later)
    Assignment.objects.create(
        item="energy", state="accepted", answered_by=scene.two, answered_at=NOW - 170 * DAY,
        confirmed_at=NOW - 170 * DAY, due_at=NOW + 10 * DAY, **later,
    )  # fmt: skip
    Assignment.objects.create(
        item="compute-energy", state="accepted", answered_by=scene.two, answered_at=NOW - DAY,
        confirmed_at=NOW - DAY, due_at=NOW + 179 * DAY, deputy=scene.linked, **later | {"accountable": scene.third},
    )  # fmt: skip
    Leave.objects.create(person=scene.third, starts_at=NOW + DAY, ends_at=NOW + 12 * DAY)
    answered = Review.objects.create(
        site=made.site(name="Beja", slug="beja", stage="commissioning"),
        opened_by=scene.one,
        opened_at=NOW - DAY,
    )
    SignOff.objects.create(
        review=answered,
        domain="compute",
        approver=scene.one,
        signed_by=scene.one,
        state="signed",
        answered_at=NOW,
    )
    part = made.accelerator(device=made.device(site=scene.porto), index=0, uuid="GPU-a")
    InventoryDrift.objects.create(
        site=scene.porto, device=part.device, index=0, field="uuid", inventory_value="GPU-a", reported_value="GPU-b",
        reported_by="porto", first_seen_at=NOW - DAY, last_seen_at=NOW, state="proposed", state_at=NOW,
        proposed_by=scene.two, proposed_at=NOW,
    )  # fmt: skip
    Attestation.objects.create(
        site=scene.porto, check_id="p1-commissioning-l5", part="level", value=5, statement="It is so",
        attested_by="two", attester=scene.two, by=scene.one, taken_on=NOW.date() - DAY, taken_at=NOW - DAY,
    )  # fmt: skip
    people.qualification(
        scene.third,
        made_skill := people.skill(),
        assessed_by=scene.linked,
        confirmed_at=None,
        entered_by=scene.one,
    )
    people.exemption(scene.third, made_skill, granted_by=scene.one, approved_at=None)
    Alert.objects.create(
        key="problem:2", kind="health", group="problem:2", severity="critical", rank=0, site=scene.porto,
        title="A link is down", began_at=NOW - DAY, raised_at=NOW - DAY, standing="escalating",
        standing_since=NOW - DAY, escalating_since=NOW - DAY, assigned_to=scene.two,
    )  # fmt: skip
    Finding.objects.create(
        title="Five minutes", text="Not ten.", site=scene.porto, route="to-planners", subject_kind="page",
        closing="evidence", raised_by=scene.one, raised_at=NOW - DAY, due_on=NOW.date(),
    )  # fmt: skip
    Action.objects.create(
        title="Draw it", site=scene.porto, owner=scene.linked, due_on=NOW.date(), effect="evidence",
        added_by=scene.one, added_at=NOW - DAY,
    )  # fmt: skip
    keepers = people.team()
    Membership.objects.create(person=scene.linked, team=keepers)
    duties.duty_entry(site=scene.porto, owner=keepers, due_on=NOW.date())
    certificate = {"site": scene.porto, "owner": keepers}
    duties.certificate(**certificate, surveillance_on=NOW.date())
    duties.certificate(**certificate, expires_on=NOW.date())
    gone = {"disabled_at": NOW - DAY, "disabled_for": GONE, "created_at": NOW - DAY, "verified_at": NOW - DAY}
    Channel.objects.create(owner=scene.two, kind="mailbox", name="Old room", **gone)
    return scene


def waiting_objects():
    """Each kind, each user for whom any waits, and the objects."""
    for kind in waiting.WAITING:
        for user in User.objects.filter(kind=User.Kind.PERSON).order_by("pk"):
            if not kind.any_of or any(map(user.has_perm, kind.any_of)):
                yield kind, user, list(kind.rows(user, NOW))


def test_each_step_says_whose_turn_it_is_or_why_nobody_is_waited_for():
    assert {name for name, step in STEPS.items() if step.turn is None} == set(NOBODY_IS_WAITED_FOR)
    assert len({kind.turn.key for kind in waiting.WAITING}) == len(waiting.WAITING) > len(TURNS)


def test_whatever_waits_for_somebody_may_be_done_by_them(scene):
    met = set()
    for kind, user, objects in waiting_objects():
        met |= {kind.turn.key} if objects else set()
        if (step := TURNS.get(kind.turn.key)) is not None:
            assert [(obj, step.why_not(obj, user)) for obj in objects if step.why_not(obj, user)] == []
            assert all(step.follows(obj, NOW) for obj in objects)
    assert met == {kind.turn.key for kind in waiting.WAITING}


def test_whatever_wants_an_answer_waits_for_all_who_may_give_it_and_never_for_who_asked(scene):
    for kind, user, objects in waiting_objects():
        if kind.turn.key in WAIT_FOR_ALL_WHO_MAY:
            step = TURNS[kind.turn.key]
            may = {
                obj.pk
                for obj in kind.model.objects.all()
                if step.follows(obj, NOW) and not step.why_not(obj, user)
            }
            assert {obj.pk for obj in objects} == may, (kind.turn.key, user)
    own = Grant.objects.get(state="requested")
    decides = next(kind for kind in waiting.WAITING if kind.turn.key == "decide-on-a-waiver")
    assert own in decides.rows(scene.two, NOW)
    assert own not in decides.rows(own.requested_by, NOW)


@pytest.mark.parametrize("name", ["one", "two", "other"])
def test_the_number_is_that_of_the_entries_and_takes_one_statement(scene, name, django_assert_num_queries):
    reader = getattr(scene, name)
    reader.get_all_permissions()
    with django_assert_num_queries(1):
        numbers = waiting.counts(reader, now=NOW)
    entries = waiting.inbox(reader, now=NOW, numbers=numbers)
    by_tab = waiting.counts_by_tab(reader, now=NOW)
    assert sum(by_tab.values()) == len(entries) == sum(numbers.values()) > 0
    assert [entry.rank for entry in entries] == sorted(entry.rank for entry in entries)
    assert all(entry.subject and entry.url.startswith("/") for entry in entries)


TAKES = {
    "confirm-a-correction-of-the-inventory": lambda step, obj, by: step(obj, note="", by=by, now=NOW),
    "confirm-an-attestation": lambda step, obj, by: step(obj, by=by, now=NOW),
    "approve-a-decision": lambda step, obj, by: step(obj, note="", by=by, now=NOW),
    "accept-ownership": lambda step, obj, by: step(obj, note="", by=by, now=NOW),
    "confirm-ownership": lambda step, obj, by: step(obj, by=by, now=NOW),
    "cover-during-leave": lambda step, obj, by: step(obj, note="", by=by, now=NOW),
    "decide-on-a-waiver": lambda step, obj, by: step(obj, note="", by=by, now=NOW),
    "decide-on-a-waiver-of-a-deviation": lambda step, obj, by: approve(obj, note="", by=by, now=NOW),
    "sign-a-go-live-review": lambda step, obj, by: step(obj, note="", by=by, now=NOW),
    "decide-a-go-live-review": lambda step, obj, by: step(obj, note="No.", decision="no-go", by=by, now=NOW),
    "close-an-action": lambda step, obj, by: step(obj, note="", by=by, now=NOW),
    "start-a-campaign": lambda step, obj, by: step(obj, by=by, now=NOW),
    "finish-a-campaign": lambda step, obj, by: step(obj, note="Over.", by=by, now=NOW),
    "resolve-a-check": lambda step, obj, by: set_status([obj.pk], status="done", by=by, now=NOW),
    "take-a-shift": lambda step, obj, by: _taken(step, obj, by),
    "confirm-a-qualification": lambda step, obj, by: confirming.confirm(obj, by=by, now=NOW),
    "approve-an-exemption": lambda step, obj, by: confirming.approve(obj, by=by, now=NOW),
    "answer-a-finding": lambda step, obj, by: findings.accept(obj, reason="", by=by, now=NOW),
    "finish-an-action": lambda step, obj, by: actions.finish_action(obj, note="", by=by, now=NOW),
    "file-proof-of-a-duty": lambda step, obj, by: file_proof(
        obj, filed_on=NOW.date(), proof="Receipt", by=by, now=NOW
    ),
    "have-a-certificate-audited": lambda step, obj, by: _renewed(obj, "surveillance_on"),
    "renew-a-certificate": lambda step, obj, by: _renewed(obj, "expires_on"),
    "acknowledge-an-alert": lambda step, obj, by: handling.acknowledge(obj, note="", by=by, now=NOW),
    "check-a-channel": lambda step, obj, by: channels.enable_channel(obj, by=by, now=NOW),
    "answer-a-survey": lambda step, obj, by: _answered(obj, by),
    "confirm-who-you-are": lambda step, obj, by: confirm_link(obj, by=by, now=NOW),
}


def _taken(step, swap, by):
    same = {name: getattr(swap, name) for name in ("rotation", "level", "person", "starts_at", "ends_at")}
    Shift.objects.create(origin="layer", **same)
    step(swap, by=by, now=NOW)


def _renewed(certificate, column):
    setattr(certificate, column, NOW.date() + 365 * DAY)
    certificate.save()


def _answered(survey, by):
    """Answer what the record says, and estimate, in the name of the first team."""
    answers = {question.pk: question.truth or "ready" for question in survey.questions.all()}
    answer_survey(survey, team=by.person.teams.first(), answers=answers, by=by, now=NOW)


@pytest.mark.parametrize("kind", waiting.WAITING, ids=lambda kind: kind.turn.key)
def test_what_was_done_waits_no_longer(scene, kind):
    [(user, obj), *_others] = [
        (user, objects[0]) for each, user, objects in waiting_objects() if each is kind and objects
    ]
    TAKES[kind.turn.key](TURNS.get(kind.turn.key), obj, user)
    assert obj.pk not in {left.pk for left in kind.rows(user, NOW)}


def test_whoever_may_not_is_not_waited_for(scene, user_of):
    for role in ROLES:
        reader = user_of(role, username=f"new-{role}")
        keys = set(waiting.counts(reader, now=NOW))
        for key in keys & set(TURNS):
            assert any(reader.has_perm(each) for each in TURNS[key].any_of), (role, key)
    with pytest.raises(PermissionDenied):
        TAKES["decide-on-a-waiver"](
            TURNS["decide-on-a-waiver"], Grant.objects.get(state="requested"), scene.one
        )
