"""Chained events stay: whoever alters, drops or rewrites them is told by name, with the clock's help or without it."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.conftest import NOW
from tests.web.security_log.forging import event_of_batch, force, verify
from web.security_log import chaining, heads
from web.security_log.core.chain import event_digest
from web.security_log.erasing import erase_addresses
from web.security_log.models import GIVEN_TIMES, SecurityBatch, SecurityEvent
from web.security_log.queries import content_of
from web.security_log.recording import record

pytestmark = pytest.mark.django_db
ACTION = SecurityEvent.Action
HALF_MINUTE = timedelta(seconds=30)


def test_an_untouched_log_is_verified(log):
    summary, faults = verify()
    assert faults == []
    assert summary.endswith("in 5 batches are as they were chained.")


def test_idle_chaining_takes_one_statement_and_writes_nothing(log, caplog):
    before = heads.path().read_bytes()
    with CaptureQueriesContext(connection) as statements, caplog.at_level("INFO"):
        assert chaining.chain(now=NOW + timedelta(days=1)) == 0
    assert len(statements.captured_queries) == 1
    assert heads.path().read_bytes() == before
    assert caplog.records == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor_id", 1),
        ("times", 9),
        ("action", "exported"),
        ("place", "/x/"),
        ("detail", '{"method": "GET"}'),
    ],
)
def test_an_altered_event_is_named(log, column, value):
    force(f"UPDATE web_securityevent SET {column} = %s WHERE id = %s", value, event_of_batch(3).pk)
    assert verify()[1] == [f"Event {event_of_batch(3).pk} of batch 3 was altered after it was chained."]


def test_another_address_is_named(log):
    event = event_of_batch(3)
    force("UPDATE web_securityevent SET address = '198.51.100.1' WHERE id = %s", event.pk)
    assert verify()[1] == [f"The address of event {event.pk} of batch 3 was altered."]


def test_an_event_altered_with_its_digest_is_told_by_its_batch(log):
    event = event_of_batch(3)
    force("UPDATE web_securityevent SET times = 9 WHERE id = %s", event.pk)
    event.refresh_from_db()
    digest = event_digest(content_of(event))
    force("UPDATE web_securityevent SET digest = %s WHERE id = %s", digest, event.pk)
    assert verify()[1] == ["The events of batch 3 are not those that were chained."]


def test_an_event_that_lists_hide_under_another_is_named(log):
    event, other = event_of_batch(3), event_of_batch(2)
    force("UPDATE web_securityevent SET lead_id = %s WHERE id = %s", other.pk, event.pk)
    assert verify()[1] == [f"Event {event.pk} of batch 3 is listed under an event that is not alike."]


def test_a_deleted_event_is_named_by_its_batch(log):
    force("DELETE FROM web_securityevent WHERE id = %s", event_of_batch(3).pk)
    assert verify()[1] == ["Batch 3 was chained with 3 events and has 2."]


def test_an_erased_person_leaves_the_chain_whole(log, ops, admin):
    assert erase_addresses(ops, by=admin, now=NOW + timedelta(hours=1)) == 12
    chaining.chain(now=NOW + timedelta(hours=1))
    assert verify()[1] == []
    assert not SecurityEvent.objects.exclude(address="").exists()
    assert SecurityEvent.objects.filter(action=ACTION.ADDRESSES_ERASED).get().account == ops


def test_nothing_that_tells_an_address_stays(ops, admin):
    """The key of repeats is a digest without salt: whoever tries all addresses finds the one."""
    for place in ("/sites/", "/fleet/"):
        record(ACTION.REFUSED, actor_id=ops.pk, address="192.0.2.1", place=place, now=NOW)
        if place == "/sites/":
            chaining.chain(now=NOW)
    chained_event, open_event = SecurityEvent.objects.filter(action=ACTION.REFUSED).order_by("pk")
    assert (chained_event.fold_key, bool(open_event.fold_key)) == ("", True)
    erase_addresses(ops, by=admin, now=NOW)
    open_event.refresh_from_db()
    assert (open_event.address, open_event.salt, open_event.fold_key) == ("", "", "")


def test_an_erasure_by_hand_is_named(log, ops):
    event = event_of_batch(3)
    force("UPDATE web_securityevent SET address = '', salt = '' WHERE id = %s", event.pk)
    assert verify()[1] == [
        f"The address of event {event.pk} of batch 3 is gone, and no event records its erasure."
    ]


@pytest.mark.parametrize(
    "write",
    [
        lambda rows: rows.delete(),
        lambda rows: rows.update(times=9),
        lambda rows: rows.update(address=""),
        lambda rows: rows.update(batch=None, digest=None),
    ],
)
def test_a_chained_event_stays(log, write):
    with pytest.raises(IntegrityError, match="stays as it was written"), transaction.atomic():
        write(SecurityEvent.objects.filter(batch__isnull=False))


def test_an_open_event_is_only_counted_and_chained(ops):
    record(ACTION.REFUSED, actor_id=ops.pk, now=NOW)
    rows = SecurityEvent.objects.filter(action=ACTION.REFUSED)
    assert rows.update(times=2, last_at=NOW + HALF_MINUTE) == 1
    for change in ({"times": 1}, {"actor_id": None}, {"at": NOW + HALF_MINUTE}, {"last_at": NOW}):
        with pytest.raises(IntegrityError, match="stays as it was written"), transaction.atomic():
            rows.update(**change)


@pytest.mark.parametrize("write", [lambda rows: rows.update(events=1), lambda rows: rows.delete()])
def test_a_batch_stays(log, write):
    force("DELETE FROM web_securityevent")
    with pytest.raises(IntegrityError, match="stays as it was written"), transaction.atomic():
        write(SecurityBatch.objects.all())


@pytest.mark.parametrize("table", ["web_securityevent", "web_securitybatch CASCADE"])
def test_no_table_of_the_log_is_emptied_at_once(log, table):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="stays as it was written"), transaction.atomic():
            cursor.execute(f"TRUNCATE {table}")


def test_the_database_bounds_the_time_that_an_event_comes_with(ops):
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL {GIVEN_TIMES} = 'off'")
        cursor.execute("SELECT now()")
        [now] = cursor.fetchone()
    minute = timedelta(minutes=1)
    for at in (now - timedelta(days=1), now + timedelta(days=1), now + minute):
        record(ACTION.REFUSED, place=str(at), now=at)
    past, ahead, right = SecurityEvent.objects.filter(action=ACTION.REFUSED).order_by("pk")
    assert (past.at, past.last_at, ahead.at, ahead.last_at) == (now, now, now, now)
    claims = [datetime.fromisoformat(event.detail["claimed_at"]) for event in (past, ahead)]
    assert claims == [now - timedelta(days=1), now + timedelta(days=1)]
    assert (right.at, right.detail) == (now + minute, {})
    SecurityEvent.objects.filter(pk=right.pk).update(times=2, last_at=now + timedelta(days=9))
    right.refresh_from_db()
    assert right.last_at == right.at


def test_a_repeat_after_the_seal_is_an_event_of_its_own(ops):
    for _ in range(2):
        record(ACTION.REFUSED, actor_id=ops.pk, now=NOW)
        chaining.chain(now=NOW)
    assert list(SecurityEvent.objects.filter(action=ACTION.REFUSED).values_list("times", flat=True)) == [1, 1]


class TestRetention:
    @pytest.fixture(autouse=True)
    def _days(self, settings):
        settings.SECURITY_LOG_DAYS = 30

    def later(self, days):
        """An event of a later day, chained."""
        now = NOW + timedelta(days=days)
        record(ACTION.REFUSED, now=now)
        chaining.chain(now=now)
        return now

    def test_nothing_goes_before_its_time(self, log):
        assert chaining.drop_expired(now=self.later(20)) == 0

    def test_old_batches_leave_a_signed_checkpoint(self, log):
        now = self.later(40)
        assert chaining.drop_expired(now=now) == 5
        assert SecurityBatch.objects.values_list("number", "dropped_at")[0] == (5, now)
        chaining.chain(now=now)
        summary, faults = verify()
        assert faults == []
        assert "Events up to batch 5" in summary
        [event] = SecurityEvent.objects.filter(action=ACTION.EVENTS_DROPPED)
        assert event.detail["batches"] == [1, 5]

    def test_a_second_time_moves_the_checkpoint(self, log):
        chaining.drop_expired(now=self.later(40))
        chaining.drop_expired(now=self.later(80))
        chaining.chain(now=NOW + timedelta(days=80))
        assert SecurityBatch.objects.exclude(dropped_at=None).count() == 1
        assert verify()[1] == []

    def test_a_drop_that_muster_did_not_make_is_named(self, log):
        force(
            "DELETE FROM web_securityevent WHERE batch_id IN (SELECT id FROM web_securitybatch WHERE number < 4)"
        )
        force("DELETE FROM web_securitybatch WHERE number < 3")
        force("UPDATE web_securitybatch SET dropped_at = %s, signature = 'x' WHERE number = 3", NOW)
        assert verify()[1] == ["No key of this installation signed the checkpoint up to batch 3."]

    def test_events_that_were_added_to_what_is_gone_are_named(self, log):
        chaining.drop_expired(now=self.later(40))
        chaining.chain(now=NOW + timedelta(days=40))
        expired = SecurityBatch.objects.exclude(dropped_at=None).get()
        event = SecurityEvent.objects.create(
            action=ACTION.SIGNED_IN, at=NOW, last_at=NOW, batch=expired, digest=bytes(32)
        )
        assert verify()[1] == [
            f"Event {event.pk} was put into a batch that is not there: it was added past Muster."
        ]

    def test_the_clock_alone_drops_nothing(self, log):
        """Nothing was chained yet at the time that the clock shows."""
        assert chaining.drop_expired(now=NOW + timedelta(days=400)) == 0

    def test_a_clock_that_was_ahead_and_is_right_again_is_named(self, log):
        chaining.drop_expired(now=self.later(400))
        chaining.chain(now=NOW + timedelta(days=400))
        record(ACTION.REFUSED, now=NOW + timedelta(hours=1))
        chaining.chain(now=NOW + timedelta(hours=1))
        faults = verify()[1]
        assert faults[0] == "Batch 8 was chained before an earlier one by its time: the clock was set back."
        assert faults[1].endswith("were dropped at a time after the newest batch: the clock was ahead.")
