"""Opening, signing, declining, deciding: who may, what is refused, and what the database refuses whoever writes."""

from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from inventory.models import Site, SiteChange
from readiness.assessment.evidence.core.reviews import ReviewCounts, counted
from readiness.assessment.evidence.models import Review, ReviewAction, SignOff
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring import operations as scoring
from readiness.assessment.scoring.models import CheckResult, SiteScore
from readiness.golive.models import Approver
from readiness.golive.reviews import operations, queries
from readiness.golive.reviews.queries import CHECK, BlockingChecks
from tests.inventory import made
from web.history.events import history_of
from web.permissions import MissingPermission
from web.workflows import NotInState

pytestmark = pytest.mark.django_db
ROLES = ("viewer", "ops", "planner", "manager", "admin")
DECIDE = {"manager", "admin"}


@pytest.fixture
def by(manager, frozen_now):
    return {"by": manager, "now": frozen_now.at}


def parts_of(site, at):
    """The sub-measures of the review's check as judged at an instant."""
    scoring.evaluate(site_ids=[site.pk], now=at)
    return {part["part"]: part for part in CheckResult.objects.get(site=site, check_id=CHECK).parts}


def figures_of(site, at):
    return {part: judged["value"] for part, judged in parts_of(site, at).items()}


def test_the_gate_counts_what_the_check_asks_for():
    found = counted(["compute", "network"], [(True, None), (False, None), (False, date(2026, 3, 1))])
    assert found == ReviewCounts(signatures_missing=3, critical=1, undated=1, dated=1)
    assert BlockingChecks(True, (CHECK, "p1-soak-24h")).held_by == ("p1-soak-24h",)


@pytest.mark.parametrize("role", ROLES)
def test_who_may_do_what(porto, signers, review, user_of, frozen_now, role):
    by = {"by": user_of(role), "now": frozen_now.at}
    action = operations.add_action(
        review, title="Label racks", owner_name="The builder", by=user_of("manager"), now=frozen_now.at
    )
    steps = [
        lambda: operations.name_approver(review, domain="energy", approver=None, **by),
        lambda: operations.add_action(review, title="Seal the floor", owner_name="The builder", **by),
        lambda: operations.change_action(action, title="Label all racks", **by),
        lambda: operations.close(action, **by),
        lambda: operations.decide(review, decision="no-go", note="Not yet", **by),
        lambda: operations.cancel(operations.open_review(site=porto, **by), note="Later", **by),
        lambda: operations.remove_approver(
            operations.add_approver(domain="energy", user=by["by"], **by), **by
        ),
    ]
    for step in steps:
        if role in DECIDE:
            step()
        else:
            with pytest.raises(
                MissingPermission, match=r"(evidence|golive)\.(add|change|decide|delete)_(review|approver)"
            ):
                step()


def test_a_site_that_could_not_be_evaluated_is_in_the_way_of_a_go(porto, signed, by):
    scoring.evaluate(site_ids=[porto.pk], now=by["now"])
    told = "The site could not be evaluated: KeyError: 'Mars/Olympus'"
    assert told not in queries.gate_of(signed, now=by["now"]).obstacles
    SiteScore.objects.filter(site=porto).update(failed_at=by["now"], failure="KeyError: 'Mars/Olympus'")
    assert told in queries.gate_of(signed, now=by["now"]).obstacles


def test_a_site_that_cannot_be_evaluated_is_not_decided_on(porto, signed, by):
    Site.objects.filter(pk=porto.pk).update(time_zone="Mars/Olympus")
    with pytest.raises(ValidationError, match="Porto could not be evaluated") as refused:
        operations.decide(signed, decision="no-go", note="Not yet", **by)
    assert list(refused.value.message_dict) == ["decision"]
    signed.refresh_from_db()
    assert signed.state == Review.State.OPEN


