"""People who act at the same moment: one item never has two accountable people."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError

from readiness.organisation.ownership import operations
from readiness.organisation.ownership.core.standing import CONFIRM_EVERY, Item
from readiness.organisation.ownership.models import Assignment
from tests.readiness.assessment.grants.test_races import at_once
from web.workflows import NotInState

pytestmark = pytest.mark.django_db(transaction=True)


def kinds(done):
    return sorted(type(each).__name__ for each in done)


def test_of_two_proposals_for_one_item_one_is_made(porto, ana, eva, ask):
    assert kinds(at_once(lambda: ask(porto, ana), lambda: ask(porto, eva))) == [
        "Assignment",
        "ValidationError",
    ]
    assert Assignment.objects.count() == 1


def test_of_two_answers_one_stands(porto, ana, ask, frozen_now):
    asked = ask(porto, ana)
    accept = lambda: operations.accept(asked, by=ana.user, now=frozen_now.at)  # noqa: E731
    decline = lambda: operations.decline(asked, note="no", by=ana.user, now=frozen_now.at)  # noqa: E731
    assert kinds(at_once(accept, decline, accept)) == ["Assignment", "NotInState", "NotInState"]


def test_accepting_and_proposing_to_another_at_once_leave_one_accountable(
    porto, ana, rui, eva, own, ask, frozen_now
):
    own(porto, ana)
    asked = ask(porto, eva)
    done = at_once(
        lambda: operations.accept(asked, by=eva.user, now=frozen_now.at),
        lambda: ask(porto, rui),
        lambda: operations.end(asked, reason="no", by=asked.proposed_by, now=frozen_now.at),
    )
    assert all(isinstance(each, (Assignment, ValidationError, NotInState)) for each in done), done
    in_force = Assignment.objects.only_in_force(frozen_now.at).filter(site=porto, item=Item.ORCHESTRATION)
    assert in_force.count() <= 1


def test_of_two_inserts_past_the_operations_one_is_kept(porto, ana, eva, team, manager, frozen_now):
    now = frozen_now.at

    def insert(person):
        given = {"state": "accepted", "answered_at": now, "confirmed_at": now, "due_at": now + CONFIRM_EVERY}
        given |= {
            "answered_by": manager,
            "site": porto,
            "item": "compute",
            "team": team,
            "decision_rights": "x",
            "effective_at": now,
        }
        Assignment.objects.create(accountable=person, proposed_by=manager, proposed_at=now, **given)

    done = at_once(lambda: insert(ana), lambda: insert(eva))
    assert Assignment.objects.count() == 1
    [refused] = [each for each in done if each is not None]
    # Two inserts that look for each other at the same moment are a deadlock to PostgreSQL, which ends one of them.
    words = {IntegrityError: "assignment_one_accountable", OperationalError: "deadlock detected"}
    assert words[type(refused)] in str(refused)
