"""Asking, deciding, taking back: who may, what is refused, and what the database refuses whoever writes."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from inventory.models import SiteChange
from readiness.assessment.grants import operations
from readiness.assessment.grants.core.rules import MOST_WAIVERS
from readiness.assessment.grants.models import LONGEST, Grant
from tests.inventory import made
from tests.readiness.assessment.grants.conftest import DAY, WAIVABLE
from tests.readiness.assessment.scoring import stored
from web.history.events import history_of
from web.permissions import MissingPermission
from web.workflows import NotInState

pytestmark = pytest.mark.django_db


def test_a_request_waits_for_somebody_else(porto, ask, ops, frozen_now):
    asked = ask(porto)
    assert (asked.state, asked.requested_by, asked.requested_at) == ("requested", ops, frozen_now.at)
    assert asked.starts_at == frozen_now.at
    assert (asked.approver, asked.decided_at) == (None, None)


def test_an_approval_says_who_when_and_what_was_noted(porto, ask, manager, frozen_now):
    asked = ask(porto)
    frozen_now.move(hours=2)
    approved = operations.approve(asked, note="Generator covers it", by=manager, now=frozen_now.at)
    approved.refresh_from_db()
    assert (approved.state, approved.approver, approved.decided_at) == ("approved", manager, frozen_now.at)
    assert approved.decision_note == "Generator covers it"
    assert approved.starts_at < approved.decided_at


@pytest.mark.parametrize("role", ["viewer", "manager"])
def test_who_may_not_ask_is_told_the_permission(porto, ask, user_of, role):
    with pytest.raises(MissingPermission, match=r"grants\.add_grant"):
        ask(porto, by=user_of(role))


@pytest.mark.parametrize("role", ["viewer", "ops", "planner"])
@pytest.mark.parametrize("decide", [operations.approve, operations.deny])
def test_who_may_not_decide_is_told_the_permission(porto, ask, user_of, frozen_now, role, decide):
    asked = ask(porto, by=user_of("ops", username="asker"))
    with pytest.raises(MissingPermission, match=r"grants\.approve_grant"):
        decide(asked, note="because", by=user_of(role), now=frozen_now.at)
    asked.refresh_from_db()
    assert asked.state == "requested"


@pytest.mark.parametrize("decide", [operations.approve, operations.deny])
def test_nobody_decides_what_they_asked_for(porto, ask, admin, frozen_now, decide):
    asked = ask(porto, by=admin)
    with pytest.raises(operations.OwnRequest, match="the role manager or admin must approve it"):
        decide(asked, note="because", by=admin, now=frozen_now.at)
    asked.refresh_from_db()
    assert asked.state == "requested"


@pytest.mark.parametrize("decide", [operations.deny, operations.revoke])
def test_a_refusal_says_why(porto, ask, manager, frozen_now, decide):
    with pytest.raises(ValidationError, match="Enter a reason"):
        decide(ask(porto), note="  ", by=manager, now=frozen_now.at)


class TestEnding:
    def test_the_requester_may_withdraw_but_nobody_else_without_the_permission(
        self, porto, ask, ops, planner, frozen_now
    ):
        asked = ask(porto)
        with pytest.raises(MissingPermission, match=r"grants\.approve_grant"):
            operations.revoke(asked, note="not mine", by=planner, now=frozen_now.at)
        withdrawn = operations.revoke(asked, note="Fixed already", by=ops, now=frozen_now.at)
        assert (withdrawn.state, withdrawn.revoked_by, withdrawn.approver) == ("revoked", ops, None)

    def test_an_approved_one_ends_before_its_time(self, porto, grant, manager, frozen_now):
        given = grant(porto)
        frozen_now.move(days=1)
        ended = operations.revoke(given, note="UPS is back", by=manager, now=frozen_now.at)
        assert (ended.state, ended.revoked_at, ended.revocation_note) == (
            "revoked",
            frozen_now.at,
            "UPS is back",
        )

    def test_it_is_expired_from_its_end_on(self, porto, grant, frozen_now):
        given = grant(porto, days=7)
        assert given.standing_now(frozen_now.at + 7 * DAY - timedelta(seconds=1)) == "approved"
        assert given.standing_now(frozen_now.at + 7 * DAY) == "expired"
        frozen_now.move(days=7)
        [row] = Grant.objects.standing_at(frozen_now.at)
        assert (row.standing, row.state) == ("expired", "approved")
        assert not Grant.objects.live(frozen_now.at).exists()
        assert not Grant.objects.only_in_force(frozen_now.at).exists()

    @pytest.mark.parametrize("how", ["approved", "denied", "revoked", "expired"])
    def test_what_is_over_cannot_be_decided_again(self, porto, ask, manager, frozen_now, how):
        asked = ask(porto)
        if how == "expired":
            frozen_now.move(days=8)
        else:
            {"approved": operations.approve, "denied": operations.deny, "revoked": operations.revoke}[how](
                asked, note="so", by=manager, now=frozen_now.at
            )
        for decide in (operations.approve, operations.deny):
            with pytest.raises(NotInState, match=how):
                decide(asked, note="again", by=manager, now=frozen_now.at)


class TestSpan:
    @pytest.mark.parametrize(
        ("field", "starts", "ends"),
        [
            pytest.param("starts_at", -DAY, DAY, id="it was not granted yesterday"),
            pytest.param("ends_at", DAY, DAY, id="no time at all"),
            pytest.param("ends_at", DAY, timedelta(0), id="it ends before it begins"),
            pytest.param(
                "ends_at", timedelta(0), LONGEST + timedelta(seconds=1), id="longer than the longest"
            ),
            pytest.param("starts_at", LONGEST + DAY, LONGEST + 2 * DAY, id="too far ahead"),
        ],
    )
    def test_is_refused(self, porto, ask, frozen_now, field, starts, ends):
        with pytest.raises(ValidationError) as refused:
            ask(porto, starts_at=frozen_now.at + starts, ends_at=frozen_now.at + ends)
        assert list(refused.value.message_dict) == [field]

    def test_the_longest_is_granted(self, porto, ask, frozen_now):
        assert ask(porto, ends_at=frozen_now.at + LONGEST).pk


class TestOneAtATime:
    def test_a_second_is_refused_and_told_which_is_there(self, porto, ask):
        first = ask(porto)
        with pytest.raises(ValidationError, match=f"Waiver {first.pk} is requested for this already"):
            ask(porto)

    def test_another_kind_check_site_or_part_may_be_there(self, porto, ask):
        ask(porto)
        ask(porto, kind="exception")
        ask(porto, check_id="p5-fabric-health")
        ask(made.site())
        ask(porto, kind="n-a", check_id="p2-power-headroom", part="step-1s")
        ask(porto, kind="n-a", check_id="p2-power-headroom", part="step-10s")
        assert Grant.objects.count() == 6

    def test_the_next_may_begin_where_this_one_ends(self, porto, grant, ask):
        first = grant(porto)
        assert ask(porto, starts_at=first.ends_at).starts_at == first.ends_at

    @pytest.mark.parametrize("how", ["denied", "revoked", "expired"])
    def test_what_is_over_is_in_nobodys_way(self, porto, ask, manager, frozen_now, how):
        asked = ask(porto)
        if how == "expired":
            frozen_now.move(days=8)
        elif how == "denied":
            operations.deny(asked, note="no", by=manager, now=frozen_now.at)
        else:
            operations.revoke(asked, note="no", by=manager, now=frozen_now.at)
        assert ask(porto).pk


class TestMost:
    IDS = (
        *("p1-commissioning-l5", "p1-intra-node", "p1-rdma-port", "p1-congestion", "p1-soak-24h"),
        *("p2-energy-kpis", "p2-unit-cost", "p2-power-headroom", "p2-cooling-headroom", "p5-goodput"),
    )

    @pytest.fixture
    def full(self, porto, ask):
        assert len(self.IDS) == MOST_WAIVERS
        return [ask(porto, check_id=check_id) for check_id in self.IDS]

    def test_one_more_is_refused_with_the_count(self, porto, ask, full):
        with pytest.raises(ValidationError, match="Porto has 10 live waivers, and 10 is the most"):
            ask(porto)

    def test_room_is_made_by_what_ends(self, porto, ask, full, manager, frozen_now):
        operations.revoke(full[0], note="met", by=manager, now=frozen_now.at)
        assert ask(porto).pk

    def test_it_is_counted_by_site_and_by_kind(self, porto, ask, full):
        assert ask(made.site()).pk
        assert ask(porto, kind="exception").pk


class TestSuitable:
    def test_what_the_rules_refuse_is_refused_by_field(self, porto, ask):
        with pytest.raises(ValidationError) as refused:
            ask(porto, check_id="p3-shared-understanding")
        assert list(refused.value.message_dict) == ["check"]

    def test_the_gate_that_holds_at_the_site_decides(self, porto, ask):
        stored.result(porto, WAIVABLE, "fail", gate="COND")
        with pytest.raises(ValidationError, match="is COND at this site"):
            ask(porto, kind="exception")

    def test_a_check_that_does_not_apply_there_is_refused(self, porto, ask):
        stored.result(porto, WAIVABLE, "n-a", code="excluded")
        with pytest.raises(ValidationError, match="does not apply"):
            ask(porto)

    def test_a_declared_na_may_be_asked_for_again(self, porto, ask):
        stored.result(porto, WAIVABLE, "n-a", code="declared")
        assert ask(porto, kind="n-a").pk

    @pytest.mark.parametrize("kind", ["waiver", "exception"])
    def test_only_na_is_of_a_sub_measure(self, porto, ask, kind):
        with pytest.raises(ValidationError) as refused:
            ask(porto, kind=kind, part="output-load")
        assert list(refused.value.message_dict) == ["part"]

    def test_a_reason_is_required(self, porto, ask):
        with pytest.raises(ValidationError) as refused:
            ask(porto, reason=" \n")
        assert list(refused.value.message_dict) == ["reason"]


class TestDatabase:
    """Whoever writes, past the operations."""

    @pytest.mark.parametrize(
        ("constraint", "changes"),
        [
            ("grant_decided_by_somebody", {"state": "approved"}),
            ("grant_decided_by_somebody", {"state": "denied"}),
            ("grant_revoked_by_somebody", {"state": "revoked"}),
            ("grant_part_only_na", {"part": "output-load"}),
            ("grant_has_reason", {"reason": " "}),
            ("grant_kind_known", {"kind": "favour"}),
        ],
    )
    def test_refuses(self, porto, ask, constraint, changes):
        asked = ask(porto)
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Grant.objects.filter(pk=asked.pk).update(**changes)

    def test_refuses_an_approver_who_asked(self, porto, ask, ops, frozen_now):
        asked = ask(porto)
        with pytest.raises(IntegrityError, match="grant_approver_is_another"), transaction.atomic():
            Grant.objects.filter(pk=asked.pk).update(state="approved", approver=ops, decided_at=frozen_now.at)

    def test_refuses_a_span_out_of_bounds(self, porto, ask):
        asked = ask(porto)
        for constraint, ends_at in (
            ("grant_is_bounded", asked.starts_at + LONGEST + timedelta(seconds=1)),
            ("grant_ends_after_start", asked.starts_at),
        ):
            with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
                Grant.objects.filter(pk=asked.pk).update(ends_at=ends_at)

    def test_refuses_two_at_a_time(self, porto, ask):
        asked = ask(porto)
        asked.pk = None
        asked.starts_at += DAY
        with pytest.raises(IntegrityError, match="grant_one_at_a_time"), transaction.atomic():
            asked.save(force_insert=True)


def test_each_step_leaves_a_claim_and_a_line_of_history(porto, ask, manager, frozen_now):
    asked = ask(porto)
    for step in (
        lambda: operations.approve(asked, by=manager, now=frozen_now.at),
        lambda: operations.revoke(asked, note="back", by=manager, now=frozen_now.at),
    ):
        SiteChange.objects.all().delete()
        step()
        assert list(SiteChange.objects.values_list("site_id", flat=True)) == [porto.pk]
    asked.refresh_from_db()
    assert [row.action for row in history_of(asked).rows] == ["changed", "changed", "created"]
