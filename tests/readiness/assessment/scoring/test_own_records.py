"""The checks whose source is Muster itself: statements by hand prove nothing once it has the records."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from readiness.assessment.evidence.core.bearing import OWN_RECORDS
from readiness.assessment.evidence.core.reviews import DOMAINS, HeldReview, ReviewCounts, counting_review
from readiness.assessment.evidence.models import Attestation, RecordedFact, ValidationRun
from readiness.assessment.evidence.operations import attest, import_run, record_fact
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.grants.models import Grant
from readiness.assessment.scoring.checks import (
    COMPUTED,
    FROM_OWNERSHIP,
    FROM_PEOPLE,
    FROM_REVIEWS,
    FROM_STANDARDS,
)
from readiness.assessment.scoring.models import CheckResult
from readiness.assessment.scoring.operations import evaluate
from readiness.demand.workloads import operations as workloads
from readiness.golive.reviews import operations as reviews
from readiness.organisation.ownership import operations as ownership
from readiness.organisation.ownership.core.standing import Item
from tests.inventory import made
from tests.readiness.assessment.duties.made import certificate
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.scoring import own_practice, own_standards
from tests.readiness.organisation.people import made as people
from tests.readiness.organisation.people import scenes

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
GOLIVE = "p4-golive-review"
STATED = {
    "p2-envelope-declared": {"classes-complete": 100, "contradictions": 0},
    "p2-placement-jurisdiction": {"placements-outside": 0},
    "p4-orchestration-owner": {"items-owned": 100},
    "p4-asset-ownership": {"assets-owned": 100},
    GOLIVE: {"signatures-missing": 0, "critical-actions": 0, "undated-actions": 0, "dated-actions": 0},
    "p4-regulatory-register": {"overdue": 0, "owned": 100, "due-soon": 0},
    **scenes.STATED,
    **own_practice.STATED,
    **own_standards.STATED,
}
"""What somebody would say to make the check pass."""


@pytest.fixture
def dallas(db):
    return made.site(name="Dallas", slug="dallas", country="US", stage="commissioning")


@pytest.fixture
def begin(dallas, user_of, frozen_now):
    """`begin(check)` gives the site records of Muster's own, by which the check does not pass."""
    manager, planner = user_of("manager"), user_of("planner")

    def owned():
        team = people.team()
        ana = people.person(team, user=user_of("viewer", username="ana"))
        asked = ownership.Proposal(
            site=dallas, item=Item.COMPUTE, accountable=ana, team=team, deputy=people.person(team),
            decision_rights="May stop any placement.", escalation="Call the NOC.",
        )  # fmt: skip
        at = frozen_now.at
        ownership.accept(ownership.propose(asked, by=manager, now=at), by=ana.user, now=at)

    def placed():
        chat = workloads.declare(
            name="Chat", slug="chat", allowed_jurisdictions=["EEA"], data_categories=["personal"],
            declared_on=date(2026, 11, 1), by=planner, now=frozen_now.at,
        )  # fmt: skip
        workloads.place(chat, site=dallas, on=date(2026, 11, 1), by=planner, now=frozen_now.at)

    def reviewed():
        reviews.open_review(site=dallas, by=manager, now=frozen_now.at)

    begins = {
        "p2-envelope-declared": placed,
        "p2-placement-jurisdiction": placed,
        "p4-orchestration-owner": owned,
        "p4-asset-ownership": owned,
        GOLIVE: reviewed,
        "p4-regulatory-register": lambda: certificate(site=dallas, expires_on=date(2026, 1, 1)),
        **{check: partial(scene, dallas, frozen_now.at) for check, scene in scenes.BEGIN.items()},
        **own_practice.begins(dallas, frozen_now.at),
        **own_standards.begins(dallas, manager, planner, frozen_now.at),
    }
    return lambda check: begins[check]()


@pytest.fixture
def state(dallas, frozen_now):
    """The stored result after an evaluation a moment later."""

    def look(check=GOLIVE, at=None):
        frozen_now.move(seconds=1)
        evaluate(site_ids=[dallas.pk], now=at or frozen_now.at)
        return CheckResult.objects.get(site=dallas, check_id=check)

    return look


@pytest.fixture
def say(dallas, frozen_now):
    """`say(check)` states by hand, in every way that there is, that all is well."""

    def make(check):
        entered = {"site": dallas, "by": None, "now": frozen_now.at}
        for part, value in STATED[check].items():
            claimed = {"check": check, "part": part, "value": value, "taken_on": frozen_now.at.date()}
            record_fact(source="Register 7", **claimed, **entered)
            attest(statement="All is well", attested_by="R. Okafor", **claimed, **entered)
        rows = [
            f"{check}/{part},{value},,{frozen_now.at.isoformat()}" for part, value in STATED[check].items()
        ]
        content = outputs.table(*rows, head="measure,value,unit,taken_at")
        import_run(tool="csv", content=content, file_name="said.csv", **entered)

    return make


