"""Deputies act while the owner is on leave, and only then; the record says so, and a queue says where nobody does."""

from datetime import timedelta
from itertools import product

import pytest

from accounts import operations as accounts
from readiness.boards.home import queries as home
from readiness.golive.models import WorkItem
from readiness.golive.worklist import operations as worklist
from readiness.organisation.ownership import deputies, gaps, leave_handovers, operations, rules
from readiness.organisation.ownership.core.standing import CONFIRM_EVERY, Item, ItemStanding, term_standing
from readiness.organisation.ownership.models import Assignment, Confirmation, LeaveHandover
from readiness.organisation.ownership.tables import presence_words
from readiness.organisation.people import operations as people_operations
from readiness.organisation.people.models import Leave
from tests.entries import entries_of
from tests.pages import text_of, words_of
from tests.readiness.assessment.scoring import stored
from tests.readiness.organisation.people import made as people
from tests.readiness.problems import write_problems
from web.actor import acting
from web.states import STATES
from web.workflows import waiting

DAY = timedelta(days=1)


@pytest.fixture
def on_leave(frozen_now):
    """`on_leave(ana)` for three days since yesterday, or from and until so many days from now."""

    def make(person, start=-1, end=2):
        at = frozen_now.at
        return Leave.objects.create(person=person, starts_at=at + start * DAY, ends_at=at + end * DAY)

    return make


def inbox(user, now):
    numbers = waiting.counts(user, now=now)
    return {
        key: number for key, number in numbers.items() if key.startswith(("accept", "confirm-own", "cover"))
    }


@pytest.mark.django_db
class TestActing:
    def test_only_while_the_owner_is_on_leave_and_the_deputy_is_not(
        self, porto, ana, rui, own, on_leave, frozen_now
    ):
        assignment, at = own(porto, ana), frozen_now.at
        assert deputies.acting_for(assignment, at=at) is None
        leave = on_leave(ana)
        assert deputies.acting_for(assignment, at=at) == rui
        assert deputies.acting_for(assignment, at=leave.ends_at) is None
        on_leave(rui)
        assert deputies.acting_for(assignment, at=at) is None

    def test_a_confirmation_says_that_it_is_the_deputys(
        self, porto, ana, rui, own, on_leave, frozen_now, client_of
    ):
        assignment = own(porto, ana)
        at = frozen_now.move(days=179)
        assert inbox(rui.user, at) == {}
        with pytest.raises(rules.NotThePersonNamed, match="while that person is on leave"):
            operations.confirm(assignment, by=rui.user, now=at)
        on_leave(ana)
        assert inbox(rui.user, at)["confirm-ownership"] == 1
        with acting(rui.user):
            operations.confirm(assignment, by=rui.user, now=at)
        newest = Confirmation.objects.first()
        assert (newest.by, newest.as_deputy) == (rui.user, True)
        assert entries_of(Confirmation).order_by("-id").first().message == "As deputy of Ana Reis"
        page = words_of(client_of("manager").get(f"/ownership/assignments/{assignment.pk}/"))
        assert "as deputy of Ana Reis" in page
        assert "Rui Reis, as deputy the owner is away until" in page

    def test_a_proposal_is_accepted_by_the_deputy_who_did_not_make_it(
        self, porto, ana, rui, ask, on_leave, frozen_now, user_of, proposal
    ):
        on_leave(ana)
        assignment = ask(porto, ana)
        assert inbox(rui.user, frozen_now.at) == {"accept-ownership": 1}
        accepted = operations.accept(assignment, by=rui.user, now=frozen_now.at)
        assert (accepted.answered_by, accepted.answered_as_deputy) == (rui.user, True)
        assert Assignment.objects.only_in_force(frozen_now.at).get().accountable == ana

    def test_nobody_decides_alone_what_takes_two(self, porto, ana, own, ask, manager, frozen_now, proposal):
        """A manager who enters the leave, or makes themselves the deputy, or proposes, does not act because of it."""
        self_named = people.person(name="Mia Manager", user=manager)
        assignment = own(porto, ana, deputy=self_named)
        with acting(manager):
            Leave.objects.create(person=ana, starts_at=frozen_now.at - DAY, ends_at=frozen_now.at + DAY)
        with pytest.raises(rules.NotThePersonNamed, match="entered this leave yourself"):
            operations.confirm(assignment, by=manager, now=frozen_now.at)
        other = own(porto, ana, Item.COMPUTE)
        with pytest.raises(Exception, match="somebody else must make you the deputy"):
            operations.amend(other, by=manager, now=frozen_now.at, deputy=self_named)
        mine = ask(porto, ana, Item.ENERGY, deputy=self_named)
        with pytest.raises(rules.NotThePersonNamed, match="yourself"):
            operations.accept(mine, by=manager, now=frozen_now.at)

    def test_work_items_of_the_owner_are_in_the_deputys_inbox(
        self, porto, ana, rui, own, on_leave, frozen_now, manager
    ):
        own(porto, ana)
        accounts.set_role(rui.user, role="ops", by=None, now=frozen_now.at)
        rui.user = type(rui.user).objects.get(pk=rui.user.pk)
        item = WorkItem.objects.create(
            site=porto,
            check_id="p2-power-headroom",
            owner=ana.user,
            created_by=manager,
            created_at=frozen_now.at,
        )
        assert waiting.counts(rui.user, now=frozen_now.at).get("resolve-a-check") is None
        on_leave(ana)
        assert waiting.counts(rui.user, now=frozen_now.at)["resolve-a-check"] == 1
        with acting(rui.user):
            worklist.change(item, by=rui.user, now=frozen_now.at, status="in-progress")
        newest = entries_of(WorkItem).order_by("-id").first()
        assert (newest.username, newest.message) == ("rui", "As deputy of the owner")


