"""Partitions are there before they are needed and gone after their time, and no writer waits for either."""

import threading
from datetime import timedelta

import psycopg
import pytest
from django.db import connection, transaction

from telemetry import drain, store
from telemetry.binary import binary_cursor
from telemetry.store import hot, partitions
from telemetry.store.partitions import BLOCKS, FIVE_MINUTES, HOURS
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
    assert {"telemetry_block_20261124", "telemetry_block_20261125", "telemetry_block_20261127"} <= set(
        names(BLOCKS)
    )
    assert "telemetry_rollup_5m_20261127" in names(FIVE_MINUTES)
    assert names(HOURS) == ["telemetry_rollup_1h_202611"]
    assert partitions.keep(now=frozen_now.at) == 0


def test_a_month_may_be_made_ahead_across_the_year(frozen_now):
    partitions.keep(now=frozen_now.at.replace(month=12, day=30))
    assert names(HOURS) == ["telemetry_rollup_1h_202612", "telemetry_rollup_1h_202701"]


def test_what_is_past_its_time_is_dropped_with_its_samples(sender, frozen_now):
    sender.deliver(("up", 1.0, 0), ("up", 1.0, -47 * 3600))
    store.keep_partitions(now=frozen_now.at)
    partitions.ensure(BLOCKS, [frozen_now.at - timedelta(days=2)])
    assert len(stored()) == 2
    frozen_now.move(days=2)
    store.keep_partitions(now=frozen_now.at)
    assert len(stored()) == 1
    assert "telemetry_block_20261122" not in names(BLOCKS)


def test_a_detach_that_was_cut_short_is_finished(frozen_now):
    partitions.ensure(BLOCKS, [frozen_now.at - timedelta(days=9)])
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_inherits SET inhdetachpending = true WHERE inhparent = 'telemetry_block'::regclass"
        )
    assert list(partitions.existing(BLOCKS).values()) == ["pending"]
    partitions.keep(now=frozen_now.at)
    assert "telemetry_block_20261115" not in names(BLOCKS)


def test_a_table_left_over_after_its_detach_is_dropped(frozen_now):
    partitions.ensure(BLOCKS, [frozen_now.at - timedelta(days=9)])
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE telemetry_block DETACH PARTITION telemetry_block_20261115")
    partitions.keep(now=frozen_now.at)
    assert "telemetry_block_20261115" not in names(BLOCKS)


def test_making_and_dropping_wait_for_no_reader_or_writer_for_long(sender, frozen_now):
    """A transaction that has read blocks stays open meanwhile."""
    partitions.ensure(BLOCKS, [frozen_now.at, frozen_now.at - timedelta(days=9)])
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as other:
        other.execute("SELECT count(*) FROM telemetry_block")
        dropping = threading.Thread(target=keep_and_close, args=(frozen_now.at,))
        dropping.start()
        # Waiting for us, it holds nobody else up.
        wait_until_blocked(other)
        sender.deliver(("up", 1.0, 0))
        assert len(stored()) == 1
        other.rollback()
    dropping.join(timeout=20)
    assert not dropping.is_alive()
    assert "telemetry_block_20261115" not in names(BLOCKS)


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
            " AND query LIKE 'ALTER TABLE telemetry_block DETACH%%'"
        ).fetchone()
        if row is not None:
            return
        other.execute("SELECT pg_sleep(0.005), pg_stat_clear_snapshot()")
    raise AssertionError("the detach never began")


def test_two_drains_that_find_no_hot_table_open_one(sender, frozen_now):
    def make():
        try:
            with transaction.atomic(), binary_cursor() as cursor:
                opened.append(hot.writable(cursor, now=frozen_now.at))
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    failed, opened = [], []
    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert failed == []
    assert len(opened) == 4
    assert {table.name for table in hot.hot_tables()} == set(opened)
    sender.send(("up", 1.0, 0))
    assert drain.drain(now=frozen_now.at) == 1