def test_each_check_has_its_arithmetic_and_a_scene_here():
    assert OWN_RECORDS.keys() == STATED.keys()
    computed = (COMPUTED, FROM_OWNERSHIP, FROM_PEOPLE, FROM_REVIEWS, FROM_STANDARDS)
    assert OWN_RECORDS.keys() <= {check for checks in computed for check in checks}


@pytest.mark.parametrize("check", STATED)
def test_statements_count_only_as_long_as_muster_has_no_records(check, begin, say, state, frozen_now):
    say(check)
    said = {part["part"]: part["state"] for part in state(check).parts}
    assert {said[part] for part in STATED[check]} == {"pass"}
    begin(check)
    known = state(check)
    assert known.state in ("fail", "unknown")
    own = {
        part["part"] for part in known.parts if part["evidence"].startswith(tuple(OWN_RECORDS[check].refs))
    }
    assert own >= set(STATED[check])
    # Younger, and still they prove nothing.
    frozen_now.move(days=2)
    before = state(check)
    say(check)
    after = state(check)
    assert (after.state, after.value) == (before.state, before.value)
    assert {part["part"]: part["value"] for part in after.parts} == {
        part["part"]: part["value"] for part in before.parts
    }
    # Nor when the records are too old to count.
    frozen_now.move(days=400)
    say(check)
    assert state(check).state != "pass"


@pytest.mark.parametrize("check", STATED)
def test_the_pages_and_the_api_say_so(check, begin, say, state, client_of, api_of):
    say(check)
    state(check)
    ops, viewer = client_of("ops"), client_of("viewer")
    pages = (f"/sites/dallas/checks/{check}/", f"/readiness/?cell=dallas.{check}")
    for page in pages:
        assert "is not counted" not in ops.get(page).getvalue().decode()
    begin(check)
    state(check)
    because = f"of 24 Nov 2026 is not counted: this site has {OWN_RECORDS[check].words}."
    for page in pages:
        shown = ops.get(page).getvalue().decode()
        assert f"A statement by R. Okafor {because}" in shown
        assert f"A recorded fact (Register 7) {because}" in shown
        assert f"Run {run_of(check)} {because}" in shown
        assert f"A statement by somebody {because}" in viewer.get(page).getvalue().decode()
    found = api_of("viewer").get(f"/api/readiness/results/?site=dallas&check={check}").json()["results"]
    refs = {part["evidence"].partition(":")[0] for part in found[0]["parts"] if part["part"] in STATED[check]}
    assert refs == {OWN_RECORDS[check].refs[0].rstrip(":")}


@pytest.mark.parametrize("check", STATED)
def test_the_page_of_a_statement_says_how_long_it_counts(dallas, check, say, client_of):
    say(check)
    own = OWN_RECORDS[check].words
    until = f"Once this site has {own}, Muster computes the check, and this record no longer counts."
    for kind, model in (("facts", RecordedFact), ("attestations", Attestation)):
        page = client_of("viewer").get(f"/evidence/{kind}/{model.objects.first().pk}/")
        assert until in page.getvalue().decode()


def run_of(check):
    return ValidationRun.objects.get(measures__name=f"{check}/{next(iter(STATED[check]))}").pk