@pytest.mark.django_db
class TestShown:
    def test_the_deputy_is_named_while_the_owner_is_away(
        self, porto, ana, own, on_leave, client_of, frozen_now
    ):
        site = stored.site("ready", name="Dallas", slug="dallas", owner="")
        own(site, ana, escalation="Call the NOC.")
        stored.result(site, "p5-fabric-health", "pass")
        client = client_of("ops")
        assert "Ana Reis" in words_of(client.get("/sites/"))
        on_leave(ana)
        check, cell = "/readiness/checks/p5-fabric-health/", "/ownership/?cell=dallas.orchestration"
        for path in ("/sites/", "/sites/dallas/", check, cell):
            assert "Rui Reis" in words_of(client.get(path)), path
        viewer = client_of("viewer")
        page = text_of(viewer.get("/ownership/?cell=dallas.orchestration"))
        assert "the deputy answers as deputy" in page
        assert "Rui" not in page

    @pytest.mark.parametrize("why", ["no-deputy", "left", "no-account", "away", "declined"])
    def test_where_nobody_stands_in_a_queue_says_why(
        self, why, porto, ana, rui, own, on_leave, frozen_now, client_of
    ):
        assignment = own(porto, ana, **({"deputy": None} if why == "no-deputy" else {}))
        leave = on_leave(ana, end=9)
        if why == "left":
            type(rui).objects.filter(pk=rui.pk).update(left_at=frozen_now.at)
        elif why == "no-account":
            people_operations.unlink(rui, by=rui.user, now=frozen_now.at)
        elif why == "away":
            on_leave(rui)
        elif why == "declined":
            leave_handovers.refuse(assignment, note="I am alone here.", by=rui.user, now=frozen_now.at)
        assignment = Assignment.objects.get(pk=assignment.pk)
        [gap] = [gap for gap in gaps.fleet(now=frozen_now.at).gaps() if gap.queue is gaps.OwnershipQueue.AWAY]
        assert gap.assignment.hindrance == why == deputies.presence_of(assignment, at=frozen_now.at).hindrance
        assert gap.due_at == leave.ends_at
        page = words_of(client_of("viewer").get("/ownership/queues/?queue=away"))
        assert presence_words(gap.assignment, names=False) in page
        titles = {each.title: each.detail for each in write_problems(now=frozen_now.at).values()}
        assert "nobody answers" in titles["The owner of 1 item is away and nobody stands in"]

    def test_a_deputy_of_the_deputy_does_not_act(self, porto, ana, rui, eva, own, on_leave, frozen_now):
        own(porto, rui, Item.COMPUTE, deputy=eva)
        assignment = own(porto, ana)
        on_leave(ana), on_leave(rui)
        assert deputies.acting_for(assignment, at=frozen_now.at) is None
        assert inbox(eva.user, frozen_now.at) == {}


@pytest.mark.django_db
class TestGone:
    @pytest.mark.parametrize("how", ["left", "disabled", "link-ended"])
    def test_an_owner_who_cannot_answer_is_in_a_queue_at_once(
        self, how, porto, ana, own, manager, frozen_now, client_of
    ):
        own(porto, ana)
        at = frozen_now.move(days=1)
        if how == "left":
            type(ana).objects.filter(pk=ana.pk).update(left_at=at)
        elif how == "disabled":
            accounts.change_user(ana.user, is_active=False, by=None, now=at)
        else:
            people_operations.unlink(ana, by=manager, now=at)
        [gap] = [gap for gap in gaps.fleet(now=at).gaps() if gap.cell.item is Item.ORCHESTRATION]
        assert (gap.queue, gap.assignment.gone) == (gaps.OwnershipQueue.UNANSWERED, how)
        assert gap.cell.standing is ItemStanding.UNANSWERED
        assert gap.since is not None
        problem = next(each for each in write_problems(now=at).values() if each.subject == "unanswered")
        assert problem.title == "The owner of 1 item cannot answer"
        assert problem.detail == presence_words(gap.assignment, names=False)
        assert problem.since == gap.since
        unowned, items = home.unowned(now=at)
        assert (items, [row.items for row in unowned.rows]) == (7, [tuple(Item)])

    def test_a_proposal_that_nobody_can_accept_is_there_too(self, porto, ana, ask, manager, frozen_now):
        ask(porto, ana)
        people_operations.unlink(ana, by=manager, now=frozen_now.at)
        queued = {
            gap.queue: gap for gap in gaps.fleet(now=frozen_now.at).gaps() if gap.cell.item == "orchestration"
        }
        assert queued[gaps.OwnershipQueue.UNANSWERED].assignment.gone == "no-account"


