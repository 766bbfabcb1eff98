"""The handshake: who may do what, in which state, and what becomes of whoever answered before."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts import operations as accounts
from inventory.models import SiteChange
from readiness.organisation.ownership import operations, reassigning, rules
from readiness.organisation.ownership.core.standing import CONFIRM_EVERY, Item, ItemStanding
from readiness.organisation.ownership.models import Assignment, Confirmation
from readiness.organisation.ownership.queries import cells
from tests.inventory import made
from tests.readiness.organisation.ownership.conftest import DAY
from tests.readiness.organisation.people import made as people
from web.permissions import MissingPermission
from web.workflows import NotInState

pytestmark = pytest.mark.django_db


def standing(site, now, item=Item.ORCHESTRATION):
    return cells(now=now, site_ids=[site.pk])[site.pk][item].standing


class TestProposing:
    def test_nothing_is_owned_before_it_is_accepted(self, porto, ana, ask, frozen_now):
        asked = ask(porto, ana)
        assert (asked.state, asked.confirmed_at, asked.steps.count()) == ("proposed", None, 5)
        assert standing(porto, frozen_now.at) == ItemStanding.WAITING

    @pytest.mark.parametrize("role", ["viewer", "ops"])
    def test_it_takes_the_permission(self, porto, ana, proposal, user_of, frozen_now, role):
        with pytest.raises(MissingPermission, match=r"ownership\.add_assignment"):
            operations.propose(proposal(porto, ana), by=user_of(role), now=frozen_now.at)

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"decision_rights": " "}, "decision_rights"),
            ({"item": "luck"}, "item"),
            ({"deputy": "ana"}, "deputy"),
            ({"deputy": "gone"}, "deputy"),
            ({"accountable": "gone"}, "accountable"),
            ({"accountable": "nobody"}, "accountable"),
            ({"team": "dissolved"}, "team"),
            ({"effective_at": 366}, "effective_at"),
        ],
    )
    def test_what_could_not_be_accepted_is_refused_by_field(
        self, porto, ana, ask, person_of, frozen_now, given, field
    ):
        known = {
            "ana": lambda: ana,
            "gone": lambda: person_of("gone", left_at=frozen_now.at),
            "nobody": people.person,
            "dissolved": lambda: people.team(dissolved_at=frozen_now.at),
            366: lambda: frozen_now.at + 366 * DAY,
        }
        given = {name: known[value]() if value in known else value for name, value in given.items()}
        person, item = given.pop("accountable", ana), given.pop("item", Item.COMPUTE)
        with pytest.raises(ValidationError) as refused:
            ask(porto, person, item, **given)
        assert list(refused.value.message_dict) == [field]

    def test_one_is_asked_at_a_time(self, porto, ana, rui, ask):
        ask(porto, ana)
        with pytest.raises(ValidationError, match="already asked to accept this item"):
            ask(porto, rui)

    def test_whoever_owns_it_is_not_asked_again(self, porto, ana, ask, own):
        own(porto, ana)
        with pytest.raises(ValidationError, match="Ask them to confirm"):
            ask(porto, ana)

    def test_many_are_proposed_or_none(self, porto, ana, rui, ask, proposal, manager, frozen_now):
        ask(porto, rui, Item.NETWORK)
        wanted = [proposal(porto, ana, item) for item in (Item.COMPUTE, Item.NETWORK)]
        with pytest.raises(ValidationError) as refused:
            operations.propose_many(wanted, by=manager, now=frozen_now.at)
        assert list(refused.value.message_dict) == ["1"]
        assert Assignment.objects.count() == 1
        assert len(operations.propose_many(wanted[:1], by=manager, now=frozen_now.at)) == 1


class TestAnswering:
    def test_only_the_person_named_accepts(self, porto, ana, ask, manager, admin, frozen_now):
        asked = ask(porto, ana)
        for somebody in (manager, admin):
            for answer in (operations.accept, operations.decline):
                with pytest.raises(rules.NotThePersonNamed, match="Only the person named"):
                    answer(asked, note="x", by=somebody, now=frozen_now.at)
        accepted = operations.accept(asked, by=ana.user, now=frozen_now.at)
        assert (accepted.state, accepted.due_at) == ("accepted", frozen_now.at + CONFIRM_EVERY)
        assert standing(porto, frozen_now.at) == ItemStanding.OWNED

    @pytest.mark.parametrize("gone", ["person", "team"])
    def test_whoever_is_gone_by_then_relieves_nobody(self, porto, ana, rui, team, ask, own, frozen_now, gone):
        before, asked = own(porto, rui, deputy=None), ask(porto, ana)
        if gone == "person":
            type(ana).objects.filter(pk=ana.pk).update(left_at=frozen_now.at)
        else:
            type(team).objects.filter(pk=team.pk).update(dissolved_at=frozen_now.at)
        with pytest.raises(ValidationError, match=r"has left|is dissolved"):
            operations.accept(asked, note="", by=ana.user, now=frozen_now.at)
        before.refresh_from_db()
        assert before.is_in_force(frozen_now.at)

    def test_no_is_said_with_a_reason_and_leaves_it_unowned(self, porto, ana, ask, frozen_now):
        asked = ask(porto, ana)
        with pytest.raises(ValidationError, match="Enter a reason"):
            operations.decline(asked, note=" ", by=ana.user, now=frozen_now.at)
        declined = operations.decline(asked, note="On leave", by=ana.user, now=frozen_now.at)
        assert (declined.state, declined.answer_note) == ("declined", "On leave")
        assert not Assignment.objects.live(frozen_now.at).exists()

    def test_what_went_with_its_site_is_gone(self, porto, ana, ask, frozen_now):
        asked = ask(porto, ana)
        type(porto).objects.filter(pk=porto.pk).delete()
        with pytest.raises(NotInState, match="is gone"):
            operations.accept(asked, by=ana.user, now=frozen_now.at)

    def test_an_answer_is_final(self, porto, ana, ask, own, frozen_now):
        accepted = own(porto, ana)
        for answer in (operations.accept, operations.decline):
            with pytest.raises(NotInState, match="accepted"):
                answer(accepted, note="x", by=ana.user, now=frozen_now.at)

    def test_whoever_answered_before_does_so_until_the_other_begins(
        self, porto, ana, rui, ask, own, frozen_now
    ):
        before = own(porto, ana)
        asked = ask(porto, rui, effective_at=frozen_now.at + 3 * DAY)
        assert standing(porto, frozen_now.at) == ItemStanding.OWNED
        after = operations.accept(asked, by=rui.user, now=frozen_now.move(days=1))
        before.refresh_from_db()
        assert (before.state, before.ended_at) == ("accepted", after.effective_at)
        assert cells(now=frozen_now.at)[porto.pk][Item.ORCHESTRATION].current.person_id == ana.pk
        frozen_now.move(days=2)
        assert cells(now=frozen_now.at)[porto.pk][Item.ORCHESTRATION].current.person_id == rui.pk

    def test_one_accepted_late_begins_when_it_is_accepted(self, porto, ana, rui, ask, own, frozen_now):
        before, asked = own(porto, ana), ask(porto, rui)
        at = frozen_now.move(days=9)
        after = operations.accept(asked, by=rui.user, now=at)
        before.refresh_from_db()
        assert (after.effective_at, before.state, before.ended_at) == (at, "ended", at)
        assert str(after.pk) in before.end_reason

    def test_ending_what_has_yet_to_begin_leaves_whoever_was_there(
        self, porto, ana, rui, ask, own, manager, frozen_now
    ):
        before = own(porto, ana)
        coming = own(porto, rui, effective_at=frozen_now.at + 3 * DAY)
        with pytest.raises(ValidationError, match="begins later"):
            ask(porto, rui)
        operations.end(coming, reason="Plans changed", by=manager, now=frozen_now.at)
        before.refresh_from_db()
        assert (before.state, before.ended_at, before.end_reason) == ("accepted", None, "")
        own(porto, rui)


class TestConfirmingAndEnding:
    def test_only_the_owner_confirms_and_it_counts_anew(self, porto, ana, own, manager, frozen_now):
        owned = own(porto, ana)
        assert standing(porto, frozen_now.at + CONFIRM_EVERY) == ItemStanding.OVERDUE
        at = frozen_now.move(days=170)
        with pytest.raises(rules.NotThePersonNamed):
            operations.confirm(owned, by=manager, now=at)
        confirmed = operations.confirm(owned, by=ana.user, now=at)
        assert confirmed.due_at == at + CONFIRM_EVERY
        assert Confirmation.objects.filter(assignment=owned).count() == 2
        assert standing(porto, at + CONFIRM_EVERY - timedelta(seconds=1)) == ItemStanding.OWNED

    @pytest.mark.parametrize(
        ("who", "may"),
        [
            ("viewer", False),
            ("ops", False),
            ("planner", False),
            ("manager", True),
            ("admin", True),
            ("ana", True),
        ],
    )
    def test_who_may_end_it(self, porto, ana, own, user_of, frozen_now, who, may):
        owned, by = own(porto, ana), ana.user if who == "ana" else user_of(who)
        if may:
            ended = operations.end(owned, reason="Moves on", by=by, now=frozen_now.at)
            assert (ended.state, ended.ended_by) == ("ended", by)
            assert not cells(now=frozen_now.at)
        else:
            with pytest.raises(MissingPermission, match=r"ownership\.end_assignment"):
                operations.end(owned, reason="Moves on", by=by, now=frozen_now.at)

    def test_whoever_asked_may_withdraw(self, porto, ana, proposal, planner, frozen_now):
        asked = operations.propose(proposal(porto, ana), by=planner, now=frozen_now.at)
        assert operations.end(asked, reason="Wrong person", by=planner, now=frozen_now.at).state == "ended"

    def test_what_is_over_is_over(self, porto, ana, own, manager, frozen_now):
        owned = operations.end(own(porto, ana), reason="Moves on", by=manager, now=frozen_now.at)
        with pytest.raises(NotInState, match="ended"):
            operations.end(owned, reason="Again", by=manager, now=frozen_now.at)
        with pytest.raises(NotInState, match="ended"):
            operations.confirm(owned, by=ana.user, now=frozen_now.at)

    def test_steps_are_ticked_by_who_is_named_or_may_propose(self, porto, ana, ask, ops, manager, frozen_now):
        asked = ask(porto, ana)
        step = asked.steps.first()
        with pytest.raises(rules.NotThePersonNamed):
            operations.set_step(step, done=True, by=ops, now=frozen_now.at)
        assert operations.set_step(step, done=True, by=ana.user, now=frozen_now.at).done_by == ana.user
        assert operations.set_step(step, done=False, by=manager, now=frozen_now.at).done_at is None


class TestLeaving:
    def test_deactivating_a_user_makes_what_they_own_unowned(self, porto, ana, own, frozen_now):
        own(porto, ana)
        SiteChange.objects.all().delete()
        accounts.change_user(ana.user, email="a@example.org", by=None, now=frozen_now.at)
        assert not SiteChange.objects.exists()
        accounts.change_user(ana.user, is_active=False, by=None, now=frozen_now.at)
        assert standing(porto, frozen_now.at) == ItemStanding.UNANSWERED
        assert list(SiteChange.objects.values_list("site_id", "origin")) == [(porto.pk, "record")]

    def test_all_is_given_to_another_who_has_to_accept(
        self, porto, ana, rui, eva, own, ask, manager, frozen_now
    ):
        faro = made.site(name="Faro")
        old = [own(site, ana, item) for site in (porto, faro) for item in (Item.COMPUTE, Item.ENERGY)]
        waiting, second = ask(porto, ana, Item.NETWORK), own(faro, eva, Item.NETWORK, deputy=ana)
        ana.left_at = frozen_now.at
        ana.save()
        planned = reassigning.plan(ana, eva, now=frozen_now.at)
        moved = reassigning.reassign(source=ana, target=rui, by=manager, now=frozen_now.at)
        assert [move.assignment for move in planned] == [move.assignment for move in moved]
        assert [move.kind for move in moved] == ["ask", "ask", "deputy", "ask", "ask", "ask-again"]
        waiting.refresh_from_db()
        second.refresh_from_db()
        assert (waiting.state, second.deputy) == ("ended", rui)
        assert Assignment.objects.filter(accountable=rui, state="proposed").count() == 5
        # Until the other accepts, the owner has left; then history has both terms.
        assert standing(porto, frozen_now.at, Item.COMPUTE) == ItemStanding.UNANSWERED
        asked = Assignment.objects.get(accountable=rui, site=porto, item=Item.COMPUTE)
        # Rui was the deputy, and cannot stand in for himself.
        assert asked.deputy is None
        operations.accept(asked, by=rui.user, now=frozen_now.at)
        terms = Assignment.objects.filter(site=porto, item=Item.COMPUTE).order_by("pk")
        assert [(term.accountable, term.state) for term in terms] == [(ana, "ended"), (rui, "accepted")]
        assert terms[0] in old

    def test_all_or_nothing(self, porto, ana, rui, eva, own, ask, manager, frozen_now):
        own(porto, ana, Item.COMPUTE)
        own(porto, ana, Item.ENERGY)
        ask(porto, eva, Item.ENERGY)
        with pytest.raises(ValidationError, match="Energy at Porto"):
            reassigning.reassign(source=ana, target=rui, by=manager, now=frozen_now.at)
        assert not Assignment.objects.filter(accountable=rui).exists()

    @pytest.mark.parametrize("role", ["viewer", "ops", "planner"])
    def test_it_takes_both_permissions(self, ana, rui, user_of, frozen_now, role):
        with pytest.raises(MissingPermission, match=r"ownership\."):
            reassigning.reassign(source=ana, target=rui, by=user_of(role), now=frozen_now.at)


class TestDatabase:
    def row(self, porto, ana, manager, now, **given):
        values = {
            "site": porto, "item": "compute", "accountable": ana, "team": ana.teams.get(),
            "decision_rights": "All", "state": "accepted", "effective_at": now, "proposed_by": manager,
            "proposed_at": now, "answered_by": manager, "answered_at": now, "confirmed_at": now,
            "due_at": now + CONFIRM_EVERY,
        }  # fmt: skip
        return Assignment(**values | given)

    @pytest.mark.parametrize(
        ("given", "rule"),
        [
            ({"state": "proposed"}, "state_has_its_dates"),
            ({"state": "maybe"}, "state_"),
            ({"item": "luck"}, "item_known"),
            ({"due_at": None}, "due_after_confirmation"),
            ({"decision_rights": " "}, "has_rights"),
            ({"deputy": True}, "deputy_is_another"),
            ({"ended_at": True}, "ended_by_somebody"),
            ({"state": "declined", "confirmed_at": None, "due_at": None}, "declined_for_a_reason"),
        ],
    )
    def test_it_refuses_what_makes_no_sense(self, porto, ana, manager, frozen_now, given, rule):
        real = {"deputy": ana, "ended_at": frozen_now.at}
        given = {name: real[name] if value is True else value for name, value in given.items()}
        with pytest.raises(IntegrityError, match=rule), transaction.atomic():
            self.row(porto, ana, manager, frozen_now.at, **given).save()

    def test_it_refuses_two_terms_that_overlap_and_takes_one_after_the_other(
        self, porto, ana, manager, frozen_now
    ):
        now, ended = frozen_now.at, {"ended_by": manager, "end_reason": "x", "state": "ended"}
        self.row(porto, ana, manager, now, ended_at=now + DAY, **ended).save()
        self.row(porto, ana, manager, now + DAY).save()
        # Ended before it began: it covers no time.
        self.row(porto, ana, manager, now + 2 * DAY, ended_at=now, **ended).save()
        with pytest.raises(IntegrityError, match="one_accountable"), transaction.atomic():
            self.row(porto, ana, manager, now + 9 * DAY).save()
