"""People who decide at the same moment: the rules hold between transactions too."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, connection, transaction

from readiness.assessment.grants import operations
from readiness.assessment.grants.core.rules import MOST_WAIVERS
from readiness.assessment.grants.models import Grant
from tests.readiness.assessment.grants import test_operations
from web.workflows import NotInState

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*jobs):
    """What each job returned or raised; they start together, each on a connection of its own."""
    start = threading.Barrier(len(jobs))
    done = [None] * len(jobs)

    def work(place, job):
        try:
            start.wait(timeout=60)
            done[place] = job()
        except Exception as error:
            done[place] = error
        finally:
            connection.close()

    workers = [threading.Thread(target=work, args=each) for each in enumerate(jobs)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    return done


def test_the_requester_loses_however_close_the_race_with_another_manager(
    porto, ask, admin, manager, frozen_now
):
    asked = ask(porto, by=admin)
    own = lambda: operations.approve(asked, note="mine", by=admin, now=frozen_now.at)  # noqa: E731
    others = lambda: operations.approve(asked, by=manager, now=frozen_now.at)  # noqa: E731
    done = at_once(own, others, own, own)
    assert [type(each) for each in done] == [
        operations.OwnRequest,
        Grant,
        operations.OwnRequest,
        operations.OwnRequest,
    ]
    asked.refresh_from_db()
    assert (asked.state, asked.approver, asked.decision_note) == ("approved", manager, "")


def test_a_write_past_the_operations_cannot_approve_its_own_request(porto, ask, admin, frozen_now):
    asked = ask(porto, by=admin)

    def write():
        Grant.objects.filter(pk=asked.pk).update(
            state="approved", approver_id=admin.pk, decided_at=frozen_now.at
        )

    def take_over():
        """Make oneself the requester of what one is about to approve, in one transaction."""
        with transaction.atomic():
            Grant.objects.filter(pk=asked.pk).update(requested_by_id=admin.pk)
            write()

    done = at_once(write, take_over)
    assert [type(each) for each in done] == [IntegrityError, IntegrityError]
    asked.refresh_from_db()
    assert asked.state == "requested"


def test_of_two_decisions_one_stands_and_the_other_is_told(porto, ask, manager, admin, frozen_now):
    asked = ask(porto)
    approve = lambda: operations.approve(asked, by=manager, now=frozen_now.at)  # noqa: E731
    deny = lambda: operations.deny(asked, note="no", by=admin, now=frozen_now.at)  # noqa: E731
    done = at_once(approve, deny)
    [told] = [each for each in done if isinstance(each, NotInState)]
    [stands] = [each for each in done if isinstance(each, Grant)]
    asked.refresh_from_db()
    assert asked.state == stands.state
    assert stands.state in str(told)


def test_of_two_requests_for_the_same_one_is_kept(porto, ask, ops, planner):
    done = at_once(lambda: ask(porto, by=ops), lambda: ask(porto, by=planner))
    assert sorted(type(each).__name__ for each in done) == ["Grant", "ValidationError"]
    assert Grant.objects.count() == 1


def test_of_two_inserts_past_the_operations_one_is_kept(porto, ask):
    row = ask(porto)
    Grant.objects.all().delete()

    def insert():
        Grant.objects.bulk_create([Grant(**values)])

    values = {
        field.attname: getattr(row, field.attname)
        for field in Grant._meta.concrete_fields
        if not field.primary_key
    }
    done = at_once(insert, insert)
    assert Grant.objects.count() == 1
    [refused] = [each for each in done if each is not None]
    # Two inserts that look for each other at the same moment are a deadlock to PostgreSQL, which ends one of them.
    words = {IntegrityError: "grant_one_at_a_time", OperationalError: "deadlock detected"}
    assert words[type(refused)] in str(refused)


def test_the_last_place_is_given_once(porto, ask):
    *first, last, one_more = (*test_operations.TestMost.IDS, "p2-backup-power")
    for check_id in first:
        ask(porto, check_id=check_id)
    done = at_once(lambda: ask(porto, check_id=last), lambda: ask(porto, check_id=one_more))
    [refused] = [each for each in done if isinstance(each, ValidationError)]
    assert "10 live waivers" in refused.messages[0]
    assert Grant.objects.count() == MOST_WAIVERS
