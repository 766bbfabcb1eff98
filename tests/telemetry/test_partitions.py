"""Partitions are there before they are needed and gone after their time, and no writer waits for either."""

import threading
from datetime import timedelta

import psycopg
import pytest
from django.db import connection

from telemetry import drain
from telemetry.store import partitions
from telemetry.store.partitions import FIVE_MINUTES, HOURS, SAMPLES
from tests.telemetry.sending import stored

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("emptied_samples", "no_partitions"),
]


@pytest.fixture
def no_partitions(transactional_db):
    """Each of these tests begins and ends without any."""
    drop_all()
    yield
    drop_all()


def drop_all():
    with connection.cursor() as cursor:
        for partitioned in partitions.ALL:
            for name in partitions.existing(partitioned):
                cursor.execute(f"DROP TABLE {name}")


def names(partitioned):
    return sorted(partitions.existing(partitioned))


def test_the_next_days_are_made_ahead(frozen_now):
    partitions.keep(now=frozen_now.at)
    assert {"telemetry_sample_20261124", "telemetry_sample_20261125", "telemetry_sample_20261127"} <= set(
        names(SAMPLES)
    )
    assert "telemetry_rollup_5m_20261127" in names(FIVE_MINUTES)
    assert names(HOURS) == ["telemetry_rollup_1h_202611"]
    assert partitions.keep(now=frozen_now.at) == 0


def test_a_month_may_be_made_ahead_across_the_year(frozen_now):
    partitions.keep(now=frozen_now.at.replace(month=12, day=30))
    assert names(HOURS) == ["telemetry_rollup_1h_202612", "telemetry_rollup_1h_202701"]


def test_what_is_past_its_time_is_dropped_with_its_samples(sender, frozen_now):
    sender.deliver(("up", 1.0, 0), ("up", 1.0, -47 * 3600))
    partitions.keep(now=frozen_now.at)
    assert len(stored()) == 2
    frozen_now.move(days=2)
    partitions.keep(now=frozen_now.at)
    assert len(stored()) == 1
    assert "telemetry_sample_20261122" not in names(SAMPLES)


def test_a_late_sample_finds_its_partition(sender):
    sender.deliver(("up", 1.0, -46 * 3600))
    assert len(stored()) == 1
    assert names(SAMPLES) == ["telemetry_sample_20261122"]


def test_a_detach_that_was_cut_short_is_finished(frozen_now):
    partitions.ensure(SAMPLES, [frozen_now.at - timedelta(days=9)])
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_inherits SET inhdetachpending = true WHERE inhparent = 'telemetry_sample'::regclass"
        )
    assert list(partitions.existing(SAMPLES).values()) == ["pending"]
    partitions.keep(now=frozen_now.at)
    assert "telemetry_sample_20261115" not in names(SAMPLES)


def test_a_table_left_over_after_its_detach_is_dropped(frozen_now):
    partitions.ensure(SAMPLES, [frozen_now.at - timedelta(days=9)])
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE telemetry_sample DETACH PARTITION telemetry_sample_20261115")
    partitions.keep(now=frozen_now.at)
    assert "telemetry_sample_20261115" not in names(SAMPLES)


def test_making_and_dropping_wait_for_no_reader_or_writer_for_long(sender, frozen_now):
    """A transaction that has read and written samples stays open meanwhile."""
    partitions.ensure(SAMPLES, [frozen_now.at, frozen_now.at - timedelta(days=9)])
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as other:
        other.execute("INSERT INTO telemetry_sample VALUES (%s, 1, 1)", [frozen_now.at])
        dropping = threading.Thread(target=keep_and_close, args=(frozen_now.at,))
        dropping.start()
        # Waiting for us, it holds nobody else up.
        wait_until_blocked(other)
        sender.deliver(("up", 1.0, 0))
        assert len(stored()) == 1
        other.rollback()
    dropping.join(timeout=20)
    assert not dropping.is_alive()
    assert "telemetry_sample_20261115" not in names(SAMPLES)


def keep_and_close(now):
    try:
        partitions.keep(now=now)
    finally:
        connection.close()


def wait_until_blocked(other):
    """Until the detach has begun: it waits for the transaction of `other`."""
    for _ in range(2000):
        row = other.execute(
            "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND query LIKE 'ALTER TABLE telemetry_sample DETACH%%'"
        ).fetchone()
        if row is not None:
            return
        other.execute("SELECT pg_sleep(0.005), pg_stat_clear_snapshot()")
    raise AssertionError("the detach never began")


def test_two_drains_that_miss_the_same_partition_make_it_once(sender, frozen_now):
    def make():
        try:
            partitions.ensure(SAMPLES, [frozen_now.at])
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    failed = []
    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert failed == []
    sender.send(("up", 1.0, 0))
    assert drain.drain(now=frozen_now.at) == 1