class TestReviews:
    """Which review counts at an instant; `signed` is how many of the five signed it."""

    @pytest.fixture
    def hold(self, dallas, user_of, frozen_now):
        by = {"by": user_of("manager")}
        leads = {domain: user_of("viewer", username=f"{domain}-lead") for domain in DOMAINS}
        for domain, lead in leads.items():
            reviews.add_approver(domain=domain, user=lead, now=frozen_now.at, **by)

        def make(*, signed=5, decision="", note="Seen"):
            review = reviews.open_review(site=dallas, now=frozen_now.at, **by)
            for lead in list(leads.values())[:signed]:
                reviews.sign(review, by=lead, now=frozen_now.at)
            if decision == "cancelled":
                reviews.cancel(review, note=note, now=frozen_now.at, **by)
            elif decision:
                reviews.decide(review, decision=decision, note=note, now=frozen_now.at, **by)
            return review

        return make

    @pytest.fixture
    def decided(self, dallas, ops_excepts, hold):
        return hold(decision="go")

    @pytest.fixture
    def ops_excepts(self, dallas, user_of, frozen_now):
        """Nothing else proves a site in a test, so every other BLOCK check is under an exception."""
        _, framework = framework_queries.current()
        given = {
            "site": dallas, "kind": Grant.Kind.EXCEPTION, "reason": "Proved by the builder",
            "state": Grant.State.APPROVED, "requested_by": user_of("ops"), "requested_at": frozen_now.at,
            "starts_at": frozen_now.at, "ends_at": frozen_now.at + 90 * DAY,
            "approver": user_of("manager"), "decided_at": frozen_now.at,
        }  # fmt: skip
        blocking = [check.id for check in framework.checks if check.gate == "BLOCK" and check.id != GOLIVE]
        Grant.objects.bulk_create(Grant(check_id=check, **given) for check in blocking)

    def test_an_open_one_fails_with_what_is_missing_whatever_is_said(self, hold, say, state):
        say(GOLIVE)
        hold(signed=1)
        result = state()
        assert (result.state, result.value) == ("fail", 4)
        assert "open, not decided yet" in result.reason

    def test_a_decided_one_counts_until_it_expires_beside_an_open_one(
        self, decided, hold, say, state, frozen_now
    ):
        frozen_now.move(days=300)
        opened = hold(signed=1)
        result = state()
        assert (result.state, result.evidence["ref"]) == ("pass", f"review:{decided.pk}")
        frozen_now.move(days=66)
        say(GOLIVE)
        result = state()
        assert (result.state, result.value, result.evidence["ref"]) == ("fail", 4, f"review:{opened.pk}")

    def test_one_that_expired_alone_is_stale_whatever_is_said(self, decided, say, state, frozen_now):
        frozen_now.move(days=366)
        say(GOLIVE)
        assert state().state == "stale"

    def test_a_no_go_counts_until_another_is_decided(self, hold, state, frozen_now):
        refused = hold(decision="no-go")
        frozen_now.move(days=1)
        hold(signed=5)
        result = state()
        assert (result.state, result.evidence["ref"]) == ("fail", f"review:{refused.pk}")

    def test_a_cancelled_one_alone_proves_nothing_whatever_is_said(self, hold, say, state):
        cancelled = hold(signed=5, decision="cancelled")
        say(GOLIVE)
        result = state()
        assert (result.state, result.evidence["ref"]) == ("unknown", f"review:{cancelled.pk}")
        assert f"The go-live review #{cancelled.pk} was cancelled" in result.reason

    def test_a_cancelled_one_takes_nothing_from_others(self, decided, hold, state, frozen_now):
        frozen_now.move(days=1)
        hold(signed=1, decision="cancelled")
        result = state()
        assert (result.state, result.evidence["ref"]) == ("pass", f"review:{decided.pk}")

    def test_before_it_was_cancelled_it_was_open(self, hold, state, frozen_now, user_of):
        begun = frozen_now.at
        review = hold(signed=1)
        frozen_now.move(days=2)
        reviews.cancel(review, note="Later", by=user_of("manager"), now=frozen_now.at)
        assert (state(at=begun + DAY).value, state().state) == (4, "unknown")

    def test_what_reviews_wrote_before_is_no_statement(self, dallas, hold, state, client_of, frozen_now):
        hold(signed=1)
        entered = {"site": dallas, "by": None, "now": frozen_now.at, "taken_on": frozen_now.at.date()}
        claimed = {"check": GOLIVE, "part": "critical-actions", "value": 0} | entered
        record_fact(source="go-live review #3", **claimed)
        attest(statement="Signed", attested_by="R. Okafor", document="go-live review #3", **claimed)
        state()
        page = client_of("ops").get(f"/sites/dallas/checks/{GOLIVE}/").getvalue().decode()
        assert "is not counted" not in page

    def test_a_past_instant_is_judged_by_what_had_been_signed_then(self, hold, state, user_of, frozen_now):
        begun = frozen_now.at
        review = hold(signed=1)
        frozen_now.move(days=2)
        for domain in DOMAINS[1:]:
            reviews.sign(review, by=user_of("viewer", username=f"{domain}-lead"), now=frozen_now.at)
        assert state(at=begun + DAY).value == 4
        assert state().state == "pass"


AT = datetime(2026, 11, 24, tzinfo=UTC)
NOTHING_OPEN = ReviewCounts(0, 0, 0, 0)


def held(number, days_ago=None):
    decided = None if days_ago is None else AT - days_ago * DAY
    signed = decided or AT
    return HeldReview(
        id=number, state="go", decided_at=decided, signed_at=signed, acted_at=signed, counts=NOTHING_OPEN
    )


def cancelled(number):
    return replace(held(number), state="cancelled")


@pytest.mark.parametrize(
    ("reviews_held", "counts"),
    [
        pytest.param([], None, id="none"),
        pytest.param([held(1)], 1, id="open alone"),
        pytest.param([held(1, 3), held(2)], 1, id="decided before open"),
        pytest.param([held(1, 30), held(2, 3)], 2, id="newest decided"),
        pytest.param([held(1, 365), held(2)], 2, id="expired at this instant"),
        pytest.param([held(1, 400)], 1, id="expired alone"),
        pytest.param([cancelled(1), cancelled(2)], 2, id="newest cancelled alone"),
        pytest.param([held(1), cancelled(2)], 1, id="open before cancelled"),
        pytest.param([held(1, 400), cancelled(2)], 1, id="expired before cancelled"),
        pytest.param([held(1, 400), held(2, 3), held(3)], 2, id="only the newest decided is asked"),
    ],
)
def test_which_review_counts(reviews_held, counts):
    counting = counting_review(reviews_held, valid=365 * DAY, now=AT)
    assert (counting and counting.id) == counts