class TestOpening:
    def test_the_only_one_who_may_sign_is_asked(self, review, signers):
        asked = {one.domain: one.approver for one in review.sign_offs.all()}
        assert asked == signers
        assert {one.state for one in review.sign_offs.all()} == {"waiting"}

    def test_where_several_may_sign_somebody_is_named(self, porto, signers, user_of, by):
        other = user_of("viewer", username="second")
        operations.add_approver(domain="energy", user=other, **by)
        opened = operations.open_review(site=porto, **by)
        assert opened.sign_offs.get(domain="energy").approver is None
        named = operations.name_approver(opened, domain="energy", approver=other, **by)
        assert named.approver == other

    @pytest.mark.parametrize("stage", ["planned", "building", "retired"])
    def test_a_stage_without_a_verdict_is_not_reviewed(self, signers, by, stage):
        with pytest.raises(ValidationError, match="only sites in commissioning or production"):
            operations.open_review(site=made.site(stage=stage), **by)

    def test_a_site_has_one_open_review(self, porto, review, by):
        with pytest.raises(ValidationError, match="open review already"):
            operations.open_review(site=porto, **by)
        operations.cancel(review, note="Wrong site", **by)
        assert operations.open_review(site=porto, **by).pk

    def test_nobody_is_asked_who_may_not_sign_or_is_asked_already(self, porto, signers, viewer, by):
        for named, says in (
            ({"energy": viewer}, "may not sign for Energy"),
            ({"energy": signers["compute"]}, "may not sign for Energy"),
            ({"luck": viewer}, "no domain luck"),
        ):
            with pytest.raises(ValidationError, match=says):
                operations.open_review(site=porto, approvers=named, **by)
        operations.add_approver(domain="energy", user=signers["compute"], **by)
        both = {"compute": signers["compute"], "energy": signers["compute"]}
        with pytest.raises(ValidationError, match="Nobody may sign for two domains"):
            operations.open_review(site=porto, approvers=both, **by)

    def test_a_sites_own_list_takes_the_place_of_everywheres(self, porto, signers, viewer, by):
        operations.add_approver(domain="energy", user=viewer, site=porto, **by)
        assert operations.candidates(porto)["energy"] == [viewer]
        assert operations.candidates(made.site())["energy"] == [signers["energy"]]
        with pytest.raises(ValidationError, match="named there already"):
            operations.add_approver(domain="energy", user=viewer, site=porto, **by)


class TestSigning:
    @pytest.mark.parametrize("role", ROLES)
    def test_whoever_is_named_signs_whatever_their_role(self, porto, user_of, by, frozen_now, role):
        user = user_of(role, username="energy-lead")
        operations.add_approver(domain="energy", user=user, **by)
        review = operations.open_review(site=porto, **by)
        signed = operations.sign(review, note="Seen", by=user, now=frozen_now.at)
        assert (signed.state, signed.signed_by, signed.answered_at) == ("signed", user, frozen_now.at)
        with pytest.raises(NotInState, match="already given this answer"):
            operations.sign(review, by=user, now=frozen_now.at)

    def test_nobody_signs_for_somebody_else(self, review, admin, manager, signers, frozen_now):
        for somebody in (admin, manager):
            with pytest.raises(operations.NotNamed, match="not named for any domain"):
                operations.sign(review, by=somebody, now=frozen_now.at)
        assert not SignOff.objects.filter(state="signed").exists()

    def test_who_may_not_even_see_reviews_does_not_sign(self, review, signers, frozen_now):
        signers["energy"].groups.clear()
        with pytest.raises(MissingPermission, match=r"evidence\.view_review"):
            operations.sign(review, by=signers["energy"], now=frozen_now.at)

    def test_who_was_taken_off_the_list_signs_no_more(self, review, signers, manager, frozen_now):
        operations.remove_approver(Approver.objects.get(domain="energy"), by=manager, now=frozen_now.at)
        with pytest.raises(operations.NotNamed, match="no longer sign for Energy"):
            operations.sign(review, by=signers["energy"], now=frozen_now.at)

    def test_a_no_says_why_and_may_become_a_yes_and_back(self, review, signers, by, frozen_now):
        mine = {"by": signers["energy"], "now": frozen_now.at}
        with pytest.raises(ValidationError, match="Enter a reason"):
            operations.decline(review, note=" ", **mine)
        assert operations.decline(review, note="UPS B is missing", **mine).state == "declined"
        assert operations.sign(review, **mine).note == ""
        assert operations.decline(review, note="It is missing again", **mine).state == "declined"
        again = operations.name_approver(review, domain="energy", approver=signers["energy"], **by)
        assert (again.state, again.note, again.signed_by) == ("waiting", "", None)

    def test_a_signature_is_not_named_away(self, signed, by):
        with pytest.raises(NotInState, match="has signed already"):
            operations.name_approver(signed, domain="energy", approver=None, **by)