@pytest.mark.django_db
class TestHandover:
    @pytest.mark.parametrize(
        ("start", "end", "is_asked"),
        [
            pytest.param(1, 4, False, id="short"),
            pytest.param(1, 9, True, id="longer than a week"),
            pytest.param(40, 60, False, id="far ahead"),
            pytest.param(175, 181, False, id="a due date, far ahead"),
        ],
    )
    def test_long_leave_proposes_it(self, start, end, is_asked, porto, ana, rui, own, on_leave, frozen_now):
        own(porto, ana)
        on_leave(ana, start, end)
        assert ("cover-during-leave" in inbox(rui.user, frozen_now.at)) is is_asked

    def test_leave_over_a_due_date_proposes_it(self, porto, ana, rui, own, on_leave, frozen_now):
        own(porto, ana)
        frozen_now.move(days=178)
        on_leave(ana, 1, 4)
        assert inbox(rui.user, frozen_now.at)["cover-during-leave"] == 1

    def test_the_deputy_accepts_and_it_ends_with_the_leave(
        self, porto, ana, rui, own, on_leave, frozen_now, client_of
    ):
        assignment = own(porto, ana)
        leave = on_leave(ana, 1, 12)
        with acting(rui.user):
            leave_handovers.cover(assignment, note="", by=rui.user, now=frozen_now.at)
        assert inbox(rui.user, frozen_now.at) == {}
        [answer] = LeaveHandover.objects.all()
        assert (answer.leave, answer.deputy, answer.accepted) == (leave, rui, True)
        # Nothing moved: the item stays the owner's, and nobody acts before the leave and after it.
        assignment.refresh_from_db()
        assert (assignment.accountable, assignment.ended_at) == (ana, None)
        acting_at = lambda days: deputies.acting_for(assignment, at=frozen_now.at + days * DAY)  # noqa: E731
        assert [acting_at(days) for days in (0, 1, 11, 12)] == [None, rui, rui, None]
        leave.delete()
        assert not LeaveHandover.objects.exists()

    def test_it_is_answered_once_and_by_the_deputy(self, porto, ana, rui, eva, own, on_leave, frozen_now):
        assignment = own(porto, ana)
        with pytest.raises(rules.NotThePersonNamed):
            leave_handovers.cover(assignment, note="", by=rui.user, now=frozen_now.at)
        on_leave(ana, 1, 12)
        with pytest.raises(rules.NotThePersonNamed):
            leave_handovers.cover(assignment, note="", by=eva.user, now=frozen_now.at)
        leave_handovers.cover(assignment, note="", by=rui.user, now=frozen_now.at)
        with pytest.raises(rules.NotThePersonNamed):
            leave_handovers.refuse(assignment, note="No", by=rui.user, now=frozen_now.at)

    def test_pages_offer_it_to_the_deputy_alone(self, porto, ana, rui, own, on_leave, client, frozen_now):
        assignment = own(porto, ana)
        here = f"/ownership/assignments/{assignment.pk}/"
        client.force_login(rui.user)
        assert "Take over during the leave" not in words_of(client.get(here))
        on_leave(ana, -1, 12)
        page = words_of(client.get(here))
        assert "Take over during the leave" in page
        assert "Confirm that it is yours" in page
        assert "Take over during a leave?" in words_of(client.get("/ownership/mine/"))
        client.force_login(ana.user)
        assert "Take over during the leave" not in words_of(client.get(here))


def test_overdue_and_unanswered_never_wear_green():
    states = [*Assignment.State.values]
    for state, is_over, is_due, is_unanswered in product(states, *[(False, True)] * 3):
        standing = term_standing(state, is_over=is_over, is_due=is_due, is_unanswered=is_unanswered)
        look = STATES["assignment"][standing]
        if is_due or is_unanswered or is_over:
            assert (state, look.tone) != ("accepted", "ok"), standing
        if state == "accepted" and not (is_over or is_due or is_unanswered):
            assert look.tone == "ok"
    assert {standing for standing in ItemStanding if STATES["ownership"][standing].tone == "ok"} == {"owned"}


@pytest.mark.django_db
def test_pages_show_an_overdue_item_as_overdue(porto, ana, own, client, frozen_now):
    assignment = own(porto, ana)
    frozen_now.move(days=CONFIRM_EVERY.days + 17)
    client.force_login(ana.user)
    for path in (
        f"/ownership/assignments/{assignment.pk}/",
        "/ownership/mine/",
        "/ownership/?cell=porto.orchestration",
    ):
        page = text_of(client.get(path))
        assert 'data-assignment="overdue"' in page, path
        assert 'data-assignment="accepted"' not in page, path
