"""Two who publish in one moment: the second sees what the first did."""

import threading
import time

import pytest
from django.db import connection, transaction

from readiness.assessment.framework import operations as framework_operations
from readiness.assessment.framework import queries as framework_queries
from readiness.boards.dry_run import operations
from tests.readiness.boards.dry_run.conftest import small, with_load_at_most
from web.versioned.versions import NeedsReason

pytestmark = pytest.mark.django_db(transaction=True)
_WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def while_another_waits(first, second):
    """What `second` gives or raises that began before `first` was committed, and waited for it."""
    outcome = []

    def work():
        try:
            outcome.append(second())
        except Exception as error:
            outcome.append(error)
        finally:
            connection.close()

    other = threading.Thread(target=work)
    with transaction.atomic():
        first()
        other.start()
        until = time.monotonic() + 20
        waiting = 0
        while not waiting and other.is_alive() and time.monotonic() < until:
            with connection.cursor() as cursor:
                # What others do is looked up once for each transaction, unless it is told to look again.
                cursor.execute("SELECT pg_stat_clear_snapshot()")
                cursor.execute(_WAITING)
                [waiting] = cursor.fetchone()
    other.join(timeout=60)
    [found] = outcome
    return found


@pytest.fixture
def drafts(planner, frozen_now):
    framework_operations.publish(small(), by=None, now=frozen_now.at)
    in_force, _framework = framework_queries.current()
    return [
        framework_operations.make_draft(
            made_from=in_force,
            definition=with_load_at_most(small(), limit),
            by=planner,
            now=frozen_now.at,
        )
        for limit in (60, 70)
    ]


def test_of_two_drafts_published_at_once_the_second_takes_over_from_the_first(drafts, manager, frozen_now):
    one, other = drafts
    publish = framework_operations.publish_draft
    given = {"override_reason": "Now", "against": ["No dry-run"], "by": manager, "now": frozen_now.at}
    second = while_another_waits(
        lambda: publish(one, digest=one.digest, **given), lambda: publish(other, digest=other.digest, **given)
    )
    assert second == other
    one.refresh_from_db()
    assert (one.status, framework_queries.current()[0]) == ("retired", other)


def test_going_back_while_another_publishes_goes_back_from_what_that_one_did(drafts, manager, frozen_now):
    shipped = type(drafts[0]).objects.get(version="muster-2")
    given = {"override_reason": "Now", "against": ["No dry-run"], "by": manager, "now": frozen_now.at}
    back = while_another_waits(
        lambda: framework_operations.publish_draft(drafts[0], digest=drafts[0].digest, **given),
        lambda: framework_operations.roll_back(shipped, note="Too early", by=manager, now=frozen_now.at),
    )
    assert (back.made_from, back.rolls_back_to) == (drafts[0], shipped)


def test_a_dry_run_against_what_another_just_replaced_no_longer_counts(drafts, manager, frozen_now):
    one, other = drafts
    run = operations.start(other, by=manager, now=frozen_now.at)
    assert run.state == "done"
    given = {"override_reason": "Now", "against": ["No dry-run"], "by": manager, "now": frozen_now.at}
    refused = while_another_waits(
        lambda: framework_operations.publish_draft(one, digest=one.digest, **given),
        lambda: operations.publish(other, digest=other.digest, by=manager, now=frozen_now.at),
    )
    assert isinstance(refused, NeedsReason)
    assert "in force since" in " ".join(map(str, refused.why))