class TestDeciding:
    def test_a_go_names_all_that_is_missing(self, review, by):
        operations.add_action(review, title="Fix the door", critical=True, owner_name="The builder", **by)
        operations.add_action(review, title="Paint it", owner_name="The builder", **by)
        with pytest.raises(ValidationError) as refused:
            operations.decide(review, decision="go", **by)
        told = " ".join(refused.value.message_dict["decision"])
        assert "5 signatures are missing" in told
        assert "1 critical action is open" in told
        assert "1 open action has no date" in told
        assert "BLOCK checks are not acceptable" in told
        definition = framework_queries.current()[1]
        assert definition.check("p1-intra-node").name in told
        assert definition.check(CHECK).name not in told
        review.refresh_from_db()
        assert review.is_open

    def test_a_go_sets_the_stage_freezes_and_is_evidence(
        self, porto, signed, excepted, by, manager, frozen_now
    ):
        operations.add_action(
            signed, title="Paint it", owner_name="The builder", due_on=date(2026, 12, 24), **by
        )
        SiteChange.objects.all().delete()
        done = operations.decide(signed, decision="go", note="All in order", **by)
        porto.refresh_from_db()
        assert (done.state, done.ended_by, done.ended_at, porto.stage) == (
            "go",
            manager,
            frozen_now.at,
            "production",
        )
        assert SiteChange.objects.filter(site_id=porto.pk, origin="inventory").exists()
        assert history_of(porto).rows[0].action == "changed"
        assert SiteChange.objects.filter(site_id=porto.pk, origin="evidence").exists()
        assert figures_of(porto, frozen_now.at) == {
            "signatures-missing": 0,
            "critical-actions": 0,
            "undated-actions": 0,
            "dated-actions": 1,
        }
        assert {part["evidence"] for part in parts_of(porto, frozen_now.at).values()} == {f"review:{done.pk}"}
        assert CheckResult.objects.get(site=porto, check_id=CHECK).state == "warn"
        assert SiteScore.objects.get(site=porto).verdict == "conditional"
        frozen = {row["check_id"]: row for row in done.snapshot["checks"]}
        assert (frozen[CHECK]["state"], frozen["p1-soak-24h"]["state"]) == ("warn", "unknown")
        assert frozen["p1-soak-24h"]["exception"]
        assert len(done.snapshot["exceptions"]) > 20
        assert done.framework_version.version == "muster-2"

    def test_closing_actions_later_does_not_make_the_signatures_younger(
        self, porto, signed, excepted, by, manager, frozen_now
    ):
        action = operations.add_action(
            signed, title="Paint it", owner_name="The builder", due_on=date(2026, 12, 24), **by
        )
        operations.decide(signed, decision="go", **by)
        frozen_now.move(days=30)
        operations.close(action, by=manager, now=frozen_now.at)
        parts = parts_of(porto, frozen_now.at)
        assert parts["dated-actions"]["value"] == 0
        taken = [
            datetime.fromisoformat(parts[each]["taken_at"])
            for each in ("dated-actions", "signatures-missing")
        ]
        assert taken[0] - taken[1] == timedelta(days=30)

    def test_a_no_go_proves_nothing_until_another_review(
        self, porto, signed, excepted, by, manager, frozen_now
    ):
        with pytest.raises(ValidationError, match="Enter a reason"):
            operations.decide(signed, decision="no-go", **by)
        operations.decide(signed, decision="no-go", note="The grid operator said no", **by)
        porto.refresh_from_db()
        assert porto.stage == "commissioning"
        assert figures_of(porto, frozen_now.at)["critical-actions"] == 1
        frozen_now.move(days=1)
        operations.close(signed.actions.get(), by=manager, now=frozen_now.at)
        assert figures_of(porto, frozen_now.at)["critical-actions"] == 1
        by = {"by": manager, "now": frozen_now.at}
        again = operations.open_review(site=porto, **by)
        for one in again.sign_offs.all():
            operations.sign(again, by=one.approver, now=frozen_now.at)
        assert figures_of(porto, frozen_now.at)["critical-actions"] == 1
        operations.decide(again, decision="go", **by)
        assert figures_of(porto, frozen_now.at)["critical-actions"] == 0

    def test_nothing_follows_a_decision(self, signed, excepted, signers, by, frozen_now):
        operations.decide(signed, decision="go", **by)
        mine = {"by": signers["energy"], "now": frozen_now.at}
        for late in (
            lambda: operations.decide(signed, decision="no-go", note="x", **by),
            lambda: operations.cancel(signed, note="x", **by),
            lambda: operations.decline(signed, note="x", **mine),
            lambda: operations.name_approver(signed, domain="energy", approver=None, **by),
        ):
            with pytest.raises(NotInState, match="has ended: go"):
                late()

    def test_what_is_neither_go_nor_no_go_is_refused(self, review, by):
        with pytest.raises(ValidationError, match="go or no-go"):
            operations.decide(review, decision="open", note="x", **by)

    def test_a_cancelled_review_is_no_evidence(self, porto, signed, by):
        operations.cancel(signed, note="Postponed", **by)
        assert set(figures_of(porto, by["now"]).values()) == {None}
        with pytest.raises(NotInState, match="cancelled"):
            operations.add_action(signed, title="x", owner_name="y", **by)


class TestActions:
    def test_whoever_is_named_may_say_what_is_missing_and_the_owner_closes_it(
        self, review, signers, viewer, ops, by, frozen_now
    ):
        mine = {"by": signers["energy"], "now": frozen_now.at}
        action = operations.add_action(review, title="Second feed", owner=ops, **mine)
        with pytest.raises(MissingPermission, match=r"evidence\.change_review"):
            operations.add_action(review, title="x", owner=ops, by=viewer, now=frozen_now.at)
        with pytest.raises(MissingPermission, match=r"evidence\.change_review"):
            operations.close(action, **mine)
        closed = operations.close(action, note="Fed", by=ops, now=frozen_now.at)
        assert (closed.closed_by, closed.is_open) == (ops, False)
        with pytest.raises(NotInState, match="closed already"):
            operations.close(action, **by)

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ({"title": " ", "owner_name": "x"}, "cannot be blank"),
            ({"title": "x"}, "one owner"),
        ],
    )
    def test_each_has_a_title_and_one_owner(self, review, by, given, says):
        with pytest.raises(ValidationError, match=says):
            operations.add_action(review, **given, **by)


class TestYearly:
    def test_a_site_in_production_without_a_review_is_told(self, frozen_now):
        there = made.site(stage="production")
        reviews = queries.sites_review(there, now=frozen_now.at)
        assert (reviews.newest_go, reviews.open, reviews.is_due) == (None, None, False)

    def test_it_is_due_again_when_the_signatures_run_out(self, porto, signed, excepted, by, frozen_now):
        operations.decide(signed, decision="go", **by)
        reviews = queries.sites_review(porto, now=frozen_now.at + timedelta(days=364))
        assert (reviews.newest_go, reviews.is_due) == (signed, False)
        assert queries.sites_review(porto, now=frozen_now.at + timedelta(days=365)).is_due


class TestDatabase:
    """Whoever writes, past the operations."""

    def refuses(self, constraint, write):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            write()

    def test_a_go_that_five_did_not_sign(self, review, manager, frozen_now):
        version = queries.framework_queries.current()[0]
        ended = {"ended_by": manager, "ended_at": frozen_now.at, "snapshot": {}, "framework_version": version}
        of = Review.objects.filter(pk=review.pk)
        self.refuses("A go needs the signatures of all five", lambda: of.update(state="go", **ended))
        self.refuses("review_ended_by_somebody", lambda: of.update(state="cancelled", end_note="x"))
        self.refuses("review_no_with_reason", lambda: of.update(state="no-go", **ended))
        ended.pop("snapshot")
        self.refuses("review_decided_with_snapshot", lambda: of.update(state="no-go", end_note="x", **ended))

    def test_a_go_with_a_critical_action_open(self, signed, manager, frozen_now, by):
        operations.add_action(signed, title="x", critical=True, owner_name="y", **by)
        version = queries.framework_queries.current()[0]
        ended = {"ended_by": manager, "ended_at": frozen_now.at, "snapshot": {}, "framework_version": version}
        of = Review.objects.filter(pk=signed.pk)
        self.refuses("A go leaves no action open", lambda: of.update(state="go", **ended))

    def test_a_signature_of_somebody_else(self, review, signers, frozen_now):
        energy = SignOff.objects.filter(review=review, domain="energy")
        at = {"answered_at": frozen_now.at}
        self.refuses(
            "signoff_by_who_is_named",
            lambda: energy.update(state="signed", signed_by=signers["compute"], **at),
        )
        self.refuses("signoff_one_domain_a_person", lambda: energy.update(approver=signers["compute"]))
        declined = {"state": "declined", "signed_by": signers["energy"], **at}
        self.refuses("signoff_declined_with_reason", lambda: energy.update(**declined))

    def test_a_second_open_review_a_made_up_end_and_a_change_of_what_ended(
        self, porto, review, manager, by, frozen_now
    ):
        again = {"site": porto, "opened_by": manager, "opened_at": frozen_now.at}
        self.refuses("review_one_open_at_site", lambda: Review.objects.create(**again))
        ended = {"state": "cancelled", "ended_by": manager, "ended_at": frozen_now.at, "end_note": "x"}
        self.refuses("A review begins open", lambda: Review.objects.create(**again, **ended))
        operations.cancel(review, note="x", **by)
        self.refuses("stays as it is", lambda: Review.objects.filter(pk=review.pk).update(note="y"))
        self.refuses("The review has ended", lambda: review.sign_offs.update(approver=None))

    def test_an_action_without_owner_or_with_two(self, review, manager, frozen_now):
        made_by = {"review": review, "title": "x", "opened_by": manager, "opened_at": frozen_now.at}
        for owners in ({}, {"owner": manager, "owner_name": "y"}):
            self.refuses(
                "review_action_one_owner",
                lambda owners=owners: ReviewAction.objects.create(**made_by, **owners),
            )

    def test_a_site_goes_with_its_reviews(self, porto, signed, excepted, by):
        operations.decide(signed, decision="no-go", note="x", **by)
        Site.objects.get(pk=porto.pk).delete()
        assert not Review.objects.exists()
